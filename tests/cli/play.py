"""The command line as a test uses it: in this process or its own, with a real daemon beside it.

In: arguments. Out: exit code and what was printed. Knows nothing of the commands' insides.
"""

import asyncio
import json
import os
import pty
import queue
import select
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from bridge.cli import main
from bridge.daemon import SystemClock
from bridge.outbox.contract import Outbox
from bridge.outbox.store import open_outbox
from bridge.outbox.values import Answer, ClaimTerms, Doubtful, NewEntry, Origin, Wire
from bridge.rules.book import Rule
from bridge.rules.key import payout_key, wire_key
from bridge.rules.occurrence import Repeat

#: Seconds that a program gets to start or to end.
PATIENCE = 30.0
SECRET = "s3cr3t-of-the-tests"
ADMIN_TOKEN = "admin-of-the-tests"


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run_here(capsys: pytest.CaptureFixture[str], *arguments: str) -> Ran:
    """Run the program in this process."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    structlog.reset_defaults()
    out, err = capsys.readouterr()
    assert isinstance(end.value.code, int)
    return Ran(end.value.code, out, err)


def run_apart(*arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Ran:
    """Run the program as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bridge", *arguments],
        input=stdin,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, **(env or {})},
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


# -- processes ------------------------------------------------------------------------------


class Process:
    """A program that runs beside the test; `lines` is what it printed so far."""

    def __init__(self, arguments: Sequence[str], env: Mapping[str, str]) -> None:
        self.lines: list[str] = []
        self._news: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bridge", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **env},
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_for(self, word: str) -> str:
        """Return the next line with `word` in it."""
        while True:
            line = self._news.get(timeout=PATIENCE)
            if line is None:
                raise AssertionError("".join(["it ended:\n", *self.lines]))
            if word in line:
                return line

    def stop(self) -> int:
        self._process.terminate()
        code = self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line)
            self._news.put(line)
        self._news.put(None)


@contextmanager
def sandbox_beside(folder: Path) -> Iterator[str]:
    """Run a sandbox; yield its URL."""
    token = folder / "admin-token"
    token.write_text(ADMIN_TOKEN)
    process = Process(
        ["sandbox", "--port=0", f"--admin-token-file={token}", "--job-delay=0.05"],
        {"PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process.wait_for("sandbox:").split()[1]
    finally:
        process.stop()


@dataclass
class Site:
    """A folder with a configuration, and what a daemon and its commands find there."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    users: list[str] = field(default_factory=list)
    campaign: str = ""
    sandbox: str = ""

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def outbox(self) -> Path:
        return self.folder / "sandbox-outbox.db"

    @contextmanager
    def daemon(self) -> Iterator[Process]:
        process = Process([f"--config={self.config}", "run"], self.env)
        try:
            process.wait_for("daemon_running")
            yield process
        finally:
            process.stop()


def site_in(folder: Path) -> Site:
    """Return an empty site whose runtime folder's path is short enough for a socket."""
    run = tempfile.mkdtemp(prefix="cb-")
    return Site(
        folder,
        {
            "RUNTIME_DIRECTORY": run,
            "STATE_DIRECTORY": str(folder / "state"),
            "CAMPAIGN_BRIDGE_HTTP__LISTEN": "127.0.0.1:0",
            "CAMPAIGN_BRIDGE_UDP__LISTEN": "127.0.0.1:0",
        },
    )


@contextmanager
def site_with_sandbox(folder: Path) -> Iterator[Site]:
    """Run a sandbox and let `init --sandbox` write the configuration."""
    site = site_in(folder / "site")
    try:
        with sandbox_beside(folder) as url:
            done = run_apart(
                f"--config={site.config}",
                "init",
                f"--sandbox={url}",
                f"--admin-token-file={folder / 'admin-token'}",
                "--json",
            )
            assert done.code == 0, done.err
            site.users, site.campaign, site.sandbox = done.json["users"], done.json["campaign"], url
            yield site
    finally:
        shutil.rmtree(site.env["RUNTIME_DIRECTORY"])


# -- entries without a daemon ---------------------------------------------------------------

RULE = Rule("*", "camp_1", None, None, Repeat.DEFAULT, "UTC")


def entry(player: str = "name:Alice", code: str = "first_blood", id_: str = "1") -> NewEntry:
    """Return an entry as the implicit rule makes it."""
    occurrence = f'id:["","{id_}"]'
    raw = json.dumps({"player": player, "achievement": code, "id": id_}).encode()
    now = datetime.now(UTC)
    return NewEntry(
        payout_key("camp_1", player, code, code, occurrence),
        "camp_1",
        player,
        code,
        code,
        occurrence,
        RULE.definition,
        Origin("", "127.0.0.1:4000", "json", raw, now, code, id_),
    )


def in_outbox(path: Path, do: Callable[[Outbox], Coroutine[Any, Any, None]]) -> None:
    """Do something to the outbox at `path` while nobody else has it open."""

    async def opened() -> None:
        async with open_outbox(path, SystemClock()) as outbox:
            await do(outbox)

    asyncio.run(opened())


async def make_uncertain(outbox: Outbox, new: NewEntry) -> None:
    """Put an entry and lose its attempt, as at the key horizon."""
    await outbox.link("camp_1", new.player, "usr_alice", "test")
    await outbox.put([new])
    claimed = await outbox.claim("camp_1", 1, ClaimTerms("test", 60, 3600, _written, payout_key))
    (claim,) = claimed.claims
    await outbox.settle(claim, Doubtful("past_key_horizon"), Answer("retry: timeout", detail="…"))


def _written(key: Any, binding: int, event_code: str, user_ref: str) -> Wire:
    body = json.dumps({"eventCode": event_code, "userRef": user_ref}).encode()
    return Wire(wire_key(key, binding), body)


def plain_config(
    campaign: str = "camp_1", more: str = "", base_url: str = "http://127.0.0.1:1/api"
) -> str:
    """Return a configuration whose campaign nobody answers for."""
    return f"""\
[http]
token_file = "token"

[[campaigns]]
id = "{campaign}"
environment = "test"
api_key_file = "api-key"
base_url = "{base_url}"
{more}"""


def write_plain(site: Site, more: str = "") -> None:
    """Write the configuration of a site without a sandbox, and its secrets."""
    outbox = f'[outbox]\nurl = "sqlite:///{site.outbox}"\n'
    site.config.write_text(plain_config(more=outbox + more))
    for name in ("token", "api-key"):
        path = site.folder / name
        path.touch(mode=0o600)
        path.write_text(f"{SECRET}\n")


def on_terminal(*arguments: str, answer: bytes = b"") -> tuple[int, str]:
    """Run the program on a terminal; return its exit code and all that it drew."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "bridge", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "COLUMNS": "100", "TERM": "xterm"},
    ) as process:
        os.close(theirs)
        os.write(ours, answer)
        drawn = b""
        while select.select([ours], [], [], PATIENCE)[0]:
            try:
                drawn += os.read(ours, 65536)
            except OSError:  # Linux: the other end is closed
                break
        code = process.wait(PATIENCE)
    os.close(ours)
    return code, drawn.decode()
