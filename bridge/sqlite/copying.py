"""A database copied while others write to it, and looked over.

In: a database file that may be in use. Out: one file that stands alone, synced, or an error and no
file at all. The copy is of one moment; writers are held up by nothing, their log only grows until
it is done.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from bridge.errors import StoreCorrupt, StoreError, StoreFull, StoreUnavailable
from bridge.sqlite.connection import explain, open_reader
from bridge.sqlite.files import drop, make_private, sync

#: Room that SQLite needs beside a database to read it (bytes).
_LEAST: Final = 64 * 1024
#: Pages that are copied at once.
STEP: Final = 2048


@contextmanager
def snapshot(path: Path) -> Iterator[sqlite3.Connection]:
    """Open `path` for reading as it is at this moment, whatever is written meanwhile.

    Raises:
        StoreError: it can't be read.
    """
    try:
        with closing(open_reader(path)) as db:
            db.execute("BEGIN")
            db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            yield db
    except sqlite3.Error as failure:
        raise unreadable(failure, path) from failure


def unreadable(failure: sqlite3.Error, path: Path) -> StoreError:
    """Put a failure to read into the words of the family: damaged, or not to be opened."""
    error = explain(failure, path)
    if isinstance(error, StoreCorrupt):
        return error
    if path.parent.exists() and shutil.disk_usage(path.parent).free < _LEAST:
        return StoreFull(
            f"the disk that holds {path} is full: SQLite can't read without a little room beside it"
        )
    return StoreUnavailable(
        f"{path} can't be read: {failure}",
        hint="Run this as the daemon's user; it must be able to write the folder as well.",
    )


def copy(
    source: sqlite3.Connection,
    target: Path,
    finish: Callable[[sqlite3.Connection], None] = lambda _: None,
) -> None:
    """Copy an open database into the new file `target`; `finish` may still write to it.

    Raises:
        StoreError: it can't be written, or is damaged; nothing is left of it.
    """
    try:
        make_private(target)
    except OSError as failure:
        raise StoreUnavailable(
            f"{target} can't be made: {failure.strerror}",
            hint="Name a folder that this user may write, on a disk with room for a copy.",
        ) from failure
    try:
        _fill(source, target, finish)
        sync(target)
    except sqlite3.Error as failure:
        drop(target)
        raise explain(failure, target) from failure
    except BaseException:
        drop(target)
        raise


def _fill(
    source: sqlite3.Connection, target: Path, finish: Callable[[sqlite3.Connection], None]
) -> None:
    with closing(sqlite3.connect(target, isolation_level=None)) as db:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA synchronous = OFF")  # synced as a whole, once it is done
        source.backup(db, pages=STEP)
        db.execute("PRAGMA journal_mode = DELETE").fetchone()  # one file, nothing beside it
        finish(db)
        verify(db, target)


def verify(db: sqlite3.Connection, path: Path) -> None:
    """Look a database over from end to end.

    Raises:
        StoreCorrupt: it is damaged.
    """
    found = findings(db, "integrity_check")
    if found:
        raise StoreCorrupt(f"{path} is damaged: {'; '.join(found)}")


def findings(db: sqlite3.Connection, check: str, of: str = "3") -> list[str]:
    """Return what SQLite finds wrong, a line each; nothing where it finds nothing.

    `of` is a table's name, quoted; else how many findings are enough.
    """
    db.text_factory = _readable  # what it tells may quote what is damaged
    told = [row[0] for row in db.execute(f"PRAGMA {check}({of})")]
    db.text_factory = str
    lines = [line for text in told for line in text.splitlines() if not line.startswith("***")]
    return [] if lines == ["ok"] else lines[:3]


def _readable(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def damage(path: Path, *, thorough: bool = False) -> str | None:
    """Return what is wrong with the database at `path`, None where nothing is; it is only read.

    `thorough` also compares every index with its table, which takes much longer.

    Raises:
        StoreUnavailable: it can't be read, which says nothing of what is in it.
    """
    try:
        with closing(open_reader(path)) as db:
            check = "integrity_check" if thorough else "quick_check"
            found = findings(db, check)
    except sqlite3.Error as failure:
        error = unreadable(failure, path)
        if isinstance(error, StoreCorrupt):
            return str(failure)
        raise error from failure
    except UnicodeDecodeError:  # of an error that quotes what is damaged
        return "its schema can't be read"
    return "; ".join(found) or None
