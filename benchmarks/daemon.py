"""The daemon that is measured: a process of its own, as a user runs it, but pinned.

In: a folder, where its campaign's API is, and processors (`bench.cores`). Out: its addresses and
its token, what it uses by /proc, what its outbox holds; it is stopped, killed, started again. Knows
no generator and no goal.
"""

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.contract import Bench
from benchmarks.load.events import player
from benchmarks.machine import LOOP
from bridge.cli.stage import Stage, free_port, write_secret
from bridge.errors import CommandError

__all__ = ["CAMPAIGN", "Running", "daemon", "pinned", "player", "throwaway"]

CAMPAIGN: Final = "camp_bench"
#: Seconds that the daemon gets to answer after its start, and to end after SIGTERM.
START: Final = 120.0
STOP: Final = 60.0
_PAUSE: Final = 0.004
_TICKS: Final = os.sysconf("SC_CLK_TCK")

#: A game's rules: the events of the benchmarks, `match_…`, find the last of three.
_RULES: Final = """\
[[rules]]
match = "first_blood"
repeat = "once"

[[rules]]
match = "daily_*"
repeat = "daily"

[[rules]]
match = "match_*"
repeat = "per_id"
"""


#: Entries, and what waits to be filed.
_KEPT: Final = """\
SELECT (SELECT count(*) FROM entries) + (SELECT coalesce(sum(n), 0) FROM arrivals)"""


@dataclass(slots=True)
class Running:
    """One daemon in `stage`, pinned to `cores`; `ready_after` is its last start's time."""

    stage: Stage
    cores: Collection[int]
    process: subprocess.Popen[bytes] | None = None
    ready_after: float = field(default=0.0)

    @property
    def pid(self) -> int:
        """The process; raises `CommandError` where none runs."""
        if self.process is None or self.process.poll() is not None:
            raise CommandError(f"the daemon does not run; see {self._log}", hint="Start it.")
        return self.process.pid

    @property
    def http_url(self) -> str:
        """Where it takes HTTP."""
        return self.stage.bridge_url

    @property
    def http(self) -> tuple[str, int]:
        """The same, as an address."""
        return ("127.0.0.1", self.stage.http_port)

    @property
    def udp(self) -> tuple[str, int]:
        """Where it takes datagrams."""
        return ("127.0.0.1", self.stage.udp_port)

    @property
    def token(self) -> str:
        """The game's token."""
        return self.stage.secret("token")

    @property
    def outbox(self) -> Path:
        """The file of its outbox."""
        return self.stage.folder / "outbox.db"

    @property
    def _log(self) -> Path:
        return self.stage.folder / "daemon.log"

    async def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            CommandError: it does not; its log says why.
        """
        begun = time.perf_counter()
        command = [sys.executable, "-m", "bridge", f"--config={self._config}", "run"]
        with self._log.open("ab") as log:
            environment = {**self.stage.environment, "CAMPAIGN_BRIDGE_LOOP": LOOP}
            self.process = pinned(self.cores, command, log.fileno(), environment)
        while not await asyncio.to_thread(_answers, self.http):
            self._must_run(time.perf_counter() - begun)
            await asyncio.sleep(_PAUSE)
        self.ready_after = time.perf_counter() - begun

    async def stop(self) -> None:
        """SIGTERM, and wait for its end; one that does not end in a minute is killed and told."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        await self._end(signal.SIGKILL)

    def rss(self) -> int:
        """Bytes of memory that are resident now."""
        return _status(self.pid, "VmRSS") * 1024

    def most_rss(self) -> int:
        """The most bytes that ever were."""
        return _status(self.pid, "VmHWM") * 1024

    def cpu(self) -> float:
        """Seconds of processor time since its start."""
        words = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
        fields = words.split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def written(self) -> int:
        """Bytes that it had written to the disk since its start."""
        for line in Path(f"/proc/{self.pid}/io").read_text(encoding="ascii").splitlines():
            if line.startswith("write_bytes:"):
                return int(line.split()[1])
        raise CommandError("/proc tells no disk writes", hint="Run on Linux, as the same user.")

    def totals(self) -> dict[str, int]:
        """Count the entries of the outbox in each state, from the file itself.

        Those that wait to be filed are `arrived`.
        """
        with closing(sqlite3.connect(f"file:{self.outbox}?mode=ro", uri=True, timeout=30)) as file:
            rows = file.execute("SELECT state, sum(n) FROM totals GROUP BY state HAVING sum(n) > 0")
            (arrived,) = file.execute("SELECT coalesce(sum(n), 0) FROM arrivals").fetchone()
            found = {str(state): int(n) for state, n in rows}
            return {**found, "arrived": int(arrived)} if arrived else found

    def kept(self) -> int:
        """How many entries the outbox holds, in whatever state; counted, not taken from totals."""
        with closing(sqlite3.connect(f"file:{self.outbox}?mode=ro", uri=True, timeout=30)) as file:
            return int(file.execute(_KEPT).fetchone()[0])

    async def holds(self, acknowledged: int) -> None:
        """Stop it; raises `CommandError` unless its file has an entry for each event it took."""
        await self.stop()
        if (kept := await asyncio.to_thread(self.kept)) != acknowledged:
            raise CommandError(
                f"{acknowledged} events were acknowledged and {kept} are in {self.outbox}",
                hint="An acknowledgement that is not kept is a bug; no figure counts before it.",
            )

    @property
    def _config(self) -> Path:
        return self.stage.folder / "config.toml"

    def _must_run(self, seconds: float) -> None:
        if self.process is not None and self.process.poll() is not None:
            raise CommandError(
                f"the daemon ended with code {self.process.returncode}: {self._last_words()}",
                hint=f"Its output is in {self._log}.",
            )
        if seconds > START:
            raise CommandError(f"the daemon does not answer after {START:.0f} s; see {self._log}")

    def _last_words(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace").strip()[-500:]

    async def _end(self, number: signal.Signals) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(number)
        try:
            await asyncio.to_thread(self.process.wait, STOP)
        except subprocess.TimeoutExpired as late:
            self.process.kill()
            self.process.wait()
            raise CommandError(
                f"the daemon did not end within {STOP:.0f} s and was killed; see {self._log}"
            ) from late


@asynccontextmanager
async def daemon(
    bench: Bench,
    folder: Path,
    *,
    linked: int = 0,
    base_url: str | None = None,
    config_more: str = "",
) -> AsyncIterator[Running]:
    """Run a fresh daemon in `folder` on `bench.cores`; it is stopped at the end.

    Without `base_url` its campaign's API is a closed port: nothing is delivered. Players 0 to
    `linked` - 1 are linked to `user-0`…; all others are not, so their entries are held.
    `config_more` goes on where the campaign's table ends: keys of it first, then other tables.
    """
    stage = _stage(folder, base_url or f"http://127.0.0.1:{free_port()}/api", config_more)
    running = Running(stage, bench.cores)
    if linked:
        await asyncio.to_thread(_link, stage, linked)
    try:
        await running.start()
        yield running
    finally:
        await running.stop()


@asynccontextmanager
async def throwaway(
    bench: Bench,
    *,
    linked: int = 0,
    base_url: str | None = None,
    config_more: str = "",
) -> AsyncIterator[Running]:
    """Run a daemon as `daemon` does, in a folder that is removed afterwards.

    After an error it stays, with the daemon's log.
    """
    folder = Path(tempfile.mkdtemp(dir=bench.folder, prefix="d-"))
    async with daemon(
        bench, folder / "d", linked=linked, base_url=base_url, config_more=config_more
    ) as running:
        yield running
    await asyncio.to_thread(shutil.rmtree, folder)


def pinned(
    cores: Collection[int],
    command: list[str],
    output: int,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` on some processors, from its first instruction and with all its threads."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)  # a child begins with that of the thread that starts it
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    finally:
        os.sched_setaffinity(0, ours)


def _stage(folder: Path, base_url: str, more: str) -> Stage:
    folder.mkdir(parents=True)
    stage = Stage.in_folder(folder)
    write_secret(stage.folder / "api-key", "key_of_the_benchmarks")
    (stage.folder / "config.toml").write_text(
        f"""\
[http]
listen = "127.0.0.1:{stage.http_port}"
token_file = "token"

[[tokens]]
role = "operator"
file = "operator-token"

[udp]
listen = "127.0.0.1:{stage.udp_port}"

[outbox]
url = "sqlite:///{stage.folder / "outbox.db"}"

{_RULES}
[[campaigns]]
id = "{CAMPAIGN}"
environment = "test"
api_key_file = "api-key"
base_url = "{base_url}"
{more}
""",
        encoding="utf-8",
    )
    return stage


def _link(stage: Stage, linked: int) -> None:
    """Link players 0 to `linked` - 1 with the command that an operator uses."""
    sheet = stage.folder / "players.csv"
    rows = "".join(f"{player(n)},user-{n}\n" for n in range(linked))
    sheet.write_text(f"player,userRef\n{rows}", encoding="utf-8")
    config = f"--config={stage.folder / 'config.toml'}"
    done = subprocess.run(
        [sys.executable, "-m", "bridge", config, "players", "import", "--json", str(sheet)],
        capture_output=True,
        env={**os.environ, **stage.environment},
        timeout=STOP + linked / 1000,
        check=False,
    )
    if done.returncode != 0:
        told = done.stderr.decode(errors="replace").strip()[-500:]
        raise CommandError(f"players can't be linked: {told}", hint="Run `players import` by hand.")


def _answers(address: tuple[str, int]) -> bool:
    """Whether /healthz says 200, over a bare socket: it must not cost what it measures."""
    with suppress(OSError), socket.create_connection(address, timeout=2) as caller:
        caller.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return caller.recv(64).startswith(b"HTTP/1.1 200")
    return False


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise CommandError(f"/proc tells no {name}", hint="Run on Linux, as the same user.")
