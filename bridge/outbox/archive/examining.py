"""An outbox examined: is it whole, does it hold together, may it be trusted.

In: the path of an outbox, which may be in use. Out: findings, each with what to do. It is only
read.
"""

import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID

from bridge.errors import StoreCorrupt, StoreError
from bridge.outbox.archive.counting import Counts, counts
from bridge.outbox.archive.damage import damage_of
from bridge.outbox.archive.suspicion import suspicion
from bridge.outbox.views import Standing
from bridge.outbox.witness import Heard, doubt, hear, witness_path
from bridge.record import record
from bridge.sqlite.copying import damage, snapshot
from bridge.sqlite.files import LOG, beside, size
from bridge.sqlite.scripts import Migration


class Level(StrEnum):
    """How much a finding matters."""

    FINE = "fine"
    NOTE = "note"
    PROBLEM = "problem"


@record
class Finding:
    """One thing that was looked at, and what to do about it where it isn't fine."""

    level: Level
    what: str
    detail: str
    hint: str = ""


_RESTORE: Final = (
    "Keep the file. Start the daemon, which salvages what can be read and keeps the rest aside; or "
    "look first with `campaign-bridge outbox salvage`; or `campaign-bridge outbox restore BACKUP`."
)
_RELEASE: Final = "`campaign-bridge reconcile`, then `campaign-bridge outbox release --quarantine`"


def examine(
    outbox: Path, migrations: Sequence[Migration], machine: str | None, *, full: bool = False
) -> list[Finding]:
    """Look at everything; `full` also compares every index with its table."""
    found = list(_files(outbox))
    if not outbox.exists() or any(finding.level is Level.PROBLEM for finding in found):
        return found
    try:
        why = _stumbled(outbox) or damage_of(outbox, thorough=False)
        why = why or damage(outbox, thorough=full)
        if why is not None:
            return [*found, Finding(Level.PROBLEM, "integrity", why, _RESTORE)]
        check = "every page and index" if full else "every page; --full compares indexes as well"
        found.append(Finding(Level.FINE, "integrity", f"SQLite finds nothing wrong in {check}"))
        heard = hear(witness_path(outbox))  # before the ledger, which may be written to meanwhile
        with snapshot(outbox) as db:
            return [*found, *_inside(db, migrations, heard, machine)]
    except StoreCorrupt as corrupt:
        return [*found, Finding(Level.PROBLEM, "integrity", str(corrupt), _RESTORE)]
    except StoreError as unreadable:
        return [*found, Finding(Level.PROBLEM, "file", str(unreadable), unreadable.hint)]
    except OSError as failure:
        told = f"{witness_path(outbox)} can't be read: {failure.strerror}"
        return [*found, Finding(Level.PROBLEM, "witness", told, "Run this as the daemon's user.")]


def _stumbled(outbox: Path) -> str | None:
    """Return what a daemon came upon while it had the file open, and could not see to itself."""
    why = suspicion(outbox)
    return None if why is None else f"found while the daemon ran: {why}"


# -- around it --------------------------------------------------------------------------------


def _files(outbox: Path) -> Iterator[Finding]:
    try:
        kept = outbox.stat()
    except FileNotFoundError:
        why = damage_of(outbox, thorough=False)
        hint = _RESTORE if why else "It is made when the daemon starts."
        level = Level.PROBLEM if why or size(witness_path(outbox)) else Level.NOTE
        yield Finding(level, "file", f"{outbox} is not there" + (f": {why}" if why else ""), hint)
        return
    except OSError as failure:
        hint = "Run this as the daemon's user."
        yield Finding(Level.PROBLEM, "file", f"{outbox}: {failure.strerror}", hint)
        return
    if not os.access(outbox, os.R_OK):
        hint = f"Run this as the daemon's user; it belongs to user {kept.st_uid}."
        yield Finding(Level.PROBLEM, "file", f"this user may not read {outbox}", hint)
        return
    log = size(beside(outbox, LOG))
    yield Finding(Level.FINE, "file", f"{outbox}, {_bytes(kept.st_size)}, log {_bytes(log)}")
    if os.name == "posix" and kept.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        told = f"others than its owner may open it ({stat.filemode(kept.st_mode)})"
        yield Finding(Level.NOTE, "file", told, f"chmod 600 {outbox}")
    yield from _beside(outbox)


def _beside(outbox: Path) -> Iterator[Finding]:
    """Say what lies beside it that an operator may remove one day."""
    for word in ("corrupt", "replaced", "before-"):
        for path in sorted(outbox.parent.glob(f"{outbox.name}.{word}*")):
            if not path.name.endswith((LOG, "-shm")):
                told = f"{path} lies beside it, {_bytes(size(path) + size(beside(path, LOG)))}"
                yield Finding(Level.NOTE, "kept aside", told, "Remove it when nobody needs it.")


def _bytes(number: int) -> str:
    return f"{number / 1_048_576:.1f} MiB" if number >= 1_048_576 else f"{number / 1024:.0f} KiB"


# -- in it ------------------------------------------------------------------------------------


def _inside(
    db: sqlite3.Connection, migrations: Sequence[Migration], heard: Heard, machine: str | None
) -> Iterator[Finding]:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    yield _schema(version, len(migrations))
    if version != len(migrations):
        return
    found = counts(db)
    yield _held(db, found)
    yield from _relations(db)
    yield from _standing(db, heard, machine)


def _schema(version: int, known: int) -> Finding:
    if version > known:
        hint = "Install that version again, or restore a backup made before the upgrade."
        told = f"a newer campaign-bridge wrote it: schema {version}, known here up to {known}"
        return Finding(Level.PROBLEM, "schema", told, hint)
    if version < known:
        told = f"schema {version}; the daemon brings it to {known} when it starts"
        return Finding(Level.NOTE, "schema", told, "A copy is kept beside it then.")
    return Finding(Level.FINE, "schema", f"schema {version}, this version's own")


def _held(db: sqlite3.Connection, found: Counts) -> Finding:
    page, free, pages = (
        db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_size", "freelist_count", "page_count")
    )
    states = ", ".join(f"{n} {state}" for state, n in found.states.items()) or "none"
    told = (
        f"{found.entries} entries ({states}); {_bytes(free * page)} of {_bytes(pages * page)} free"
    )
    return Finding(Level.FINE, "entries", told)


#: What must not be there → what it means.
_BROKEN: Final = {
    "SELECT count(*) FROM origins WHERE entry_id NOT IN (SELECT id FROM entries)": (
        "origins belong to no entry"
    ),
    "SELECT count(*) FROM entries WHERE id NOT IN (SELECT entry_id FROM origins)": (
        "entries have no origin"
    ),
    "SELECT count(*) FROM entries WHERE rule_id NOT IN (SELECT id FROM rules)": (
        "entries were made by no known rule"
    ),
    "SELECT count(*) FROM message_ids WHERE entry_id IS NOT NULL"
    " AND entry_id NOT IN (SELECT id FROM entries) AND NOT EXISTS (SELECT 1 FROM arrivals"
    " WHERE entry_id BETWEEN first AND first + n - 1)": "message ids point to no entry",
    "SELECT count(*) FROM bindings WHERE entry_id NOT IN (SELECT id FROM entries)": (
        "bindings belong to no entry"
    ),
    "SELECT count(*) FROM attempts WHERE entry_id NOT IN (SELECT id FROM entries)": (
        "attempts belong to no entry"
    ),
    "SELECT count(*) FROM payouts WHERE entry_id IS NOT NULL"
    " AND entry_id NOT IN (SELECT id FROM entries)": "payouts prove no entry that is here",
    "SELECT count(*) FROM counters WHERE rule_id NOT IN (SELECT id FROM rules)": (
        "counters belong to no rule"
    ),
    "SELECT count(*) FROM entries WHERE length(key) <> 16": "keys are not 16 bytes long",
    "SELECT count(*) - count(DISTINCT key) FROM entries": "entries have another one's key",
    "SELECT count(*) FROM segments s JOIN entries e ON e.id BETWEEN s.first AND s.last WHERE NOT"
    " EXISTS (SELECT 1 FROM known_keys k WHERE k.segment = s.number AND k.key = e.key)": (
        "entries have a key that isn't known"
    ),
    "SELECT count(*) FROM segments s JOIN entries e ON e.id BETWEEN s.first AND s.last WHERE"
    " e.digest IS NOT NULL AND NOT EXISTS (SELECT 1 FROM known_digests d"
    " WHERE d.segment = s.number AND d.digest = e.digest)": (
        "entries were made by a message id that isn't known"
    ),
    "SELECT count(*) FROM (SELECT campaign, state, count(*) AS n FROM entries GROUP BY 1, 2) AS e"
    " LEFT JOIN (SELECT campaign, state, sum(n) AS n FROM totals GROUP BY 1, 2) AS t"
    " USING (campaign, state) WHERE e.n IS NOT t.n": "totals differ from the entries",
    "SELECT count(*) FROM ledger WHERE quiet": "ledger no longer counts what changes",
    "SELECT count(*) FROM totals WHERE n > 0 AND (campaign, state) NOT IN"
    " (SELECT campaign, state FROM entries)": "totals count entries that are not there",
}


def _relations(db: sqlite3.Connection) -> Iterator[Finding]:
    broken = [
        f"{number} {words}"
        for query, words in _BROKEN.items()
        if (number := db.execute(query).fetchone()[0])
    ]
    if not broken:
        told = "entries, origins, keys, message ids, bindings and totals fit together"
        yield Finding(Level.FINE, "relations", told)
        return
    hint = "Stop the daemon and run `campaign-bridge outbox salvage`: it makes them anew."
    yield Finding(Level.PROBLEM, "relations", "; ".join(broken), hint)


def _standing(db: sqlite3.Connection, heard: Heard, machine: str | None) -> Iterator[Finding]:
    row = db.execute("SELECT *, EXISTS (SELECT 1 FROM entries) AS filled FROM ledger").fetchone()
    if row is None:
        yield Finding(Level.PROBLEM, "ledger", "the ledger has lost its own row", _RESTORE)
        return
    standing = Standing(
        UUID(bytes=row["identity"]),
        row["sequence"],
        row["quarantine"],
        bool(row["copied"]),
        bool(row["filled"]),
    )
    if standing.quarantine:
        yield Finding(Level.PROBLEM, "quarantine", standing.quarantine, _RELEASE)
        return
    why = doubt(standing, heard, machine)
    if why:
        hint = f"The daemon will start in quarantine and send nothing; then {_RELEASE}"
        yield Finding(Level.PROBLEM, "witness", why, hint)
    else:
        yield Finding(Level.FINE, "witness", f"it knows this ledger, at change {row['sequence']}")
