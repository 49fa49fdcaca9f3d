"""A process that dies while it counts has counted nothing, or all of a message."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import OutboxError
from bridge.outbox.ledger import counting as ledger
from bridge.outbox.ledger.book import Book
from bridge.outbox.sqlite.rows import Rows
from bridge.outbox.store import open_outbox
from bridge.outbox.values import Deed, NewEntry
from tests.outbox.counter_model import Event, Paper, histories
from tests.outbox.counting import counting, deed, made, put
from tests.outbox.play import Play
from tests.support.clock import FakeClock


def die_before_the_commit(path: Path, deeds: Sequence[Deed]) -> None:
    """Do all that a put does in its transaction, and then no more."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.row_factory = sqlite3.Row
        db.execute("BEGIN IMMEDIATE")
        book = Book(Rows(db), 0)
        for each in deeds:
            ledger.put(book, each)


@given(histories(), st.data())
@settings(max_examples=25, deadline=None)
def test_what_was_not_committed_was_not_counted_and_is_counted_when_it_comes_again(
    events: list[Event], data: st.DataObject
) -> None:
    async def check(path: Path) -> None:
        paper, rest = Paper(), list(events)
        while rest:
            size = data.draw(st.integers(1, len(rest)))
            part, rest = rest[:size], rest[size:]
            die_before_the_commit(path, [event.deed() for event in part])
            clock = FakeClock()
            async with open_outbox(path, clock) as outbox:
                play = Play(outbox, clock)
                assert await made(play) == paper.made
                assert await put(play, *(e.deed() for e in part)) == [paper.take(e) for e in part]
                assert await made(play) == paper.made

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outbox.db"
        asyncio.run(_made_anew(path))
        asyncio.run(check(path))


async def _made_anew(path: Path) -> None:
    async with open_outbox(path, FakeClock()):
        pass


async def test_a_deed_that_can_not_be_kept_moves_nothing_and_spoils_no_other(
    tmp_path: Path,
) -> None:
    def failing(n: int) -> NewEntry:
        raise ValueError("no row can be made of it")

    clock = FakeClock()
    async with open_outbox(tmp_path / "outbox.db", clock) as outbox:
        play = Play(outbox, clock)
        good, bad = counting(2), replace(counting(1, rule="kills"), make=failing)
        told = await put(play, deed("m1", good), deed("m2", good, bad), deed("m3", good))

    assert told == ["counted", OutboxError.__name__, "#1001"]
