"""Opens the books for one transaction after the other, with the time to write into them.

In: functions of `Books`. Out: their results, synced to disk. Knows nothing of what they do.
"""

import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from bridge.events import Clock
from bridge.sandbox.books import Books
from bridge.sqlite.database import Database

T = TypeVar("T")
Work = Callable[[Books], T]


class Bookkeeper:
    """One database, its statements and the clock."""

    def __init__(self, database: Database, sql: Mapping[str, str], clock: Clock) -> None:
        self._database = database
        self._sql = sql
        self._clock = clock

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction of its own; what it raises undoes it.

        Raises:
            StoreUnavailable: the disk failed; whether it was stored is unknown.
        """
        now = _written(self._clock.now())

        def with_books(db: sqlite3.Connection) -> T:
            return work(Books(db, self._sql, now))

        return await self._database.write(with_books)

    async def read(self, work: Work[T]) -> T:
        """Run `work` on what has been committed."""
        return await self._database.read(lambda db: work(Books(db, self._sql)))

    def milliseconds(self) -> int:
        """Return the time as stored answers count it."""
        return int(self._clock.now().timestamp() * 1000)


def _written(time: datetime) -> str:
    """Return a time as the API writes it: ISO 8601, milliseconds, Z."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
