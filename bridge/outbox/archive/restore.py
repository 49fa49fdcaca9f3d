"""A backup put in the place of an outbox, which is kept aside.

In: a backup, the path of an outbox that nobody has open. Out: the backup's copy under the outbox's
name, in quarantine from its first start on; the old one with its log under a name of its own.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

from bridge.errors import CommandError, SchemaTooNew, StoreCorrupt, StoreError, StoreUnavailable
from bridge.outbox.archive.counting import Counts, counts
from bridge.outbox.archive.suspicion import acquit
from bridge.record import record
from bridge.sqlite.connection import explain, open_reader
from bridge.sqlite.copying import copy, snapshot, verify
from bridge.sqlite.files import LOG, beside, dated, drop, give_to_owner, replace, size
from bridge.sqlite.scripts import Migration

REPLACED: Final = "replaced"


@record
class Plan:
    """What restoring would do. `there` is what the outbox holds now: None where there is none.

    `unreadable` is why that can't be said.
    """

    backup: Path
    outbox: Path
    schema: int
    holds: Counts
    copied: bool
    there: Counts | None
    unreadable: str | None
    aside: Path | None


def plan(backup: Path, outbox: Path, migrations: Sequence[Migration], now: datetime) -> Plan:
    """Look the backup over from end to end; change nothing.

    Raises:
        CommandError: it isn't there, or is the outbox itself.
        SchemaTooNew: a later version wrote it.
        StoreError: it can't be read, is damaged, or is no outbox.
    """
    if not backup.is_file():
        raise CommandError(f"there is no backup at {backup}", hint="Name a file.")
    if outbox.exists() and backup.samefile(outbox):
        raise CommandError(f"{backup} is the outbox itself", hint="Name a backup of it.")
    schema, holds, copied = _looked_over(backup, migrations)
    there, unreadable = _there(outbox)
    replaced = size(outbox) or size(beside(outbox, LOG))
    aside = dated(outbox, REPLACED, now) if replaced else None
    return Plan(backup, outbox, schema, holds, copied, there, unreadable, aside)


def _looked_over(backup: Path, migrations: Sequence[Migration]) -> tuple[int, Counts, bool]:
    with _readable(backup) as db:
        schema = int(db.execute("PRAGMA user_version").fetchone()[0])
        if schema > len(migrations):
            raise SchemaTooNew(
                f"{backup} has schema {schema}; this version knows up to {len(migrations)}",
                hint="Restore it with the version of campaign-bridge that made it.",
            )
        verify(db, backup)
        try:
            holds = counts(db)
            copied = bool(db.execute("SELECT copied FROM ledger").fetchone()[0])
        except (sqlite3.OperationalError, TypeError) as stranger:
            raise StoreUnavailable(
                f"{backup} is a database, and no backup of an outbox",
                hint="Name a file that `campaign-bridge outbox backup` made.",
            ) from stranger
    return schema, holds, copied


class _readable:  # noqa: N801  # used as a function
    """Open a backup, also one in a folder that can't be written; say what is wrong with it."""

    def __init__(self, backup: Path) -> None:
        self._backup = backup

    def __enter__(self) -> sqlite3.Connection:
        try:
            self._db = self._opened()
        except sqlite3.Error as failure:
            raise _named(explain(failure, self._backup), self._backup) from failure
        return self._db

    def _opened(self) -> sqlite3.Connection:
        try:
            db = open_reader(self._backup)
            db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.OperationalError:
            if size(beside(self._backup, LOG)):
                raise
            db = sqlite3.connect(
                f"{self._backup.absolute().as_uri()}?mode=ro&immutable=1",
                uri=True,
                isolation_level=None,
            )
            db.row_factory = sqlite3.Row
            db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        return db

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._db.close()
        if isinstance(error, sqlite3.Error):
            raise _named(explain(error, self._backup), self._backup) from error


def _named(error: StoreError, backup: Path) -> StoreError:
    if isinstance(error, StoreCorrupt):
        return StoreCorrupt(str(error), hint="Take an older backup; nothing was changed.")
    return StoreUnavailable(
        f"{backup} can't be read: {error.__cause__ or error}",
        hint="Let this user read it, and the folder it lies in.",
    )


def _there(outbox: Path) -> tuple[Counts | None, str | None]:
    if not size(outbox):
        return None, None
    try:
        with snapshot(outbox) as db:
            return counts(db), None
    except StoreError as unreadable:
        return None, str(unreadable)


def restore(wanted: Plan) -> None:
    """Carry a plan out; the outbox's lock must be held.

    Raises:
        StoreError: the copy can't be made; nothing was changed.
    """
    made = beside(wanted.outbox, ".restoring")
    drop(made)
    with _readable(wanted.backup) as source:
        source.execute("BEGIN")
        copy(source, made, _mark)
    with closing(open_reader(made)) as db:
        if counts(db).rows != wanted.holds.rows:
            drop(made)
            raise StoreUnavailable(f"the copy of {wanted.backup} differs from it; it was dropped")
    try:
        replace(made, wanted.outbox, wanted.aside)
    except OSError as failure:
        drop(made)
        raise StoreUnavailable(
            f"{wanted.outbox} can't be replaced: {failure.strerror}"
        ) from failure
    acquit(wanted.outbox)  # what was found damaged is aside
    give_to_owner(wanted.outbox.parent, wanted.outbox)


def _mark(db: sqlite3.Connection) -> None:
    db.execute("UPDATE ledger SET copied = 1")
