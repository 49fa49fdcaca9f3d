"""What is old and settled gives back its room, and what was paid once is never paid again."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from bridge.events import State
from bridge.outbox.archive.examining import Level, examine
from bridge.outbox.archive.pruning import Policy, Pruned
from bridge.outbox.proofs import Failed
from bridge.outbox.store import SqliteOutbox, open_outbox
from bridge.outbox.values import Decision
from bridge.outbox.views import Listing
from bridge.sqlite.scripts import load_migrations
from tests.outbox.archive.full import keys_in, ours
from tests.outbox.play import ALICE, CAMPAIGN, Play, entry, message_id
from tests.outbox.told import hears, paid
from tests.support.clock import FakeClock

DAY = 24 * 3600.0
ALL = Policy(90 * DAY, 90 * DAY, 90 * DAY, 730 * DAY, 30 * DAY)
LATER = 1000 * DAY


@pytest.fixture
async def old(path: Path) -> AsyncIterator[SqliteOutbox]:
    """The outbox of rows of every kind, a thousand days later."""
    clock = FakeClock()
    clock.advance(LATER)
    async with open_outbox(path, clock, machine="one") as outbox:
        yield outbox


def one(path: Path, query: str) -> int:
    with closing(sqlite3.connect(path)) as db:
        number: int = db.execute(query).fetchone()[0]
        return number


async def test_a_dry_run_counts_and_changes_nothing(old: SqliteOutbox, path: Path) -> None:
    counted = await old.prune(ALL, dry_run=True)
    again = await old.prune(ALL, dry_run=True)

    assert counted.bodies > 0
    assert counted.attempts > 0
    assert counted.inbox == 3
    assert counted == again


async def test_what_is_counted_goes_and_keys_stay(old: SqliteOutbox, path: Path) -> None:
    keys = keys_in(path)
    counted = await old.prune(ALL, dry_run=True)
    gone = await old.prune(ALL)

    assert (gone.bodies, gone.attempts, gone.inbox) == (
        counted.bodies,
        counted.attempts,
        counted.inbox,
    )
    assert keys_in(path) == keys
    assert one(path, "SELECT count(*) FROM entries WHERE digest IS NOT NULL") >= 400
    assert await old.prune(ALL) == Pruned(free=(await old.prune(ALL)).free)
    found = examine(path, load_migrations("bridge.outbox.sqlite.migrations"), "one", full=True)
    assert [each for each in found if each.level is Level.PROBLEM] == []


async def test_what_may_still_be_sent_keeps_everything(old: SqliteOutbox, path: Path) -> None:
    await old.prune(ALL)

    settled = {State.CONFIRMED, State.ACCEPTED, State.DISCARDED}
    for view in await old.listing(Listing(limit=1000)):
        receipt = await old.receipt(view.key)
        assert bool(receipt.origin.raw) is (view.state not in settled)
        if view.state in settled:
            assert not receipt.body
            assert not receipt.attempts


async def test_a_resend_is_known_after_its_message_went(old: SqliteOutbox) -> None:
    await old.prune(ALL)

    play = Play(old, FakeClock())
    again = await play.taken(ours(entry(1, message_id=message_id("one"))))

    assert again[0].duplicate
    assert again[0].state is State.CONFIRMED


async def test_a_webhook_of_which_the_body_went_is_still_known(old: SqliteOutbox) -> None:
    key = entry(1).key
    await old.prune(ALL)

    assert await hears(Play(old, FakeClock()), paid(key)) == "known"


async def test_what_is_not_old_stays(path: Path) -> None:
    clock = FakeClock()
    clock.advance(DAY)
    async with open_outbox(path, clock, machine="one") as outbox:
        gone = await outbox.prune(ALL)

    assert gone == Pruned(free=gone.free)


async def test_forever_is_forever(old: SqliteOutbox) -> None:
    gone = await old.prune(Policy())

    assert gone == Pruned(shrunk=gone.shrunk, free=gone.free)


async def test_an_accepted_entry_whose_payout_fails_later_is_sent_again_with_new_bytes(
    old: SqliteOutbox,
) -> None:
    """Its old bytes are gone; that it was sent before is not."""
    accepted = await old.listing(Listing(state=State.ACCEPTED))
    view = next(view for view in accepted if view.event_code == "ACCEPTED")
    play = Play(old, FakeClock())
    await old.prune(ALL)
    await hears(play, Failed(view.key, "no funds"))
    await old.decide(view.key, Decision.RETRY, "operator")
    await old.resume(CAMPAIGN, "operator")
    claims = await play.claims()

    (again,) = [claim for claim in claims if claim.key == view.key]
    assert again.wire.key != view.key
    assert again.wire.body


# -- the file's size --------------------------------------------------------------------------


async def backlog(path: Path, clock: FakeClock, numbers: range) -> None:
    """Let so many entries with long messages be achieved, and paid."""
    async with open_outbox(path, clock, machine="one") as outbox:
        play = Play(outbox, clock)
        await outbox.link(CAMPAIGN, ALICE, "usr_1", "test")
        news = [ours(entry(number)) for number in numbers]
        long = [replace(new, origin=replace(new.origin, raw=b"x" * 3000)) for new in news]
        await outbox.put(long)
        decisions = [outbox.decide(new.key, Decision.DISCARD, "operator") for new in news]
        await asyncio.gather(*decisions)
        assert len(await play.outbox.listing(Listing(limit=1))) == 1


async def test_a_backlog_drains_and_the_file_shrinks_again(tmp_path: Path) -> None:
    path, clock = tmp_path / "outbox.db", FakeClock()
    await backlog(path, clock, range(100))
    usual = size(path)
    await backlog(path, clock, range(100, 1100))
    swollen = size(path)
    clock.advance(91 * DAY)
    async with open_outbox(path, clock, machine="one") as outbox:
        gone = await outbox.prune(ALL)

    assert swollen > 5 * usual
    assert gone.shrunk > 0.5 * swollen
    assert size(path) < 0.4 * swollen
    assert len(keys_in(path)) == 1100


async def test_round_after_round_the_file_grows_by_keys_alone(tmp_path: Path) -> None:
    path, clock = tmp_path / "outbox.db", FakeClock()
    sizes = []
    for step in range(4):
        await backlog(path, clock, range(step * 300, step * 300 + 300))
        clock.advance(91 * DAY)
        async with open_outbox(path, clock, machine="one") as outbox:
            await outbox.prune(ALL)
        sizes.append(size(path))

    grown = [after - before for before, after in pairwise(sizes[1:])]
    assert max(grown) < 300 * 1500  # what stays of an entry: its rows without bytes


def size(path: Path) -> int:
    return sum(found.stat().st_size for found in path.parent.glob("outbox.db*"))


async def test_nobody_waits_for_it(old: SqliteOutbox) -> None:
    """Each step is a job of its own: others' come between, or share its commit."""
    before = old.database.jobs_committed
    pruning = asyncio.create_task(old.prune(ALL))
    answered = 0
    while not pruning.done():
        await old.put([ours(entry(20_000 + answered))])
        answered += 1
    await pruning

    assert answered > 1
    assert old.database.jobs_committed > before + answered + 1
