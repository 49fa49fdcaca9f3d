"""One process at a time on a database file.

In: the database's path. Out: a lock held for as long as the process lives, however it ends.
"""

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from bridge.errors import StoreLocked, StoreUnavailable

#: How long one who stays waits for a passing command, in seconds; and how long it takes to be sure
#: that the holder is none: one that was killed has left its name behind.
PATIENCE: Final = 10.0
_SURE: Final = 0.2
_PAUSE: Final = 0.02


@contextmanager
def locked(database: Path, *, stays: bool = False, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock beside `database`; make its folder where that is missing.

    One who `stays` (a daemon) waits up to `patience` seconds for a holder who passes by (a command
    that found no daemon): a daemon that comes back in that moment must not fail.

    Raises:
        StoreLocked: another process holds it; the message names its pid.
        StoreUnavailable: the folder can't be written.
    """
    owner = database.with_name(f"{database.name}.owner")
    try:
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(database.with_name(f"{database.name}.lock"), mode=0o600)
        _acquire(lock, owner, patience if stays else 0.0)
    except Timeout as held:
        pid = _read(owner).get("pid")
        by = f" (pid {pid})" if isinstance(pid, int) else ""
        raise StoreLocked(f"{database} is in use by another campaign-bridge{by}") from held
    except OSError as failure:
        raise StoreUnavailable(f"{database} can't be opened: {failure.strerror}") from failure
    try:
        _sign(owner, stays=stays)
        yield
    finally:
        lock.release()


def _acquire(lock: FileLock, owner: Path, patience: float) -> None:
    """Try once, and go on trying while the holder is one who passes by."""
    for _ in range(math.ceil(patience / _SURE)):
        with suppress(Timeout):
            lock.acquire(timeout=_SURE, poll_interval=_PAUSE)
            return
        if _read(owner).get("stays"):
            break
    lock.acquire(blocking=False)


def _sign(owner: Path, *, stays: bool) -> None:
    """Say who holds the lock; on a full disk nobody is told, and the lock holds all the same."""
    try:
        owner.write_text(json.dumps({"pid": os.getpid(), "stays": stays}), encoding="utf-8")
    except OSError:
        owner.unlink(missing_ok=True)


def _read(owner: Path) -> dict[str, Any]:
    try:
        found = json.loads(owner.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
