"""Lives of sandboxes that end by SIGKILL, and looks at what they leave behind.

In: books, and where the process is to die. Out: lives; what the file says before anybody repairs
it, and what a sandbox makes of it. Knows nothing of what is expected.
"""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.server import Sandbox
from tests.sandbox.play import EVENT, Play, playing

ROOT = Path(__file__).parents[2]
TOKEN = "token-of-the-test"
LONG = 3600.0  # a delay that does not end within a test
#: Seconds that a busy machine may take for one step.
PATIENCE = 30
KILLED = f"ended {-signal.SIGKILL}\n".encode()


@dataclass(frozen=True, slots=True)
class Life:
    """One process that listens."""

    pid: int
    url: str
    said: asyncio.StreamReader

    def kill(self) -> None:
        """Send SIGKILL, unless it was faster."""
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    async def ended(self) -> None:
        """Return when it is dead."""
        assert await asyncio.wait_for(self.said.readline(), PATIENCE) == KILLED


@dataclass(frozen=True, slots=True)
class Graveyard:
    """Gives lives, one after the other."""

    orders: asyncio.StreamWriter
    said: asyncio.StreamReader

    async def life(
        self, db: Path, *, begins: str = "", dies_at: int | None = None, job_delay: float = 0
    ) -> Life | None:
        """Start a sandbox; None where it died before it listened."""
        settings = {"port": 0, "db": str(db), "job_delay": job_delay, "admin_token": TOKEN}
        order = {"settings": settings, "begins": begins, "dies_at": dies_at}
        self.orders.write(json.dumps(order).encode() + b"\n")
        said = await asyncio.wait_for(self.said.readline(), PATIENCE)
        if said == KILLED:
            return None
        _, pid, url = said.decode().split()
        return Life(int(pid), url, self.said)


@asynccontextmanager
async def graveyard_open() -> AsyncIterator[Graveyard]:
    """Start the process whose forks live and die."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.sandbox.victim"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Graveyard(process.stdin, process.stdout)
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), PATIENCE)


@dataclass(frozen=True, slots=True)
class Remains:
    """What a file says of one campaign: its status, its unfinished jobs, the keys of events that
    it has paid or given up, the webhooks it tells of.
    """

    status: str
    unfinished: int
    balances: tuple[int, int, int, int]
    paid_keys: tuple[str, ...]
    finished_keys: tuple[str, ...]
    told: tuple[str, ...]


def remains(db: Path, campaign_id: str) -> Remains:
    """Look into a copy, so that the file itself stays as the kill has left it."""
    copy = db.with_suffix(".peek")
    for end in ("", "-wal"):
        copy.with_name(copy.name + end).unlink(missing_ok=True)
        if (source := db.with_name(db.name + end)).exists():
            shutil.copy(source, copy.with_name(copy.name + end))
    with closing(sqlite3.connect(copy)) as books:
        run = books.execute
        told = "SELECT event FROM webhook_delivery WHERE campaign_id = ? ORDER BY id"
        paid = "SELECT idempotency_key FROM payout WHERE campaign_id = ? ORDER BY id"
        finished = (
            "SELECT idempotency_key FROM job"
            " WHERE campaign_id = ? AND kind = 'payout' AND state <> 'enqueued'"
        )
        jobs = "SELECT count(*) FROM job WHERE campaign_id = ? AND state = 'enqueued'"
        row = run(
            "SELECT status, funded, paid_out, withdrawn, available FROM campaign WHERE id = ?",
            [campaign_id],
        ).fetchone()
        return Remains(
            row[0],
            run(jobs, [campaign_id]).fetchone()[0],
            (row[1], row[2], row[3], row[4]),
            tuple(key for (key,) in run(paid, [campaign_id])),
            tuple(key for (key,) in run(finished, [campaign_id])),
            tuple(event for (event,) in run(told, [campaign_id])),
        )


@asynccontextmanager
async def reopened(db: Path, job_delay: float = 0) -> AsyncIterator[Sandbox]:
    """Run a sandbox on the file, in this process."""
    async with playing(db=db, active=False, job_delay=job_delay, admin_token=TOKEN) as play:
        yield play.sandbox


async def campaign_of(sandbox: Sandbox, campaign_id: str) -> Campaign:
    """Return a campaign as the books have it, with what was withdrawn."""
    keeper: Bookkeeper = sandbox.jobs._keeper
    found = await keeper.read(lambda books: books.campaigns.find(campaign_id))
    assert found is not None
    return found


async def called(
    play: Play, kind: str, url: str, http: aiohttp.ClientSession, key: str
) -> int | None:
    """Start, stop, withdraw or send an event; None where the process died under the call."""
    method = "PUT" if kind in {"start", "stop"} else "POST"
    path = f"{play.path}/{'events' if kind == 'event' else kind}"
    headers = {**play.headers, "Idempotency-Key": key}
    try:
        async with http.request(
            method, url + path, data=EVENT if kind == "event" else None, headers=headers
        ) as response:
            await response.read()
            return response.status
    except aiohttp.ClientConnectionError:
        return None


async def funded(play: Play, url: str, http: aiohttp.ClientSession) -> bool:
    """Put 10 in; false where the process died under the call."""
    path = f"{url}/sandbox/v1/campaigns/{play.campaign.id}/fund"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        async with http.post(path, data=b'{"amount": 10}', headers=headers) as response:
            return response.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def seen(play: Play, url: str, http: aiohttp.ClientSession) -> str | None:
    """Return the campaign's status; None where the process is dead."""
    try:
        async with http.get(url + play.path, headers=play.headers) as response:
            return str((await response.json())["campaign"]["status"])
    except aiohttp.ClientConnectionError:
        return None
