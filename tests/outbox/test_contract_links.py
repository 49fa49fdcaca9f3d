"""The contract of every outbox: who a player is, and what changes with it."""

import pytest

from bridge.events import State
from bridge.outbox.values import Dead, Decision, Doubtful, Held
from bridge.rules.key import wire_key
from bridge.testing import START
from tests.outbox.play import (
    ALICE,
    BOB,
    CAMPAIGN,
    CONNECT_REFUSED,
    REFUSED,
    TIMEOUT,
    USER_UNKNOWN,
    Play,
    entry,
    written,
)


async def test_a_link_releases_what_waited_for_it(play: Play) -> None:
    await play.taken(entry(1, code="EARN1"), entry(2, code="EARN2"), entry(3, player=BOB))

    released = await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "operator")
    claims = await play.claims()

    assert released == 2
    assert {claim.user_ref for claim in claims} == {"usr_1"}
    assert len(claims) == 2
    assert await play.state(entry(3, player=BOB).key) is State.HELD


async def test_a_link_releases_nothing_of_another_campaign(play: Play) -> None:
    await play.taken(entry())

    assert await play.outbox.link("camp_2", ALICE, "usr_1", "operator") == 0
    assert await play.state(entry().key) is State.HELD


async def test_a_link_again_releases_nothing_more(play: Play) -> None:
    await play.taken(entry())
    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "operator")

    assert await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "operator") == 0


async def test_links_are_listed_by_player_and_campaign(play: Play) -> None:
    for campaign, player in ((CAMPAIGN, BOB), ("camp_2", ALICE), (CAMPAIGN, ALICE)):
        await play.outbox.link(campaign, player, f"usr_{campaign}", "webhook")

    every, alices = await play.outbox.links(), await play.outbox.links(ALICE)

    assert [(link.player, link.campaign) for link in every] == [
        (ALICE, CAMPAIGN),
        (ALICE, "camp_2"),
        (BOB, CAMPAIGN),
    ]
    assert [link.campaign for link in alices] == [CAMPAIGN, "camp_2"]
    assert (every[0].user_ref, every[0].via, every[0].since) == ("usr_camp_1", "webhook", START)


async def test_a_new_link_takes_the_place_of_the_old_one(play: Play) -> None:
    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "session")
    play.clock.advance(1)
    await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "operator")

    (link,) = await play.outbox.links(ALICE)

    assert (link.user_ref, link.via) == ("usr_2", "operator")
    assert link.since == play.clock.now()


async def test_a_forgotten_link_is_gone(play: Play) -> None:
    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "session")
    await play.outbox.unlink(CAMPAIGN, ALICE, "operator")

    (taken,) = await play.taken(entry())

    assert not await play.outbox.links()
    assert taken.state is State.HELD


# -- relinking ------------------------------------------------------------------------------


async def test_a_due_entry_is_sent_to_the_new_user(play: Play) -> None:
    key = await play.put()
    await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "operator")

    claim = await play.claim()

    assert (claim.user_ref, claim.binding) == ("usr_2", 0)
    assert claim.wire == written(key, 0, "EARN5", "usr_2")


async def test_an_entry_that_was_never_sent_out_is_bound_anew_for_the_new_user(play: Play) -> None:
    key = await play.put()
    await play.attempt(CONNECT_REFUSED)
    await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "operator")

    claim = await play.claim()

    assert (claim.user_ref, claim.binding) == ("usr_2", 1)
    assert claim.wire == written(key, 1, "EARN5", "usr_2")
    assert claim.wire.key == wire_key(key, 1)


async def test_bytes_in_doubt_stay_while_the_player_is_relinked(play: Play) -> None:
    key = await play.put()
    first = await play.attempt(TIMEOUT)
    await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "operator")

    again = await play.claim()

    assert (again.wire, again.user_ref, again.binding) == (first.wire, "usr_1", 0)
    assert (await play.view(key)).user_ref == "usr_1"


async def test_bytes_in_flight_stay_while_the_player_is_relinked(play: Play) -> None:
    await play.put()
    first = await play.claim()
    await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "operator")
    play.lose_lease()

    assert (await play.claim()).wire == first.wire


async def test_once_nothing_is_in_doubt_a_relinked_entry_gets_new_bytes(play: Play) -> None:
    key = await play.put()
    first = await play.claim()
    await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "operator")
    await play.settle(first, CONNECT_REFUSED)

    again = await play.claim()

    assert (again.user_ref, again.binding) == ("usr_2", 1)
    assert again.wire == written(key, 1, "EARN5", "usr_2")


async def test_an_entry_that_proved_unpaid_is_sent_to_the_new_user(play: Play) -> None:
    key = await play.put()
    await play.attempt(Doubtful("lost"))
    await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "operator")
    await play.outbox.decide(key, Decision.UNPAID, "olga")

    assert (await play.claim()).wire == written(key, 1, "EARN5", "usr_2")


async def test_a_paid_entry_is_not_paid_again_to_a_new_user(play: Play) -> None:
    key = await play.put()
    first = await play.claim()
    await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "operator")
    await play.accept(first)

    assert await play.state(key) is State.ACCEPTED
    assert not await play.claims()


async def test_a_relinked_binding_stays_when_the_link_is_repeated(play: Play) -> None:
    await play.put()
    await play.attempt(CONNECT_REFUSED)
    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "operator")

    assert (await play.claim()).binding == 0


async def test_an_unknown_user_is_tried_again_on_relinking(play: Play) -> None:
    key = await play.put()
    await play.attempt(USER_UNKNOWN)

    released = await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "operator")
    claim = await play.claim()

    assert released == 1
    assert claim.wire == written(key, 1, "EARN5", "usr_2")


@pytest.mark.parametrize("verdict", [REFUSED, Held("event_not_configured", None), Dead("x")])
async def test_what_was_refused_for_another_reason_is_not_released_by_a_link(
    play: Play, verdict: Held
) -> None:
    key = await play.put()
    await play.attempt(verdict)
    before = await play.state(key)

    assert await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "operator") == 0
    assert await play.state(key) is before


async def test_what_was_refused_goes_to_the_new_user_when_its_time_has_come(play: Play) -> None:
    key = await play.put()
    await play.attempt(REFUSED)
    await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "operator")
    play.clock.advance(600)

    assert (await play.claim()).wire == written(key, 1, "EARN5", "usr_2")


# -- unlinking ------------------------------------------------------------------------------


async def test_unlinking_holds_what_is_due(play: Play) -> None:
    key = await play.put(entry(1, code="EARN1"))
    await play.put(entry(2, code="EARN2"))
    await play.put(entry(3, player=BOB))

    held = await play.outbox.unlink(CAMPAIGN, ALICE, "operator")
    view = await play.view(key)

    assert held == 2
    assert (view.state, view.reason, view.user_ref) == (State.HELD, "unlinked", None)
    assert [claim.player for claim in await play.claims()] == [BOB]


async def test_unlinking_an_unlinked_player_holds_nothing_more(play: Play) -> None:
    await play.taken(entry())

    assert await play.outbox.unlink(CAMPAIGN, ALICE, "operator") == 0


async def test_unlinking_keeps_an_unknown_user_from_being_tried_again(play: Play) -> None:
    key = await play.put()
    await play.attempt(USER_UNKNOWN)

    held = await play.outbox.unlink(CAMPAIGN, ALICE, "operator")
    play.pass_horizon()
    play.pass_horizon()

    assert held == 1
    assert not await play.claims()
    assert (await play.view(key)).reason == "unlinked"


async def test_an_entry_in_flight_while_its_player_is_unlinked_is_held_after_its_attempt(
    play: Play,
) -> None:
    key = await play.put()
    claim = await play.claim()
    held = await play.outbox.unlink(CAMPAIGN, ALICE, "operator")
    in_flight = await play.state(key)
    await play.settle(claim, CONNECT_REFUSED)

    assert (held, in_flight) == (0, State.SENDING)
    assert not await play.claims()
    assert (await play.view(key)).reason == "unlinked"


async def test_an_entry_held_in_doubt_is_sent_with_its_old_bytes_after_relinking(
    play: Play,
) -> None:
    await play.put()
    first = await play.attempt(TIMEOUT)
    await play.outbox.unlink(CAMPAIGN, ALICE, "operator")
    waiting = await play.claims()
    await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "operator")

    assert not waiting
    assert (await play.claim()).wire == first.wire


async def test_unlinking_leaves_the_accepted_alone(play: Play) -> None:
    key = await play.put()
    await play.accept(await play.claim())
    before = await play.view(key)

    assert await play.outbox.unlink(CAMPAIGN, ALICE, "operator") == 0
    assert await play.view(key) == before


async def test_what_became_of_a_players_links_is_kept_newest_first(play: Play) -> None:
    outbox = play.outbox
    await outbox.link(CAMPAIGN, ALICE, "usr_1", "session")
    await outbox.link(CAMPAIGN, ALICE, "usr_1", "import")  # as it was: no news
    await outbox.link(CAMPAIGN, ALICE, "usr_2", "operator olga")
    await outbox.unlink(CAMPAIGN, ALICE, "webhook")
    await outbox.unlink(CAMPAIGN, ALICE, "webhook")  # there is none
    await outbox.link(CAMPAIGN, BOB, "usr_3", "session")

    notes = await outbox.link_notes(ALICE)

    assert [(note.who, note.what, note.detail) for note in notes] == [
        ("webhook", "unlink", f"from usr_2 in {CAMPAIGN}"),
        ("operator olga", "link", f"to usr_2 in {CAMPAIGN}"),
        ("session", "link", f"to usr_1 in {CAMPAIGN}"),
    ]
