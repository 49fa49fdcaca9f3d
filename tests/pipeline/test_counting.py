"""Rules that count, along the whole road."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from bridge.errors import MessageRejected, NoRule
from bridge.events import Counted, GameEvent, RawMessage, Taken
from bridge.outbox.values import Turn
from bridge.pipeline import Outcome, Speaker
from bridge.pipeline.road import Step
from bridge.rules.book import Rule, RuleBook
from bridge.rules.counter import Counter
from bridge.rules.occurrence import Repeat
from bridge.testing import START
from tests.pipeline.play import Engine, Road, rule, spoken

TEN = rule("win", Repeat.ALWAYS, event_code="TEN", feat="ten", counter=Counter(3))
FIRST = rule(
    "kill", Repeat.ALWAYS, event_code="FIRST", feat="first", counter=Counter(1, ("match",), times=1)
)
STREAK = rule(
    "kill",
    Repeat.ALWAYS,
    event_code="STREAK",
    feat="streak",
    counter=Counter(2, ("player", "match"), reset_on=("death",)),
)
KILL = rule("kill", Repeat.PER_ID, event_code="KILL")


def book(road: Road, *rules: Rule) -> None:
    road.pipeline.rules = RuleBook(rules)


def words(outcomes: Sequence[Outcome]) -> list[str]:
    return [
        f"{type(each).__name__}{'+' if getattr(each, 'duplicate', False) else ''}"
        for each in outcomes
    ]


async def achieved(road: Road, *names: str, **more: Any) -> list[Outcome]:
    """Hand in achievements, each with an id of its own; `match` is in their details."""
    return [
        await road.achieved(name, id=f"{name}{number}", **more) for number, name in enumerate(names)
    ]


def pointers(outcome: Outcome) -> list[str]:
    assert isinstance(outcome, MessageRejected)
    return [field.pointer for field in outcome.fields]


async def codes(road: Road) -> list[str]:
    return [code for code, _, _ in await road.entries()]


# -- counting -------------------------------------------------------------------------------


async def test_an_event_is_counted_until_the_counter_is_full(road: Road) -> None:
    book(road, TEN)
    outcomes = await achieved(road, "win", "win", "win", "win")

    assert words(outcomes) == ["Counted", "Counted", "Taken", "Counted"]
    assert outcomes[0] == Counted(duplicate=False)
    assert await road.entries() == [
        ("TEN", "ten", 'n:["steam:76561197960265729",1]'),
    ]


async def test_one_event_is_worth_something_counts_for_a_streak_and_is_the_first(
    road: Road,
) -> None:
    book(road, STREAK, KILL, FIRST)
    outcomes = await achieved(road, "kill", "death", "kill", "kill", details={"match": "m1"})

    assert words(outcomes) == ["Taken", "Counted", "Taken", "Taken"]
    assert await codes(road) == ["KILL", "FIRST", "KILL", "KILL", "STREAK"]


async def test_the_receipt_of_a_full_counter_shows_the_event_that_filled_it(road: Road) -> None:
    book(road, TEN)
    outcomes = await achieved(road, "win", "win", "win")
    receipt = await road.outbox.receipt(_key(outcomes[-1]))

    assert (receipt.origin.name, receipt.origin.id) == ("win", "win2")
    assert receipt.rule == TEN.definition


def _key(outcome: Outcome) -> UUID:
    assert isinstance(outcome, Taken)
    return outcome.key


async def test_what_happened_before_is_counted_when_it_occurred(road: Road) -> None:
    slow = replace(TEN, counter=Counter(1, cooldown=600_000))
    book(road, slow)
    times = [START - timedelta(minutes=minutes) for minutes in (20, 11, 10, 1)]
    outcomes = [
        await road.achieved("win", id=str(number), occurred_at=at.isoformat())
        for number, at in enumerate(times)
    ]

    assert words(outcomes) == ["Taken", "Counted", "Taken", "Counted"]


# -- known messages -------------------------------------------------------------------------


async def test_a_resend_changes_nothing_and_gets_the_first_answer(road: Road) -> None:
    book(road, TEN)
    first = await achieved(road, "win", "win", "win")
    again = await achieved(road, "win", "win", "win")

    assert words(again) == ["Counted+", "Counted+", "Taken+"]
    assert again[2] == replace(first[2], duplicate=True)
    assert await codes(road) == ["TEN"]


async def test_a_counted_message_that_no_rule_takes_any_more_was_counted(road: Road) -> None:
    book(road, TEN)
    await road.achieved("win", id="1")
    book(road, KILL)

    assert await road.achieved("win", id="1") == Counted(duplicate=True)
    assert isinstance(await road.achieved("win", id="2"), NoRule)


async def test_a_counted_message_that_says_something_else_is_told(road: Road) -> None:
    book(road, TEN)
    await road.achieved("win", id="1", details={"score": 1})
    with capture_logs() as logs:
        again = await road.achieved("win", id="1", details={"score": 2})

    assert again == Counted(duplicate=True, differs=True)
    assert road.pipeline.differing == 1
    assert [(told["action"], told["key"]) for told in logs] == [("message_differs", None)]


# -- what is needed -------------------------------------------------------------------------


async def test_what_only_counts_needs_an_id(road: Road) -> None:
    book(road, TEN)

    assert pointers(await road.achieved("win")) == ["/id"]
    assert await road.entries() == []


async def test_what_resets_a_counter_needs_one_too(road: Road) -> None:
    book(road, STREAK)

    assert pointers(await road.achieved("death", details={"match": "m1"})) == ["/id"]


async def test_without_an_id_what_is_paid_by_itself_is_paid_and_not_counted(road: Road) -> None:
    win = rule("win", event_code="WIN")
    book(road, win, TEN)
    with capture_logs() as logs:
        outcomes = [await road.achieved("win") for _ in range(4)]

    assert words(outcomes) == ["Taken", "Taken+", "Taken+", "Taken+"]
    assert await codes(road) == ["WIN"]
    assert road.pipeline.uncounted.sums == {"counter_needs_id": 4}
    assert [(told["action"], told["achievement"], told["count"]) for told in logs] == [
        ("counter_needs_id", "win", 1)
    ]


async def test_it_is_told_again_after_a_minute_with_how_many_there_were(road: Road) -> None:
    book(road, rule("win", event_code="WIN"), TEN)
    with capture_logs() as logs:
        for seconds in (0, 1, 59, 60, 61):
            at = START + timedelta(seconds=seconds)
            await road.pipeline.accept([RawMessage("", spoken("win"), at)])

    assert [told["count"] for told in logs] == [1, 3]


async def test_a_line_of_a_log_counts_by_its_place(road: Road) -> None:
    book(road, TEN)
    body = b"name:Bob win -\nname:Bob win -\nname:Bob win -"
    first = await road.said(body, "log", position="p1")
    again = await road.said(body, "log", position="p1")

    assert words(first) == ["Counted", "Counted", "Taken"]
    assert words(again) == ["Counted+", "Counted+", "Taken+"]


@pytest.mark.parametrize("details", [{}, {"match": None}, {"match": ""}, {"match": ["m"]}])
async def test_an_event_that_lacks_its_match_is_refused_with_a_pointer(
    road: Road, details: dict[str, object]
) -> None:
    book(road, FIRST)

    assert pointers(await road.achieved("kill", id="1", details=details)) == ["/details/match"]


async def test_where_something_else_takes_it_the_counter_is_passed_over_and_told(
    road: Road,
) -> None:
    hundred = replace(TEN, match="kill", feat="hundred")
    with capture_logs() as logs:
        book(road, FIRST, KILL)
        paid = await road.achieved("kill", id="1")
        book(road, FIRST, hundred)
        counted = await road.achieved("kill", id="2")

    assert words([paid, counted]) == ["Taken", "Counted"]
    assert road.pipeline.uncounted.sums == {"counter_lacks": 2}
    assert ["details.match is needed" in told["why"] for told in logs] == [True]


async def test_an_event_that_its_own_rule_refuses_moves_no_counter(road: Road) -> None:
    book(road, rule("win", Repeat.PER_ID), TEN)
    line = RawMessage("log", b"name:Bob win -", START, position="p1")
    ((refused,),) = await (await road.source("log")).take([line])

    assert isinstance(refused, MessageRejected)
    book(road, replace(TEN, counter=Counter(1)))
    ((taken,),) = await (await road.source("log")).take([line])
    assert words([taken]) == ["Taken"]


# -- sources --------------------------------------------------------------------------------


async def test_a_source_counts_what_was_counted(road: Road) -> None:
    book(road, TEN)
    source = await road.source("log")
    lines = [RawMessage("log", b"name:Bob win -", START, position=f"p{n}") for n in range(3)]
    await source.take(lines)
    await source.take(lines)

    assert (source.counts.events, source.counts.counted, source.counts.entries) == (6, 2, 1)
    assert source.counts.duplicates == 3


async def test_what_a_replay_passes_over_is_told(road: Road) -> None:
    book(road, STREAK)
    speaker = Speaker("engine", Engine())
    kills = [_kill(road, speaker, n) for n in range(2)]
    await road.pipeline.keep(kills[0])
    await road.pipeline.keep(kills[1], Turn("log", "engine", replay=True))
    outcome = kills[1][0].outcome

    assert outcome == Counted(duplicate=False, not_replayed=True)
    counts = (await road.source("log")).counts
    counts.add(outcome)
    assert (counts.counted, counts.not_replayed) == (0, 1)


def _kill(road: Road, speaker: Speaker, number: int) -> list[Step]:
    kill = GameEvent("name:Bob", "kill", None, None, {"match": "m1"})
    message = RawMessage("log", b"", START, position=f"p{number}")
    return road.pipeline.decide([kill], message, speaker)
