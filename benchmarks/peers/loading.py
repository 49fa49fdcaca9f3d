"""Runs a peer's loader as a process on the load's processor; counts a peer's syncs with strace.

In: a peer that serves, and how many callers for how long. Out: what the loader came to. Knows no
peer; figures of events that a peer does not hold afterwards are no figures.
"""

import asyncio
import json
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.contract import Bench
from benchmarks.peers.contract import Loaded, Serving
from bridge.errors import CommandError

#: Seconds beyond its time that a loader may take: to connect, for the last answers, to count.
_GRACE: Final = 60.0
#: Seconds that strace gets to attach, and one caller to be counted.
_ATTACH: Final = 10.0
_COUNTED: Final = 1.0
_SYNCS: Final = ("fdatasync", "fsync", "msync", "sync_file_range")


@dataclass(slots=True)
class Loading:
    """A peer that serves, and what it has acknowledged so far."""

    bench: Bench
    serving: Serving
    acknowledged: int = 0

    async def load(self, loader: str, callers: int, seconds: float) -> Loaded:
        """Load it once.

        Raises:
            CommandError: the loader failed, or the peer holds less than it acknowledged.
        """
        module, *arguments = self.serving.loaders[loader]
        orders = [f"--cpu={self.bench.load}", f"--callers={callers}", f"--seconds={seconds}"]
        said = await _output([sys.executable, "-m", module, *arguments, *orders], seconds + _GRACE)
        loaded = Loaded(**json.loads(said))
        self.acknowledged += loaded.acknowledged
        self._holds(loaded.kept)
        return loaded

    async def count(self) -> None:
        """Compare with what it holds, where only it can tell; raises `CommandError`."""
        self._holds(None if self.serving.kept is None else await self.serving.kept())

    async def syncs(self, loader: str) -> float | None:
        """Return its syncs for each event that one caller had acknowledged; None without strace.

        Raises:
            CommandError: there are too few, so it answers before it syncs.
        """
        if shutil.which("strace") is None:
            return None
        async with _traced(self.serving.pid) as trace:
            loaded = await self.load(loader, 1, _COUNTED)
        each = counted(trace.table) / loaded.acknowledged
        if each < 0.9:  # a sync by a process of its that is older than the trace is not seen
            raise CommandError(
                f"{self.serving.version} made {each:.2f} syncs an acknowledged event",
                hint="It does not sync before it answers; look at its settings.",
            )
        return each

    def _holds(self, kept: int | None) -> None:
        if kept is not None and kept < self.acknowledged:
            raise CommandError(
                f"{self.serving.version} acknowledged {self.acknowledged} events and holds {kept}",
                hint="No figure of it counts before this is understood.",
            )


async def _output(command: list[str], limit: float) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(limit):
            said, complaints = await process.communicate()
    except TimeoutError as late:
        raise CommandError(f"the loader {command[2]} did not end in {limit:.0f} s") from late
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        last = complaints.decode(errors="replace").strip()[-300:]
        raise CommandError(f"the loader {command[2]} ended with {process.returncode}: {last}")
    return said


@dataclass(slots=True)
class _Trace:
    """The table that strace prints when it ends."""

    table: str = ""


@asynccontextmanager
async def _traced(pid: int) -> AsyncIterator[_Trace]:
    """Count the syncs of `pid`, its threads and its children from now on, until this is left."""
    trace = _Trace()
    strace = await asyncio.create_subprocess_exec(
        *("strace", "-f", "-c", "-e", f"trace={','.join(_SYNCS)}"),
        *("-p", str(pid)),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await _attached(pid)
        yield trace
    finally:
        if strace.returncode is None:
            strace.send_signal(signal.SIGINT)
        trace.table = (await strace.communicate())[1].decode(errors="replace")


async def _attached(pid: int) -> None:
    try:
        async with asyncio.timeout(_ATTACH):
            while _tracer(pid) == 0:  # noqa: ASYNC110  # the kernel tells nobody
                await asyncio.sleep(0.02)
    except TimeoutError as late:
        raise CommandError("strace can't attach", hint="Run as root, or without strace.") from late


def _tracer(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("TracerPid:"):
            return int(line.split()[1])
    return 0


def counted(table: str) -> int:
    """Add up the calls in strace's table: share, seconds, usecs/call, calls, errors?, name."""
    found = [line.split() for line in table.splitlines()]
    return sum(int(words[3]) for words in found if len(words) >= 5 and words[-1] in _SYNCS)
