"""One process at a time on a database file.

In: the database's path. Out: a lock held for as long as the process lives, however it ends.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bridge.errors import StoreLocked, StoreUnavailable


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold the lock beside `database`; make its folder where that is missing.

    Raises:
        StoreLocked: another process holds it; the message names its pid.
        StoreUnavailable: the folder can't be written.
    """
    owner = database.with_name(f"{database.name}.owner")
    try:
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(database.with_name(f"{database.name}.lock"), mode=0o600)
        lock.acquire(blocking=False)
    except Timeout as held:
        raise StoreLocked(
            f"{database} is in use by another campaign-bridge{_owner(owner)}"
        ) from held
    except OSError as failure:
        raise StoreUnavailable(f"{database} can't be opened: {failure.strerror}") from failure
    try:
        _sign(owner)
        yield
    finally:
        lock.release()


def _sign(owner: Path) -> None:
    """Say who holds the lock; on a full disk nobody is told, and the lock holds all the same."""
    try:
        owner.write_text(json.dumps({"pid": os.getpid()}), encoding="utf-8")
    except OSError:
        owner.unlink(missing_ok=True)


def _owner(owner: Path) -> str:
    try:
        return f" (pid {int(json.loads(owner.read_text(encoding='utf-8'))['pid'])})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
