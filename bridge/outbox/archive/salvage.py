"""A fresh outbox made of what can still be read of a damaged one.

In: the damaged file with its log, which are only read. Out: a new file in quarantine, and a report
of what was kept and lost. A key is worth more than its entry: where the entry's page is gone, the
key is taken from the index, so that its feat is never paid twice.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from bridge.errors import StoreCorrupt, StoreUnavailable
from bridge.outbox.archive import mending
from bridge.outbox.archive.reports import Salvaged, TableReport
from bridge.outbox.entry import as_millis
from bridge.outbox.ledger import arriving, deciding
from bridge.outbox.ledger.book import Book
from bridge.outbox.sqlite.rows import Rows
from bridge.outbox.sqlite.statements import queries
from bridge.outbox.values import KeyOf
from bridge.outbox.witness import Testimony
from bridge.sqlite.connection import explain, migrate
from bridge.sqlite.files import drop, make_private, sync
from bridge.sqlite.salvage.cells import Value
from bridge.sqlite.salvage.pages import Pages
from bridge.sqlite.salvage.tables import Index, Table, indexes_of, tables_of
from bridge.sqlite.salvage.trees import Trees
from bridge.sqlite.scripts import Migration

_GROUP: Final = 500
_KEY: Final = 16


#: What sees to it here that no two entries have one key: pages may be found that were freed.
_ONCE: Final = "entries_once"

#: What is known of entries, twice: here it tells of those whose own page is gone.
_SEGMENTS: Final = ("segments", "known_keys", "known_digests", "known_players")


def _is_made(table: Table) -> bool:
    """Whether a table is made of the others, or begun anew."""
    return table.name.endswith("totals") or table.name in {"ledger", "filters", *_SEGMENTS}


def salvage(
    source: Path,
    target: Path,
    migrations: Sequence[Migration],
    *,
    now: datetime,
    damage: str,
    testimony: Testimony | None,
    key_of: KeyOf,
) -> Salvaged:
    """Make the new file `target` of what is left of `source`.

    Raises:
        StoreError: `source` can't be read at all, or `target` not written; then there is none.
    """
    try:
        make_private(target)
        with Pages.open(source) as pages:
            report = _Salvage(pages, target, migrations, now, testimony, key_of).run(damage)
        sync(target)
    except sqlite3.Error as failure:
        drop(target)
        raise explain(failure, target) from failure
    except OSError as failure:
        drop(target)
        raise StoreUnavailable(
            f"{source} can't be salvaged into {target}: {failure.strerror}",
            hint="Salvaging needs as much room as the damaged file takes, in its own folder.",
        ) from failure
    except BaseException:
        drop(target)
        raise
    return report


class _Salvage:
    def __init__(
        self,
        pages: Pages,
        target: Path,
        migrations: Sequence[Migration],
        now: datetime,
        testimony: Testimony | None,
        key_of: KeyOf,
    ) -> None:
        self._pages = pages
        self._target = target
        self._migrations = migrations
        self._now = now
        self._testimony = testimony
        self._key_of = key_of
        self._kept: dict[str, int] = {}
        self._lost: dict[str, int] = {}

    def run(self, damage: str) -> Salvaged:
        """Read everything, write it anew, say what became of it."""
        with closing(sqlite3.connect(self._target, isolation_level=None)) as db:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            db.execute("PRAGMA journal_mode = OFF").fetchone()  # synced as a whole at its end
            db.execute("PRAGMA synchronous = OFF")
            migrate(db, self._migrations[: self._version()], self._target)
            tables, indexes = tables_of(db), indexes_of(db, "entries")
            trees = Trees(self._pages, tables, indexes)
            db.execute("BEGIN")
            db.execute(f"CREATE UNIQUE INDEX {_ONCE} ON entries (key)")
            for table in tables:
                if not _is_made(table):
                    self._fill(db, table, trees.rows(table))
            keys = _keys(db, trees, tables, indexes)
            rules_lost = self._lost_of(trees, "rules") > 0
            now = as_millis(self._now)
            self._file_arrivals(Book(Rows(db), now))
            mended = mending.mend(db, keys, self._key_of, now, rules_lost=rules_lost)
            self._identify(db, _ledger(trees, tables))
            for statement in ("clear_totals", "sum_up"):
                db.execute(queries()[statement])
            db.execute(f"DROP INDEX {_ONCE}")
            db.execute("COMMIT")
            migrate(db, self._migrations, self._target)
            report = self._report(db, trees, tables, damage, mended)
            db.execute("BEGIN")
            deciding.quarantine(Book(Rows(db), now), report.sentence())
            db.execute("COMMIT")
            return report

    def _version(self) -> int:
        version = self._pages.version
        known = 1 <= version <= len(self._migrations)
        return version if known else len(self._migrations)

    def _fill(self, db: sqlite3.Connection, table: Table, rows: Iterator[dict[str, Value]]) -> None:
        """Write a table's rows in groups; one that doesn't fit spoils no other."""
        names = [column.name for column in table.columns]
        marks = ", ".join(f":{name}" for name in names)
        statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608
        kept = lost = 0
        while group := list(islice(rows, _GROUP)):
            for row in group:
                try:
                    db.execute(statement, row)
                    kept += 1
                except sqlite3.IntegrityError:
                    lost += 1
        self._kept[table.name], self._lost[table.name] = kept, lost

    def _file_arrivals(self, book: Book) -> None:
        """Make entries of what had arrived; a row that can't be read is lost with all in it."""
        arrivals = book.rows.arrivals
        for first, _ in list(arrivals.rows()):
            try:
                arrivals.around(first)
            except StoreCorrupt:
                self._lose_arrivals(book, first)
        for first, _ in list(arrivals.rows()):
            try:
                arriving.file_one(book, first)
            except sqlite3.IntegrityError:  # it has been filed
                self._lose_arrivals(book, first)

    def _lose_arrivals(self, book: Book, first: int) -> None:
        self._kept["arrivals"] -= 1
        self._lost["arrivals"] += 1
        book.rows.arrivals.drop(first)

    def _lost_of(self, trees: Trees, table: str) -> int:
        loss = trees.losses[table]
        return self._lost.get(table, 0) + loss.rows + loss.pages

    def _identify(self, db: sqlite3.Connection, ledger: Mapping[str, Any] | None) -> None:
        """Let it be the ledger that it was, one change further than anybody has seen it."""
        said = self._testimony
        if ledger is None and said is None:
            return
        identity = ledger["identity"] if ledger is not None else None
        if said is not None and (identity is None or said.ledger.bytes != identity):
            identity = identity or said.ledger.bytes
        seen = [ledger["sequence"]] if ledger is not None else []
        seen += [said.sequence] if said is not None else []
        db.execute(
            "UPDATE ledger SET identity = ?, sequence = ?", (identity, min(max(seen), 2**62) + 1)
        )
        db.execute(
            "UPDATE sqlite_sequence SET seq = seq + 100000"
        )  # numbers of changes: never twice

    def _report(
        self,
        db: sqlite3.Connection,
        trees: Trees,
        tables: Sequence[Table],
        damage: str,
        mended: mending.Mended,
    ) -> Salvaged:
        told = {
            table.name: TableReport(
                self._kept[table.name],
                self._lost[table.name] + trees.losses[table.name].rows,
                trees.losses[table.name].pages,
            )
            for table in tables
            if not _is_made(table)
        }
        last: int = db.execute("SELECT coalesce(max(id), 0) FROM entries").fetchone()[0]
        return Salvaged(
            damage,
            told,
            keys_only=mended.keys_only,
            mended=mended.rows,
            missing=_gaps(db) if told["entries"].lost or told["entries"].pages else (),
            after=last,
            doubts=tuple(self._pages.doubts),
        )


def _has(db: sqlite3.Connection, key: bytes, number: int) -> bool:
    row = db.execute("SELECT key FROM entries WHERE id = ?", (number,)).fetchone()
    return row is not None and row[0] == key


def _ledger(trees: Trees, tables: Sequence[Table]) -> dict[str, Value] | None:
    table = next(table for table in tables if table.name == "ledger")
    return next(trees.rows(table), None)


def _keys(
    db: sqlite3.Connection, trees: Trees, tables: Sequence[Table], indexes: Sequence[Index]
) -> dict[int, mending.Known]:
    """Return what segments and indexes know of entries that `db` lacks, or has under another key.

    Of the others nothing is kept in memory: there may be millions.
    """
    named = {table.name: table for table in tables}
    found = {
        row["entry_id"]: mending.Known(row["key"])
        for row in trees.rows(named["known_keys"])
        if isinstance(row["entry_id"], int)
        and isinstance(row["key"], bytes)
        and len(row["key"]) == _KEY
        and not _has(db, row["key"], row["entry_id"])
    }
    for row in trees.rows(named["known_players"]):
        number = row["entry_id"]
        if isinstance(number, int) and number in found:
            found[number].learn(row)
    for index in indexes:
        if "event_code" not in index.columns:
            continue
        for values, number in trees.keys(index):
            if number in found:
                found[number].learn(values)
    return found


def _gaps(db: sqlite3.Connection) -> list[tuple[int, int]]:
    """Return the ranges of entry numbers that are missing."""
    found: list[tuple[int, int]] = []
    before = 0
    for (number,) in db.execute("SELECT id FROM entries ORDER BY id"):
        if number > before + 1:
            found.append((before + 1, number - 1))
        before = number
    return found
