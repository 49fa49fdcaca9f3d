"""How a table's rows are stored, so that stored records can be told from those of other tables.

In: a sound database of the same schema. Out: for each table its columns in the order in which
they are stored, with their types, and the page where its tree begins.
"""

import sqlite3
from collections.abc import Mapping, Sequence

from bridge.record import record
from bridge.sqlite.salvage.cells import Row, Value

_TYPES: Mapping[str, tuple[type, ...]] = {
    "INTEGER": (int,),
    "TEXT": (str,),
    "BLOB": (bytes,),
    "REAL": (float, int),
}


@record
class Column:
    """One column: its name, the types that it takes, whether it may be null."""

    name: str
    types: tuple[type, ...]
    nullable: bool


@record
class Table:
    """One table. `number` is the column that is the rowid, which records leave empty."""

    name: str
    root: int
    columns: tuple[Column, ...]
    number: str | None
    by_key: bool

    def row(self, stored: Row) -> dict[str, Value] | None:
        """Return a stored row by its columns; None where it can't be one of this table."""
        values = stored.values
        if len(values) != len(self.columns) or (stored.number is None) is not self.by_key:
            return None
        found: dict[str, Value] = {}
        for column, value in zip(self.columns, values, strict=True):
            if column.name == self.number:
                found[column.name] = stored.number
            elif value is None:
                if not column.nullable:
                    return None
                found[column.name] = None
            elif isinstance(value, column.types):
                found[column.name] = value
            else:
                return None
        return found


@record
class Index:
    """One index: the columns that it holds beside the row's number."""

    name: str
    root: int
    columns: tuple[str, ...]


def tables_of(db: sqlite3.Connection) -> list[Table]:
    """Return the tables of a sound database."""
    found = db.execute(
        "SELECT name, rootpage, sql FROM sqlite_schema "
        "WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    return [_table(db, name, root, sql) for name, root, sql in found]


def indexes_of(db: sqlite3.Connection, table: str) -> list[Index]:
    """Return a table's indexes."""
    found = db.execute(
        "SELECT name, rootpage FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?", (table,)
    ).fetchall()
    return [
        Index(
            name,
            root,
            tuple(row[2] for row in db.execute(f'PRAGMA index_info("{name}")')),
        )
        for name, root in found
    ]


def _table(db: sqlite3.Connection, name: str, root: int, sql: str) -> Table:
    columns = db.execute(f'PRAGMA table_info("{name}")').fetchall()
    by_key = "WITHOUT ROWID" in sql
    first: Sequence[sqlite3.Row] = []
    if by_key:
        first = sorted((row for row in columns if row[5]), key=lambda row: int(row[5]))
    rest = [row for row in columns if not (by_key and row[5])]
    number = None
    if not by_key:
        number = next((row[1] for row in columns if row[5] and row[2] == "INTEGER"), None)
    return Table(
        name,
        root,
        tuple(Column(row[1], _TYPES[row[2]], not row[3] and not row[5]) for row in [*first, *rest]),
        number,
        by_key,
    )
