"""The contract of every outbox: shadow mode, pauses, expiry and quarantine hold and let go."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from bridge.errors import DecisionRefused
from bridge.events import State
from bridge.outbox.store import open_outbox
from bridge.outbox.values import Accepted, Dead, Decision, Doubtful
from bridge.outbox.views import Listing, Pause
from bridge.testing import START
from tests.outbox.braked import (
    CAROL,
    FREE,
    GOES,
    HELD,
    LIVE,
    OTHER,
    SHADOW,
    Caps,
    braked,
    kept,
    lane,
    prices,
    reasons,
)
from tests.outbox.play import (
    ALICE,
    BOB,
    CAMPAIGN,
    HOUR,
    TIMEOUT,
    Play,
    entry,
    message_id,
    received,
    terms,
    written,
)
from tests.support.clock import FakeClock

# -- shadow mode ----------------------------------------------------------------------------


async def test_in_shadow_mode_all_is_held_and_nothing_claimed(linked: Play) -> None:
    before = await kept(linked, braked(1))
    await linked.outbox.adopt_lanes([SHADOW])

    states = await kept(linked, braked(2), braked(3, player=CAROL))
    claimed = await linked.claimed()

    assert before == [GOES]
    assert states == [(State.HELD, "shadow"), (State.HELD, "unlinked")]
    assert (list(claimed.claims), claimed.next_in, claimed.stopped) == ([], None, "shadow")


async def test_shadow_mode_says_what_it_would_have_cost(linked: Play) -> None:
    await prices(linked, EARN5=2, EARN9=3)
    await linked.outbox.adopt_lanes([SHADOW])
    await kept(linked, braked(1), braked(2, code="EARN9"), braked(3, player=CAROL))
    before = (await lane(linked)).shadow_cost

    await linked.outbox.link(CAMPAIGN, CAROL, "usr_3", "test")

    assert before == Decimal(5)
    assert (await lane(linked)).shadow_cost == Decimal(7)


async def test_in_shadow_mode_caps_hold_as_ever(linked: Play) -> None:
    """Else what it says of the cost would be too much."""
    await linked.outbox.adopt_lanes([SHADOW])

    states = await kept(linked, *(braked(number, player_day=1) for number in range(2)))

    assert states == [(State.HELD, "shadow"), HELD]


async def test_leaving_shadow_mode_sends_nothing_by_itself(linked: Play) -> None:
    await linked.outbox.adopt_lanes([SHADOW])
    await kept(linked, braked(1))
    await linked.outbox.adopt_lanes([LIVE])
    linked.clock.advance(25 * HOUR)

    assert not await linked.claims()
    assert await reasons(linked) == [(State.HELD, "shadow")]


async def test_shadow_mode_is_released_only_after_it_is_left(linked: Play) -> None:
    await linked.outbox.adopt_lanes([SHADOW])
    await kept(linked, braked(1), braked(2, code="EARN9"))

    too_early = await linked.outbox.release("shadow", "olga")
    await linked.outbox.adopt_lanes([LIVE])
    released = await linked.outbox.release("shadow", "olga")

    assert (too_early, released) == (0, 2)
    assert len(await linked.claims()) == 2


async def test_what_shadow_mode_forgot_can_be_earned_again(linked: Play) -> None:
    new = replace(braked(1), message_id=message_id("m1"))
    await linked.outbox.adopt_lanes([SHADOW])
    await linked.taken(new)

    forgotten = await linked.outbox.forget_shadow("olga")
    gone = await linked.outbox.listing(Listing())
    counted = await linked.outbox.counts()
    await linked.outbox.adopt_lanes([LIVE])
    (taken,) = await linked.taken(new)

    assert (forgotten, list(gone)) == (1, [])
    assert all(not each.states and not each.held for each in counted)
    assert (taken.state, taken.duplicate) == (State.DUE, False)


async def test_also_what_a_user_may_have_once(linked: Play) -> None:
    once: Caps = {"per_user": True, "once": True}
    await linked.outbox.adopt_lanes([SHADOW])
    await linked.taken(braked(1, **once), braked(2, player=BOB))
    await linked.outbox.forget_shadow("olga")
    await linked.outbox.adopt_lanes([LIVE])

    again = await kept(linked, braked(1, **once))
    await linked.outbox.adopt_lanes([FREE])
    await linked.outbox.link(CAMPAIGN, CAROL, "usr_1", "test")

    assert again == [GOES]
    assert await kept(linked, braked(1, player=CAROL, **once)) == [HELD]


async def test_forgetting_shadow_mode_forgets_nothing_else(linked: Play) -> None:
    once: Caps = {"per_user": True, "once": True, "player_day": 2}
    await kept(linked, braked(1, **once), braked(2, **once), braked(3, **once))
    unlinked, sent = braked(4, player=CAROL), await linked.claims(1)
    await linked.settle(sent[0], TIMEOUT)
    await linked.outbox.adopt_lanes([SHADOW])
    await kept(linked, unlinked, braked(5, player=BOB))
    before = await reasons(linked)

    forgotten = await linked.outbox.forget_shadow("olga")

    assert forgotten == 1
    assert await reasons(linked) == before[:-1]


async def test_what_was_forgotten_is_not_told_of_another(linked: Play) -> None:
    """The number of a forgotten entry may be another's by and by."""
    await linked.outbox.adopt_lanes([SHADOW])
    await linked.taken(entry(1), entry(2))
    await linked.outbox.forget_shadow("olga")
    await linked.outbox.adopt_lanes([LIVE])
    await linked.taken(entry(3), entry(4))

    told = await linked.outbox.changes(0)

    assert [(change.key, change.state, change.reason) for change in told] == [
        (entry(number).key, State.DUE, "") for number in (3, 4)
    ]
    assert [change.number for change in told] == [3, 4]


# -- pauses ---------------------------------------------------------------------------------


async def test_a_paused_campaign_claims_nothing_and_changes_no_entry(linked: Play) -> None:
    await linked.outbox.link(OTHER, ALICE, "usr_1", "test")
    await linked.taken(entry(1), entry(1, campaign=OTHER))
    before = await linked.view(entry(1).key)

    await linked.outbox.pause(CAMPAIGN, "olga", "too many of them")
    claimed = await linked.claimed()
    others = await linked.claims(campaign=OTHER)

    assert (list(claimed.claims), claimed.stopped) == ([], "paused")
    assert len(others) == 1
    assert await linked.view(entry(1).key) == before
    assert (await lane(linked)).pause == Pause("olga", START, "too many of them")
    assert (await lane(linked, OTHER)).pause is None
    assert await linked.outbox.pauses() == {CAMPAIGN: Pause("olga", START, "too many of them")}


async def test_a_resumed_campaign_goes_on_at_once(linked: Play) -> None:
    await linked.taken(entry(1))
    await linked.outbox.pause(CAMPAIGN, "olga")
    linked.outbox.watch(CAMPAIGN).clear()

    await linked.outbox.resume(CAMPAIGN, "olga")

    assert linked.outbox.watch(CAMPAIGN).is_set()
    assert len(await linked.claims()) == 1
    assert (await lane(linked)).pause is None


async def test_what_is_under_way_is_settled_while_its_campaign_is_paused(linked: Play) -> None:
    await linked.taken(entry(1))
    claim = await linked.claim()
    await linked.outbox.pause(CAMPAIGN, "olga")

    assert await linked.accept(claim) is State.ACCEPTED


async def test_a_lease_that_ends_in_a_pause_is_taken_up_after_it(linked: Play) -> None:
    await linked.taken(entry(1))
    first = await linked.claim()
    await linked.outbox.pause(CAMPAIGN, "olga")
    linked.lose_lease()
    paused = await linked.claims()
    await linked.outbox.resume(CAMPAIGN, "olga")

    assert not paused
    assert (await linked.claim()).wire == first.wire


async def test_settings_that_are_adopted_lift_no_pause(linked: Play) -> None:
    await linked.taken(entry(1))
    await linked.outbox.pause(CAMPAIGN, "olga")

    await linked.outbox.adopt_lanes([LIVE])

    assert (await linked.claimed()).stopped == "paused"


async def test_a_pause_outlasts_a_restart(tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_outbox(tmp_path / "outbox.db", clock) as outbox:
        await Play(outbox, clock).put()
        await outbox.pause(CAMPAIGN, "olga", "counting")
    clock.advance(HOUR)

    async with open_outbox(tmp_path / "outbox.db", clock) as outbox:
        await outbox.adopt_lanes([LIVE])
        claimed = await outbox.claim(CAMPAIGN, 1, terms())
        (counted,) = await outbox.counts()

        assert claimed.stopped == "paused"
        assert counted.pause == Pause("olga", START, "counting")


# -- expiry ---------------------------------------------------------------------------------


async def test_what_waits_for_a_link_too_long_is_discarded_on_demand(play: Play) -> None:
    await play.taken(entry(1), received(entry(2), 2 * HOUR))
    play.clock.advance(3 * HOUR)

    expired = await play.outbox.expire(2 * HOUR, "olga")
    receipt = await play.outbox.receipt(entry(1).key)

    assert expired == 1
    assert await reasons(play) == [(State.DISCARDED, "expired"), (State.HELD, "unlinked")]
    assert [(note.who, note.what) for note in receipt.journal] == [("olga", "expire")]


async def test_an_expired_feat_stays_known(play: Play) -> None:
    await play.taken(entry(1))
    play.clock.advance(HOUR)
    await play.outbox.expire(1.0, "olga")

    released = await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")
    (again,) = await play.taken(entry(1))

    assert (released, again.state, again.duplicate) == (0, State.DISCARDED, True)
    assert not await play.claims()


async def test_only_what_waits_for_a_link_and_was_never_sent_expires(linked: Play) -> None:
    await linked.taken(entry(1))
    await linked.attempt(TIMEOUT)
    await linked.outbox.unlink(CAMPAIGN, ALICE, "test")
    await kept(linked, braked(2, player=BOB, player_day=1), braked(3, player=BOB, player_day=1))
    before = await reasons(linked)
    linked.clock.advance(30 * 24 * HOUR)

    expired = await linked.outbox.expire(1.0, "olga")

    assert expired == 0
    assert before == [(State.HELD, "unlinked"), GOES, HELD]
    assert await reasons(linked) == before


async def test_more_than_one_step_expires_whole(play: Play) -> None:
    await play.taken(*(entry(number) for number in range(1201)))
    play.clock.advance(HOUR)

    expired = await play.outbox.expire(1.0, "olga")

    assert expired == 1201
    assert (await lane(play)).states == {State.DISCARDED: 1201}


# -- quarantine -----------------------------------------------------------------------------


async def test_in_quarantine_all_that_is_not_final_is_held(linked: Play) -> None:
    codes = ["EARN1", "EARN2", "EARN3", "EARN4", "EARN5", "EARN6"]
    await linked.taken(*(entry(n, code=code) for n, code in enumerate(codes)))
    accepted, dead, doubtful, sending = await linked.claims(4)
    await linked.accept(accepted)
    await linked.settle(dead, Dead("refused"))
    await linked.settle(doubtful, Doubtful("lost"))

    held = await linked.outbox.quarantine("an old copy")

    assert held == 3
    assert await reasons(linked) == [
        (State.ACCEPTED, ""),
        (State.DEAD, "refused"),
        (State.UNCERTAIN, "lost"),
        *[(State.HELD, "quarantine")] * 3,
    ]
    assert (await linked.claimed()).stopped == "quarantine"
    assert (await linked.outbox.standing()).quarantine == "an old copy"
    assert (await linked.view(sending.key)).unproven_since == START


async def test_in_quarantine_what_comes_is_held_too(linked: Play) -> None:
    await linked.outbox.quarantine("an old copy")

    states = await kept(linked, entry(1), entry(2, player=CAROL))
    await linked.outbox.link(CAMPAIGN, CAROL, "usr_3", "test")

    assert states == [(State.HELD, "quarantine"), (State.HELD, "unlinked")]
    assert await reasons(linked) == [(State.HELD, "quarantine")] * 2


async def test_in_quarantine_no_other_word_lets_anything_go(linked: Play) -> None:
    await linked.taken(entry(1), entry(2, player=BOB))
    await linked.outbox.quarantine("an old copy")
    with pytest.raises(DecisionRefused):
        await linked.outbox.decide(entry(1).key, Decision.RETRY, "olga")

    released = await linked.outbox.decide(entry(1).key, Decision.RELEASE, "olga")
    many = await linked.outbox.release("over_cap", "olga")
    await linked.outbox.adopt_lanes([LIVE])
    await linked.outbox.resume(CAMPAIGN, "olga")

    assert (released, many) == (State.HELD, 0)
    assert not await linked.claims()


async def test_a_202_that_comes_in_quarantine_is_recorded(linked: Play) -> None:
    await linked.taken(entry(1))
    claim = await linked.claim()
    await linked.outbox.quarantine("an old copy")

    late = await linked.settle(claim, TIMEOUT)

    assert late is State.HELD
    assert await linked.settle(claim, Accepted()) is State.ACCEPTED


async def test_released_from_quarantine_the_unproven_go_with_their_old_bytes(linked: Play) -> None:
    await linked.taken(entry(1), entry(2))
    first = await linked.claim()
    await linked.outbox.quarantine("an old copy")

    released = await linked.outbox.release("quarantine", "olga")
    again = await linked.claim()

    assert released == 2
    assert again.wire == first.wire == written(first.key, 0, "EARN5", "usr_1")
    assert (await linked.outbox.standing()).quarantine == ""


async def test_the_stream_is_told_of_a_quarantine(linked: Play) -> None:
    await linked.taken(entry(1), entry(2, code="EARN9"))
    await linked.accept((await linked.claims(1))[0])
    seen = await linked.outbox.last_change()

    await linked.outbox.quarantine("an old copy")
    told: Sequence[tuple[UUID, State, str]] = [
        (change.key, change.state, change.reason) for change in await linked.outbox.changes(seen)
    ]

    assert told == [(entry(2, code="EARN9").key, State.HELD, "quarantine")]
