"""The outbox in a file: the ledger's calls on the writer thread, looking beside it.

In: the contract's calls. Out: their answers, synced. Knows nothing of what a call does
(`ledger/`) or of statements (`sqlite/`).
"""

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from bridge.errors import BridgeError, OutboxError
from bridge.events import Clock, Taken
from bridge.outbox.calls import Calls
from bridge.outbox.clock import LedgerClock
from bridge.outbox.contract import Outbox
from bridge.outbox.ledger import keeping
from bridge.outbox.ledger.book import Book
from bridge.outbox.sqlite.rows import Rows
from bridge.outbox.sqlite.rows.statements import queries
from bridge.outbox.values import NewEntry
from bridge.sqlite.connection import is_disk_failure
from bridge.sqlite.database import Database
from bridge.sqlite.lock import locked
from bridge.sqlite.scripts import load_migrations

T = TypeVar("T")

#: No wait that was ever asked for is longer (seconds): what lies further ahead is a clock's error.
_LONGEST_WAIT = 2 * 24 * 3600
_LONGEST_LEASE = 15 * 60


class SqliteOutbox(Calls):
    """An outbox in one SQLite file; open it with `open_outbox`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(LedgerClock(clock))
        self.database = database

    async def start(self) -> None:
        """Set the clock by what the file has seen, and mend times a wrong clock left behind."""
        latest = await self.database.read(
            lambda db: db.execute(queries()["latest_mark"]).fetchone()[0]
        )
        self._clock.not_before(latest or 0)
        now = self._clock.now()
        await self.database.write(lambda db: _mend_times(db, now), grows=False)

    async def change(self, call: Callable[[Book], T], *, grows: bool = False) -> T:
        """Run a call in a transaction that may be shared with others, and is synced as a whole."""
        now = self._clock.now()

        def job(db: sqlite3.Connection) -> T:
            rows = Rows(db)
            result = call(Book(rows, now))
            rows.ledger.advance()
            return result

        return await self.database.write(job, grows=grows)

    async def look(self, call: Callable[[Rows], T]) -> T:
        """Run a call that changes nothing, beside the writer."""
        return await self.database.read(lambda db: call(Rows(db)))

    def put_all(self, book: Book, entries: Sequence[NewEntry]) -> list[Taken | OutboxError]:
        """Keep `entries`; one that no row can be made of spoils no other."""
        try:
            return super().put_all(book, entries)
        except Exception as failure:
            if is_disk_failure(failure) or not book.rows.db.in_transaction:
                raise
        book.rows.db.execute("ROLLBACK TO job")  # each once more, in a savepoint of its own
        return [_put_alone(book, entry) for entry in entries]


def _put_alone(book: Book, entry: NewEntry) -> Taken | OutboxError:
    db = book.rows.db
    db.execute("SAVEPOINT entry")
    try:
        result = keeping.put(book, entry)
    except (sqlite3.Error, ValueError, OverflowError, BridgeError) as failure:
        if is_disk_failure(failure):
            raise
        db.execute("ROLLBACK TO entry")
        result = OutboxError(f"this entry can't be kept: {failure}")
    db.execute("RELEASE entry")
    return result


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


def _mend_times(db: sqlite3.Connection, now: int) -> None:
    db.execute(queries()["clamp_due"], {"latest": now + _LONGEST_WAIT * 1000})
    db.execute(queries()["clamp_held"], {"latest": now + _LONGEST_WAIT * 1000})
    db.execute(queries()["clamp_leases"], {"latest": now + _LONGEST_LEASE * 1000})


_: type[Outbox] = SqliteOutbox
