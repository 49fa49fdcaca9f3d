"""An outbox looked over before it is opened: what is damaged is kept aside, what is left goes on.

In: the path of an outbox that nobody has open. Out: a file that can be opened, and a report where
it was made of what could be salvaged. Nothing is ever thrown away: the damaged file stays beside
it with its log.
"""

import dataclasses
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from bridge.errors import SchemaTooNew, StoreUnavailable
from bridge.events import State
from bridge.outbox.archive.mending import quoted
from bridge.outbox.archive.reports import Salvaged
from bridge.outbox.archive.salvage import KeyOf, salvage
from bridge.outbox.links import SessionState
from bridge.outbox.witness import Heard, Testimony, hear, witness_path
from bridge.sqlite.connection import open_reader
from bridge.sqlite.copying import copy, damage, snapshot, unreadable
from bridge.sqlite.files import LOG, beside, dated, drop, give_to_owner, replace, size
from bridge.sqlite.salvage.log import read_log
from bridge.sqlite.scripts import Migration

log = structlog.get_logger("outbox")

CORRUPT: Final = "corrupt"


def damage_of(path: Path, *, thorough: bool = True) -> str | None:
    """Return why the outbox at `path` can't be used as it is; None where it can, or isn't there.

    Unless `thorough`, only its outside is looked at, which costs nothing.

    Raises:
        StoreUnavailable: it can't be read; nothing is known of what is in it.
    """
    heard = _heard(path)
    logged = size(beside(path, LOG))
    if not path.exists():
        return "the file is gone, and its log is still there" if logged else None
    if size(path) == 0:
        return "the file is empty" if logged or heard.testimony or heard.damaged else None
    return (_inside(path) if thorough else None) or _torn(path, heard.testimony)


def _heard(path: Path) -> Heard:
    with suppress(OSError):  # whoever opens it for writing will say so
        return hear(witness_path(path))
    return Heard()


def _inside(path: Path) -> str | None:
    """Return what SQLite finds wrong, else what no ledger could have written."""
    found = damage(path)
    if found is not None:
        return found
    try:
        with closing(open_reader(path)) as db:
            if not _any(db, "SELECT 1 FROM sqlite_schema WHERE name = 'ledger'"):
                return None  # not ours, or new: opening it will tell
            return next((words for query, words in _ODD.items() if _any(db, query)), _text(db))
    except sqlite3.Error as failure:
        return f"it can't be read: {failure}"


def _text(db: sqlite3.Connection) -> str | None:
    """Return what is wrong with the texts of entries: SQLite keeps any bytes as text."""
    try:
        for _ in db.execute(_TEXTS):
            pass
    except sqlite3.OperationalError as failure:  # could not decode
        return f"texts of entries can't be read: {failure}"
    return None


_TEXTS: Final = """\
SELECT campaign, player, event_code, feat, occurrence, reason, user_ref, bound_ref, brakes,
       lease_owner FROM entries"""


def _any(db: sqlite3.Connection, query: str) -> bool:
    return db.execute(query).fetchone() is not None


_STATES: Final = quoted(State)
_SESSIONS: Final = quoted(SessionState)
_ODD: Final = {
    f"SELECT 1 FROM entries WHERE state NOT IN {_STATES} OR length(key) <> 16 LIMIT 1": (  # noqa: S608  # our own words
        "entries have states or keys that don't exist"
    ),
    "SELECT 1 FROM entries WHERE length(digest) <> 16 LIMIT 1": "message ids don't exist",
    f"SELECT 1 FROM totals WHERE state NOT IN {_STATES} LIMIT 1": "totals can't be read",  # noqa: S608  # our own words
    f"SELECT 1 FROM changes WHERE state NOT IN {_STATES} LIMIT 1": "changes can't be read",  # noqa: S608  # our own words
    f"SELECT 1 FROM sessions WHERE state NOT IN {_SESSIONS} LIMIT 1": "sessions can't be read",  # noqa: S608  # our own words
    "SELECT 1 FROM entries WHERE brakes <> '' AND NOT json_valid(brakes) LIMIT 1": (
        "caps of entries can't be read"
    ),
    "SELECT 1 FROM rules WHERE NOT json_valid(definition) LIMIT 1": "rules can't be read",
    "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM ledger)": "the ledger has lost its own row",
}


def _torn(path: Path, testimony: Testimony | None) -> str | None:
    """Return what is wrong with a log that has lost its middle, where the witness misses its end.

    After a power cut a log may end in frames that were never synced: nobody was told of these, and
    the witness has not seen them.
    """
    if testimony is None or not size(beside(path, LOG)):
        return None
    try:
        with closing(open_reader(path)) as db:
            row = db.execute("SELECT identity, sequence FROM ledger").fetchone()
    except sqlite3.Error:
        return None  # not ours yet, or another schema's: opening it will tell
    if row["identity"] != testimony.ledger.bytes or row["sequence"] >= testimony.sequence:
        return None
    found = read_log(beside(path, LOG))
    if found is None:
        return "its log can't be read, and what it held is missed"
    return "its log is torn, and what comes after the tear is missed" if found.skipped else None


def heal(
    path: Path, migrations: Sequence[Migration], *, now: datetime, key_of: KeyOf
) -> Salvaged | None:
    """Put a fresh outbox with what could be salvaged in the place of a damaged one.

    Return what was kept and lost; None where nothing was damaged.

    Raises:
        StoreError: the file can't be read, or there is no room; nothing was moved.
    """
    why = damage_of(path)
    if why is None:
        return None
    log.error("the outbox is damaged", action="outbox_damaged", path=str(path), damage=why)
    report = rescue(path, migrations, now=now, damage=why, key_of=key_of)
    log.error(
        "what could be read was salvaged; the rest is kept aside",
        action="outbox_salvaged",
        summary=report.sentence(),
        rows_kept=report.kept,
        rows_lost=report.lost,
        keys_only=report.keys_only,
        evidence=str(report.evidence),
    )
    return report


def rescue(
    path: Path, migrations: Sequence[Migration], *, now: datetime, damage: str, key_of: KeyOf
) -> Salvaged:
    """Salvage the outbox at `path` into a fresh one in its place; the old one is kept aside."""
    source = _evidence_of(path) or path
    if not source.exists():
        source.touch(mode=0o600)  # only its log is left
    made = beside(path, ".salvaging")
    drop(made)  # of an attempt that was interrupted
    testimony = _heard(path).testimony
    report = salvage(
        source, made, migrations, now=now, damage=damage, testimony=testimony, key_of=key_of
    )
    aside = source if source != path else dated(path, CORRUPT, now)
    replace(made, path, aside if source == path else None)
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
