"""Messages that came before, and disks that refuse."""

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bridge.errors import (
    BridgeError,
    NoRule,
    NotJson,
    StoreFull,
    StoreUnavailable,
)
from bridge.events import RawMessage, Taken
from bridge.rules.book import RuleBook
from bridge.rules.occurrence import Repeat
from bridge.testing import START
from tests.pipeline.play import Failing, Road, pipeline_on, rule, spoken

# -- known messages -------------------------------------------------------------------------


async def test_a_known_id_with_other_content_changes_nothing_and_is_told(road: Road) -> None:
    first = await road.achieved(id="1", details={"score": 1})
    with capture_logs() as logs:
        second = await road.achieved(id="1", details={"score": 2})

    assert isinstance(first, Taken)
    assert second == replace(first, duplicate=True, differs=True)
    assert road.pipeline.differing == 1
    assert [(report["action"], report["key"]) for report in logs] == [
        ("message_differs", str(first.key))
    ]
    assert len(await road.entries()) == 1


async def test_a_known_id_with_the_same_content_is_not_counted(road: Road) -> None:
    for details in ({"a": 1, "b": 2}, {"b": 2, "a": 1}):
        await road.achieved(id="1", details=details)

    assert road.pipeline.differing == 0


async def test_a_known_message_that_todays_rules_refuse_gets_its_first_decision_again(
    road: Road,
) -> None:
    first = await road.achieved(id="1")
    road.pipeline.rules = RuleBook([rule("boss_*")])
    again = await road.achieved(id="1")
    new = await road.achieved(id="2")

    assert isinstance(first, Taken)
    assert again == replace(first, duplicate=True)
    assert isinstance(new, NoRule)
    assert road.pipeline.differing == 0


async def test_if_it_says_something_else_by_then_that_is_counted_too(road: Road) -> None:
    first = await road.achieved(id="1", details={"score": 1})
    road.pipeline.rules = RuleBook([rule("boss_*")])
    with capture_logs() as logs:
        again = await road.achieved(id="1", details={"score": 2})

    assert isinstance(first, Taken)
    assert again == replace(first, duplicate=True, differs=True)
    assert road.pipeline.differing == 1
    assert [report["action"] for report in logs] == ["message_differs"]


async def test_a_known_message_that_todays_rules_pay_otherwise_makes_no_second_entry(
    road: Road,
) -> None:
    first = await road.achieved(id="1")
    road.pipeline.rules = RuleBook([rule("*", Repeat.PER_ID, event_code="EARN5")])
    again = await road.achieved(id="1")

    assert isinstance(first, Taken)
    assert again == replace(first, duplicate=True)
    assert len(await road.entries()) == 1


async def test_without_an_id_there_is_nothing_to_recall(road: Road) -> None:
    await road.achieved()
    road.pipeline.rules = RuleBook([rule("boss_*")])

    assert isinstance(await road.achieved(), NoRule)


@pytest.mark.parametrize(
    "other",
    [{"player": "name:Bo"}, {"achievement": "ace"}, {"id": "2"}],
    ids=["player", "name", "id"],
)
async def test_an_id_names_a_message_of_one_player_and_one_name_only(
    road: Road, other: dict[str, str]
) -> None:
    await road.achieved("first_blood", id="1")
    (second,) = await road.said(spoken(**{"achievement": "first_blood", "id": "1", **other}))

    assert isinstance(second, Taken)
    assert (second.duplicate, second.differs) == (False, False)


async def test_an_id_names_a_message_of_one_source_only(road: Road) -> None:
    await road.said(b"name:Bob win 1", "log")
    road.pipeline.rules = RuleBook([rule("boss_*")])
    (elsewhere,) = await road.said(b"name:Bob win 1", "arena")
    (again,) = await road.said(b"name:Bob win 1", "log")

    assert isinstance(elsewhere, NoRule)
    assert isinstance(again, Taken)


async def test_one_instant_in_two_offsets_is_the_same_content(road: Road) -> None:
    await road.achieved(id="1", occurred_at="2025-12-31T23:00:00Z")
    again = await road.achieved(id="1", occurred_at="2026-01-01T01:00:00+02:00")

    assert isinstance(again, Taken)
    assert (again.duplicate, again.differs) == (True, False)


async def test_another_instant_is_other_content(road: Road) -> None:
    await road.achieved(id="1", occurred_at="2025-12-31T23:00:00Z")
    again = await road.achieved(id="1", occurred_at="2025-12-31T23:00:01Z")

    assert isinstance(again, Taken)
    assert (again.duplicate, again.differs) == (True, True)


# -- lines of a log -------------------------------------------------------------------------


@pytest.mark.parametrize("seen_as", [b"name:Bob win -", b"name:Bob ace 9", b"name:Ann ace -"])
async def test_the_same_line_again_is_a_duplicate_whatever_is_read_in_it(
    road: Road, seen_as: bytes
) -> None:
    (first,) = await road.said(b"name:Bob win -", "log", position="p1")
    (again,) = await road.said(seen_as, "log", position="p1")

    assert isinstance(first, Taken)
    assert isinstance(again, Taken)
    assert (again.key, again.duplicate) == (first.key, True)
    assert len(await road.entries()) == 1


async def test_two_events_of_one_line_are_two_entries_and_stay_two(road: Road) -> None:
    road.pipeline.rules = RuleBook([rule("*", Repeat.ALWAYS)])
    line = b"name:Bob win -\nname:Ann win -\nname:Bob ace -"
    first = await road.said(line, "log", position="p1")
    again = await road.said(line, "log", position="p1")

    assert [taken.duplicate for taken in first if isinstance(taken, Taken)] == [False] * 3
    assert again == [replace(taken, duplicate=True) for taken in first if isinstance(taken, Taken)]
    assert len(await road.entries()) == 3


async def test_a_line_that_todays_rules_refuse_gets_its_first_decision_again(road: Road) -> None:
    (first,) = await road.said(b"name:Bob win -", "log", position="p1")
    road.pipeline.rules = RuleBook([rule("boss_*")])
    (again,) = await road.said(b"name:Bob win -", "log", position="p1")
    (next_line,) = await road.said(b"name:Bob win -", "log", position="p2")

    assert isinstance(first, Taken)
    assert again == replace(first, duplicate=True)
    assert isinstance(next_line, NoRule)


async def test_a_line_read_again_the_next_day_is_still_that_line(road: Road) -> None:
    road.pipeline.rules = RuleBook([rule("*", Repeat.DAILY)])
    said = RawMessage("log", b"name:Bob win -", START, position="p1")
    tomorrow = replace(said, received_at=START + timedelta(days=1))
    (first,), (again,), (fresh,) = await (await road.source("log")).take(
        [said, tomorrow, replace(tomorrow, position="p2")]
    )

    assert isinstance(first, Taken)
    assert again == replace(first, duplicate=True)
    assert isinstance(fresh, Taken)
    assert fresh.duplicate is False
    assert {when for _, _, when in await road.entries()} == {"day:2026-01-01", "day:2026-01-02"}


# -- the disk -------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [StoreUnavailable(), StoreFull()])
async def test_a_disk_that_refuses_fails_the_whole_call(road: Road, failure: BridgeError) -> None:
    refusing = pipeline_on(Failing(road.outbox, failure))
    messages = [RawMessage("", body, START) for body in (spoken("a"), b"no json", spoken("b"))]

    with pytest.raises(type(failure)):
        await refusing.accept(messages)
    kept = await road.entries()
    (first,), _, (second,) = await road.pipeline.accept(messages)

    assert kept == []
    assert isinstance(first, Taken)
    assert isinstance(second, Taken)
    assert [first.duplicate, second.duplicate] == [False, False]


async def test_a_disk_that_can_not_be_asked_fails_the_whole_call(road: Road) -> None:
    failing = Failing(road.outbox, StoreUnavailable())
    failing.recalling = True
    refusing = pipeline_on(failing, [rule("boss_*")])

    with pytest.raises(StoreUnavailable):
        await refusing.accept([RawMessage("", spoken(id="1"), START)])


async def test_what_needs_no_disk_is_answered_without_it(road: Road) -> None:
    refusing = pipeline_on(Failing(road.outbox, StoreUnavailable()))
    ((outcome,),) = await refusing.accept([RawMessage("", b"no json", START)])

    assert isinstance(outcome, NotJson)
