"""Codes that players type in the game: each links its player once, and can't be guessed."""

import json
from datetime import timedelta

import pytest

from bridge.errors import CodeRefused, LinkRefused, MessageRejected, StoreUnavailable
from bridge.events import Linked, RawMessage, State, Taken
from bridge.outbox.links import CodeFor, Look, NewSession, SessionState
from bridge.outbox.views import LaneTerms
from bridge.pipeline import Outcome
from bridge.players.guesses import TRIES, WITHIN
from bridge.testing import START
from tests.pipeline.play import CAMPAIGN, PLAYER, Failing, Road, pipeline_on

CODE = "ABCD-EFGH"


async def shown(road: Road, code: str = CODE, user_ref: str = "usr_1") -> None:
    """Let somebody approve a link on the page and be shown a code."""
    email = f"{user_ref}@example.com"
    session = await road.outbox.begin_session(NewSession(CAMPAIGN, None, email, 600))
    approved = Look(SessionState.LINKED, "", "key", None, user_ref)
    await road.outbox.look_at_session(session.id, approved, "session")
    await road.outbox.give_code(code, CodeFor(CAMPAIGN, None, session.id), 300)


async def typed(road: Road, code: object = CODE, player: str = PLAYER, late: float = 0) -> Outcome:
    body = {"player": player, "achievement": "link_code", "details": {"code": code}}
    at = START + timedelta(seconds=late)
    ((outcome,),) = await road.pipeline.accept([RawMessage("", json.dumps(body).encode(), at)])
    return outcome


async def test_a_typed_code_links_and_releases_what_was_held(road: Road) -> None:
    held = await road.achieved()
    await shown(road)

    outcome = await typed(road, "abcd efgh")

    assert outcome == Linked(CAMPAIGN)
    assert isinstance(held, Taken)
    assert held.state is State.HELD
    again = await road.achieved()
    assert isinstance(again, Taken)
    assert again.state is State.DUE
    (link,) = await road.outbox.links(PLAYER)
    assert (link.user_ref, link.via) == ("usr_1", "code")


async def test_the_id_may_be_the_code(road: Road) -> None:
    await shown(road)

    assert await road.achieved("link_code", id=CODE) == Linked(CAMPAIGN)


async def test_a_code_is_good_for_one_player(road: Road) -> None:
    await shown(road)
    await typed(road)

    assert isinstance(await typed(road, player="steam:76561197960265731"), CodeRefused)


async def test_the_same_player_may_say_it_again(road: Road) -> None:
    await shown(road)

    assert [await typed(road), await typed(road)] == [Linked(CAMPAIGN), Linked(CAMPAIGN)]


async def test_a_code_that_is_too_old_is_refused(road: Road) -> None:
    await shown(road)
    road.clock.advance(301)

    assert isinstance(await typed(road), CodeRefused)


async def test_a_user_with_all_its_players_gets_no_other(road: Road) -> None:
    await road.outbox.adopt_lanes([LaneTerms(CAMPAIGN, per_user=1)])
    await road.outbox.link(CAMPAIGN, "steam:76561197960265731", "usr_1", "operator")
    await shown(road)

    outcome = await typed(road)

    assert isinstance(outcome, LinkRefused)
    assert not isinstance(outcome, CodeRefused)


async def test_after_some_wrong_codes_a_right_one_is_not_looked_at(road: Road) -> None:
    await shown(road)
    for number in range(TRIES):
        assert isinstance(await typed(road, f"WRONG{number}"), CodeRefused)

    assert isinstance(await typed(road), CodeRefused)
    later = WITHIN.total_seconds() + 1
    assert await typed(road, late=later) == Linked(CAMPAIGN)


async def test_another_players_wrong_codes_are_their_own(road: Road) -> None:
    await shown(road)
    for number in range(TRIES):
        await typed(road, f"WRONG{number}", player="name:Mallory")

    assert await typed(road) == Linked(CAMPAIGN)


@pytest.mark.parametrize("code", [None, 7, "", "  ", ["a"]], ids=repr)
async def test_what_is_no_code_is_refused_by_its_field(road: Road, code: object) -> None:
    outcome = await typed(road, code)

    assert isinstance(outcome, MessageRejected)
    assert [field.pointer for field in outcome.fields] == ["/details/code"]


async def test_a_code_makes_no_entry_and_no_rule_matches_it(road: Road) -> None:
    await shown(road)
    await typed(road)
    await typed(road, "WRONG")

    assert await road.entries() == []


async def test_a_disk_that_refuses_fails_the_call(road: Road) -> None:
    road.pipeline = pipeline_on(Failing(road.outbox, StoreUnavailable("full")))

    with pytest.raises(StoreUnavailable):
        await typed(road)
