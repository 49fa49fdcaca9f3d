"""The contract of every outbox: each change that a game would notice, once, in order."""

import gc
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bridge.events import State
from bridge.outbox.proofs import Balance, History, LookTerms, Payout
from bridge.outbox.sqlite.rows.history import KEPT_CHANGES
from bridge.outbox.store import open_outbox
from bridge.outbox.values import Dead, Decision, Doubtful
from bridge.outbox.views import Change, LaneTerms
from bridge.testing import START
from tests.outbox.play import ALICE, BOB, CAMPAIGN, REFUSED, TIMEOUT, Play, entry
from tests.support.clock import FakeClock

LOOKS = LookTerms([3.0, 10.0], 3600.0, 86400.0)


async def told(play: Play, after: int = 0) -> list[tuple[State, str]]:
    """Return what the stream tells after a number."""
    return [(change.state, change.reason) for change in await play.outbox.changes(after)]


async def numbers(play: Play, after: int = 0, limit: int = 100) -> list[int]:
    return [change.number for change in await play.outbox.changes(after, limit)]


async def test_a_change_says_all_that_a_mod_announces(play: Play) -> None:
    await play.outbox.take_balance(Balance(CAMPAIGN, None, [("EARN5", Decimal("0.25"))]))
    play.clock.advance(5)
    await play.taken(entry())

    (change,) = await play.outbox.changes(0)

    assert change == Change(
        1,
        START + timedelta(seconds=5),
        entry().key,
        CAMPAIGN,
        ALICE,
        "EARN5",
        "first_blood",
        State.HELD,
        "unlinked",
        Decimal("0.25"),
    )


async def test_the_life_of_an_entry_is_told_in_order(play: Play) -> None:
    await play.taken(entry())
    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")
    await play.accept(await play.claim())
    payout = Payout("usr_1", "EARN5", "tx_1")
    await play.outbox.take_history(History(CAMPAIGN, "usr_1", [payout]), LOOKS)

    assert await told(play) == [
        (State.HELD, "unlinked"),
        (State.DUE, ""),
        (State.ACCEPTED, ""),
        (State.CONFIRMED, ""),
    ]
    assert await numbers(play) == [1, 2, 3, 4]
    assert await play.outbox.last_change() == 4


async def test_what_a_game_is_told_is_what_was_then(play: Play) -> None:
    """A client that comes back late hears of each change, not of how it stands today."""
    key = await play.put()
    await play.accept(await play.claim())

    changes = await play.outbox.changes(0)

    assert [(change.key, change.state) for change in changes] == [
        (key, State.DUE),
        (key, State.ACCEPTED),
    ]


async def test_attempts_and_their_failures_are_no_news(play: Play) -> None:
    """For a game it is stored, and stays so."""
    await play.put()
    await play.attempt(TIMEOUT)
    await play.claim()
    play.lose_lease()
    await play.claim()

    assert await told(play) == [(State.DUE, "")]


@pytest.mark.parametrize(
    ("verdict", "news"),
    [
        (REFUSED, (State.HELD, "refused")),
        (Dead("refused"), (State.DEAD, "refused")),
        (Doubtful("lost"), (State.UNCERTAIN, "lost")),
    ],
)
async def test_each_end_of_an_attempt_is_told_with_its_reason(
    play: Play, verdict: Dead | Doubtful, news: tuple[State, str]
) -> None:
    await play.put()
    await play.attempt(verdict)

    assert await told(play) == [(State.DUE, ""), news]


async def test_a_decision_is_told(play: Play) -> None:
    key = await play.put()
    await play.attempt(Dead("refused"))
    await play.outbox.decide(key, Decision.RETRY, "olga")
    await play.outbox.decide(key, Decision.DISCARD, "olga")

    assert await told(play, 2) == [(State.DUE, ""), (State.DISCARDED, "")]


async def test_another_reason_of_being_held_is_told(play: Play) -> None:
    await play.put()
    await play.attempt(REFUSED)
    await play.outbox.quarantine("an old copy")
    await play.outbox.release("quarantine", "olga")
    before = await told(play)
    await play.taken(entry(2, player=BOB))
    await play.outbox.adopt_lanes([LaneTerms(CAMPAIGN, shadow=True)])
    await play.outbox.link(CAMPAIGN, BOB, "usr_2", "test")

    assert before == [(State.DUE, ""), (State.HELD, "refused")]
    assert await told(play, 2) == [(State.HELD, "unlinked"), (State.HELD, "shadow")]


async def test_a_duplicate_is_no_news(play: Play) -> None:
    await play.put()
    await play.put()

    assert len(await told(play)) == 1


async def test_changes_are_read_in_pages_without_a_gap(play: Play) -> None:
    await play.taken(*(entry(number) for number in range(25)))

    pages, after = [], 0
    while page := await numbers(play, after, 10):
        pages.append(page)
        after = page[-1]

    assert [len(page) for page in pages] == [10, 10, 5]
    assert [number for page in pages for number in page] == list(range(1, 26))
    assert await numbers(play, 25) == []


async def test_numbers_of_what_was_forgotten_are_not_used_again(play: Play) -> None:
    await play.outbox.adopt_lanes([LaneTerms(CAMPAIGN, shadow=True)])
    await play.put(entry(1))
    await play.put(entry(2))
    await play.outbox.forget_shadow("olga")
    newest = await play.outbox.last_change()
    await play.taken(entry(3, player=BOB))

    assert newest == 2
    assert await numbers(play) == [3]


async def test_an_empty_outbox_has_no_changes(play: Play) -> None:
    assert (await play.outbox.last_change(), await told(play)) == (0, [])


async def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    clock = FakeClock()
    for number in range(3):
        async with open_outbox(tmp_path / "outbox.db", clock) as outbox:
            await outbox.put([entry(number)])
            changes = await outbox.changes(0)

            assert [change.key for change in changes] == [entry(n).key for n in range(number + 1)]
            assert [change.number for change in changes] == list(range(1, number + 2))
            assert await outbox.last_change() == number + 1


async def test_the_oldest_are_forgotten_and_what_is_kept_has_no_holes(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "outbox.db"
    async with open_outbox(path, clock) as outbox:
        await outbox.put([entry(1), entry(2)])
    db = sqlite3.connect(path)
    with db:  # as if as many had come as are kept
        db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'changes'", (KEPT_CHANGES - 1,))
    db.close()

    async with open_outbox(path, clock) as outbox:
        await outbox.put([entry(3)])
        before = [change.number for change in await outbox.changes(0)]
        await outbox.put([entry(number) for number in range(4, 1004)])
        after = [change.number for change in await outbox.changes(0, 2000)]

        assert before == [1, 2, KEPT_CHANGES]
        assert after == list(range(KEPT_CHANGES, KEPT_CHANGES + 1001))
        assert await outbox.last_change() == KEPT_CHANGES + 1000


# -- who is woken ---------------------------------------------------------------------------

Deed = Callable[[Play], Awaitable[object]]

DEEDS: dict[str, Deed] = {
    "put": lambda play: play.outbox.put([entry(7)]),
    "link": lambda play: play.outbox.link(CAMPAIGN, ALICE, "usr_2", "test"),
    "unlink": lambda play: play.outbox.unlink(CAMPAIGN, ALICE, "test"),
    "forget": lambda play: play.outbox.forget(ALICE, "olga"),
    "decide": lambda play: play.outbox.decide(entry().key, Decision.DISCARD, "olga"),
    "quarantine": lambda play: play.outbox.quarantine("an old copy"),
    "history": lambda play: play.outbox.take_history(History(CAMPAIGN, "usr_1", []), LOOKS),
}


@pytest.mark.parametrize("deed", DEEDS)
async def test_whatever_may_change_a_state_wakes_every_stream(play: Play, deed: str) -> None:
    await play.put()
    bells = [play.outbox.watch_changes() for _ in range(3)]

    await DEEDS[deed](play)

    assert all(bell.is_set() for bell in bells)


async def test_each_stream_has_a_bell_of_its_own(play: Play) -> None:
    mine, others = play.outbox.watch_changes(), play.outbox.watch_changes()
    await play.put()
    mine.clear()

    assert others.is_set()
    assert not mine.is_set()


async def test_a_settled_claim_wakes_them(play: Play) -> None:
    await play.put()
    claim = await play.claim()
    bell = play.outbox.watch_changes()

    await play.accept(claim)

    assert bell.is_set()


async def test_a_release_of_many_wakes_them(play: Play) -> None:
    await play.outbox.adopt_lanes([LaneTerms(CAMPAIGN, shadow=True)])
    await play.put(replace(entry(), rule="rule two"))
    await play.outbox.adopt_lanes([LaneTerms(CAMPAIGN)])
    bell = play.outbox.watch_changes()

    await play.outbox.release("shadow", "olga")

    assert bell.is_set()
    assert (await told(play))[-1] == (State.DUE, "")


async def test_streams_that_have_gone_are_not_kept(play: Play) -> None:
    bells = [play.outbox.watch_changes() for _ in range(50)]
    kept = len(play.outbox._streams)  # type: ignore[attr-defined]  # nothing public shows a leak
    bells.clear()
    gc.collect()

    assert kept == 50
    assert len(play.outbox._streams) == 0  # type: ignore[attr-defined]  # the same
