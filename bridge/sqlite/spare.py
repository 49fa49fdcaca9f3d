"""The writer's spare time, and the chore that it is for.

In: a chore. Out: whether there is any of it to do now. Knows nothing of what it does.
"""

import sqlite3
from typing import Final

from bridge.sqlite.jobs import Chore

#: How long nobody must ask for anything before there is time for chores, in seconds.
SPARE: Final = 0.02


class SpareTime:
    """One chore, if any; after a failure it rests until something else succeeds."""

    def __init__(self) -> None:
        self._chore: Chore | None = None
        self._rests = False

    def take_on(self, chore: Chore) -> None:
        """Have `chore` done from now on."""
        self._chore = chore

    def chore(self, db: sqlite3.Connection | None) -> Chore | None:
        """Return the chore where there is any of it to do."""
        if self._chore is None or self._rests or db is None or not self._chore.waits(db):
            return None
        return self._chore

    def wait(self, db: sqlite3.Connection | None) -> float | None:
        """Return how long to wait for other work: for ever (None) where there is no chore."""
        return None if self.chore(db) is None else SPARE

    def committed(self) -> None:
        """Know that the disk takes what it is given."""
        self._rests = False

    def tried(self, *, failed: bool) -> None:
        """Know that some of the chore was done, or failed."""
        self._rests = failed
        self.answer()

    def answer(self) -> None:
        """Let the chore answer who waits for it."""
        if self._chore is not None:
            self._chore.rest(failed=self._rests)
