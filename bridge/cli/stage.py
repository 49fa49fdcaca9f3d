"""A stage for the demo and the acceptance tests: real processes that can be killed.

In: a folder. Out: a sandbox and a daemon as processes of their own, on loopback, started, killed
with SIGKILL, started again. Knows the programs' command lines, nothing of their insides.
"""

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bridge.errors import CommandError
from bridge.record import record

#: Seconds that a program gets to answer after its start.
START = 20.0
_PAUSE = 0.05


@dataclass(slots=True)
class Program:
    """One program: how it is started, and its process while it runs. Its output goes to `log`."""

    name: str
    arguments: Sequence[str]
    log: Path
    url: str
    environment: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            CommandError: it does not; its log says why.
        """
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *self.arguments,
                stdout=log,
                stderr=log,
                stdin=asyncio.subprocess.DEVNULL,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )
        await until(self._answers, START, f"{self.name} does not answer; see {self.log}")

    async def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM, and wait for its end."""
        await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> None:
        if self.process is None or self.process.returncode is not None:
            return
        os.killpg(self.process.pid, number)  # it leads a session of its own
        await self.process.wait()

    async def _answers(self) -> bool:
        if self.process is not None and self.process.returncode is not None:
            last = self.log.read_text(encoding="utf-8", errors="replace").strip()[-500:]
            raise CommandError(
                f"{self.name} ended with code {self.process.returncode}; its last words: {last}",
                hint=f"Its output is in {self.log}.",
            )
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session,
                session.get(self.url),
            ):
                return True
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False


@record
class Stage:
    """A folder with all that the programs need: tokens, ports, paths."""

    folder: Path
    sandbox_port: int
    http_port: int
    udp_port: int

    @classmethod
    def in_folder(cls, folder: Path) -> "Stage":
        """Prepare a folder: fresh tokens, free ports."""
        for name in ("admin-token", "token", "operator-token"):
            write_secret(folder / name, secrets.token_urlsafe(24))
        return cls(folder, free_port(), free_port(), free_port(socket.SOCK_DGRAM))

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox is."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def bridge_url(self) -> str:
        """Where the daemon is."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def environment(self) -> dict[str, str]:
        """What the daemon and the command line need to find each other."""
        return {"RUNTIME_DIRECTORY": str(self.folder / "run")}

    def secret(self, name: str) -> str:
        """Return the token in the file `name`."""
        return (self.folder / name).read_text(encoding="utf-8").strip()

    def sandbox(self, *options: str) -> Program:
        """Return the sandbox's program."""
        arguments = [
            "bridge",
            "sandbox",
            f"--port={self.sandbox_port}",
            f"--db={self.folder / 'sandbox.db'}",
            f"--admin-token-file={self.folder / 'admin-token'}",
            *options,
        ]
        url = f"{self.sandbox_url}/sandbox/v1/faults"
        return Program("sandbox", arguments, self.folder / "sandbox.log", url)

    def daemon(self) -> Program:
        """Return the daemon's program."""
        arguments = ["bridge", f"--config={self.folder / 'config.toml'}", "run"]
        url = f"{self.bridge_url}/healthz"
        log = self.folder / "daemon.log"
        return Program("daemon", arguments, log, url, self.environment)

    def configure(self, campaign: str, api_key: str, more: str = "") -> None:
        """Write the daemon's configuration, with short waits: nobody watches a demo for hours."""
        write_secret(self.folder / "api-key", api_key)
        (self.folder / "config.toml").write_text(
            f"""\
[http]
listen = "127.0.0.1:{self.http_port}"
token_file = "token"

[[tokens]]
role = "operator"
file = "operator-token"

[udp]
listen = "127.0.0.1:{self.udp_port}"

[outbox]
url = "sqlite:///{self.folder / "outbox.db"}"

[delivery]
attempt_timeout = "1s"
retry_base = "200ms"
retry_cap = "2s"
refused_again = ["500ms", "1s", "2s"]
probe_every = "500ms"
breaker_open = "500ms"

[confirm]
looks = ["300ms", "500ms"]

[[campaigns]]
id = "{campaign}"
environment = "test"
api_key_file = "api-key"
base_url = "{self.sandbox_url}/api"
{more}""",
            encoding="utf-8",
        )


async def until(ready: Callable[[], Awaitable[bool]], seconds: float, otherwise: str) -> None:
    """Wait until `ready` says so; raises `CommandError` with `otherwise` after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while not await ready():  # noqa: ASYNC110  # another process tells nobody
                await asyncio.sleep(_PAUSE)
    except TimeoutError as late:
        raise CommandError(otherwise) from late


#: Below the ports that Linux gives to outgoing connections (32768 and up): one of those could
#: take a program's port while that is dead.
_PORTS = range(20_000, 32_768)


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port that is free now; it stays the same when a program is started again."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket(socket.AF_INET, kind) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def write_secret(path: Path, secret: str) -> None:
    """Write a secret readable by its owner only."""
    path.touch(mode=0o600)
    path.write_text(f"{secret}\n", encoding="utf-8")
