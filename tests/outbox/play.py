"""An outbox, a clock, and short words for what happens to an entry.

In: a backend. Out: `Play`, by which every test of the contract speaks. Knows nothing of how a
backend keeps things.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from bridge.events import Clock, State, Taken
from bridge.outbox.contract import Outbox
from bridge.outbox.memory import MemoryOutbox
from bridge.outbox.store import SqliteOutbox, open_outbox
from bridge.outbox.values import (
    Accepted,
    Answer,
    Claim,
    Claimed,
    ClaimTerms,
    Held,
    Later,
    MessageId,
    NewEntry,
    Origin,
    Verdict,
    Wire,
)
from bridge.outbox.views import EntryView
from bridge.rules.key import payout_key, wire_key
from bridge.testing import START
from tests.support.clock import FakeClock

T = TypeVar("T")

CAMPAIGN = "camp_1"
ALICE = "steam:76561197960265729"
BOB = "steam:76561197960265730"
LEASE = 60.0
HOUR = 3600.0
HORIZON = 20 * HOUR


class ManyCalls(asyncio.Runner):
    """Runs thousands of short calls: no handler of Ctrl-C is set and unset for each of them."""

    def run(self, coro: Coroutine[Any, Any, T], **_: Any) -> T:
        return self.get_loop().run_until_complete(coro)


# -- the backends ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Backend:
    """A backend's class, and how one is opened on a folder."""

    kind: type[Outbox]
    open: Callable[[Path, Clock], AbstractAsyncContextManager[Outbox]]


@asynccontextmanager
async def _in_memory(_: Path, clock: Clock) -> AsyncIterator[Outbox]:
    yield MemoryOutbox(clock)


@asynccontextmanager
async def _in_a_file(folder: Path, clock: Clock) -> AsyncIterator[Outbox]:
    async with open_outbox(folder / "outbox.db", clock) as outbox:
        yield outbox


@asynccontextmanager
async def _as_it_arrives(folder: Path, clock: Clock) -> AsyncIterator[Outbox]:
    """An outbox that files nothing before it is asked for, and is hardly ever idle."""
    async with open_outbox(folder / "outbox.db", clock) as outbox:
        outbox.filing.many = 1
        yield outbox


BACKENDS: Mapping[str, Backend] = {
    "memory": Backend(MemoryOutbox, _in_memory),
    "sqlite": Backend(SqliteOutbox, _in_a_file),
    "arrivals": Backend(SqliteOutbox, _as_it_arrives),
}


# -- values ---------------------------------------------------------------------------------


def entry(
    number: int = 1,
    *,
    player: str = ALICE,
    code: str = "EARN5",
    campaign: str = CAMPAIGN,
    rule: str = "rule one",
    message_id: MessageId | None = None,
) -> NewEntry:
    """Return an entry; its number tells it from others of the same player and code."""
    occurrence = f'id:["","{number}"]'
    return NewEntry(
        payout_key(campaign, player, code, "first_blood", occurrence),
        campaign,
        player,
        code,
        "first_blood",
        occurrence,
        rule,
        Origin("", "127.0.0.1:4000", "json", b'{"a": 1}', START, "first_blood", str(number), START),
        message_id,
    )


def message_id(name: str, content: str = "") -> MessageId:
    """Return the message id of a message called `name` that says `content`."""
    return MessageId(sha256(name.encode()).digest()[:16], content.encode())


def written(key: UUID, binding: int, event_code: str, user_ref: str) -> Wire:
    """Write a request as delivery does: pure, and its bytes tell whom it pays."""
    body = json.dumps({"eventCode": event_code, "userRef": user_ref}).encode()
    return Wire(wire_key(key, binding), body)


def terms(owner: str = "one", lease: float = LEASE, horizon: float = HORIZON) -> ClaimTerms:
    """Return the terms that tests claim by."""
    return ClaimTerms(owner, lease, horizon, written, payout_key)


TIMEOUT = Later(0.0, "timeout")
CONNECT_REFUSED = Later(0.0, "connect_refused", unsent=True)
REFUSED = Held("refused", 600.0)
USER_UNKNOWN = Held("user_unknown", 24 * HOUR)


# -- the play -------------------------------------------------------------------------------


class Play:
    """What a test does with an outbox, one word each."""

    def __init__(self, outbox: Outbox, clock: FakeClock) -> None:
        self.outbox = outbox
        self.clock = clock

    async def taken(self, *entries: NewEntry) -> list[Taken]:
        """Put entries that can all be kept; return what became of each."""
        results = await self.outbox.put(entries)
        return [result for result in results if isinstance(result, Taken)]

    async def put(self, new: NewEntry | None = None, *, ref: str = "usr_1") -> UUID:
        """Put one entry of a linked player."""
        new = new or entry()
        await self.outbox.link(new.campaign, new.player, ref, "test")
        await self.outbox.put([new])
        return new.key

    async def claims(self, limit: int = 16, *, campaign: str = CAMPAIGN) -> Sequence[Claim]:
        """Claim with the usual terms."""
        return (await self.claimed(limit, campaign=campaign)).claims

    async def claimed(self, limit: int = 16, *, campaign: str = CAMPAIGN) -> Claimed:
        """Claim with the usual terms; return when to come again as well."""
        return await self.outbox.claim(campaign, limit, terms())

    async def claim(self) -> Claim:
        """Claim the one entry that is due."""
        (only,) = await self.claims()
        return only

    async def settle(self, claim: Claim, verdict: Verdict, answer: Answer | None = None) -> State:
        """Record what an attempt met."""
        return await self.outbox.settle(claim, verdict, answer or Answer(type(verdict).__name__))

    async def attempt(self, verdict: Verdict) -> Claim:
        """Claim the one entry that is due and record what that attempt met."""
        claim = await self.claim()
        await self.settle(claim, verdict)
        return claim

    async def accept(self, claim: Claim) -> State:
        """Record the API's 202."""
        return await self.settle(claim, Accepted(), Answer("accepted", 202))

    async def view(self, key: UUID) -> EntryView:
        """Return an entry as lists show it."""
        return (await self.outbox.receipt(key)).entry

    async def state(self, key: UUID) -> State:
        """Return an entry's state."""
        return (await self.view(key)).state

    def lose_lease(self) -> None:
        """Let the lease of every claim run out."""
        self.clock.advance(LEASE + 1)

    def pass_horizon(self) -> None:
        """Let the API forget every key that was sent until now."""
        self.clock.advance(HORIZON + 1)


def received(new: NewEntry, seconds: float) -> NewEntry:
    """Return the entry as if it had been received so many seconds after the start."""
    at = START + timedelta(seconds=seconds)
    return replace(new, origin=replace(new.origin, received_at=at))
