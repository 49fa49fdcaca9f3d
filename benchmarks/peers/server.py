"""A peer's server as a process: pinned, in a folder and under a user of its own, ended by its pid.

In: a command, a folder, a processor. Out: the running process, ready. Knows no peer.
"""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bridge.errors import CommandError

#: Seconds that a server gets to answer, to end when asked, and a command to be done.
START: Final = 60.0
STOP: Final = 20.0
COMMAND: Final = 60.0
_PAUSE: Final = 0.05
#: Where programs from npm are, from the root of the repository: `npm install --prefix`.
NPM: Final = Path("build/peers")


@dataclass(frozen=True, slots=True)
class Server:
    """How a server is started: `user` runs it where we are root, `stop` asks it to end."""

    name: str
    command: Sequence[str]
    folder: Path
    core: int
    ready: Callable[[], Awaitable[bool]]
    user: str | None = None
    stop: signal.Signals = signal.SIGTERM
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """The file of its output."""
        return self.folder / f"{self.name}.log"


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[int]:
    """Run `server`, ready when this yields its process id; it has ended when this is left.

    Raises:
        CommandError: it ended at once, or never answered; with its last words.
    """
    process = _start(server)
    try:
        await _until_ready(server, process)
        yield process.pid
    finally:
        await asyncio.to_thread(_end, process, server.stop)


def command_as(user: str | None, command: Sequence[str]) -> str:
    """Run `command` to its end and return its output; raises `CommandError` where it fails."""
    done = subprocess.run(
        command,
        capture_output=True,
        timeout=COMMAND,
        check=False,
        cwd="/",
        env=_plain(),
        user=_user(user),
        group=_group(user),
    )
    if done.returncode != 0:
        words = (done.stdout + done.stderr).decode(errors="replace").strip()[-500:]
        raise CommandError(
            f"{Path(command[0]).name} failed: {words}",
            hint="The folder of the benchmarks must be one that every user may enter.",
        )
    return done.stdout.decode(errors="replace").strip()


def folder_for(user: str | None, folder: Path) -> Path:
    """Make `folder`, which only `user` may read."""
    folder.mkdir(parents=True, mode=0o700)
    if user is not None and os.geteuid() == 0:
        shutil.chown(folder, user)
    return folder


def user_exists(name: str) -> bool:
    """Whether this machine has such a user."""
    with suppress(KeyError):
        return bool(pwd.getpwnam(name))
    return False


async def accepts(port: int) -> bool:
    """Whether somebody listens on `port` of loopback."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


def free_ports(count: int) -> list[int]:
    """Return `count` different ports that are free now; below those of outgoing connections."""
    ports: list[int] = []
    for port in range(21_000 + os.getpid() % 9_000, 32_768):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            ports.append(port)
        if len(ports) == count:
            return ports
    raise CommandError("no free port on loopback", hint="End what listens on 21000 to 32767.")


def _start(server: Server) -> subprocess.Popen[bytes]:
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {server.core})  # a child begins with that of the thread that starts it
    try:
        with server.log.open("ab") as log:
            return subprocess.Popen(
                server.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=server.folder,
                env={**_plain(), **server.environment},
                start_new_session=True,
                user=_user(server.user),
                group=_group(server.user),
            )
    finally:
        os.sched_setaffinity(0, ours)


async def _until_ready(server: Server, process: subprocess.Popen[bytes]) -> None:
    try:
        async with asyncio.timeout(START):
            while not await server.ready():
                if process.poll() is not None:
                    raise CommandError(f"{server.name} ended: {_words(server)}")
                await asyncio.sleep(_PAUSE)
    except TimeoutError as late:
        raise CommandError(f"{server.name} does not answer: {_words(server)}") from late


def _words(server: Server) -> str:
    return server.log.read_text(encoding="utf-8", errors="replace").strip()[-500:]


def _end(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is not None:
        return
    process.send_signal(number)
    try:
        process.wait(STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _plain() -> dict[str, str]:
    """An environment without what this machine sets for others."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _user(name: str | None) -> str | None:
    return name if os.geteuid() == 0 else None  # who is not root stays who it is


def _group(name: str | None) -> int | None:
    user = _user(name)
    return None if user is None else pwd.getpwnam(user).pw_gid
