"""A copy of an outbox, to try on it what something would do.

In: an outbox file, also one that a daemon has open. Out: an outbox in memory that says what was
made in it. The file is only read.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

from bridge.errors import StoreUnavailable
from bridge.events import Clock
from bridge.outbox.memory import MemoryOutbox
from bridge.outbox.money import tokens
from bridge.outbox.sqlite.statements import queries
from bridge.record import record


@record
class Made:
    """Entries that were made of one event code; `price` is None where nobody knows it."""

    campaign: str
    event_code: str
    entries: int
    price: Decimal | None


class OutboxCopy(MemoryOutbox):
    """A copy in memory; what happens to it happens nowhere else."""

    def __init__(self, clock: Clock, original: sqlite3.Connection | None) -> None:
        super().__init__(clock, original)
        self._before = self._last_entry()

    def made(self) -> Sequence[Made]:
        """Return what was made since it was copied, by campaign and event code."""
        rows = self._db.execute(queries()["made_since"], {"entry": self._before})
        return [
            Made(
                row["campaign"],
                row["event_code"],
                row["n"],
                None if row["price"] is None else tokens(row["price"]),
            )
            for row in rows
        ]

    def _last_entry(self) -> int:
        number: int = self._db.execute(queries()["last_entry"]).fetchone()[0]
        return number


@contextmanager
def copied(path: Path, clock: Clock) -> Iterator[OutboxCopy]:
    """Copy the outbox at `path`, or an empty one where there is none yet.

    Raises:
        StoreUnavailable: it can't be read.
    """
    if not path.exists():
        yield OutboxCopy(clock, None)
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as original:
            copy = OutboxCopy(clock, original)
    except sqlite3.Error as failure:
        raise StoreUnavailable(
            f"{path} can't be copied: {failure}",
            hint="Run this as the daemon's user: it must be able to read the outbox.",
        ) from failure
    yield copy
