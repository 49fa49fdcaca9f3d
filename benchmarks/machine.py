"""Where a run is made: the machine, the versions of what runs, the commit.

In: the folder that the goals write to. Out: a `Place`, without names or paths of this machine.
Knows nothing of goals.
"""

import os
import platform
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

from benchmarks.record import Place

ROOT: Final = Path(__file__).parents[1]
#: What turns every daemon that is measured, whatever else is installed.
LOOP: Final = "asyncio"
#: Named where they are installed: the daemon runs on them.
_PACKAGES: Final = ("campaign-bridge", "aiohttp", "pydantic", "orjson", "msgspec")
_UNKNOWN: Final = "unknown"


def place(folder: Path) -> Place:
    """Describe this machine, what is installed, and the checkout; `folder` must be there."""
    return Place(machine(folder), versions(), commit())


def machine(folder: Path) -> dict[str, str]:
    """Describe the processor, the memory, the kernel and the filesystem of `folder`."""
    return {
        "cpu": _line(Path("/proc/cpuinfo"), "model name") or platform.machine() or _UNKNOWN,
        "cores": str(len(cores())),
        "memory": _memory(_line(Path("/proc/meminfo"), "MemTotal")),
        "kernel": f"{platform.system()} {platform.release()}",
        "filesystem": filesystem(folder),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python, SQLite and the packages, and the daemon's loop.

    None installed, none named.
    """
    found = {
        "Python": platform.python_version(),
        "daemon's loop": LOOP,
        "SQLite": sqlite3.sqlite_version,
    }
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def cores() -> Sequence[int]:
    """Return the processors that this process may use."""
    return sorted(os.sched_getaffinity(0))


def filesystem(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """Return the type of the filesystem that `folder` is on."""
    at = folder.resolve()
    best = ("", _UNKNOWN)
    for line in mounts.read_text("utf-8", errors="replace").splitlines():
        _, point, kind, *_ = line.split(" ")
        mounted = point.replace("\\040", " ")  # a space, as the kernel writes it
        if at.is_relative_to(mounted) and len(mounted) >= len(best[0]):
            best = (mounted, kind)
    return best[1]


def commit() -> str:
    """Return the checkout's commit, `-dirty` where files differ from it; "unknown" without git."""
    git = shutil.which("git")
    if git is None:
        return _UNKNOWN
    command = [git, "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12", "--match="]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return said.stdout.strip() or _UNKNOWN


def _line(file: Path, name: str) -> str:
    if not file.is_file():
        return ""
    for line in file.read_text("utf-8", errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _memory(total: str) -> str:
    kibibytes = total.partition(" ")[0]
    return f"{int(kibibytes) / 2**20:.1f} GiB" if kibibytes.isdigit() else _UNKNOWN
