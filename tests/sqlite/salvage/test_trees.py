"""Rows read without SQLite are the rows that SQLite wrote."""

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.sqlite.salvage.cells import Page, Unreadable, record, varint
from bridge.sqlite.salvage.log import read_log
from bridge.sqlite.salvage.pages import Pages
from bridge.sqlite.salvage.tables import tables_of
from bridge.sqlite.salvage.trees import Trees

SCHEMA = """
CREATE TABLE numbered (id INTEGER PRIMARY KEY, n INTEGER, t TEXT NOT NULL, b BLOB, r REAL) STRICT;
CREATE TABLE keyed (t TEXT NOT NULL, b BLOB NOT NULL, n INTEGER, PRIMARY KEY (b, t))
  STRICT, WITHOUT ROWID;
"""
INTEGERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0, 1, -1, 127, 128, -129, 2**15, 2**23, 2**31, 2**47, -(2**47)]),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
BLOBS = st.one_of(st.binary(max_size=40), st.integers(0, 9000).map(lambda n: b"\x5a" * n))
NUMBERED = st.tuples(
    st.none() | INTEGERS, TEXTS, st.none() | BLOBS, st.none() | st.floats(allow_nan=False)
)
KEYED = st.tuples(TEXTS, BLOBS, st.none() | INTEGERS)


@contextmanager
def written(path: Path, page: int, *, vacuum: bool) -> Iterator[sqlite3.Connection]:
    path.unlink(missing_ok=True)
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA page_size = {page}")
        db.execute(f"PRAGMA auto_vacuum = {2 if vacuum else 0}")
        db.execute("PRAGMA journal_mode = WAL").fetchone()
        db.executescript(SCHEMA)
        yield db


def read(path: Path, db: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of each table in SQLite's own order of columns."""
    found = {}
    tables = tables_of(db)
    with Pages.open(path) as pages:
        trees = Trees(pages, tables)
        for table in tables:
            names = [row[1] for row in db.execute(f"PRAGMA table_info({table.name})")]
            rows = [tuple(row[name] for name in names) for row in trees.rows(table)]
            found[table.name] = sorted(rows, key=repr)
    return found


@settings(max_examples=40)
@given(
    st.sampled_from([512, 1024, 4096]),
    st.booleans(),
    st.booleans(),
    st.lists(NUMBERED, max_size=30),
    st.lists(KEYED, max_size=30, unique_by=lambda row: row[:2]),
)
def test_every_row_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    page: int,
    vacuum: bool,  # given by name
    checkpoint: bool,
    numbered: list[tuple[Any, ...]],
    keyed: list[tuple[Any, ...]],
) -> None:
    path = tmp_path_factory.getbasetemp() / "rows.db"
    with written(path, page, vacuum=vacuum) as db:
        db.executemany("INSERT INTO numbered (n, t, b, r) VALUES (?, ?, ?, ?)", numbered)
        db.executemany("INSERT INTO keyed VALUES (?, ?, ?)", keyed)
        if checkpoint:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        wanted = {
            name: sorted(map(tuple, db.execute(f"SELECT * FROM {name}")), key=repr)
            for name in ("numbered", "keyed")
        }
        assert _plain(read(path, db)) == _plain(wanted)


def _plain(found: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[str]]:
    """Compare numbers as numbers: SQLite stores 2.0 as 2."""
    return {
        name: sorted(
            repr([float(v) if i == 4 and v is not None else v for i, v in enumerate(row)])
            for row in rows
        )
        for name, rows in found.items()
    }


# -- nothing is believed ------------------------------------------------------------------------


@given(st.binary(max_size=200))
def test_any_bytes_are_a_record_or_unreadable(data: bytes) -> None:
    try:
        record(data)
    except (Unreadable, IndexError, UnicodeDecodeError, struct.error):
        return


@settings(max_examples=200)
@given(st.integers(1, 3), st.sampled_from([2, 5, 10, 13, 0, 77]), st.binary(max_size=512))
def test_any_bytes_are_a_page_or_unreadable(number: int, kind: int, data: bytes) -> None:
    start = 100 if number == 1 else 0
    try:
        page = Page(number, b"\0" * start + bytes([kind]) + data, 512)
    except Unreadable:
        return
    list(page.children())
    list(page.rows(lambda _: b""))


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_varint_is_read_as_sqlite_writes_it(value: int) -> None:
    raw = value & (2**64 - 1)
    if raw >= 1 << 56:
        data = bytes((raw >> (8 + 7 * n) & 0x7F) | 0x80 for n in range(7, -1, -1))
        data += bytes([raw & 0xFF])
    else:
        groups = [raw >> (7 * n) & 0x7F for n in range(max(1, -(-raw.bit_length() // 7)))]
        data = bytes(
            group | (0x80 if place else 0) for place, group in reversed(list(enumerate(groups)))
        )

    assert varint(data, 0) == (value, len(data))


# -- the log ------------------------------------------------------------------------------------


def test_a_log_is_read_past_a_tear(tmp_path: Path) -> None:
    path = tmp_path / "rows.db"
    with written(path, 4096, vacuum=False) as db:
        for number in range(20):
            db.execute("INSERT INTO numbered (n, t) VALUES (?, 'x')", (number,))
        log = path.with_name("rows.db-wal")
        whole = read_log(log)
        data = bytearray(log.read_bytes())
        data[32 + 10 * (4096 + 24) + 500] ^= 1
        log.write_bytes(data)
        torn = read_log(log)

    assert whole is not None
    assert torn is not None
    assert whole.skipped == 0
    assert torn.skipped == 1
    assert len(torn.frames) == len(whole.frames) - 1


@pytest.mark.parametrize("data", [b"", b"short", b"\0" * 4096, b"no log at all" * 400])
def test_what_is_no_log_is_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a-wal").write_bytes(data)

    assert read_log(tmp_path / "a-wal") is None
    assert read_log(tmp_path / "b-wal") is None
