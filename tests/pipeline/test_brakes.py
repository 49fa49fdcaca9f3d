"""Caps of rules and sources, from the message to what the caller is told."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bridge.errors import BridgeError, CapReached, MessageRejected
from bridge.events import RawMessage, State, Taken
from bridge.outbox.proofs import Balance
from bridge.pipeline import Outcome
from bridge.rules.brakes import Terms
from bridge.rules.occurrence import Repeat
from bridge.settings.models import BrakeSettings
from bridge.testing import START
from tests.pipeline.play import ANYTHING, CAMPAIGN, PLAYER, Road, pipeline_on, rule


def capped(road: Road, **terms: Any) -> None:
    """Let everything be counted."""
    road.pipeline = pipeline_on(
        road.outbox, [replace(rule("*", Repeat.PER_ID), caps=Terms(**terms))]
    )


async def states(road: Road, count: int, **more: Any) -> list[str]:
    """Achieve so many different feats; return what became of each."""
    return [word(await road.achieved(id=str(number), **more)) for number in range(count)]


def word(outcome: Outcome) -> str:
    if isinstance(outcome, Taken):
        return outcome.state.value
    assert isinstance(outcome, BridgeError)
    return outcome.code


async def test_over_a_players_day_is_held(road: Road) -> None:
    await road.outbox.link(CAMPAIGN, PLAYER, "usr_1", "operator")
    capped(road, player_day=2)

    assert await states(road, 3) == ["due", "due", "held"]


async def test_or_refused_and_then_nothing_is_stored(road: Road) -> None:
    capped(road, player_day=2, refuse=True)

    assert await states(road, 4) == ["held", "held", "cap-reached", "cap-reached"]
    assert len(await road.entries()) == 2


async def test_a_duplicate_never_counts(road: Road) -> None:
    capped(road, player_day=2, refuse=True)
    await states(road, 2)

    assert await states(road, 2) == ["held", "held"]


async def test_the_day_is_the_one_when_it_occurred(road: Road) -> None:
    capped(road, player_day=1, refuse=True)
    days = [(START - timedelta(days=day)).isoformat() for day in (0, 1, 1)]

    told = [await road.achieved(id=day + str(n), occurred_at=day) for n, day in enumerate(days)]

    assert [word(outcome) for outcome in told] == ["held", "held", "cap-reached"]


async def test_and_may_not_be_made_up(road: Road) -> None:
    capped(road, player_day=1)
    long_ago = (START - timedelta(days=8)).isoformat()

    outcome = await road.achieved(id="1", occurred_at=long_ago)

    assert isinstance(outcome, MessageRejected)
    assert [field.pointer for field in outcome.fields] == ["/occurred_at"]


async def test_without_a_cap_an_old_deed_is_as_good_as_ever(road: Road) -> None:
    long_ago = (START - timedelta(days=8)).isoformat()

    assert isinstance(await road.achieved(id="1", occurred_at=long_ago), Taken)


async def test_a_file_is_held_never_refused(road: Road) -> None:
    capped(road, player_day=1, refuse=True)

    told = [
        word((await road.said(f"{PLAYER} win {n}".encode(), "log", position=f"pos:{n}"))[0])
        for n in range(2)
    ]

    assert told == ["held", "held"]
    counts = (await road.outbox.counts())[0]
    assert dict(counts.held) == {"unlinked": 1, "over_cap": 1}


async def test_a_campaigns_day_is_counted_in_token_units(road: Road) -> None:
    await road.outbox.link(CAMPAIGN, PLAYER, "usr_1", "operator")
    await road.outbox.take_balance(Balance(CAMPAIGN, Decimal(0), [("first_blood", Decimal("0.4"))]))
    capped(road, campaign_day=Decimal(1))

    assert await states(road, 3) == ["due", "due", "held"]


async def test_what_has_no_price_yet_waits_for_it(road: Road) -> None:
    await road.outbox.link(CAMPAIGN, PLAYER, "usr_1", "operator")
    capped(road, campaign_day=Decimal(1))
    assert await states(road, 3) == ["held", "held", "held"]

    await road.outbox.take_balance(Balance(CAMPAIGN, Decimal(0), [("first_blood", Decimal("0.5"))]))

    counts = (await road.outbox.counts())[0]
    assert counts.states == {State.DUE: 2, State.HELD: 1}
    assert dict(counts.held) == {"over_cap": 1}


async def test_a_source_that_is_too_fast_is_held_back(road: Road) -> None:
    road.pipeline = pipeline_on(road.outbox, brakes=BrakeSettings(source_minute=2))

    await states(road, 3)

    assert dict((await road.outbox.counts())[0].held) == {"unlinked": 2, "over_cap": 1}


async def test_or_refused(road: Road) -> None:
    brakes = BrakeSettings(source_minute=2, over_cap="refuse")
    road.pipeline = pipeline_on(road.outbox, brakes=brakes)

    assert await states(road, 3) == ["held", "held", "cap-reached"]
    message = RawMessage(
        "", b'{"player": "name:Bo", "achievement": "a", "id": "9"}', START + timedelta(minutes=1)
    )
    ((later,),) = await road.pipeline.accept([message])
    assert word(later) == "held"


async def test_each_brake_has_its_own_word_of_what_becomes_of_more(road: Road) -> None:
    rules = [replace(rule("*", Repeat.PER_ID), caps=Terms(player_day=1))]
    brakes = BrakeSettings(source_minute=2, over_cap="refuse")
    road.pipeline = pipeline_on(road.outbox, rules, brakes)

    assert await states(road, 2) == ["held", "held"]  # the second one by the rule's cap
    assert await states(road, 2) == ["held", "held"]
    assert isinstance(await road.achieved(id="7", player="name:Bo"), Taken)
    assert isinstance(await road.achieved(id="8", player="name:Cy"), CapReached)


@pytest.mark.parametrize("player", ["name:Ann", "name:Bo"])
async def test_once_may_count_the_user(road: Road, player: str) -> None:
    for name in ("name:Ann", "name:Bo"):
        await road.outbox.link(CAMPAIGN, name, "usr_1", "operator")
    rules = [replace(ANYTHING, repeat=Repeat.ONCE, caps=Terms(per_user=True, refuse=True))]
    road.pipeline = pipeline_on(road.outbox, rules)
    other = {"name:Ann": "name:Bo", "name:Bo": "name:Ann"}[player]

    assert word(await road.achieved(player=player)) == "due"
    assert word(await road.achieved(player=other)) == "cap-reached"
    assert word(await road.achieved(player=player)) == "due"


def test_caps_make_no_keys() -> None:
    plain = rule("*")

    assert replace(plain, caps=Terms(player_day=3)) == plain
    assert replace(plain, caps=Terms(player_day=3)).definition == plain.definition
