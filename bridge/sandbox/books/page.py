"""One statement after the other, on one connection, at one time.

In: a statement's name and its values. Out: rows. Knows nothing of what they mean.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Page:
    """Where a transaction reads and writes; `now` is its time in milliseconds since 1970."""

    db: sqlite3.Connection
    sql: Mapping[str, str]
    now: int

    @property
    def time(self) -> str:
        """The time as the API writes it."""
        return written(self.now)

    def run(self, statement: str, /, **values: object) -> sqlite3.Cursor:
        """Run a statement; `:now` is the time as text in all of them."""
        return self.db.execute(self.sql[statement], {"now": self.time, **values})

    def one(self, statement: str, /, **values: object) -> sqlite3.Row | None:
        """Return the first row, or None."""
        row: sqlite3.Row | None = self.run(statement, **values).fetchone()
        return row

    def many(self, statement: str, /, **values: object) -> list[sqlite3.Row]:
        """Return all rows."""
        return self.run(statement, **values).fetchall()

    def changed(self, statement: str, /, **values: object) -> bool:
        """Run a statement; whether it changed a row."""
        return self.run(statement, **values).rowcount > 0

    def number(self, statement: str, /, **values: object) -> int:
        """Return a count or a sum."""
        return int(self.run(statement, **values).fetchone()[0])


def written(millis: int) -> str:
    """Return a time as the API writes it: ISO 8601, milliseconds, Z."""
    return as_text(_EPOCH + timedelta(milliseconds=millis))  # exact: a float loses some


def as_text(time: datetime) -> str:
    """Return a UTC time as the API writes it."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
