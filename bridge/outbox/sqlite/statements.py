"""The named statements of `queries.sql` on one connection.

In: a statement's name and its values. Out: rows. Knows nothing of what they mean.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from bridge.sqlite.scripts import load_queries


@cache
def queries() -> Mapping[str, str]:
    """Return the named statements."""
    return load_queries("bridge.outbox.sqlite")


class Statements:
    """Statements of one connection, inside its transaction."""

    __slots__ = ("_sql", "db")

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self._sql = queries()

    def run(self, statement: str, /, **values: object) -> sqlite3.Cursor:
        """Run a statement."""
        return self.db.execute(self._sql[statement], values)

    def each(self, statement: str, rows: Iterable[Sequence[object]], /) -> None:
        """Run a statement for each of `rows`."""
        self.db.executemany(self._sql[statement], rows)

    def one(self, statement: str, /, **values: object) -> sqlite3.Row | None:
        """Return the first row, or None."""
        row: sqlite3.Row | None = self.run(statement, **values).fetchone()
        return row

    def many(self, statement: str, /, **values: object) -> list[sqlite3.Row]:
        """Return all rows."""
        return self.run(statement, **values).fetchall()
