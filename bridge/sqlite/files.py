"""Database files as wholes: made, synced, put in place, moved aside with what belongs to them.

In: paths. Out: files that survive a power cut under their names. Knows nothing of what is in them.
"""

import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

#: What SQLite keeps beside a database; the log may hold what the file does not.
LOG, INDEX = "-wal", "-shm"
_BESIDE: Final = (LOG, INDEX)


def beside(path: Path, ending: str) -> Path:
    """Return the file of the same name with something after it."""
    return path.with_name(f"{path.name}{ending}")


def dated(path: Path, word: str, now: datetime) -> Path:
    """Return a name beside `path` that says why it lies there, and since when, and is free."""
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    wanted = beside(path, f".{word}.{stamp}")
    number = 1
    while os.path.lexists(wanted):
        number += 1
        wanted = beside(path, f".{word}.{stamp}.{number}")
    return wanted


def make_private(path: Path) -> None:
    """Make a new, empty file that only its owner may read; raises OSError."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def sync(path: Path) -> None:
    """Have what is in `path` survive a power cut; a folder's are the names in it."""
    if path.is_dir() and os.name != "posix":  # elsewhere a folder can't be opened
        return
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def publish(made: Path, wanted: Path) -> None:
    """Give a finished file its name, in one step and never in another's place.

    Raises:
        FileExistsError: there is one of that name.
    """
    try:
        os.link(made, wanted)  # fails where the name is taken; a rename would overwrite
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(wanted):
            raise FileExistsError(wanted) from None
        os.rename(made, wanted)  # noqa: PTH104
    else:
        made.unlink()
    sync(wanted.parent)


def replace(made: Path, path: Path, aside: Path | None) -> None:
    """Put a finished database in the place of another, which is kept as `aside` with its log.

    A log never lies beside a database that it doesn't belong to: SQLite would apply it.
    Interrupted, the old one is still there, and so is what was put aside of it.
    """
    if aside is not None:
        for ending in (*_BESIDE, ""):
            _link(beside(path, ending), beside(aside, ending))
        sync(path.parent)
    for ending in _BESIDE:
        beside(path, ending).unlink(missing_ok=True)
    made.replace(path)
    sync(path.parent)


def _link(old: Path, new: Path) -> None:
    if not old.exists():
        return
    try:
        os.link(old, new)
    except OSError:  # a file system without hard links
        shutil.copy2(old, new)
        sync(new)


def drop(path: Path) -> None:
    """Remove a database that was begun and not finished."""
    for ending in ("", "-journal", *_BESIDE):
        with suppress(OSError):
            beside(path, ending).unlink(missing_ok=True)


def size(path: Path) -> int:
    """Return a file's size in bytes, 0 where it isn't there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def give_to_owner(folder: Path, *paths: Path) -> None:
    """Give files that root made to the user whose folder they lie in: else it is locked out."""
    if os.name != "posix" or os.geteuid() != 0:
        return
    owner = folder.stat()
    for path in paths:
        if path.exists():
            os.chown(path, owner.st_uid, owner.st_gid)
