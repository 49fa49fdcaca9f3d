"""A bare Campaigns API: it answers as fast as a stock asyncio protocol can, and keeps the count.

In: a `Bench`. Out: a process on its `load` processor that takes events under their keys, pays each
key once, and tells a daemon what it asks for: the campaign, its events, its users' histories. One
made with `python -m benchmarks.references.sink` ends when its standard input does. Knows nothing of
the daemon; whoever asks for another campaign gets the same answers.
"""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import parse_qs, unquote, urlsplit

import aiohttp

from benchmarks.contract import Bench

#: The events that it says it pays for; it takes any other, too.
EVENTS: Final = ("first_blood", "daily_win", "match_won")
#: Events between two moments of the timeline.
EVERY: Final = 100
#: Seconds after which it ends by itself.
LIFE: Final = 4 * 3600
#: Seconds that its start and its end may take.
_START: Final = 20.0
#: Rows of a page, where the question doesn't say.
_PAGE: Final = 100

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_KEY = re.compile(rb"\r\nidempotency-key: *([^\r]+)", re.IGNORECASE)
_USER = re.compile(rb'"userRef": *"([^"]*)"')
_CODE = re.compile(rb'"eventCode": *"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Count:
    """What a sink took: distinct keys, and events whose key it had before.

    `cpu` and `wall` are its seconds since it was last reset: a sink near one is the bottleneck.
    """

    taken: int
    duplicates: int
    cpu: float
    wall: float


@dataclass(frozen=True, slots=True)
class Sink:
    """A running sink: `url` is the `base_url` of a campaign."""

    url: str

    async def count(self) -> Count:
        """Return what it took since it was last reset."""
        return Count(**await self._ask("count"))

    async def timeline(self) -> list[float]:
        """Return the moments of `time.perf_counter` at which every hundredth event was new."""
        moments: list[float] = (await self._ask("timeline"))["moments"]
        return moments

    async def pause(self) -> None:
        """Say that the campaign is stopped, and refuse its events as the API does."""
        await self._ask("pause")

    async def resume(self) -> None:
        """Say that it is Active, and take events."""
        await self._ask("resume")

    async def reset(self) -> None:
        """Forget all keys, payouts and counts."""
        await self._ask("reset")

    async def _ask(self, what: str) -> dict[str, Any]:
        url = f"{self.url.removesuffix('/api')}/sink/{what}"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            answer.raise_for_status()
            told: dict[str, Any] = await answer.json()
            return told


def middle(moments: Sequence[float]) -> float:
    """Return the events a second of a timeline, without its first and its last tenth."""
    ends = len(moments) // 10, len(moments) - 1 - len(moments) // 10
    if ends[0] >= ends[1]:
        raise ValueError(f"{len(moments)} moments are too few for a rate; deliver more events")
    return EVERY * (ends[1] - ends[0]) / (moments[ends[1]] - moments[ends[0]])


@asynccontextmanager
async def sink(bench: Bench) -> AsyncIterator[Sink]:
    """Run a sink on `bench.load` as long as this is entered."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.references.sink",
        str(bench.load),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Sink(await _told(process))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _told(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None  # noqa: S101  # it was asked for
    line = await asyncio.wait_for(process.stdout.readline(), _START)
    if not line:
        raise RuntimeError("the sink ended before it listened; its standard error says why")
    return line.decode().strip()


# -- what it keeps ------------------------------------------------------------------------------


@dataclass(slots=True)
class Ledger:
    """The payouts: each key once. A user's are told as a history."""

    active: bool = True
    keys: set[bytes] = field(default_factory=set)
    duplicates: int = 0
    #: userRef → what was paid: number, code, nanoseconds since the epoch.
    users: dict[bytes, list[tuple[int, bytes, int]]] = field(default_factory=dict)
    moments: list[float] = field(default_factory=list)
    cpu: float = field(default_factory=time.process_time)
    began: float = field(default_factory=time.perf_counter)

    def take(self, key: bytes, body: bytes) -> None:
        """Pay for one event, unless its key was paid before."""
        keys = self.keys
        before = len(keys)
        keys.add(key)
        number = len(keys)
        if number == before:
            self.duplicates += 1
            return
        user, code = _USER.search(body), _CODE.search(body)
        row = (number, code[1] if code else b"", time.time_ns())
        self.users.setdefault(user[1] if user else b"", []).append(row)
        if number % EVERY == 0:
            self.moments.append(time.perf_counter())

    def count(self) -> dict[str, float]:
        """Return what `Count` holds."""
        return {
            "taken": len(self.keys),
            "duplicates": self.duplicates,
            "cpu": time.process_time() - self.cpu,
            "wall": time.perf_counter() - self.began,
        }

    def campaign(self) -> dict[str, Any]:
        """Return the campaign's details: one unit a payout."""
        paid = len(self.keys)
        return {
            "id": "bench",
            "name": "bench",
            "environment": "test",
            "status": "Active" if self.active else "Stopped",
            "totalAmountFunded": 1_000_000_000,
            "totalAmountPaidOut": paid,
            "availableToWithdraw": 1_000_000_000 - paid,
        }

    def history(self, user_ref: str, limit: int, offset: int) -> dict[str, Any]:
        """Return one page of a user's payouts, oldest first."""
        rows = self.users.get(user_ref.encode(), [])
        page = rows[offset : offset + limit]
        more = {"limit": limit, "offset": offset, "total": len(rows)}
        return {
            "userId": user_ref,
            "environment": "test",
            "transactions": [_transaction(user_ref, *row) for row in page],
            "pagination": {**more, "hasMore": offset + len(page) < len(rows)},
        }


def _transaction(user_ref: str, number: int, code: bytes, nanoseconds: int) -> dict[str, Any]:
    at = datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    return {
        "id": f"tx-{number}",
        "userRef": user_ref,
        "eventCode": code.decode(),
        "payoutAmount": 1,
        "transactionHash": f"0x{number:064x}",
        "createdAt": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


# -- how it answers -----------------------------------------------------------------------------


def _answer(status: int, document: object) -> bytes:
    body = json.dumps(document).encode()
    reason = HTTPStatus(status).phrase
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


_TAKEN = _answer(202, {"success": True})
_STOPPED = _answer(400, {"success": False, "error": "Campaign is not active"})
_NO_KEY = _answer(400, {"success": False, "error": "Idempotency-Key is missing"})
_UNKNOWN = _answer(404, {"success": False, "error": "Not found"})
_UNREADABLE = _answer(501, {"success": False, "error": "Only bodies with a Content-Length"})


class Answering(asyncio.Protocol):
    """One connection, kept alive; requests are answered in turn."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._rest = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        # TCP has no other; uvloop's say of themselves that they are none.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer all requests that are complete."""
        data = self._rest + data if self._rest else data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            head = data[: end + 2]
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(data) < whole:
                break
            self._transport.write(self._reply(head, data[end + 4 : whole]))
            data = data[whole:]
        self._rest = data

    def _reply(self, head: bytes, body: bytes) -> bytes:
        if not head.startswith(b"POST"):
            return answered(self._ledger, head.split(b" ", 2)[1].decode())
        if not body:
            return _UNREADABLE
        if not self._ledger.active:
            return _STOPPED
        key = _KEY.search(head)
        if key is None:
            return _NO_KEY
        self._ledger.take(key[1], body)
        return _TAKEN


def answered(ledger: Ledger, target: str) -> bytes:
    """Answer a GET: of the campaign, of one of its users, or of the sink itself."""
    url = urlsplit(target)
    parts = url.path.strip("/").split("/")
    match parts:
        case ["sink", order]:
            return _ordered(ledger, order)
        case ["api", "v1", "campaign", _]:
            return _answer(200, {"success": True, "campaign": ledger.campaign()})
        case ["api", "v1", "campaign", _, "events"]:
            rows = [{"code": code, "name": code, "payoutAmount": 1} for code in EVENTS]
            return _answer(200, {"success": True, "events": rows})
        case ["api", "v1", "campaign", _, "user", user, "events"]:
            asked = parse_qs(url.query)
            limit, offset = (
                int(asked.get(n, [d])[0]) for n, d in (("limit", _PAGE), ("offset", 0))
            )
            page = ledger.history(unquote(user), limit, offset)
            return _answer(200, {"success": True, "data": page})
        case ["api", "v1", "campaign", _, "user", user]:
            standing = {"userId": unquote(user), "status": "approved", "environment": "test"}
            return _answer(200, {"success": True, "data": standing})
    return _UNKNOWN


def _ordered(ledger: Ledger, order: str) -> bytes:
    if order == "count":
        return _answer(200, ledger.count())
    if order == "timeline":
        return _answer(200, {"moments": ledger.moments})
    if order in {"pause", "resume"}:
        ledger.active = order == "resume"
    elif order == "reset":
        fresh = Ledger(ledger.active)
        for name in Ledger.__slots__:
            setattr(ledger, name, getattr(fresh, name))
    else:
        return _UNKNOWN
    return _answer(200, {})


# -- the process --------------------------------------------------------------------------------


async def serve(told: Callable[[str], object], life: float = LIFE) -> None:
    """Answer on a free port of loopback, say where, and end with the standard input."""
    loop = asyncio.get_running_loop()
    ledger = Ledger()
    server = await loop.create_server(lambda: Answering(ledger), "127.0.0.1", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    told(f"http://127.0.0.1:{port}/api")
    try:
        await asyncio.wait_for(reader.read(), life)
    except TimeoutError:
        told("the sink's time is over")
    server.close()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    asyncio.run(serve(_say))
