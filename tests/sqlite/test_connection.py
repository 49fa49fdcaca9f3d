"""How a file is opened, brought up to date, looked over, and how its errors are named."""

import sqlite3
import stat
from pathlib import Path

import pytest

from bridge.errors import SchemaTooNew, StoreCorrupt, StoreError, StoreFull, StoreUnavailable
from bridge.sqlite.connection import (
    explain,
    is_disk_failure,
    migrate,
    open_connection,
    open_reader,
    recheck,
    size_of,
)
from bridge.sqlite.scripts import Migration

FIRST = Migration(1, "first", "CREATE TABLE a (n INTEGER);\nINSERT INTO a VALUES (1);\n")
SECOND = Migration(2, "second", "ALTER TABLE a ADD COLUMN m INTEGER;")
BROKEN = Migration(2, "broken", "CREATE TABLE b (n INTEGER);\nINSERT INTO nowhere VALUES (1);\n")


def _failure(code: int) -> sqlite3.OperationalError:
    failure = sqlite3.OperationalError("what SQLite said")
    failure.sqlite_errorcode = code
    return failure


# -- opening --------------------------------------------------------------------------------


def test_a_file_is_opened_so_that_a_commit_is_synced(tmp_path: Path) -> None:
    db = open_connection(tmp_path / "a.db")

    asked = {
        name: db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "busy_timeout")
    }

    db.close()
    assert asked == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 5000}


def test_a_new_file_is_its_owners_only(tmp_path: Path) -> None:
    open_connection(tmp_path / "a.db").close()

    assert stat.S_IMODE((tmp_path / "a.db").stat().st_mode) == 0o600


def test_a_reader_can_not_write(tmp_path: Path) -> None:
    open_connection(tmp_path / "a.db").close()
    reader = open_reader(tmp_path / "a.db")

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("CREATE TABLE a (n INTEGER)")
    reader.close()


def test_a_reader_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        open_reader(tmp_path / "odd ?#%name.db")

    assert not list(tmp_path.iterdir())


def test_a_path_with_odd_characters_is_read_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "odd ?#%41 name.db"
    db = open_connection(path)
    migrate(db, [FIRST], path)
    reader = open_reader(path)

    assert reader.execute("SELECT n FROM a").fetchone()[0] == 1
    reader.close()
    db.close()


def test_the_size_is_that_of_the_file_once_its_log_is_written_back(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    db = open_connection(path)
    migrate(db, [FIRST], path)
    expected = size_of(db)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    db.close()

    assert expected == path.stat().st_size


# -- migrations -----------------------------------------------------------------------------


def test_each_migration_runs_once(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    db = open_connection(path)
    migrate(db, [FIRST], path)
    migrate(db, [FIRST, SECOND], path)
    migrate(db, [FIRST, SECOND], path)

    rows = db.execute("SELECT n, m FROM a").fetchall()
    version = db.execute("PRAGMA user_version").fetchone()[0]

    db.close()
    assert [tuple(row) for row in rows] == [(1, None)]
    assert version == 2


def test_migrations_of_which_one_fails_leave_the_schema_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    db = open_connection(path)
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(db, [FIRST, BROKEN], path)
    db.close()

    db = open_connection(path)
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_schema")]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    db.close()
    assert (tables, version) == ([], 0)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    db = open_connection(path)
    migrate(db, [FIRST, SECOND], path)

    with pytest.raises(SchemaTooNew, match="schema 2; this version knows up to 1"):
        migrate(db, [FIRST], path)
    db.close()


# -- looking it over ------------------------------------------------------------------------


def _filled(path: Path, rows: int) -> sqlite3.Connection:
    db = open_connection(path)
    db.execute("CREATE TABLE a (n INTEGER PRIMARY KEY, text TEXT)")
    db.execute("CREATE INDEX a_text ON a (text)")
    db.execute("BEGIN")
    db.executemany("INSERT INTO a VALUES (?, ?)", ((n, f"{n:0>300}") for n in range(rows)))
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return db


def test_a_sound_file_passes(tmp_path: Path) -> None:
    db = _filled(tmp_path / "a.db", 1000)

    recheck(db, tmp_path / "a.db")

    db.close()


def test_a_damaged_file_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    _filled(path, 1000).close()
    with path.open("r+b") as file:
        file.seek(20 * 4096)
        file.write(b"\xa5" * 4096)
    db = open_connection(path)

    with pytest.raises(StoreCorrupt, match=str(path)):
        recheck(db, path)
    db.close()


def test_a_large_file_is_looked_over_within_a_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = _filled(tmp_path / "a.db", 60_000)
    monkeypatch.setattr("bridge.sqlite.connection.RECHECK_BUDGET", 0)

    recheck(db, tmp_path / "a.db")

    rows = db.execute("SELECT count(*) FROM a").fetchone()[0]  # nothing interrupts what comes next
    db.close()
    assert rows == 60_000


# -- errors ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (sqlite3.SQLITE_FULL, StoreFull),
        (sqlite3.SQLITE_IOERR_WRITE, StoreFull),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreUnavailable),
        (sqlite3.SQLITE_READONLY, StoreUnavailable),
        (sqlite3.SQLITE_BUSY, StoreUnavailable),
        (sqlite3.SQLITE_CANTOPEN, StoreUnavailable),
        (sqlite3.SQLITE_CORRUPT, StoreCorrupt),
        (sqlite3.SQLITE_CORRUPT_INDEX, StoreCorrupt),
        (sqlite3.SQLITE_NOTADB, StoreCorrupt),
    ],
)
def test_each_failure_is_named_in_the_words_of_the_family(
    code: int, error: type[StoreError]
) -> None:
    explained = explain(_failure(code), Path("/srv/outbox.db"))

    assert type(explained) is error
    assert "/srv/outbox.db" in str(explained)


@pytest.mark.parametrize(
    ("failure", "disk"),
    [
        (_failure(sqlite3.SQLITE_IOERR_FSYNC), True),
        (_failure(sqlite3.SQLITE_FULL), True),
        (_failure(sqlite3.SQLITE_CORRUPT_VTAB), True),
        (_failure(sqlite3.SQLITE_CONSTRAINT_UNIQUE), False),
        (_failure(sqlite3.SQLITE_TOOBIG), False),
        (sqlite3.ProgrammingError("no code"), False),
        (ValueError("the job's own"), False),
    ],
)
def test_the_disk_is_told_from_the_job(failure: Exception, disk: bool) -> None:
    assert is_disk_failure(failure) is disk
