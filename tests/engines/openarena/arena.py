"""A real OpenArena server, and a real client with a GUID, in a network of their own.

In: a folder. Out: a `games.log` that grows while they play. Nothing leaves the machine: both live
in a network namespace that has a loopback device only. Knows nothing of the bridge.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Final

PACKAGES: Final = (
    "apt-get install -y --no-install-recommends openarena-server openarena xvfb libgl1-mesa-dri"
)
_TOOLS: Final = ("unshare", "nsenter", "setpriv", "ip", "xvfb-run")
_GAMES: Final = Path("/usr/games")
_NOBODY: Final = 65534
_PORT: Final = 27960

#: What the client runs once it is in: it takes part, types a code, and shoots while it turns.
_ACTS: Final = """\
set loop "+attack; +left; wait 20; vstr loop"
team free
wait 10
say {says}
say hello: {says}
vstr loop
"""


def missing() -> str:
    """Return what this machine lacks for the test, "" where nothing."""
    if os.geteuid() != 0:
        return "needs root, for a network namespace"
    games = [str(_GAMES / name) for name in ("openarena-server", "openarena")]
    lacking = [name for name in (*_TOOLS, *games) if shutil.which(name) is None]
    return f"{', '.join(lacking)} is missing: {PACKAGES}" if lacking else ""


class OpenArena:
    """The server and who plays on it. `log` is there once the server has started."""

    def __init__(self, folder: Path, running: ExitStack) -> None:
        self.folder = folder
        self.log = folder / "baseoa" / "games.log"
        self._running = running
        self._namespace: subprocess.Popen[bytes] | None = None
        self._console: subprocess.Popen[bytes] | None = None

    def start(self, fraglimit: int) -> None:
        """Start the server, empty; return once it has begun a match."""
        own = "ip link set lo up && echo up && exec sleep 600"
        self._namespace = self._run([_tool("unshare"), "-n", "sh", "-c", own], Path("/dev/null"))
        assert self._namespace.stdout is not None
        assert self._namespace.stdout.readline() == b"up\n"
        settings = {
            "dedicated": "1",
            "net_ip": "127.0.0.1",
            "net_port": str(_PORT),
            "g_log": "games.log",
            "g_logSync": "1",
            "bot_enable": "1",
            "sv_maxclients": "8",
            "g_instantgib": "1",
            "sv_pure": "0",
            "sv_floodProtect": "0",
            "fraglimit": str(fraglimit),
        }
        self._console = self._play("openarena-server", self.folder, settings, ["+map", "oa_dm1"])
        self.wait(r" InitGame: ", 30)

    def tell(self, command: str) -> None:
        """Type a command into the server's console."""
        assert self._console is not None
        assert self._console.stdin is not None
        self._console.stdin.write(command.encode() + b"\n")
        self._console.stdin.flush()

    def join(self, name: str, says: str) -> None:
        """Let a client join, take part and say something; return once it has been said."""
        home = self.folder / "client"
        (home / "baseoa").mkdir(parents=True)
        (home / "baseoa" / "acts.cfg").write_text(_ACTS.format(says=says))
        _give_away(home)
        settings = {
            "r_fullscreen": "0",
            "r_mode": "-1",
            "r_customwidth": "64",
            "r_customheight": "48",
            "s_initsound": "0",
            "cl_allowDownload": "0",
            "name": name,
        }
        acts = ["+connect", f"127.0.0.1:{_PORT}", "+wait", "100", "+exec", "acts.cfg"]
        self._play("openarena", home, settings, acts)
        self.wait(rf" say: .*: hello: {re.escape(says)}$", 60)

    def wait(self, pattern: str, seconds: float) -> str:
        """Return the first line of the log that `pattern` is found in, as soon as it is there."""
        wanted, end = re.compile(pattern), time.monotonic() + seconds
        while time.monotonic() < end:
            text = self.log.read_text("latin-1") if self.log.exists() else ""
            whole = text[: text.rfind("\n") + 1]
            for line in whole.splitlines():
                if wanted.search(line):
                    return line
            time.sleep(0.1)
        raise AssertionError(f"not in the log after {seconds} s: {pattern}")

    def stop(self) -> None:
        """Let the server end its match and write what it still has to write."""
        assert self._console is not None
        self.tell("quit")
        self._console.wait(20)

    def _play(
        self, program: str, home: Path, settings: dict[str, str], commands: list[str]
    ) -> subprocess.Popen[bytes]:
        """Run a program of the game in the namespace, as nobody."""
        assert self._namespace is not None
        inside = [_tool("nsenter"), "-t", str(self._namespace.pid), "-n", _tool("setpriv")]
        inside += ["--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        if program == "openarena":
            inside += [_tool("xvfb-run"), "-a", "-s", "-screen 0 320x240x24"]
        homes = {"fs_homepath": str(home), "com_homepath": str(home)}
        sets = [word for pair in {**homes, **settings}.items() for word in ("+set", *pair)]
        return self._run([*inside, str(_GAMES / program), *sets, *commands], home)

    def _run(self, command: list[str], home: Path) -> subprocess.Popen[bytes]:
        """Start a program in a session of its own, which ends with the test."""
        with ExitStack() as opened:
            out: IO[bytes] | int = subprocess.PIPE
            if home.is_dir():
                out = opened.enter_context((home / "output.txt").open("wb"))
            started = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, "HOME": str(home)},
                start_new_session=True,
            )
        self._running.callback(_end, started)
        return started


@contextmanager
def openarena() -> Iterator[OpenArena]:
    """Give a game that is not started yet; whatever it starts is ended afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="openarena-"))
    (folder / "baseoa").mkdir()
    _give_away(folder)
    try:
        with ExitStack() as running:
            yield OpenArena(folder, running)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tool(name: str) -> str:
    found = shutil.which(name)
    assert found, name
    return found


def _give_away(folder: Path) -> None:
    """Make a folder nobody's: the game refuses to be run by root in earnest, and so do we."""
    folder.chmod(0o755)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, _NOBODY, _NOBODY)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and all it has started: its session is its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
