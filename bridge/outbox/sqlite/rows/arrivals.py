"""Entries that have arrived and are not filed yet, as rows: many to a row, in the order they came.

In: entries as they were accepted. Out: the same, found again. Decides nothing.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from bridge.errors import StoreCorrupt
from bridge.outbox.sqlite.packing import Arrival, packed, unpacked
from bridge.outbox.sqlite.statements import Statements

#: Entries in a row, at most: so many are read where one of them is asked for.
ROW: Final = 128


class Batch(NamedTuple):
    """Arrivals of one time (milliseconds), numbered without a gap from `first`."""

    first: int
    at: int
    arrivals: Sequence[Arrival]


class Arrivals:
    """The rows of `arrivals`."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql
        #: How many were added here.
        self.added = 0

    def add(self, first: int, at: int, arrivals: Sequence[Arrival]) -> None:
        """Keep arrivals of one time (milliseconds), numbered without a gap from `first`."""
        rows = [
            (first + begin, len(some), at, packed(some))
            for begin in range(0, len(arrivals), ROW)
            if (some := arrivals[begin : begin + ROW])
        ]
        self._sql.each("add_arrivals", rows)
        self.added += len(arrivals)

    def rows(self) -> Iterator[tuple[int, int]]:
        """Yield the first number of each row and how many it holds, oldest first."""
        for row in self._sql.run("arrivals"):
            yield row["first"], row["n"]

    def drop(self, first: int) -> None:
        """Let a row go whose arrivals have been filed."""
        self._sql.run("drop_arrivals", first=first)

    def around(self, number: int) -> Batch | None:
        """Return the row that holds the arrival with this number.

        Raises:
            StoreCorrupt: it can't be read.
        """
        row = self._sql.one("arrivals_around", number=number)
        if row is None or number >= row["first"] + row["n"]:
            return None
        return Batch(row["first"], row["at"], _read(row))

    def count(self) -> int:
        """Return how many wait to be filed."""
        return int(self._sql.run("count_arrivals").fetchone()[0])


def _read(row: sqlite3.Row) -> list[Arrival]:
    try:
        return unpacked(row["packed"])
    except ValueError as torn:
        raise StoreCorrupt(
            f"the arrivals from number {row['first']} on can't be read: {torn}"
        ) from torn
