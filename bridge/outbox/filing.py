"""Filing what has arrived: when nobody puts anything for a moment, or when somebody asks.

In: the writer's spare time. Out: entries. Knows nothing of how one is filed (`ledger/arriving.py`).

An arrival is on disk and known; a file is needed only by who looks for entries or sends them. So
bursts are taken at the speed of the disk, and filed afterwards; what waits is bounded.
"""

import asyncio
import sqlite3
from collections import deque
from typing import Final

from bridge.outbox.clock import LedgerClock
from bridge.outbox.ledger import arriving
from bridge.outbox.ledger.book import Book
from bridge.outbox.sqlite.rows import Rows, Shared
from bridge.sqlite.database import Database

#: Entries that are put at once, from which on they are kept as they arrive.
MANY: Final = 32
#: Entries that may wait to be filed; then putting waits for filing.
MOST: Final = 131_072
#: Entries that are filed in one transaction: others wait for it.
SLICE: Final = 256


class Filing:
    """The writer's chore of an outbox; a `bridge.sqlite.jobs.Chore`."""

    def __init__(
        self, shared: Shared, clock: LedgerClock, *, many: int = MANY, most: int = MOST
    ) -> None:
        #: So many that are put at once are kept as they arrive.
        self.many = many
        self._shared = shared
        self._clock = clock
        self._most = most
        self._loop = asyncio.get_running_loop()
        # Who waits until so many have been filed in all.
        self._asking: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._filed = 0
        self._waiting: int | None = None
        self._begun = False

    def begin(self, database: Database) -> None:
        """File from now on what has arrived, also before."""
        self._begun = True
        database.take_on(self)

    # -- in the writer's thread ---------------------------------------------------------------

    def arrived(self, count: int) -> None:
        """Know that so many arrivals more are in the transaction."""
        if self._waiting is not None:
            self._waiting += count

    def committed(self) -> None:
        """Know nothing new."""

    def undone(self) -> None:
        """Count anew what waits."""
        self._waiting = None

    def waits(self, db: sqlite3.Connection) -> bool:
        """Whether there is anything to file."""
        if self._waiting is None:
            self._waiting = Rows(db).arrivals.count()
        return self._waiting > 0

    def urgent(self) -> bool:
        """Whether it can't be put off: somebody asks, or too much waits."""
        return bool(self._asking) or (self._waiting or 0) >= self._most

    def do(self, db: sqlite3.Connection) -> None:
        """File some of it, in a transaction."""
        rows = Rows(db, self._shared)
        filed = arriving.file_some(Book(rows, self._clock.now()), SLICE)
        rows.ledger.advance()
        self._filed += filed
        if self._waiting is not None:
            self._waiting -= filed

    def rest(self, *, failed: bool) -> None:
        """Answer who asked for what is filed now; where filing failed, all of them."""
        done = failed or not self._waiting
        while self._asking and (done or self._asking[0][0] <= self._filed):
            self._loop.call_soon_threadsafe(_answer, self._asking.popleft()[1])

    # -- in the loop's ------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """How many entries wait to be filed, as far as that is known."""
        return self._waiting or 0

    @property
    def behind(self) -> bool:
        """Whether anything may wait to be filed, by who has begun to."""
        return self._begun and self._waiting != 0

    def ask(self) -> "asyncio.Future[None]":
        """Return what is done once all that has arrived by now is filed, or can't be."""
        future = self._loop.create_future()
        self._asking.append((self._filed + (self._waiting or self._most), future))
        return future


def _answer(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
