"""A real Freeciv server that plays a game by itself, and what its log holds.

In: a folder, leaders' names. Out: a running server and its log, counted without the bridge's help.
It listens on loopback only and announces itself nowhere.
"""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SERVER = "/usr/games/freeciv-server"
DATA = "/usr/share/games/freeciv"
HOOK = ROOT / "plugins" / "freeciv" / "ach.lua"
#: The most seconds that a game of forty turns may take on a busy machine.
PATIENCE = 120

SCRIPT = """
set aifill 0
set size 1
set landmass 60
set endturn {turns}
set minplayers 0
set timeout -1
set gameseed 17
set mapseed 17
{leaders}
lua file ach.lua
start
"""


@dataclass(frozen=True)
class Game:
    """A game that is being played, in a folder that the server may write to."""

    folder: Path
    process: "subprocess.Popen[bytes]"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def over(self) -> None:
        """Wait until the last turn is over and the server has ended by itself."""
        self.process.wait(timeout=PATIENCE)
        console = (self.folder / "console").read_text(encoding="utf-8", errors="replace")
        assert self.process.returncode == 0, (self.process.returncode, console[-2000:])

    def gained(self) -> dict[str, int]:
        """Count the lines of the log by achievement, as grep does."""
        line = '^2: in luascript_log_vargs() .*: ACHIEVEMENT {"achievement":"[^"]*"'
        found = subprocess.run(
            ["/bin/grep", "-o", line, self.log], capture_output=True, check=False, text=True
        ).stdout.splitlines()
        names = [line.rpartition(':"')[2].rstrip('"') for line in found]
        return {name: names.count(name) for name in sorted(set(names))}


def needs_freeciv() -> None:
    """Fail, naming the apt line, where the server is missing."""
    if not Path(SERVER).exists():
        pytest.fail("freeciv-server is missing: apt-get install freeciv-server")


@contextmanager
def playing(
    folder: Path, leaders: Sequence[str], turns: int = 40, ruleset: str = "civ2civ3"
) -> Iterator[Game]:
    """Start a game of computer players called `leaders`; whatever happens, it ends with the block.

    `folder` is made; its parents must let everybody through, since the server refuses to be root.
    """
    folder.mkdir(mode=0o755)
    shutil.copy(HOOK, folder / "ach.lua")
    names = "\n".join(f"create {_typed(leader)}" for leader in leaders)
    (folder / "start.serv").write_text(SCRIPT.format(turns=turns, leaders=names))
    become: list[str] = []
    if os.geteuid() == 0:
        become = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        shutil.chown(folder, "nobody", "nogroup")
    command = [
        *[
            *become,
            SERVER,
            "--Announce",
            "none",
            "--bind",
            "127.0.0.1",
            "--port",
            str(_free_port()),
        ],
        *["--ruleset", ruleset, "--read", str(folder / "start.serv"), "--exit-on-end"],
        *["--log", str(folder / "server.log"), "--debug", "2", "--saves", str(folder)],
    ]
    with (folder / "console").open("wb") as console:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,  # an end of its input would end the server
            stdout=console,
            stderr=subprocess.STDOUT,
            env={
                "PATH": "/usr/bin:/bin",
                "LANG": "C.UTF-8",
                "HOME": str(folder),
                "FREECIV_DATA_PATH": f"{folder}:{DATA}",
            },
        )
    try:
        yield Game(folder, process)
    finally:
        process.kill()
        process.wait()
        if process.stdin:
            process.stdin.close()


def _typed(leader: str) -> str:
    """Write a name as the server's console takes it."""
    return f'"{leader}"' if re.search(r"\s", leader) else leader


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
