"""A backlog of any size, quickly: what a daemon wrote for a few events, written for millions.

In: a daemon's outbox that has taken some events by itself, and a number. Out: the same outbox with
so many entries: the package's own statements, keys and message ids by the recipes that `docs`
promise for ever. Each recipe is first held to the rows that the daemon wrote; where it gives
another key, or a table is not as this module knows it, nothing is built. Knows nothing of what is
measured.

All that this package knows of the outbox's tables is in this file.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from bridge.errors import CommandError
from bridge.outbox.sqlite.rows.history import KEPT_CHANGES
from bridge.outbox.sqlite.statements import queries
from bridge.rules.key import compact

#: Rows of one transaction.
_STEP: Final = 50_000
#: Memory for pages while it builds, in KiB: the indexes of random keys should stay in it.
_CACHE: Final = 2_000_000

_Row = dict[str, Any]
_SEEDS: Final = """\
SELECT e.id FROM entries e
JOIN message_ids m ON m.entry_id = e.id JOIN origins o ON o.entry_id = e.id
WHERE o.id IS NOT NULL AND e.attempts = 0 AND e.state IN ('due', 'held') ORDER BY e.id LIMIT ?"""
#: Table → the statement that fills it, and what finds a seed's row in it.
_TABLES: Final = {
    "entries": ("insert", "SELECT * FROM entries WHERE id = ?"),
    "origins": ("insert_origin", "SELECT * FROM origins WHERE entry_id = ?"),
    "message_ids": ("remember_message", "SELECT * FROM message_ids WHERE entry_id = ?"),
    "changes": ("add_change", "SELECT * FROM changes WHERE entry_id = ? LIMIT 1"),
}
#: What has a row for every entry, and what counts them.
_ONE_EACH: Final = ("entries", "origins", "message_ids")
_TOTALS: Final = "SELECT sum(n) FROM totals"


class OtherOutbox(CommandError):
    """The outbox is not as the builder of backlogs knows it."""

    hint = "Bring benchmarks/backlog.py up to date: it holds all that benchmarks know of tables."


def multiply(outbox: Path, count: int, seeds: int = 1000) -> None:
    """Bring a stopped daemon's outbox to `count` entries, after the pattern of up to `seeds` ones.

    The seeds are entries that were never sent, of events with an `id` and without `occurred_at`.
    What is new differs from its seed in the `id` and all that is made of it.

    Raises:
        OtherOutbox: the tables, statements or recipes have changed; nothing was written.
    """
    with closing(_opened(outbox)) as db:
        moulds = [_mould(db, row["id"]) for row in db.execute(_SEEDS, (seeds,))]
        if not moulds:
            raise OtherOutbox(f"{outbox} holds no entry that could be a seed")
        (have,) = db.execute("SELECT count(*) FROM entries").fetchone()
        _fill(db, moulds, count - have)
        _checked(db, count)
        db.execute("PRAGMA journal_mode = WAL")
    _synced(outbox)


# -- recipes ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Text:
    """A text with a place for the id."""

    before: bytes
    after: bytes

    @classmethod
    def around(cls, text: str | bytes, own: str) -> "_Text":
        parts = (text if isinstance(text, bytes) else text.encode()).split(own.encode())
        if len(parts) != 2:
            raise OtherOutbox(f"a seed holds its id {own!r} not once but {len(parts) - 1} times")
        return cls(*parts)

    def hash(self, own: bytes) -> bytes:
        return hashlib.sha256(self.before + own + self.after).digest()


@dataclass(frozen=True, slots=True)
class _Mould:
    """One seed: its rows, and the texts that hashes are made of."""

    entry: _Row
    origin: _Row
    message: _Row
    change: _Row
    key: _Text
    name: _Text
    content: _Text
    raw: _Text
    occurrence: _Text

    def rows(self, number: int, own: str) -> tuple[_Row, _Row, _Row, _Row]:
        """Return what a daemon would write of this event under another id."""
        id_ = own.encode()
        key = UUID(bytes=self.key.hash(id_)[:16], version=4).bytes
        occurrence = (self.occurrence.before + id_ + self.occurrence.after).decode()
        raw = self.raw.before + id_ + self.raw.after
        digest, content = self.name.hash(id_)[:16], self.content.hash(id_)[:8]
        return (
            {**self.entry, "key": key, "occurrence": occurrence},
            {**self.origin, "entry_id": number, "raw": raw, "id": own},
            {**self.message, "entry_id": number, "digest": digest, "content": content},
            {**self.change, "entry_id": number},
        )


def _mould(db: sqlite3.Connection, seed: int) -> _Mould:
    found = [dict(db.execute(query, (seed,)).fetchone()) for _, query in _TABLES.values()]
    entry, origin, message, change = found
    own, at = str(origin["id"]), None
    said = json.loads(origin["raw"])
    key = [entry[name] for name in ("campaign", "player", "event_code", "feat", "occurrence")]
    name = [origin["source"], entry["player"], origin["name"], own]
    content = [entry["player"], origin["name"], own, at, said.get("details", {})]
    texts = (
        compact(["v1", *key]),
        *(json.dumps(part, sort_keys=True, separators=(",", ":")) for part in (name, content)),
        origin["raw"],
        entry["occurrence"],
    )
    mould = _Mould(entry, origin, message, change, *(_Text.around(text, own) for text in texts))
    if list(mould.rows(seed, own)) != found:
        raise OtherOutbox(f"entry {seed} has another key or message id than the recipes give")
    return mould


# -- rows ---------------------------------------------------------------------------------------


def _opened(outbox: Path) -> sqlite3.Connection:
    """Open it for speed: it is built whole, or built anew."""
    db = sqlite3.connect(f"file:{outbox}?mode=rw", uri=True, isolation_level=None)
    db.row_factory = sqlite3.Row
    for pragma in (
        "locking_mode = EXCLUSIVE",
        "journal_mode = OFF",
        "synchronous = OFF",
        f"cache_size = -{_CACHE}",
    ):
        db.execute(f"PRAGMA {pragma}").fetchone()
    return db


def _fill(db: sqlite3.Connection, moulds: Sequence[_Mould], count: int) -> None:
    (first,) = db.execute("SELECT max(id) + 1 FROM entries").fetchone()
    told = _forget_changes(db, count)
    source = cycle(moulds)
    for start in range(first, first + count, _STEP):
        end = min(start + _STEP, first + count)
        pairs = zip(range(start, end), islice(source, end - start), strict=True)
        made = [mould.rows(number, f"kept_/{number:010}") for number, mould in pairs]
        db.execute("BEGIN")
        for table, (statement, _) in enumerate(_TABLES.values()):
            after = max(0, first + count - told - start) if statement == "add_change" else 0
            db.executemany(_statement(statement), (rows[table] for rows in made[after:]))
        db.execute(_statement("advance")).fetchall()
        db.execute("COMMIT")


def _forget_changes(db: sqlite3.Connection, count: int) -> int:
    """Drop the changes that so many new ones would push out; return how many of those are kept."""
    last: int = db.execute(_statement("last_change")).fetchone()[0]
    gone = (last + count) // 1000 * 1000 - KEPT_CHANGES
    if gone > 0:
        db.execute(_statement("drop_changes"), {"up_to": gone})
        db.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'changes'", (gone,))
    return min(count, last + count - max(gone, 0))


def _statement(name: str) -> str:
    try:
        return queries()[name]
    except KeyError as gone:
        raise OtherOutbox(f"the outbox has no statement {name!r} any more") from gone


def _checked(db: sqlite3.Connection, count: int) -> None:
    for query in (*(f"SELECT count(*) FROM {table}" for table in _ONE_EACH), _TOTALS):  # noqa: S608
        (found,) = db.execute(query).fetchone()
        if found != count:
            raise OtherOutbox(f"`{query}` tells of {found} entries where {count} were built")


def _synced(outbox: Path) -> None:
    """Have it on disk now, so that nobody's measurement pays for it."""
    file = os.open(outbox, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
