"""The SQLite outbox: the ledger's calls on the writer thread, reading beside it.

In: the contract's calls. Out: their answers, synced. Knows nothing of statements (`rows.py`) or
of what a call does (`ledger.py`).
"""

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from bridge.errors import BridgeError, OutboxError
from bridge.events import Clock, State, Taken
from bridge.outbox.clock import LedgerClock
from bridge.outbox.contract import Outbox
from bridge.outbox.ledger import Ledger
from bridge.outbox.sqlite import reading
from bridge.outbox.sqlite.rows import SqliteRows, queries
from bridge.outbox.values import (
    Answer,
    Claim,
    Claimed,
    ClaimTerms,
    Decision,
    EntryView,
    LaneCount,
    Link,
    Listing,
    MessageId,
    NewEntry,
    Receipt,
    RememberedRule,
    Verdict,
)
from bridge.sqlite.connection import is_disk_failure
from bridge.sqlite.database import Database
from bridge.sqlite.lock import locked
from bridge.sqlite.scripts import load_migrations

T = TypeVar("T")

#: No wait that was ever asked for is longer (seconds): what lies further ahead is a clock's error.
_LONGEST_WAIT = 2 * 24 * 3600
_LONGEST_LEASE = 15 * 60


class SqliteOutbox:
    """An outbox in one SQLite file; open it with `open_outbox`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self._clock = LedgerClock(clock)
        self._events: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def start(self) -> None:
        """Set the clock by what the file has seen, and mend times a wrong clock left behind."""
        latest = await self.database.read(
            lambda db: db.execute(queries()["latest_mark"]).fetchone()[0]
        )
        self._clock.not_before(latest or 0)
        now = self._clock.now()
        await self.database.write(lambda db: _mend_times(db, now), grows=False)

    # -- keeping ----------------------------------------------------------------------------

    async def put(self, entries: Sequence[NewEntry]) -> Sequence[Taken | OutboxError]:
        """Keep `entries`; see the contract."""
        now = self._clock.now()
        results = await self.database.write(lambda db: _put_all(db, entries, now))
        for campaign in {entry.campaign for entry in entries}:
            self._events[campaign].set()
        return results

    async def recall(self, ids: Sequence[MessageId]) -> Sequence[Taken | None]:
        """Return the first decision of each message id; see the contract."""

        def look(db: sqlite3.Connection) -> list[Taken | None]:
            ledger = Ledger(SqliteRows(db), 0)
            return [ledger.recall(message_id) for message_id in ids]

        return await self.database.read(look)

    # -- delivering -------------------------------------------------------------------------

    async def claim(self, campaign: str, limit: int, terms: ClaimTerms) -> Claimed:
        """Claim due entries; see the contract."""
        return await self._change(lambda ledger: ledger.claim(campaign, limit, terms))

    async def settle(self, claim: Claim, verdict: Verdict, answer: Answer) -> State:
        """Record an outcome; see the contract."""
        state = await self._change(lambda ledger: ledger.settle(claim, verdict, answer))
        self._events[claim.campaign].set()
        return state

    def watch(self, campaign: str) -> asyncio.Event:
        """Return the event that says that something may be due."""
        return self._events[campaign]

    # -- linking ----------------------------------------------------------------------------

    async def link(self, campaign: str, player: str, user_ref: str, via: str) -> int:
        """Link a player and release what waited; see the contract."""
        released = await self._change(lambda ledger: ledger.link(campaign, player, user_ref, via))
        self._events[campaign].set()
        return released

    async def unlink(self, campaign: str, player: str, via: str) -> int:
        """Forget a link and hold what waits; see the contract."""
        held = await self._change(lambda ledger: ledger.unlink(campaign, player, via))
        self._events[campaign].set()  # it may have let others through a fence
        return held

    async def links(self, player: str | None = None) -> Sequence[Link]:
        """Return the links of one player, or all."""
        return await self.database.read(lambda db: reading.links(db, player))

    # -- inspecting -------------------------------------------------------------------------

    async def receipt(self, key: UUID) -> Receipt:
        """Return all that is known of an entry; see the contract."""
        return await self.database.read(lambda db: reading.receipt(db, key))

    async def listing(self, what: Listing) -> Sequence[EntryView]:
        """Return entries, newest first."""
        return await self.database.read(lambda db: reading.listing(db, what))

    async def counts(self) -> Sequence[LaneCount]:
        """Return how many entries each campaign has, by state."""
        now = self._clock.now()
        return await self.database.read(lambda db: reading.counts(db, now))

    async def decide(self, key: UUID, decision: Decision, who: str) -> State:
        """Carry out an operator's decision; see the contract."""
        state = await self._change(lambda ledger: ledger.decide(key, decision, who))
        for event in self._events.values():
            event.set()
        return state

    # -- remembering ------------------------------------------------------------------------

    async def remembered_rules(self) -> Sequence[RememberedRule]:
        """Return the rules last adopted, in order."""
        return await self.database.read(lambda db: SqliteRows(db).rules())

    async def adopt_rules(self, definitions: Sequence[str], journal: str = "") -> None:
        """Remember the rules in force; see the contract."""
        now = self._clock.now()

        def adopt(db: sqlite3.Connection) -> None:
            rows = SqliteRows(db)
            rows.set_rules(definitions)
            if journal:
                rows.add_note(now, "operator", "rules", None, journal)

        await self.database.write(adopt, grows=False)

    async def _change(self, call: Callable[[Ledger], T]) -> T:
        now = self._clock.now()
        return await self.database.write(lambda db: call(Ledger(SqliteRows(db), now)), grows=False)


@asynccontextmanager
async def open_outbox(path: Path, clock: Clock, reserve: int = 0) -> AsyncIterator[SqliteOutbox]:
    """Open the outbox at `path`, alone.

    Raises:
        StoreLocked: another process has it open.
        StoreUnavailable, StoreCorrupt, SchemaTooNew: the file can't be used.
    """
    with locked(path):
        migrations = load_migrations("bridge.outbox.sqlite.migrations")
        async with Database(path, migrations, reserve=reserve) as database:
            outbox = SqliteOutbox(database, clock)
            await outbox.start()
            yield outbox


def _put_all(
    db: sqlite3.Connection, entries: Sequence[NewEntry], now: int
) -> list[Taken | OutboxError]:
    ledger = Ledger(SqliteRows(db), now)
    try:
        return [ledger.put(entry) for entry in entries]
    except Exception as failure:
        if is_disk_failure(failure) or not db.in_transaction:
            raise
    db.execute("ROLLBACK TO job")  # one bad row: each once more, in a savepoint of its own
    return [_put_alone(db, ledger, entry) for entry in entries]


def _put_alone(db: sqlite3.Connection, ledger: Ledger, entry: NewEntry) -> Taken | OutboxError:
    db.execute("SAVEPOINT entry")
    try:
        result: Taken | OutboxError = ledger.put(entry)
    except (sqlite3.Error, ValueError, OverflowError, BridgeError) as failure:
        if is_disk_failure(failure):
            raise
        db.execute("ROLLBACK TO entry")
        result = OutboxError(f"this entry can't be kept: {failure}")
    db.execute("RELEASE entry")
    return result


def _mend_times(db: sqlite3.Connection, now: int) -> None:
    db.execute(queries()["clamp_due"], {"latest": now + _LONGEST_WAIT * 1000})
    db.execute(queries()["clamp_held"], {"latest": now + _LONGEST_WAIT * 1000})
    db.execute(queries()["clamp_leases"], {"latest": now + _LONGEST_LEASE * 1000})


_: type[Outbox] = SqliteOutbox
