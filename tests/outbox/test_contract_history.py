"""The contract of every outbox: rows of the history are counted, and each proves one entry."""

import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import pytest

from bridge.events import State
from bridge.outbox.proofs import (
    Became,
    Found,
    History,
    Payout,
)
from bridge.outbox.values import Accepted, Claim, Decision, Doubtful, Verdict
from bridge.outbox.views import LaneTerms
from bridge.testing import START
from tests.outbox.play import (
    ALICE,
    BOB,
    CAMPAIGN,
    HORIZON,
    HOUR,
    REFUSED,
    TIMEOUT,
    Play,
    entry,
    written,
)
from tests.outbox.told import CODE, DAY, LOOKS, USER, accepted, hears, paid, reads, states

# -- the history ----------------------------------------------------------------------------


async def test_a_row_of_the_history_confirms_one_entry(play: Play) -> None:
    keys = await accepted(play, *range(5))

    found = await reads(play, "tx_1", "tx_2", "tx_3")
    again = await reads(play, "tx_1", "tx_2", "tx_3")

    assert (found, again) == (Found(3, 0, 0), Found(0, 0, 0))
    assert await states(play) == [State.CONFIRMED] * 3 + [State.ACCEPTED] * 2
    shown = [(await play.outbox.receipt(key)).payout for key in keys]
    assert [None if seen is None else seen.id for seen in shown] == [
        "tx_1",
        "tx_2",
        "tx_3",
        None,
        None,
    ]


@pytest.mark.parametrize("name", ["tx\0one", '"; --', "ü☃", ""])
async def test_a_row_s_name_may_be_any_text_and_is_known_again(play: Play, name: str) -> None:
    await accepted(play)

    found = await reads(play, name, name)
    again = await reads(play, name)

    assert (found, again) == (Found(int(name != ""), 0, 0), Found(0, 0, 0))


async def test_a_row_of_another_user_event_or_campaign_confirms_nothing(play: Play) -> None:
    await accepted(play)
    for campaign, ref, code in (
        ("camp_2", USER, CODE),
        (CAMPAIGN, "usr_2", CODE),
        (CAMPAIGN, USER, "EARN9"),
    ):
        history = History(campaign, ref, [Payout(ref, code, f"tx_{ref}_{code}")])
        assert await play.outbox.take_history(history, LOOKS) == Found(0, 0, 1)

    assert await states(play) == [State.ACCEPTED]


async def test_a_row_without_a_name_proves_nothing(play: Play) -> None:
    """Nobody could tell it from itself at the next reading."""
    await accepted(play)

    found = await play.outbox.take_history(History(CAMPAIGN, USER, [Payout(USER, CODE)]), LOOKS)

    assert found == Found()
    assert await states(play) == [State.ACCEPTED]


@pytest.mark.parametrize(("before", "proves"), [(600.0, True), (600.001, False)])
async def test_a_payout_that_was_made_before_an_entry_came_is_not_the_entry_s(
    play: Play, before: float, *, proves: bool
) -> None:
    await accepted(play)

    found = await reads(play, "tx_1", paid_at=START - timedelta(seconds=before))

    assert found == (Found(1, 0, 0) if proves else Found(0, 0, 1))


async def test_a_row_proves_an_entry_whose_answer_was_lost(play: Play) -> None:
    key = await play.put(entry(1))
    await play.put(entry(2))
    await play.attempt(TIMEOUT)

    found = await reads(play, "tx_1")
    claim = await play.claim()

    assert found == Found(1, 0, 0)
    assert await play.state(key) is State.CONFIRMED
    assert claim.key == entry(2).key  # the doubt is gone, and with it the fence


async def test_rows_are_given_to_the_accepted_before_the_unproven(play: Play) -> None:
    await accepted(play, 1)
    await play.put(entry(2))
    await play.attempt(TIMEOUT)

    await reads(play, "tx_1")

    assert await states(play) == [State.CONFIRMED, State.DUE]


async def test_a_row_proves_what_a_restored_ledger_holds_in_quarantine(play: Play) -> None:
    """Its past was lost; the money was not."""
    await play.put(entry(1))
    await play.put(entry(2))
    await play.outbox.quarantine("an old copy")

    found = await reads(play, "tx_1")
    await play.outbox.release("quarantine", "olga")

    assert found == Found(1, 0, 0)
    assert [claim.key for claim in await play.claims()] == [entry(2).key]


@pytest.mark.parametrize(("before", "proves"), [(60.0, True), (60.001, False)])
async def test_what_was_never_sent_is_not_proven_by_a_payout_that_was_made_before_it_came(
    play: Play, before: float, *, proves: bool
) -> None:
    """In quarantine new deeds come in, too: another's payout of the lost past isn't theirs."""
    await play.put(entry(1))
    await play.outbox.quarantine("an old copy")

    found = await reads(play, "tx_1", paid_at=START - timedelta(seconds=before))

    assert found == (Found(1, 0, 0) if proves else Found(0, 0, 1))


async def test_what_is_replayed_in_quarantine_is_proven_by_when_it_occurred(play: Play) -> None:
    old = START - timedelta(hours=3)
    new = entry(1)
    await play.put(replace(new, origin=replace(new.origin, occurred_at=old)))
    await play.outbox.quarantine("an old copy")

    assert await reads(play, "tx_1", paid_at=old + timedelta(seconds=5)) == Found(1, 0, 0)


async def test_in_quarantine_a_payout_of_no_entry_is_unknown_and_not_paid_twice(
    play: Play,
) -> None:
    """What it paid may stand in the past that was lost."""
    await accepted(play, 1)
    await reads(play, "tx_1", "tx_2")
    (twice,) = await play.outbox.strange_payouts(CAMPAIGN)
    await play.outbox.quarantine("an old copy")
    (unknown,) = await play.outbox.strange_payouts(CAMPAIGN)

    assert twice.twice == entry(1).key
    assert unknown.twice is None


async def test_an_unproven_entry_that_was_discarded_is_confirmed_if_it_was_paid(
    play: Play,
) -> None:
    key = await play.put()
    await play.attempt(Doubtful("lost"))
    await play.outbox.decide(key, Decision.DISCARD, "olga")

    await hears(play, paid(key))
    receipt = await play.outbox.receipt(key)

    assert receipt.entry.state is State.CONFIRMED
    assert receipt.journal[-1].detail == "discarded → confirmed by payout tx_1"


# -- paid behind our back, or twice ------------------------------------------------------------


async def test_a_payout_that_no_entry_explains_is_unknown_to_us(play: Play) -> None:
    found = await reads(play, "tx_1")
    (strange,) = await play.outbox.strange_payouts(CAMPAIGN)

    assert found == Found(0, 0, 1)
    assert (strange.id, strange.user_ref, strange.event_code) == ("tx_1", USER, CODE)
    assert (strange.key, strange.twice) == (None, None)


async def test_a_payout_too_many_names_the_entry_that_it_seems_to_have_paid_again(
    play: Play,
) -> None:
    (key,) = await accepted(play)

    found = await reads(play, "tx_1", "tx_2")
    (strange,) = await play.outbox.strange_payouts(CAMPAIGN)

    assert found == Found(1, 0, 1)
    assert (strange.id, strange.key, strange.twice) == ("tx_2", None, key)


async def test_all_who_may_have_been_paid_are_known(play: Play) -> None:
    await play.put(entry(1), ref="usr_1")
    await play.claim()
    await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "test")
    await play.outbox.link(CAMPAIGN, BOB, "usr_3", "test")
    await play.outbox.take_history(
        History(CAMPAIGN, "usr_4", [Payout("usr_4", CODE, "tx_9")]), LOOKS
    )

    assert sorted(await play.outbox.payees(CAMPAIGN)) == ["usr_1", "usr_2", "usr_3", "usr_4"]
    assert list(await play.outbox.payees("camp_2")) == []


# -- proof of absence -----------------------------------------------------------------------


async def in_doubt(play: Play, number: int = 1) -> Claim:
    """Leave an entry uncertain past the horizon; return its only claim."""
    await play.put(entry(number))
    claim = await play.attempt(TIMEOUT)
    play.pass_horizon()
    assert not await play.claims()
    return claim


async def test_what_no_row_shows_long_after_is_sent_again_with_the_same_bytes(play: Play) -> None:
    first = await in_doubt(play)
    uncertain = await play.state(first.key)
    play.clock.advance(DAY - HORIZON)

    found = await reads(play)
    receipt = await play.outbox.receipt(first.key)
    again = await play.claim()

    assert (uncertain, found) == (State.UNCERTAIN, Found(0, 1, 0))
    assert receipt.journal[-1].detail == "uncertain → due: no payout in the history"
    assert again.wire == first.wire


async def test_not_before_its_time_and_that_is_when_the_reading_began(play: Play) -> None:
    """A payout may be made while a long history is being read."""
    claim = await in_doubt(play)
    play.clock.advance(DAY - HORIZON - 1.1)
    too_early = await reads(play)
    play.clock.advance(5)
    long_ago = await reads(play, age=6.0)
    still = await play.state(claim.key)

    found = await reads(play, age=2.0)

    assert (too_early, long_ago, still) == (Found(), Found(), State.UNCERTAIN)
    assert found == Found(0, 1, 0)


async def test_not_where_another_entry_of_the_kind_has_no_row(play: Play) -> None:
    """The row that is missing may be the other one's."""
    await accepted(play, 1)
    claim = await in_doubt(play, 2)
    play.clock.advance(DAY)

    blind = await reads(play)
    found = await reads(play, "tx_1")

    assert (blind, found) == (Found(), Found(1, 1, 0))
    assert await play.state(claim.key) is State.DUE


async def test_not_where_a_payout_belongs_to_nobody(play: Play) -> None:
    """It may be this one's after all."""
    await in_doubt(play)
    play.clock.advance(2 * DAY)

    found = await reads(play, "tx_0", paid_at=START - timedelta(hours=1))

    assert found == Found(0, 0, 1)
    assert await states(play) == [State.UNCERTAIN]


async def test_only_the_uncertain_are_proven_unpaid(play: Play) -> None:
    """What is retried by itself needs no proof, and what was accepted is never sent again."""
    await accepted(play, 1)
    play.clock.advance(30 * DAY)

    assert await reads(play) == Found()
    assert await states(play) == [State.ACCEPTED]
    assert not await play.claims()


async def test_who_was_unlinked_meanwhile_waits_for_a_link(play: Play) -> None:
    claim = await in_doubt(play)
    await play.outbox.unlink(CAMPAIGN, ALICE, "test")
    play.clock.advance(DAY)

    await reads(play)
    view = await play.view(claim.key)
    await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "test")

    assert (view.state, view.reason) == (State.HELD, "unlinked")
    assert (await play.claim()).wire == written(claim.key, 1, CODE, "usr_2")


# -- when to look ---------------------------------------------------------------------------


async def test_looks_become_rarer_and_the_last_wait_repeats(play: Play) -> None:
    await accepted(play)
    waits = []
    for _ in range(5):
        wait = await play.outbox.next_look_in(CAMPAIGN)
        assert wait is not None
        early = await play.outbox.to_look_for(CAMPAIGN, 10)
        play.clock.advance(wait)
        assert (list(early), await play.outbox.to_look_for(CAMPAIGN, 10)) == ([], [USER])
        waits.append(wait)
        await reads(play)

    assert waits == [3.0, 3.0, 10.0, 60.0, 60.0]


async def test_who_waits_longest_is_looked_for_first_and_so_many_at_once(play: Play) -> None:
    for number in range(4):
        player = f"steam:{number}"
        await play.put(entry(1, player=player), ref=f"usr_{number}")
        await play.accept(await play.claim())
        play.clock.advance(1)
    play.clock.advance(60)

    assert list(await play.outbox.to_look_for(CAMPAIGN, 3)) == ["usr_0", "usr_1", "usr_2"]


async def test_a_history_that_can_not_be_read_is_tried_later(play: Play) -> None:
    await accepted(play)
    play.clock.advance(3)

    await play.outbox.look_later(CAMPAIGN, USER, LOOKS)
    first = await play.outbox.next_look_in(CAMPAIGN)
    await play.outbox.look_later(CAMPAIGN, USER, LOOKS)

    assert (first, await play.outbox.next_look_in(CAMPAIGN)) == (3.0, 10.0)
    assert await states(play) == [State.ACCEPTED]


async def test_what_is_confirmed_is_not_looked_for(play: Play) -> None:
    await accepted(play)
    await reads(play, "tx_1")

    assert await play.outbox.next_look_in(CAMPAIGN) is None


async def test_what_is_doubtful_is_looked_for_at_once(play: Play) -> None:
    await play.put()
    await play.attempt(Doubtful("lost"))
    play.clock.advance(3)

    assert list(await play.outbox.to_look_for(CAMPAIGN, 10)) == [USER]


async def test_what_is_accepted_for_too_long_is_overdue_and_not_sent_again(play: Play) -> None:
    (key,) = await accepted(play)
    play.clock.advance(HOUR - 1)
    early = await play.outbox.unpaid(CAMPAIGN, HOUR)
    play.clock.advance(1)
    late = await play.outbox.unpaid(CAMPAIGN, HOUR)
    (lane,) = await play.outbox.counts()

    assert (list(early), [view.key for view in late]) == ([], [key])
    assert lane.oldest_unpaid == HOUR
    assert not await play.claims()


async def test_without_a_history_nobody_looks_and_a_webhook_is_still_waited_for(play: Play) -> None:
    await play.outbox.adopt_lanes([LaneTerms(CAMPAIGN, history=False)])
    (key,) = await accepted(play)
    play.clock.advance(30 * DAY)
    (lane,) = await play.outbox.counts()
    (late,) = await play.outbox.unpaid(CAMPAIGN, HOUR)

    assert await play.outbox.next_look_in(CAMPAIGN) is None
    assert (late.key, late.looked_for) == (key, False)
    assert lane.oldest_unpaid == 30 * DAY
    assert await hears(play, paid(key)) is Became.CONFIRMED
    assert list(await play.outbox.unpaid(CAMPAIGN, HOUR)) == []


# -- twenty alike ---------------------------------------------------------------------------


@dataclass
class Api:
    """Pays once for each wire key, shows each payout in the history, and loses answers."""

    chance: random.Random
    rows: list[str] = field(default_factory=list)
    keys: set[UUID] = field(default_factory=set)

    async def take(self, play: Play, claim: Claim) -> None:
        fate = self.chance.choice(["taken", "answer lost", "request lost", "refused", "left"])
        if fate in {"taken", "answer lost"} and claim.wire.key not in self.keys:
            self.keys.add(claim.wire.key)
            self.rows.append(f"tx_{len(self.rows)}")
        if fate == "left":  # nobody tells the outbox; the lease runs out
            return
        verdicts: dict[str, Verdict] = {"taken": Accepted(), "refused": REFUSED}
        await play.settle(claim, verdicts.get(fate, TIMEOUT))


@pytest.mark.parametrize("seed", range(6))
async def test_of_twenty_alike_each_is_paid_once_and_proven_by_a_row_of_its_own(
    play: Play, seed: int
) -> None:
    chance = random.Random(seed)
    api = Api(chance)
    keys = [await play.put(entry(number)) for number in range(20)]
    for _ in range(1000):
        claims = await play.claims()
        assert len(claims) <= 1
        for claim in claims:
            await api.take(play, claim)
        if chance.random() < 0.3:
            await reads(play, *api.rows)
        confirmed = (await states(play)).count(State.CONFIRMED)
        assert confirmed <= len(api.rows) <= 20
        if confirmed == 20:
            break
        play.clock.advance(chance.choice([1.0, 61.0, 700.0, HORIZON, DAY]))

    receipts = [await play.outbox.receipt(key) for key in keys]
    assert {receipt.entry.state for receipt in receipts} == {State.CONFIRMED}
    assert len(api.rows) == 20
    assert {receipt.payout.id for receipt in receipts if receipt.payout} == set(api.rows)
    assert not await play.outbox.strange_payouts(CAMPAIGN)
