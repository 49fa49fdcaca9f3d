"""What the calls stand on: a store that runs them, and the events that wake who waits.

In: calls. Out: their answers. Knows nothing of what a call does.
"""

import asyncio
import weakref
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

from bridge.outbox.clock import LedgerClock
from bridge.outbox.ledger.book import Book
from bridge.outbox.sqlite.rows import Rows

T = TypeVar("T")


class Store(ABC):
    """Whatever runs a call on the rows: in a transaction, or beside one; and who is woken by it."""

    def __init__(self, clock: LedgerClock) -> None:
        self._clock = clock
        self._lanes: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._sessions = asyncio.Event()
        self._streams: weakref.WeakSet[asyncio.Event] = weakref.WeakSet()

    @abstractmethod
    async def change(
        self,
        call: Callable[[Book], T],
        *,
        grows: bool = False,
        erases: bool = False,
        at_once: bool = False,
    ) -> T:
        """Run a call in a transaction; what it changed is on disk when this returns.

        What a call `erases` is then in no file any more, as far as nothing was in the way. All
        that has been put before is there for it to see, unless it needs no entries and runs
        `at_once`.
        """

    @abstractmethod
    async def look(self, call: Callable[[Rows], T], *, at_once: bool = False) -> T:
        """Run a call that changes nothing; `at_once` as for `change`."""

    def _wake(self, campaigns: Iterable[str] | None = None) -> None:
        """Wake who waits for work of these campaigns, None for all; and the streams."""
        for campaign in list(self._lanes) if campaigns is None else campaigns:
            self._lanes[campaign].set()
        for stream in self._streams:
            stream.set()

    async def all_of(self, some: Callable[[Book], int]) -> int:
        """Run a call that does a part of the work until there is none left."""
        done = 0
        while moved := await self.change(some):
            done += moved
            self._wake()
        return done


def seconds_until(at: int | None, now: int) -> float | None:
    """Return how long it is until a stored time, in seconds; None where there is none."""
    return None if at is None else max(0, at - now) / 1000
