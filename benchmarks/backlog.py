"""A backlog of any size, quickly: what a daemon wrote for a few events, written for millions.

In: a daemon's outbox that has taken some events by itself, and a number. Out: the same outbox with
so many entries: by the package's own rows, keys and message ids by the recipes that `docs` promise
for ever. Each recipe is first held to the rows that the daemon wrote; where it gives another key,
nothing is built. What was built is looked up again as a daemon would. Knows nothing of what is
measured.

All that this package knows of the outbox's tables is in this file.
"""

import hashlib
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from bridge.errors import CommandError
from bridge.events import State
from bridge.outbox.sqlite.rows import Rows
from bridge.outbox.sqlite.rows.shapes import NewRow
from bridge.rules.key import compact

#: Rows of one transaction: about as many as make a segment of what is known.
_STEP: Final = 4096
#: Memory for pages while it builds, in KiB.
_CACHE: Final = 64_000

_SEEDS: Final = """\
SELECT e.id FROM entries e JOIN origins o ON o.entry_id = e.id
WHERE o.id IS NOT NULL AND e.digest IS NOT NULL AND e.attempts = 0 AND e.state IN ('due', 'held')
ORDER BY e.id LIMIT ?"""
_ENTRY: Final = f"SELECT {', '.join(NewRow._fields)} FROM entries WHERE id = ?"  # noqa: S608
_ORIGIN: Final = "SELECT * FROM origins WHERE entry_id = ?"
#: What counts to the number of entries.
_COUNTS: Final = (
    "SELECT count(*) FROM entries",
    "SELECT count(*) FROM origins",
    "SELECT sum(n) FROM totals",
)

#: The names of an origin's columns, and its values.
_Origin = dict[str, Any]


class OtherOutbox(CommandError):
    """The outbox is not as the builder of backlogs knows it."""

    hint = "Bring benchmarks/backlog.py up to date: it holds all that benchmarks know of tables."


def multiply(outbox: Path, count: int, seeds: int = 1000) -> None:
    """Bring a stopped daemon's outbox to `count` entries, after the pattern of up to `seeds` ones.

    The seeds are entries that were never sent, of events with an `id` and without `occurred_at`.
    What is new differs from its seed in the `id` and all that is made of it.

    Raises:
        OtherOutbox: the tables or recipes have changed; the outbox is worth nothing.
    """
    with closing(_opened(outbox)) as db:
        moulds = [_mould(db, row["id"]) for row in db.execute(_SEEDS, (seeds,)).fetchall()]
        if not moulds:
            raise OtherOutbox(f"{outbox} holds no entry that could be a seed")
        (have,) = db.execute(_COUNTS[0]).fetchone()
        try:
            built = _fill(Rows(db), moulds, count - have)
        except (sqlite3.ProgrammingError, sqlite3.IntegrityError) as other:
            raise OtherOutbox(f"the outbox takes other rows: {other}") from other
        _checked(db, count, built)
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

    entry: NewRow
    origin: _Origin
    key: _Text
    name: _Text
    content: _Text
    raw: _Text
    occurrence: _Text

    def rows(self, number: int, own: str) -> tuple[NewRow, _Origin]:
        """Return what a daemon would write of this event under another id."""
        id_ = own.encode()
        entry = self.entry._replace(
            id=number,
            key=UUID(bytes=self.key.hash(id_)[:16], version=4).bytes,
            occurrence=(self.occurrence.before + id_ + self.occurrence.after).decode(),
            digest=self.name.hash(id_)[:16],
            content=self.content.hash(id_)[:8],
        )
        raw = self.raw.before + id_ + self.raw.after
        return entry, {**self.origin, "entry_id": number, "raw": raw, "id": own}


def _mould(db: sqlite3.Connection, seed: int) -> _Mould:
    entry = NewRow(*db.execute(_ENTRY, (seed,)).fetchone())
    origin = dict(db.execute(_ORIGIN, (seed,)).fetchone())
    own, at = str(origin["id"]), None
    said = json.loads(origin["raw"])
    key = [entry.campaign, entry.player, entry.event_code, entry.feat, entry.occurrence]
    name = [origin["source"], entry.player, origin["name"], own]
    content = [entry.player, origin["name"], own, at, said.get("details", {})]
    texts = (
        compact(["v1", *key]),
        *(json.dumps(part, sort_keys=True, separators=(",", ":")) for part in (name, content)),
        origin["raw"],
        entry.occurrence,
    )
    mould = _Mould(entry, origin, *(_Text.around(text, own) for text in texts))
    if mould.rows(seed, own) != (entry, origin):
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


def _fill(rows: Rows, moulds: Sequence[_Mould], count: int) -> Mapping[UUID, int]:
    """Add `count` entries; return some of their keys and numbers, the last one's among them."""
    first, built = rows.entries.next_number(), {}
    source = cycle(moulds)
    for start in range(first, first + count, _STEP):
        numbers = range(start, min(start + _STEP, first + count))
        pairs = zip(numbers, source, strict=False)  # the moulds go round
        made = [mould.rows(number, f"kept_/{number:010}") for number, mould in pairs]
        rows.db.execute("BEGIN")
        _store(rows, [entry for entry, _ in made], [origin for _, origin in made])
        rows.ledger.advance()
        rows.db.execute("COMMIT")
        built[UUID(bytes=made[-1][0].key)] = numbers[-1]
    rows.db.execute("BEGIN")
    rows.entries.seal()  # as a daemon does before it ends
    rows.db.execute("COMMIT")
    return built


def _store(rows: Rows, new: Sequence[NewRow], origins: Sequence[_Origin]) -> None:
    """Store entries with all that a daemon writes beside them."""
    rows.entries.insert(new, [tuple(origin.values()) for origin in origins])
    rows.history.add_first_changes(new[-1].updated_at, new[0].id, new[-1].id)
    kinds = Counter((row.campaign, State(row.state), row.reason, row.amount) for row in new)
    for (campaign, state, reason, amount), n in kinds.items():
        unpriced = n if amount is None else 0
        rows.lanes.add_new(campaign, state, reason, n, n * (amount or 0), unpriced)


def _checked(db: sqlite3.Connection, count: int, built: Mapping[UUID, int]) -> None:
    """Count what is there, and find by their keys some that were built."""
    for query in _COUNTS:
        (found,) = db.execute(query).fetchone()
        if found != count:
            raise OtherOutbox(f"`{query}` tells of {found} entries where {count} were built")
    rows = Rows(db)
    for key, number in built.items():
        entry = rows.entries.by_key(key)
        if entry is None or entry.id != number:
            raise OtherOutbox(f"entry {number} is not found by its key {key}")
    for number in list(built.values())[-1:]:
        _mould(db, number)


def _synced(outbox: Path) -> None:
    """Have it on disk now, so that nobody's measurement pays for it."""
    file = os.open(outbox, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
