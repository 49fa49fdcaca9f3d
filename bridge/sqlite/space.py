"""Room kept back on the disk, so that outcomes can still be recorded when new entries can't.

In: the database's path and a size. Out: whether it may grow. Knows nothing of SQL.

A reserve file lies beside the database. When a write meets a full disk, the reserve is given up:
what then still writes is what finishes payouts. Growth is allowed again when the reserve fits
back. A file-size limit (`ulimit -f`) is respected the same way: near it, growth is refused early.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from bridge.record import record

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]  # the one place that asks looks for None

#: At most this share of the free space (or of the file-size limit) is kept back.
SHARE = 4


@record
class Room:
    """Bytes: of a database and its log, of the reserve and what is free beside it, of the disk.

    `refusing` says that growth is refused now. What the disk doesn't tell is None.
    """

    database: int | None
    log: int | None
    reserve: int
    refusing: bool
    free: int | None
    disk: int | None


class Space:
    """The reserve beside one database file."""

    def __init__(self, database: Path, reserve: int) -> None:
        self._database = database
        self._file = database.with_name(f"{database.name}.reserve")
        #: Bytes that are kept back.
        self.size = reserve
        self.refusing: str | None = None

    def secure(self) -> None:
        """Keep the reserve back at start; a small disk gives a small one."""
        free = shutil.disk_usage(self._database.parent).free + self.held()
        self.size = min(self.size, free // SHARE, (file_size_limit() or free) // SHARE)
        self._allocate()

    def give_up(self, reason: str) -> None:
        """Free the reserve: from now on only what is essential may write."""
        self.refusing = reason
        self._file.unlink(missing_ok=True)

    def growth_refused(self, size: int) -> str | None:
        """Return why a database of `size` bytes may not grow now, or None.

        Takes the reserve back as soon as it fits.
        """
        limit = file_size_limit()
        if limit is not None and size + limit // SHARE >= limit:
            return f"{self._database} nears the file-size limit of {limit} bytes"
        if self.refusing is not None and self._fits() and self._allocate():
            self.refusing = None
        return self.refusing

    def _fits(self) -> bool:
        return shutil.disk_usage(self._database.parent).free >= 2 * self.size

    def held(self) -> int:
        """Return how many bytes the reserve keeps back now."""
        return self._file.stat().st_size if self._file.exists() else 0

    def _allocate(self) -> bool:
        try:
            with self._file.open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, max(self.size, 1))
        except OSError:
            self._file.unlink(missing_ok=True)
            return False
        return True


def room_of(database: Path, space: Space | None) -> Room:
    """Return what the files of `database` take, and what its disk has."""
    free = disk = None
    with suppress(OSError):
        usage = shutil.disk_usage(database.parent)
        free, disk = usage.free, usage.total
    return Room(
        _size(database),
        _size(database.with_name(f"{database.name}-wal")),
        0 if space is None else space.held(),
        space is not None and space.refusing is not None,
        free,
        disk,
    )


def _size(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:
        return None


def file_size_limit() -> int | None:
    """Return the largest file this process may write now, in bytes, or None for no limit."""
    if resource is None:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    return None if soft == resource.RLIM_INFINITY else soft
