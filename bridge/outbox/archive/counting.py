"""What an outbox holds, counted row by row.

In: a connection that reads. Out: rows by table, entries by state. Knows nothing of totals that
others keep.
"""

import sqlite3
from collections.abc import Mapping

from bridge.record import record


@record
class Counts:
    """Rows by table, entries by state, and when the last thing happened (milliseconds)."""

    rows: Mapping[str, int]
    states: Mapping[str, int]
    sequence: int
    latest: int | None

    @property
    def entries(self) -> int:
        """How many entries there are."""
        return self.rows.get("entries", 0)


def counts(db: sqlite3.Connection) -> Counts:
    """Count everything; raises `sqlite3.Error` where it is no outbox, or damaged."""
    names = [
        row[0]
        for row in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            " ORDER BY name"
        )
    ]
    rows = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}  # noqa: S608  # names of tables
    states = dict(
        db.execute("SELECT state, count(*) FROM entries GROUP BY state ORDER BY state").fetchall()
    )
    sequence, latest = db.execute(
        "SELECT (SELECT sequence FROM ledger), (SELECT max(updated_at) FROM entries)"
    ).fetchone()
    return Counts(rows, states, sequence, latest)
