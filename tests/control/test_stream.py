"""The stream on real sockets: what is told, to whom, in which words."""

import pytest

from bridge.events import State
from tests.control.listening import OTHER, Event, Square, told
from tests.outbox.play import ALICE, BOB, CAMPAIGN, entry

# -- what is told ---------------------------------------------------------------------------


async def test_a_client_is_greeted_with_where_it_stands_and_when_to_come_back(
    square: Square,
) -> None:
    await square.put(1, 2)
    async with square.asked() as client:
        hello = await client.event()

    assert hello == Event("hello", "2", None)
    assert client.retry == "2000"
    assert client.answer.content_type == "text/event-stream"
    assert client.answer.headers["Cache-Control"] == "no-cache"


async def test_a_change_is_told_at_once_with_all_that_a_mod_announces(square: Square) -> None:
    async with square.listening() as client:
        await square.put(1)
        event = await client.event()

    assert event == Event(
        "state",
        "1",
        {
            "key": str(entry(1).key),
            "campaign": CAMPAIGN,
            "player": ALICE,
            "achievement": "first_blood",
            "event_code": "EARN5",
            "state": "held",
            "reason": "unlinked",
            "amount": None,
            "at": "2026-01-01T00:00:00.000Z",
        },
    )


async def test_the_life_of_an_entry_is_told_in_the_words_of_games(square: Square) -> None:
    async with square.listening() as client:
        await square.put(1)
        await square.play.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")
        await square.play.accept(await square.play.claim())
        events = await client.events(3)

    assert told(events) == [(1, "held"), (2, "stored"), (3, "accepted")]


async def test_only_what_comes_from_now_on_is_told_to_a_new_client(square: Square) -> None:
    await square.put(1, 2)
    async with square.listening() as client:
        await square.put(3)
        event = await client.event()

    assert event is not None
    assert event.number == 3


async def test_a_name_in_any_script_stays_as_it_is(square: Square) -> None:
    player = "name:Zoë 🎮\u2028"
    async with square.listening() as client:
        await square.play.taken(entry(1, player=player))
        event = await client.event()

    assert event is not None
    assert event.data["player"] == player


# -- filters --------------------------------------------------------------------------------


async def filtered(square: Square, query: str, number: int) -> list[tuple[str, str, str]]:
    """Let some changes come; return the first that a filter lets through."""
    async with square.listening(query) as client:
        await square.play.taken(
            entry(1),
            entry(1, player=BOB),
            entry(1, campaign=OTHER),
        )
        await square.outbox.link(CAMPAIGN, BOB, "usr_2", "test")
        await square.play.accept(await square.play.claim())
        heard = await client.events(number)
    return [(e.data["campaign"], e.data["player"], e.data["state"]) for e in heard]


async def test_a_client_may_hear_of_one_campaign(square: Square) -> None:
    assert await filtered(square, f"?campaign={OTHER}", 1) == [(OTHER, ALICE, "held")]


async def test_a_client_may_hear_of_one_player_in_any_spelling(square: Square) -> None:
    heard = await filtered(square, "?player=steam:STEAM_1:0:1", 2)

    assert heard == [(CAMPAIGN, BOB, "held"), (CAMPAIGN, BOB, "stored")]


async def test_a_client_may_hear_of_some_states_in_the_words_of_games(square: Square) -> None:
    heard = await filtered(square, "?state=accepted&state=stored", 2)

    assert heard == [(CAMPAIGN, BOB, "stored"), (CAMPAIGN, BOB, "accepted")]


async def test_all_filters_count_together(square: Square) -> None:
    heard = await filtered(square, f"?campaign={CAMPAIGN}&player={BOB}&state=accepted", 1)

    assert heard == [(CAMPAIGN, BOB, "accepted")]


async def test_a_filter_that_hears_nothing_misses_nothing(square: Square) -> None:
    await square.put(*range(500))
    async with square.listening("?after=0&state=accepted") as client:
        await square.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")
        await square.play.accept((await square.play.claims(1))[0])
        event = await client.event()

    assert event is not None
    assert event.data["state"] == State.ACCEPTED


async def test_a_state_that_there_is_not_is_refused(square: Square) -> None:
    async with square.asked("?state=paid") as client:
        problem = await client.answer.json(content_type="application/problem+json")

    assert client.answer.status == 422
    assert [error["pointer"] for error in problem["errors"]] == ["/state"]


# -- who may -------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["", "Bearer wrong"])
async def test_nobody_listens_without_a_token(square: Square, header: str) -> None:
    async with square.asked(Authorization=header) as client:
        assert client.answer.status == 401
