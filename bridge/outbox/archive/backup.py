"""A backup: a copy of an outbox that may be in use, verified, under a name of its own.

In: the path of an outbox, where the copy is to lie. Out: one file that stands alone, and what is in
it. The copy is marked, so that an outbox which is begun with it sends nothing until somebody has
looked what was paid since.
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from bridge.errors import CommandError, StoreCorrupt, StoreUnavailable
from bridge.outbox.archive.counting import counts
from bridge.record import record
from bridge.sqlite.copying import copy, snapshot
from bridge.sqlite.files import beside, drop, give_to_owner, publish

_NAME: Final = "outbox-{:%Y%m%dT%H%M%SZ}.db"
_NAMED: Final = re.compile(r"outbox-\d{8}T\d{6}Z\.db")
_PART: Final = ".part"


@record
class Backup:
    """What was made: rows by table, entries by state; `dropped` are older ones that made room."""

    path: Path
    size: int
    entries: int
    rows: Mapping[str, int]
    states: Mapping[str, int]
    schema: int
    dropped: tuple[Path, ...] = ()


def back_up(outbox: Path, target: Path) -> Backup:
    """Copy the outbox at `outbox` to the new file `target`.

    Raises:
        StoreError: it can't be read or is damaged, or the copy not be written; there is none then.
        CommandError: there is no outbox, or `target` is there already.
    """
    if not outbox.exists():
        raise CommandError(
            f"there is no outbox at {outbox}", hint="Name the daemon's configuration: --config."
        )
    if target.exists():
        raise _taken(target)
    made = target.with_name(f".{target.name}{_PART}")
    drop(made)  # of one that was interrupted
    with snapshot(outbox) as source:
        wanted = counts(source)
        schema: int = source.execute("PRAGMA user_version").fetchone()[0]
        try:
            copy(source, made, _mark)
        except StoreCorrupt as damaged:
            raise StoreCorrupt(
                f"{outbox} is damaged, so no backup was made of it: {damaged}",
                hint="Run `campaign-bridge outbox check`; older backups were left alone.",
            ) from damaged
    try:
        with snapshot(made) as copied:
            found = counts(copied)
        if found != wanted:
            raise StoreUnavailable(f"the copy {made} differs from {outbox}; it was dropped")
        publish(made, target)
    except FileExistsError as taken:
        raise _taken(target) from taken
    except OSError as failure:
        raise StoreUnavailable(f"{target} can't be made: {failure.strerror}") from failure
    finally:
        drop(made)
    return Backup(target, target.stat().st_size, found.entries, found.rows, found.states, schema)


def _taken(target: Path) -> CommandError:
    return CommandError(
        f"{target} is there already, and a backup overwrites nothing",
        hint="Name another file, or use --dir, which names each by its time.",
    )


def _mark(db: sqlite3.Connection) -> None:
    db.execute("UPDATE ledger SET copied = 1")


def back_up_into(outbox: Path, folder: Path, now: datetime, keep: int | None) -> Backup:
    """Copy the outbox into a folder under the time's name; then drop all but the newest `keep`.

    Raises:
        StoreError, CommandError: no backup was made, and none was dropped.
    """
    with _alone(folder):
        for left in folder.glob(f".outbox-*{_PART}*"):
            left.unlink(missing_ok=True)
        made = back_up(outbox, folder / _NAME.format(now.astimezone(UTC)))
        give_to_owner(folder, made.path)
        old = [] if keep is None else backups_in(folder)[:-keep]
        for path in old:
            path.unlink(missing_ok=True)
    return replace(made, dropped=tuple(old))


def backups_in(folder: Path) -> list[Path]:
    """Return the backups of a folder, oldest first; files of other names are none of ours."""
    return sorted(path for path in folder.iterdir() if _NAMED.fullmatch(path.name))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One backup at a time in a folder."""
    try:
        if not folder.exists():
            folder.mkdir(parents=True, mode=0o700)
            give_to_owner(folder.parent, folder)
        lock = FileLock(beside(folder / ".backup", ".lock"), mode=0o600)
        lock.acquire(blocking=False)
    except Timeout as held:
        raise CommandError(
            f"another backup into {folder} is under way", hint="Wait for its end."
        ) from held
    except OSError as failure:
        raise StoreUnavailable(
            f"{folder} can't be written: {failure.strerror}",
            hint="Name a folder that this user may write.",
        ) from failure
    try:
        yield
    finally:
        lock.release()
        with suppress(OSError):
            Path(lock.lock_file).unlink(missing_ok=True)
