"""What is wrong with an outbox's file: all of it at once, a first look, or slice by slice.

In: the path of an outbox, or a connection that reads one. Out: what is damaged, in words. Changes
nothing. Three looks, one after what may be waited for:

```text
 damage_of    everything; a moment where the file is small, and minutes where it holds millions
 first_look   what costs the same whatever the size: before a large file is opened
 slices       everything that first_look left out, bit by bit, while the file is written to
```
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Final

from bridge.errors import StoreCorrupt
from bridge.events import State
from bridge.outbox.archive.mending import quoted
from bridge.outbox.archive.suspicion import suspicion
from bridge.outbox.links import SessionState
from bridge.outbox.sqlite.packing import unpacked
from bridge.outbox.witness import Heard, Testimony, hear, witness_path
from bridge.record import record
from bridge.sqlite.connection import open_reader
from bridge.sqlite.copying import damage, findings, unreadable
from bridge.sqlite.files import LOG, beside, size
from bridge.sqlite.salvage.log import read_log

#: Up to here a file is looked over as a whole before it is opened: some 10,000 entries (bytes).
SMALL: Final = 8 * 1024 * 1024
#: Entries of one slice, and of the first look at a large file: those that were written last.
SLICE: Final = 10_000
NEWEST: Final = 1_000

#: Tables that stay small: the first look at a large file sees every page of them.
_FEW: Final = ("ledger", "rules", "lanes", "totals", "prices", "sources", "turns", "segments")
#: The part of all the work that pages take; the rest are rows.
_PAGES: Final = 0.4


@record
class Looked:
    """What a look has found, and whether it saw everything."""

    damage: str | None
    whole: bool


def damage_of(path: Path, *, thorough: bool = True) -> str | None:
    """Return why the outbox at `path` can't be used as it is; None where it can, or isn't there.

    Unless `thorough`, only its outside is looked at, which costs nothing.

    Raises:
        StoreUnavailable: it can't be read; nothing is known of what is in it.
    """
    return _seen(path, _inside if thorough else _nothing)


def first_look(path: Path, *, small: int = SMALL) -> Looked:
    """Look at the outbox at `path` before it is opened, for a moment only where it is large.

    One that was found damaged while it was open is looked over as a whole, with its indexes.

    Raises:
        StoreUnavailable: it can't be read; nothing is known of what is in it.
    """
    if suspicion(path) is not None:
        return Looked(_seen(path, partial(_inside, indexes=True)), whole=True)
    whole = size(path) + size(beside(path, LOG)) <= small
    return Looked(_seen(path, _inside if whole else _at_first), whole)


def heard(path: Path) -> Heard:
    """Return what the witness of the outbox at `path` says; nothing where it can't be read."""
    with suppress(OSError):  # whoever opens it for writing will say so
        return hear(witness_path(path))
    return Heard()


def _seen(path: Path, inside: Callable[[Path], str | None]) -> str | None:
    said = heard(path)
    logged = size(beside(path, LOG))
    if not path.exists():
        return "the file is gone, and its log is still there" if logged else None
    if size(path) == 0:
        return "the file is empty" if logged or said.testimony or said.damaged else None
    return inside(path) or _torn(path, said.testimony)


# -- inside -------------------------------------------------------------------------------------

#: How much of a look is done, and what is damaged in what it saw last.
Seen = tuple[float, str | None]


def _nothing(_: Path) -> None:
    """See no page."""


def _inside(path: Path, *, indexes: bool = False) -> str | None:
    """Return what SQLite finds wrong, else what no ledger could have written."""
    return damage(path, thorough=indexes) or _found(path, _odd)


def _at_first(path: Path) -> str | None:
    """Return what is wrong with the schema, the small tables, and the newest entries."""
    return _found(path, _first)


def _found(path: Path, look: Callable[[sqlite3.Connection], Iterator[Seen]]) -> str | None:
    try:
        with closing(open_reader(path)) as db:
            if "ledger" not in _tables(db):
                return None  # not ours, or new: opening it will tell
            return next((found for _, found in look(db) if found is not None), None)
    except (sqlite3.Error, UnicodeDecodeError) as failure:
        return f"it can't be read: {words_of(failure, path)}"


def words_of(failure: sqlite3.Error | UnicodeDecodeError, path: Path) -> str:
    """Return what a failure to read says of damage.

    Raises:
        StoreError: it says nothing of what is in the file.
    """
    if isinstance(failure, UnicodeDecodeError):  # of an error that quotes what is damaged
        return "its schema can't be read"
    error = unreadable(failure, path)
    if isinstance(error, StoreCorrupt):
        return str(failure)
    raise error from failure


def _first(db: sqlite3.Connection) -> Iterator[Seen]:
    there = _tables(db)
    for table in _FEW:
        if table in there:
            yield 0.0, _pages(db, table)
    yield 0.5, _odd_newest(db)
    yield 0.9, _odd_arrivals(db)
    yield 1.0, _odd_rows(db, _LEDGER)


def slices(db: sqlite3.Connection) -> Iterator[Seen]:
    """Look at everything bit by bit: after each one, how much was seen and what is damaged in it.

    Between two bits nothing is held, so that what is written meanwhile can be written back.

    Raises:
        sqlite3.Error, UnicodeDecodeError: it can't be read; `words_of` tells whether it is damaged.
    """
    tables = _tables(db)
    for number, table in enumerate(tables, 1):
        yield _PAGES * number / len(tables), _pages(db, table)
    for share, found in _odd(db):
        yield _PAGES + (1 - _PAGES) * share, found


def _tables(db: sqlite3.Connection) -> list[str]:
    found = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    return [row[0] for row in found]


def _pages(db: sqlite3.Connection, table: str) -> str | None:
    """Return what SQLite finds wrong in the pages of a table and its indexes."""
    return "; ".join(findings(db, "quick_check", f"'{table}'")) or None


def _odd(db: sqlite3.Connection) -> Iterator[Seen]:
    """Look for what no ledger could have written."""
    (entries,) = db.execute("SELECT coalesce(sum(n), 0) FROM totals").fetchone()
    seen = 0
    after: int | None = _BEFORE_ALL
    while after is not None:
        row = db.execute(_ENTRIES, {"after": after, "limit": SLICE}).fetchone()
        seen += row["n"]
        yield min(1.0, seen / max(entries, 1)), _odd_entries(row)
        after = row["last"] if row["n"] and row["last"] > after else None
    yield 1.0, _odd_arrivals(db)
    for query in _ODD:
        yield 1.0, _odd_rows(db, query)


def _odd_newest(db: sqlite3.Connection) -> str | None:
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM entries").fetchone()
    return _odd_entries(db.execute(_ENTRIES, {"after": last - NEWEST, "limit": NEWEST}).fetchone())


def _odd_arrivals(db: sqlite3.Connection) -> str | None:
    """Unpack what waits to be filed; there is never more than some hundred rows of it."""
    if "arrivals" not in _tables(db):  # of before there were any
        return None
    for row in db.execute("SELECT n, packed FROM arrivals"):
        try:
            if len(unpacked(row["packed"])) != row["n"]:
                return "arrivals are not as many as they were"
        except ValueError:
            return "arrivals can't be unpacked"
    return None


def _odd_entries(row: sqlite3.Row) -> str | None:
    try:
        row["texts"].decode()
    except UnicodeDecodeError as failure:  # SQLite keeps any bytes as text
        return f"texts of entries can't be read: {failure.reason}"
    return next((words for name, words in _ODD_ENTRIES.items() if row[name]), None)


def _odd_rows(db: sqlite3.Connection, query: str) -> str | None:
    return None if db.execute(query).fetchone() is None else _ODD[query]


_STATES: Final = quoted(State)
_SESSIONS: Final = quoted(SessionState)
_BEFORE_ALL: Final = -(2**63)
#: One text of many: to decode each for itself takes ten times as long, and holds up all of Python.
_SURE: Final = ("campaign", "player", "event_code", "feat", "occurrence", "reason", "brakes")
_MAYBE: Final = ("user_ref", "bound_ref", "lease_owner")
_TEXTS: Final = " || ',' || ".join([*_SURE, *(f"coalesce({name}, '')" for name in _MAYBE)])
_ENTRIES: Final = f"""\
SELECT count(*) AS n, max(id) AS last, CAST(coalesce(group_concat({_TEXTS}), '') AS BLOB) AS texts,
       max(state NOT IN {_STATES} OR length(key) <> 16) AS states,
       max(length(digest) <> 16) AS digests,
       max(brakes <> '' AND NOT json_valid(brakes)) AS caps
FROM (SELECT * FROM entries WHERE id > :after ORDER BY id LIMIT :limit)"""  # noqa: S608  # our own words
_ODD_ENTRIES: Final = {
    "states": "entries have states or keys that don't exist",
    "digests": "message ids don't exist",
    "caps": "caps of entries can't be read",
}
_LEDGER: Final = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM ledger)"
_ODD: Final = {
    f"SELECT 1 FROM totals WHERE state NOT IN {_STATES} LIMIT 1": "totals can't be read",  # noqa: S608  # our own words
    f"SELECT 1 FROM changes WHERE state NOT IN {_STATES} LIMIT 1": "changes can't be read",  # noqa: S608  # our own words
    f"SELECT 1 FROM sessions WHERE state NOT IN {_SESSIONS} LIMIT 1": "sessions can't be read",  # noqa: S608  # our own words
    "SELECT 1 FROM rules WHERE NOT json_valid(definition) LIMIT 1": "rules can't be read",
    _LEDGER: "the ledger has lost its own row",
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
