"""Opens the books for one transaction after the other, with the time to write into them.

In: functions of `Books`. Out: their results, synced to disk. Knows nothing of what they do.
"""

import asyncio
from collections.abc import Callable, Mapping
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
        self._watchers: list[asyncio.Event] = []

    def watch(self) -> asyncio.Event:
        """Return an event of the caller's own, set after each commit; the caller clears it."""
        watcher = asyncio.Event()
        self._watchers.append(watcher)
        return watcher

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction of its own; what it raises undoes it.

        Raises:
            StoreUnavailable: the disk failed; whether it was stored is unknown.
        """
        now = self.milliseconds()
        try:
            return await self._database.write(lambda db: work(Books(db, self._sql, now)))
        finally:
            for watcher in self._watchers:
                watcher.set()

    async def read(self, work: Work[T]) -> T:
        """Run `work` on what has been committed."""
        now = self.milliseconds()
        return await self._database.read(lambda db: work(Books(db, self._sql, now)))

    def milliseconds(self) -> int:
        """Return the time in milliseconds since 1970."""
        return int(self._clock.now().timestamp() * 1000)
