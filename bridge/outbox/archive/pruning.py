"""What is old and settled gives back its room: bytes go, keys stay for ever.

In: a policy, an outbox in use. Out: the same outbox, smaller; how much went. Of entries that
nothing will be sent of any more go the request's bytes, the raw message and the attempts; of
webhooks their bodies. Keys, message ids, wire keys, counters and totals stay.

It works in small steps, each looked for beside the writer and carried out in a transaction of its
own, so that nobody waits for it.
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol, TypeVar

from bridge.outbox.ledger.book import Book
from bridge.outbox.sqlite.rows import Rows
from bridge.record import record

T = TypeVar("T")

#: Rows that are looked at, or changed, at once.
STEP: Final = 500
#: Free pages that stay: what is written next needs not grow the file.
SLACK: Final = 256
_PAGES: Final = 512


@record
class Policy:
    """How long what is kept, in seconds; None for ever."""

    bodies: float | None = None
    attempts: float | None = None
    inbox: float | None = None
    journal: float | None = None
    changes: float | None = None


@record
class Pruned:
    """How much went, or would: rows by kind, bytes of the file; `free` is what is free in it."""

    bodies: int = 0
    attempts: int = 0
    inbox: int = 0
    journal: int = 0
    changes: int = 0
    shrunk: int = 0
    free: int = 0


class Pruner(Protocol):
    """The side of an outbox that is pruned."""

    async def look(self, call: Callable[[Rows], T]) -> T:
        """Run a call that changes nothing."""
        ...

    async def change(
        self, call: Callable[[Book], T], *, grows: bool = False, erases: bool = False
    ) -> T:
        """Run a call in a transaction."""
        ...


@record
class _Kind:
    """One kind of what is pruned: where it is found from a place on, and how it goes."""

    name: str
    find: str
    drop: tuple[str, ...]
    by_hash: bool = False


_KINDS: Final = (
    _Kind("bodies", "prunable_bodies", ("prune_bodies", "prune_bindings")),
    _Kind("attempts", "prunable_attempts", ("prune_attempts",)),
    _Kind("inbox", "prunable_inbox", ("prune_inbox",), by_hash=True),
    _Kind("journal", "prunable_journal", ("prune_journal",)),
    _Kind("changes", "prunable_changes", ("prune_changes",)),
)


async def prune(
    outbox: Pruner, policy: Policy, now: int, *, dry_run: bool = False, rest: float = 0.0
) -> Pruned:
    """Let go what is older than the policy says; `rest` are seconds between two steps.

    With `dry_run` it is only counted.
    """
    gone = {kind.name: 0 for kind in _KINDS}
    for kind in _KINDS:
        age = getattr(policy, kind.name)
        if age is None:
            continue
        async for found in _found(outbox, kind, now - round(age * 1000)):
            gone[kind.name] += len(found)
            if not dry_run:
                await outbox.change(_drop(kind, found))
                await asyncio.sleep(rest)
    pruned = Pruned(**gone)
    if dry_run:
        return replace(pruned, free=await outbox.look(lambda rows: _free(rows.db)))
    shrunk = await _shrink(outbox, rest)
    free = await outbox.look(lambda rows: _free(rows.db))
    return replace(pruned, shrunk=shrunk, free=free)


async def _found(outbox: Pruner, kind: _Kind, before: int) -> AsyncIterator[Sequence[Any]]:
    """Yield what is to go, some at a time; nobody waits while it is looked for."""
    after: object = b"" if kind.by_hash else 0
    while True:
        place = after

        def look(rows: Rows, place: object = place) -> list[sqlite3.Row]:
            return rows.sql.many(kind.find, after=place, before=before, limit=STEP)

        seen = await outbox.look(look)
        if old := [row["id"] for row in seen if row["old"]]:
            yield old
        if len(seen) < STEP:
            return
        after = seen[-1]["id"]


def _drop(kind: _Kind, found: Sequence[Any]) -> Callable[[Book], None]:
    def drop(book: Book) -> None:
        if kind.name == "bodies":
            _prune_messages(book, json.dumps(found))
        for statement in kind.drop:
            if kind.by_hash:
                for digest in found:
                    book.rows.sql.run(statement, id=digest)
            else:
                book.rows.sql.run(statement, ids=json.dumps(found))

    return drop


def _prune_messages(book: Book, ids: str) -> None:
    """Write origins anew without their messages, so that their pages are given back."""
    rows = book.rows.sql.many("export_origins", ids=ids)
    book.rows.sql.run("prune_messages", ids=ids)
    book.rows.sql.each("insert_origin", [[*row[:4], b"", *row[5:]] for row in rows])


# -- the file's size ----------------------------------------------------------------------------


async def _shrink(outbox: Pruner, rest: float) -> int:
    """Give free pages back to the disk, some at a time; return how many bytes."""
    given = 0
    while freed := await outbox.change(_give_back, erases=True):
        given += freed
        await asyncio.sleep(rest)
    return given


def _give_back(book: Book) -> int:
    """Give some pages back; 0 where there are few, or the file was made without that."""
    db = book.rows.db
    before = _number(db, "page_count")
    spare = _number(db, "freelist_count") - SLACK
    if spare <= 0 or _number(db, "auto_vacuum") == 0:
        return 0
    db.execute(f"PRAGMA incremental_vacuum({min(spare, _PAGES)})").fetchall()
    return (before - _number(db, "page_count")) * _number(db, "page_size")


def _free(db: sqlite3.Connection) -> int:
    return _number(db, "freelist_count") * _number(db, "page_size")


def _number(db: sqlite3.Connection, pragma: str) -> int:
    number: int = db.execute(f"PRAGMA {pragma}").fetchone()[0]
    return number
