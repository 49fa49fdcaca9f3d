"""Open a SQLite file as this project needs it, bring its schema up to date, and name its errors.

In: a path and migrations. Out: a connection in WAL mode with `synchronous=FULL`. Knows nothing of
threads or jobs.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import structlog

from bridge.errors import SchemaTooNew, StoreCorrupt, StoreError, StoreFull, StoreUnavailable
from bridge.sqlite.scripts import Migration, statements

log = structlog.get_logger("sqlite")

#: Write-ahead log, kept at this size after a checkpoint (bytes).
JOURNAL_SIZE_LIMIT = 16 * 1024 * 1024

#: Four times the length at which the log is written back, where there is room (bytes).
_LONGEST_LOG = 16 * 1024 * 1024

#: As many pages as SQLite's file format can hold.
_MOST_PAGES = 4_294_967_294

#: The budget of a re-check after a failed commit, in units of a million steps of SQLite's machine.
RECHECK_BUDGET = 20

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_NO_ROOM = {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_TRUNCATE, sqlite3.SQLITE_IOERR_SHMSIZE}
_DISK = {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    *_DAMAGED,
}


def open_connection(path: Path) -> sqlite3.Connection:
    """Open `path` for writing, creating it with permissions for its owner only."""
    if not path.exists():
        path.touch(mode=0o600)
    db = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
    try:
        _set_up(db)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _set_up(db: sqlite3.Connection) -> None:
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # of a new file: pages can be given back later
    db.execute("PRAGMA journal_mode = WAL").fetchone()
    db.execute("PRAGMA synchronous = FULL")
    db.execute(f"PRAGMA journal_size_limit = {JOURNAL_SIZE_LIMIT}").fetchone()
    db.execute("PRAGMA secure_delete = ON").fetchone()  # what is erased leaves no free page behind
    db.execute("PRAGMA temp_store = MEMORY")
    db.execute("PRAGMA cache_size = -16000")


def size_of(db: sqlite3.Connection) -> int:
    """Return the size in bytes that the file has once its log is written back."""
    pages: int = db.execute("PRAGMA page_count").fetchone()[0]
    page: int = db.execute("PRAGMA page_size").fetchone()[0]
    return pages * page


def bound(db: sqlite3.Connection, *, limit: int | None, reserve: int | None) -> None:
    """Keep the log so short that it can be written back where there is no more room.

    `limit` is the largest file allowed, in bytes: a page past it could never be written back, and
    the log never begun anew. `reserve` bytes are all that a full disk gives for writing it back.
    """
    page: int = db.execute("PRAGMA page_size").fetchone()[0]
    room = min(size for size in (limit, reserve, _LONGEST_LOG) if size is not None)
    db.execute(f"PRAGMA wal_autocheckpoint = {max(room // page // 4, 8)}").fetchone()
    pages = _MOST_PAGES if limit is None else max(limit // page, 1)
    db.execute(f"PRAGMA max_page_count = {pages}").fetchone()


def empty_log(db: sqlite3.Connection) -> None:
    """Write the log back into the file and cut it to nothing, as far as nothing is in the way."""
    try:
        busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError as failure:
        log.warning("no checkpoint", action="store_checkpoint_failed", error=str(failure))
    else:
        if busy:
            log.warning("no checkpoint", action="store_checkpoint_failed", error="a reader is busy")


def open_reader(path: Path) -> sqlite3.Connection:
    """Open `path` for reading only; it sees what has been committed."""
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        timeout=5.0,
        check_same_thread=False,
    )
    db.row_factory = sqlite3.Row
    return db


def migrate(db: sqlite3.Connection, migrations: Sequence[Migration], path: Path) -> None:
    """Bring the schema forward, in one transaction: interrupted, the file is as it was.

    Raises:
        SchemaTooNew: the file was written by a later version; nothing was changed.
    """
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > len(migrations):
        raise SchemaTooNew(
            f"{path} has schema {version}; this version knows up to {len(migrations)}"
        )
    if version == len(migrations):
        return
    db.execute("BEGIN IMMEDIATE")
    for migration in migrations[version:]:
        for statement in statements(migration.script):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {migration.number}")
    db.execute("COMMIT")


def recheck(db: sqlite3.Connection, path: Path) -> None:
    """Look the file over after a failed commit, within a budget of work.

    Raises:
        StoreCorrupt: it is damaged.
    """
    calls = iter(range(RECHECK_BUDGET))
    db.set_progress_handler(lambda: int(next(calls, None) is None), 1_000_000)
    try:
        verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as failure:
        if failure.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        verdict = "ok"  # a large file: as far as the budget went, nothing was found
    finally:
        db.set_progress_handler(None, 0)
    if verdict != "ok":
        raise StoreCorrupt(f"{path} is damaged: {verdict}")


def is_disk_failure(failure: BaseException) -> bool:
    """Whether the disk, not the statement, is at fault, so that a whole group is in doubt."""
    code = getattr(failure, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in _DISK


def undecodable(failure: BaseException, path: Path) -> StoreCorrupt | None:
    """Say that a text is none: SQLite keeps any bytes as text, and only who reads them stumbles."""
    if isinstance(failure, sqlite3.OperationalError) and "decode to UTF-8" in str(failure):
        return StoreCorrupt(f"{path} is damaged: {failure}")
    return None


def explain(failure: sqlite3.Error, path: Path) -> StoreError:
    """Put a SQLite error into the words of the family."""
    code = int(getattr(failure, "sqlite_errorcode", 0) or 0)
    if code & 0xFF in _DAMAGED:
        return StoreCorrupt(f"{path} is damaged: {failure}")
    if (damaged := undecodable(failure, path)) is not None:
        return damaged
    if code & 0xFF == sqlite3.SQLITE_FULL:
        return StoreFull(f"the disk that holds {path} is full; nothing was stored")
    if code in _NO_ROOM:
        return StoreFull(f"{path} can't grow ({failure}); nothing was stored")
    return StoreUnavailable(f"{path} can't be written ({failure}); nothing was stored")
