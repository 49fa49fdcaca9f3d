"""The contract of every outbox: what brakes hold, for how long, and who lets it go."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge.errors import CapReached, DecisionRefused, EntryNotFound
from bridge.events import State
from bridge.outbox.values import Brakes, Decision
from bridge.outbox.views import Listing
from tests.outbox.braked import (
    CAROL,
    DAY,
    FREE,
    GOES,
    HELD,
    NEXT_DAY,
    OTHER,
    Caps,
    braked,
    kept,
    lane,
    of_source,
    prices,
    reasons,
)
from tests.outbox.play import (
    ALICE,
    BOB,
    CAMPAIGN,
    HOUR,
    Play,
    entry,
    message_id,
)

# -- a player's day -------------------------------------------------------------------------


async def test_over_a_players_day_is_held_with_its_reason(linked: Play) -> None:
    states = await kept(linked, *(braked(number, player_day=2) for number in range(4)))

    assert states == [GOES, GOES, HELD, HELD]
    assert (await lane(linked)).held == {"over_cap": 2}
    assert len(await linked.outbox.listing(Listing(state=State.HELD, reason="over_cap"))) == 2


async def test_an_entry_over_a_cap_says_which_limit_and_day(linked: Play) -> None:
    await prices(linked, EARN5=3)
    await kept(
        linked,
        braked(1, player_day=1),
        braked(2, player_day=1),
        braked(3, rule="rule two", campaign_day=Decimal(2)),
        of_source(braked(4, source_minute=1), "lobby"),
        of_source(braked(5, source_minute=1), "lobby"),
    )

    held = [view.cap for view in await linked.outbox.listing(Listing(state=State.HELD))]

    assert sorted(held) == [
        f"a player may have 1 of these a day ({DAY})",
        "source 'lobby' may make 1 entries a minute (2026-01-01 00:00 UTC)",
        f"this rule may pay 2 a day ({DAY})",
    ]
    await linked.outbox.release("over_cap", "olga")
    assert {view.cap for view in await linked.outbox.listing(Listing())} == {""}


async def test_each_player_has_a_day_of_its_own(linked: Play) -> None:
    states = await kept(
        linked, braked(1, player_day=1), braked(1, player=BOB, player_day=1), braked(2)
    )

    assert states == [GOES, GOES, GOES]


async def test_each_rule_and_campaign_counts_for_itself(linked: Play) -> None:
    await linked.outbox.link(OTHER, ALICE, "usr_1", "test")
    elsewhere = replace(entry(1, campaign=OTHER), brakes=Brakes("rule one", DAY, 1))

    states = await kept(
        linked, braked(1, player_day=1), braked(2, player_day=1, rule="rule two"), elsewhere
    )

    assert states == [GOES, GOES, GOES]


async def test_after_midnight_a_new_day_is_counted(linked: Play) -> None:
    await kept(linked, braked(1, player_day=1))

    states = await kept(
        linked,
        braked(2, player_day=1),
        braked(3, player_day=1, day=NEXT_DAY),
        braked(4, player_day=1, day=NEXT_DAY),
        braked(5, player_day=1),  # told late: it belongs to the day before
    )

    assert states == [HELD, GOES, HELD, HELD]


async def test_what_midnight_brings_does_not_let_go_what_was_held(linked: Play) -> None:
    await kept(linked, braked(1, player_day=1), braked(2, player_day=1))

    linked.clock.advance(25 * HOUR)
    claims = await linked.claims()

    assert [claim.key for claim in claims] == [entry(1).key]
    assert await linked.state(entry(2).key) is State.HELD


async def test_a_duplicate_counts_nothing(linked: Play) -> None:
    one = replace(braked(1, player_day=2), message_id=message_id("m1"))
    for _ in range(3):
        await linked.taken(one, replace(one, message_id=None))

    assert await kept(linked, braked(2, player_day=2)) == [GOES]


async def test_what_is_over_a_cap_counts_nothing(linked: Play) -> None:
    """Else one that is too dear would keep the cheap ones out."""
    await prices(linked, EARN5=5, EARN9=9)

    states = await kept(
        linked,
        braked(1, code="EARN5", campaign_day=Decimal(10)),
        braked(2, code="EARN9", campaign_day=Decimal(10)),
        braked(3, code="EARN5", campaign_day=Decimal(10)),
    )

    assert states == [GOES, HELD, GOES]


async def test_tallies_of_days_are_forgotten_and_once_is_not(linked: Play) -> None:
    once: Caps = {"per_user": True, "once": True}
    await kept(linked, braked(1, **once, player_day=1))
    linked.clock.advance(31 * 24 * HOUR)
    await linked.outbox.adopt_lanes([FREE])
    await linked.outbox.link(CAMPAIGN, CAROL, "usr_1", "test")

    states = await kept(
        linked,
        braked(2, per_user=True, player_day=1),
        braked(1, player=CAROL, **once),
    )

    assert states == [GOES, HELD]


# -- refusing -------------------------------------------------------------------------------


async def test_where_the_rule_refuses_nothing_is_stored(linked: Play) -> None:
    await kept(linked, braked(1, player_day=1))

    (refused,) = await linked.outbox.put([braked(2, player_day=1, refuse=True)])

    assert isinstance(refused, CapReached)
    assert "a player may have 1 of these a day; nothing was stored" in str(refused)
    with pytest.raises(EntryNotFound):
        await linked.outbox.receipt(entry(2).key)


async def test_a_refused_one_spoils_no_other_and_may_come_again(linked: Play) -> None:
    cap: Caps = {"player_day": 1, "refuse": True}
    late = replace(braked(2, **cap), message_id=message_id("m2"))

    first, refused, other = await linked.outbox.put(
        [braked(1, **cap), late, braked(3, player=BOB, **cap)]
    )
    again = await kept(linked, replace(braked(2, day=NEXT_DAY, **cap), message_id=message_id("m2")))

    assert [isinstance(each, CapReached) for each in (first, refused, other)] == [
        False,
        True,
        False,
    ]
    assert again == [GOES]


async def test_a_known_feat_is_answered_also_when_its_cap_is_reached(linked: Play) -> None:
    cap: Caps = {"player_day": 1, "refuse": True}
    await linked.taken(braked(1, **cap))

    (again,) = await linked.taken(braked(1, **cap))

    assert (again.state, again.duplicate) == (State.DUE, True)


# -- a source's minute ----------------------------------------------------------------------


async def test_a_source_that_is_too_fast_is_held_for_that_minute(linked: Play) -> None:
    fast = [of_source(braked(number, source_minute=2), "lobby", 59.9) for number in range(3)]
    next_minute = of_source(braked(4, source_minute=2), "lobby", 60.0)
    other = of_source(braked(5, source_minute=2), "arena", 59.9)

    assert await kept(linked, *fast, next_minute, other) == [GOES, GOES, HELD, GOES, GOES]


async def test_a_source_is_refused_by_its_own_word_not_the_rules(linked: Play) -> None:
    limits: Caps = {"source_minute": 1, "player_day": 1}
    await linked.taken(of_source(braked(1, **limits), "lobby"))

    by_source, by_rule = await linked.outbox.put(
        [
            of_source(braked(2, **limits, source_refuse=True), "lobby"),
            of_source(braked(3, **limits, source_refuse=True), "arena"),
        ]
    )

    assert isinstance(by_source, CapReached)
    assert "source 'lobby' may make 1 entries a minute" in str(by_source)
    assert getattr(by_rule, "state", None) is State.HELD


# -- a campaign's day -----------------------------------------------------------------------


async def test_a_campaigns_day_is_counted_in_token_units_of_all_players(linked: Play) -> None:
    await prices(linked, EARN5=2, EARN9=1)
    day: Caps = {"campaign_day": Decimal(5)}

    states = await kept(
        linked,
        braked(1, **day),
        braked(1, player=BOB, **day),
        braked(2, **day),
        braked(3, code="EARN9", **day),
        braked(4, code="EARN9", **day),
    )

    assert states == [GOES, GOES, HELD, GOES, HELD]


async def test_what_has_no_price_waits_for_it_and_is_counted_then(linked: Play) -> None:
    day: Caps = {"campaign_day": Decimal(3)}
    waiting = await kept(linked, *(braked(number, **day) for number in range(3)))
    linked.outbox.watch(CAMPAIGN).clear()

    await prices(linked, EARN5=2)
    claims = await linked.claims()

    assert waiting == [(State.HELD, "price_unknown")] * 3
    assert await reasons(linked) == [(State.SENDING, ""), HELD, HELD]
    assert [claim.key for claim in claims] == [entry(0).key]
    assert (await linked.view(entry(1).key)).amount == Decimal(2)
    assert linked.outbox.watch(CAMPAIGN).is_set()


async def test_a_price_does_not_link_a_player(play: Play) -> None:
    await kept(play, braked(1, campaign_day=Decimal(9)))
    await prices(play, EARN5=2)
    waiting = await reasons(play)

    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")

    assert waiting == [(State.HELD, "unlinked")]
    assert await reasons(play) == [GOES]


async def test_a_link_does_not_let_go_what_waits_for_a_price(play: Play) -> None:
    await kept(play, braked(1, campaign_day=Decimal(9)))

    released = await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")
    waiting = await reasons(play)
    await prices(play, EARN5=2)

    assert (released, waiting) == (0, [(State.HELD, "price_unknown")])
    assert [claim.user_ref for claim in await play.claims()] == ["usr_1"]


# -- a user's day, once a user ----------------------------------------------------------------


async def test_a_cap_may_count_the_user_whichever_player_it_is(linked: Play) -> None:
    await linked.outbox.adopt_lanes([FREE])
    await linked.outbox.link(CAMPAIGN, CAROL, "usr_1", "test")
    cap: Caps = {"player_day": 1, "per_user": True}

    states = await kept(
        linked, braked(1, **cap), braked(1, player=CAROL, **cap), braked(1, player=BOB, **cap)
    )

    assert states == [GOES, HELD, GOES]


async def test_the_user_is_counted_once_it_is_known(play: Play) -> None:
    cap: Caps = {"player_day": 2, "per_user": True}
    await kept(play, *(braked(number, **cap) for number in range(4)))

    released = await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")

    assert await reasons(play) == [GOES, GOES, HELD, HELD]
    assert released == 4  # none of them waits for a link any more


async def test_days_of_a_user_that_is_linked_late_are_the_days_they_happened(play: Play) -> None:
    cap: Caps = {"player_day": 1, "per_user": True}
    await kept(play, braked(1, **cap), braked(2, **cap, day=NEXT_DAY), braked(3, **cap))

    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")

    assert await reasons(play) == [GOES, GOES, HELD]


async def test_a_relink_counts_nothing_twice(play: Play) -> None:
    cap: Caps = {"player_day": 1, "per_user": True}
    await kept(play, braked(1, **cap))
    for user in ("usr_1", "usr_1", "usr_2", "usr_1"):
        await play.outbox.link(CAMPAIGN, ALICE, user, "test")
        await play.outbox.unlink(CAMPAIGN, ALICE, "test")

    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")

    assert await reasons(play) == [GOES]
    assert await kept(play, braked(2, **cap)) == [HELD]


async def test_once_a_user_holds_what_another_of_its_players_did_first(linked: Play) -> None:
    await linked.outbox.adopt_lanes([FREE])
    await linked.outbox.link(CAMPAIGN, CAROL, "usr_1", "test")
    once: Caps = {"per_user": True, "once": True}

    states = await kept(
        linked,
        braked(1, **once),
        braked(1, player=CAROL, **once),
        braked(2, player=CAROL, **once),  # another occurrence is another feat
        braked(1, player=CAROL, code="EARN9", **once),
    )

    assert states == [GOES, HELD, GOES, GOES]


# -- letting go -----------------------------------------------------------------------------


async def test_only_an_operator_lets_go_what_is_over_a_cap(linked: Play) -> None:
    await kept(linked, braked(1, player_day=1), braked(2, player_day=1))
    await linked.outbox.link(CAMPAIGN, ALICE, "usr_3", "test")
    await prices(linked, EARN5=1)
    with pytest.raises(DecisionRefused) as refused:
        await linked.outbox.decide(entry(2).key, Decision.RETRY, "olga")
    before = await linked.state(entry(2).key)

    state = await linked.outbox.decide(entry(2).key, Decision.RELEASE, "olga")
    receipt = await linked.outbox.receipt(entry(2).key)

    assert "outbox release" in refused.value.hint
    assert (before, state) == (State.HELD, State.DUE)
    assert [(note.who, note.what, note.detail) for note in receipt.journal] == [
        ("olga", "release", "held → due")
    ]


async def test_all_that_is_over_a_cap_goes_at_one_word_for_one_campaign_or_all(
    linked: Play,
) -> None:
    await linked.outbox.link(OTHER, ALICE, "usr_1", "test")
    cap = Brakes("rule one", DAY, 1)
    for campaign in (CAMPAIGN, OTHER):
        await linked.taken(
            *(replace(entry(number, campaign=campaign), brakes=cap) for number in range(4))
        )

    one = await linked.outbox.release("over_cap", "olga", CAMPAIGN)
    rest = await linked.outbox.release("over_cap", "olga")

    assert (one, rest) == (3, 3)
    assert set(await reasons(linked)) == {GOES}


async def test_more_than_one_step_is_released_whole(linked: Play) -> None:
    await linked.taken(*(braked(number, player_day=1) for number in range(1201)))

    released = await linked.outbox.release("over_cap", "olga")

    assert released == 1200
    assert (await lane(linked)).states == {State.DUE: 1201}


async def test_what_nothing_brakes_is_not_released(linked: Play) -> None:
    await linked.taken(entry(1), entry(2, player=CAROL))

    for key in (entry(1).key, entry(2, player=CAROL).key):
        with pytest.raises(DecisionRefused):
            await linked.outbox.decide(key, Decision.RELEASE, "olga")
    assert await linked.outbox.release("over_cap", "olga") == 0


async def test_what_was_let_go_is_not_held_by_a_cap_again(play: Play) -> None:
    """Not even where its player was unlinked meanwhile: the operator has decided."""
    cap: Caps = {"player_day": 1, "per_user": True}
    await kept(play, braked(1, **cap), braked(2, **cap))
    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")
    await play.outbox.unlink(CAMPAIGN, ALICE, "test")

    released = await play.outbox.release("over_cap", "olga")
    waiting = await reasons(play)
    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")

    assert (released, waiting) == (1, [(State.HELD, "unlinked")] * 2)
    assert await reasons(play) == [GOES, GOES]
