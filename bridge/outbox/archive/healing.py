"""An outbox seen to before it is opened: what is damaged is kept aside, what is left goes on.

In: the path of an outbox that nobody has open. Out: a file that can be opened, and a report where
it was made of what could be salvaged. Nothing is ever thrown away: the damaged file stays beside
it with its log.
"""

import dataclasses
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from bridge.errors import SchemaTooNew, StoreUnavailable
from bridge.outbox.archive.damage import SMALL, first_look, heard
from bridge.outbox.archive.reports import Salvaged
from bridge.outbox.archive.salvage import salvage
from bridge.outbox.archive.suspicion import acquit, suspicion
from bridge.outbox.values import KeyOf
from bridge.record import record
from bridge.sqlite.connection import open_reader
from bridge.sqlite.copying import copy, snapshot, unreadable
from bridge.sqlite.files import LOG, beside, dated, drop, give_to_owner, replace, size
from bridge.sqlite.scripts import Migration

log = structlog.get_logger("outbox")

CORRUPT: Final = "corrupt"


@record
class Healed:
    """What became of an outbox before it is opened: what was salvaged, None where it was sound.

    `whole` says that all of it was looked at; else that is still to be done.
    """

    salvaged: Salvaged | None
    whole: bool


def heal(
    path: Path,
    migrations: Sequence[Migration],
    *,
    now: datetime,
    key_of: KeyOf,
    small: int = SMALL,
) -> Healed:
    """Put a fresh outbox with what could be salvaged in the place of a damaged one.

    One of up to `small` bytes is looked over as a whole, and so is one that was found damaged while
    it was open; of any other what costs a moment.

    Raises:
        StoreError: the file can't be read, or there is no room; nothing was moved.
    """
    looked = first_look(path, small=small)
    if looked.damage is None:
        if looked.whole:
            _clear(path)
        return Healed(None, looked.whole)
    log.error(
        "the outbox is damaged", action="outbox_damaged", path=str(path), damage=looked.damage
    )
    report = rescue(path, migrations, now=now, damage=looked.damage, key_of=key_of)
    log.error(
        "what could be read was salvaged; the rest is kept aside",
        action="outbox_salvaged",
        summary=report.sentence(),
        rows_kept=report.kept,
        rows_lost=report.lost,
        keys_only=report.keys_only,
        evidence=str(report.evidence),
    )
    return Healed(report, whole=True)


def _clear(path: Path) -> None:
    """Take back the word that it is damaged: every page and index was looked at."""
    why = suspicion(path)
    if why is not None:
        log.warning("found damaged, and sound now", action="outbox_acquitted", damage=why)
        acquit(path)


def rescue(
    path: Path, migrations: Sequence[Migration], *, now: datetime, damage: str, key_of: KeyOf
) -> Salvaged:
    """Salvage the outbox at `path` into a fresh one in its place; the old one is kept aside."""
    source = _evidence_of(path) or path
    if not source.exists():
        source.touch(mode=0o600)  # only its log is left
    made = beside(path, ".salvaging")
    drop(made)  # of an attempt that was interrupted
    testimony = heard(path).testimony
    report = salvage(
        source, made, migrations, now=now, damage=damage, testimony=testimony, key_of=key_of
    )
    aside = source if source != path else dated(path, CORRUPT, now)
    replace(made, path, aside if source == path else None)
    acquit(path)
    give_to_owner(path.parent, path)
    return dataclasses.replace(report, evidence=aside)


def _evidence_of(path: Path) -> Path | None:
    """Return the evidence that an interrupted salvage has put aside of this very file."""
    if not path.exists():
        return None
    for found in sorted(path.parent.glob(f"{path.name}.{CORRUPT}.*")):
        if not found.name.endswith((LOG, "-shm")) and found.samefile(path):
            return found
    return None


def keep_before(path: Path, migrations: Sequence[Migration]) -> Path | None:
    """Keep a copy of an outbox whose schema is about to change, as `….before-NNNN`.

    Return it; None where nothing changes.

    Raises:
        SchemaTooNew: the file was written by a later version.
        StoreError: it can't be read, or the copy not be written.
    """
    if not size(path):
        return None
    with snapshot(path) as db:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if version > len(migrations):
            raise SchemaTooNew(
                f"{path} has schema {version}; this version knows up to {len(migrations)}"
            )
        if version == len(migrations) or version == 0:
            return None
        kept = beside(path, f".before-{version + 1:04}")
        made = beside(kept, ".part")
        drop(made)
        copy(db, made)
    made.replace(kept)
    give_to_owner(path.parent, kept)
    log.warning("a copy was kept", action="outbox_kept", copy=str(kept), schema=version)
    return kept


def refuse_strangers(path: Path) -> None:
    """Let nothing be done to a database that is none of ours.

    Raises:
        StoreUnavailable: it is a database, and not an outbox.
    """
    if not size(path):
        return
    try:
        with closing(open_reader(path)) as db:
            names = {row[0] for row in db.execute("SELECT name FROM sqlite_schema")}
    except sqlite3.Error as failure:
        raise unreadable(failure, path) from failure
    if names and "ledger" not in names:
        raise StoreUnavailable(
            f"{path} is a database, and not an outbox",
            hint="Set [outbox] url to the outbox's own file.",
        )
