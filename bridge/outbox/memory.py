"""An outbox in memory: the whole road in milliseconds, for tests and for trying adapters.

In: the contract's calls. Out: their answers; nothing survives the process.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TypeVar

from bridge.events import Clock
from bridge.outbox.calls import Calls
from bridge.outbox.clock import LedgerClock
from bridge.outbox.contract import Outbox
from bridge.outbox.ledger.book import Book
from bridge.outbox.sqlite.rows import Rows, Shared
from bridge.sqlite.connection import migrate
from bridge.sqlite.scripts import load_migrations

T = TypeVar("T")

#: More than there are in `queries.sql`, so that each is compiled once.
_STATEMENTS = 256


class MemoryOutbox(Calls):
    """The contract over a database that is in no file."""

    def __init__(self, clock: Clock, original: sqlite3.Connection | None = None) -> None:
        """Begin with nothing, or with what is in `original`."""
        super().__init__(LedgerClock(clock))
        self._shared = Shared()
        self._db = sqlite3.connect(":memory:", isolation_level=None, cached_statements=_STATEMENTS)
        if original is not None:
            original.backup(self._db)
            _migrate(self._db)
        else:
            self._db.deserialize(_empty())
            self._db.execute("UPDATE ledger SET identity = randomblob(16)")
        self._db.row_factory = sqlite3.Row

    async def change(
        self,
        call: Callable[[Book], T],
        *,
        grows: bool = False,
        erases: bool = False,
        at_once: bool = False,
    ) -> T:
        """Run a call in a transaction."""
        rows = Rows(self._db, self._shared)
        self._db.execute("BEGIN")
        try:
            result = call(Book(rows, self._clock.now()))
            rows.ledger.advance()
        except BaseException:
            self._db.execute("ROLLBACK")
            self._shared.undone()
            raise
        self._db.execute("COMMIT")
        self._shared.committed()
        return result

    async def look(self, call: Callable[[Rows], T], *, at_once: bool = False) -> T:
        """Run a call that changes nothing."""
        return call(Rows(self._db, self._shared))


def _migrate(db: sqlite3.Connection) -> None:
    migrate(db, load_migrations("bridge.outbox.sqlite.migrations"), Path(":memory:"))


@cache
def _empty() -> bytes:
    """Return a database with nothing in it: tests begin thousands of times."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        _migrate(db)
        return db.serialize()


_: type[Outbox] = MemoryOutbox
