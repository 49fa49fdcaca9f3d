"""The first half of the road: messages in, outcomes out, with a real outbox under it."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from bridge.adapters.builtin import JsonAdapter
from bridge.adapters.contract import Adapter
from bridge.errors import (
    BridgeError,
    MessageRejected,
    NoRule,
    NotJson,
    OutboxError,
    StoreFull,
    StoreUnavailable,
    TranslationError,
)
from bridge.events import GameEvent, RawMessage, State, Taken
from bridge.outbox.contract import Keeping
from bridge.outbox.store import SqliteOutbox, open_outbox
from bridge.outbox.values import MessageId, NewEntry
from bridge.outbox.views import Listing
from bridge.pipeline import Outcome, Pipeline, Speaker
from bridge.rules.book import Rule, RuleBook
from bridge.rules.key import payout_key
from bridge.rules.occurrence import Repeat
from bridge.testing import START
from tests.support.clock import FakeClock

CAMPAIGN = "camp_1"
PLAYER = "steam:76561197960265729"
ANYTHING = Rule("*", CAMPAIGN, None, None, Repeat.DEFAULT, "UTC")


def rule(match: str, repeat: Repeat = Repeat.ONCE, **more: Any) -> Rule:
    return replace(Rule(match, CAMPAIGN, None, None, repeat, "UTC"), **more)


class Engine(Adapter):
    """An engine whose lines are `player name id`, many a message, and which can fail."""

    def translate(self, message: RawMessage) -> Iterable[GameEvent]:
        for line in message.body.decode().splitlines():
            if line == "crash":
                raise ZeroDivisionError("a bug in the adapter")
            player, name, number = line.split()
            yield GameEvent(player, name, None if number == "-" else number)

    def redact(self, message: RawMessage) -> bytes:
        return message.body.replace(b"hunter2", b"***")


class Tight(Adapter):
    """An engine of which nobody can tell what may be kept."""

    def translate(self, message: RawMessage) -> Iterable[GameEvent]:
        return [GameEvent("name:Bob", "win")]

    def redact(self, message: RawMessage) -> bytes:
        raise ValueError("what is a password?")


class Choosy:
    """An outbox that can't keep what is Bob's, and keeps the rest."""

    def __init__(self, outbox: Keeping) -> None:
        self._outbox = outbox

    async def put(self, entries: Sequence[NewEntry]) -> Sequence[Taken | OutboxError]:
        kept = await self._outbox.put([entry for entry in entries if entry.player != "name:Bob"])
        results = iter(kept)
        return [
            OutboxError("not Bob's") if entry.player == "name:Bob" else next(results)
            for entry in entries
        ]

    async def recall(self, ids: Sequence[MessageId]) -> Sequence[Taken | None]:
        return await self._outbox.recall(ids)


class Failing:
    """An outbox whose disk refuses."""

    def __init__(self, outbox: Keeping, failure: Exception) -> None:
        self._outbox = outbox
        self._failure = failure
        self.recalling = False

    async def put(self, entries: Sequence[NewEntry]) -> Any:
        raise self._failure

    async def recall(self, ids: Sequence[MessageId]) -> Sequence[Taken | None]:
        if self.recalling:
            raise self._failure
        return await self._outbox.recall(ids)


@dataclass
class Road:
    """A pipeline and short words for what goes in."""

    pipeline: Pipeline
    outbox: SqliteOutbox

    async def said(self, body: bytes, source: str = "", **more: Any) -> Sequence[Outcome]:
        """Hand in one message; return the outcome of each of its events."""
        message = RawMessage(source, body, START, "127.0.0.1:4000", **more)
        (outcomes,) = await self.pipeline.accept([message])
        return outcomes

    async def achieved(self, achievement: str = "first_blood", **more: object) -> Outcome:
        """Hand in one achievement."""
        (outcome,) = await self.said(spoken(achievement, **more))
        return outcome

    async def entries(self) -> list[tuple[str, str, str]]:
        """Return event code, feat and occurrence of every entry, oldest first."""
        views = await self.outbox.listing(Listing(limit=1000))
        return [(view.event_code, view.feat, view.occurrence) for view in reversed(views)]


def spoken(achievement: str = "first_blood", **more: object) -> bytes:
    return json.dumps({"player": PLAYER, "achievement": achievement, **more}).encode()


def pipeline_on(outbox: Keeping, rules: Sequence[Rule] = (ANYTHING,)) -> Pipeline:
    speakers = {
        "": Speaker("json", JsonAdapter()),
        "log": Speaker("engine", Engine()),
        "tight": Speaker("tight", Tight()),
        "arena": Speaker("engine", Engine(), id_scope="arena"),
    }
    return Pipeline(speakers, RuleBook(rules), outbox)


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[Road]:
    async with open_outbox(tmp_path / "outbox.db", FakeClock()) as outbox:
        yield Road(pipeline_on(outbox), outbox)


# -- good -----------------------------------------------------------------------------------


async def test_an_achievement_is_kept_under_its_key(road: Road) -> None:
    outcome = await road.achieved()
    key = payout_key(CAMPAIGN, PLAYER, "first_blood", "first_blood", "once")

    assert outcome == Taken(str(key), State.HELD, duplicate=False)
    assert await road.entries() == [("first_blood", "first_blood", "once")]


async def test_a_linked_players_achievement_is_due(road: Road) -> None:
    await road.outbox.link(CAMPAIGN, PLAYER, "usr_1", "test")
    outcome = await road.achieved()

    assert isinstance(outcome, Taken)
    assert outcome.state is State.DUE


async def test_its_receipt_tells_where_it_came_from(road: Road) -> None:
    when = (START - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    outcome = await road.achieved(id="m1/7", occurred_at=when, token="hunter2")
    assert isinstance(outcome, Taken)
    receipt = await road.outbox.receipt(UUID(outcome.key))
    origin = receipt.origin

    assert (origin.source, origin.peer, origin.adapter) == ("", "127.0.0.1:4000", "json")
    assert (origin.name, origin.id) == ("first_blood", "m1/7")
    assert origin.received_at == START
    assert origin.occurred_at == START - timedelta(hours=1)
    assert b"hunter2" not in origin.raw
    assert json.loads(origin.raw)["id"] == "m1/7"
    assert receipt.rule == ANYTHING.definition


async def test_the_same_again_is_a_duplicate(road: Road) -> None:
    first, second = await road.achieved(), await road.achieved()

    assert isinstance(first, Taken)
    assert second == replace(first, duplicate=True)
    assert len(await road.entries()) == 1


async def test_every_spelling_of_a_player_has_one_key(road: Road) -> None:
    spellings = ["STEAM_0:1:0", "[U:1:1]", "Steam:76561197960265729", "steam:110000100000001"]
    outcomes = [await road.achieved(player=spelling) for spelling in spellings]

    assert [taken.duplicate for taken in outcomes if isinstance(taken, Taken)] == [
        False,
        True,
        True,
        True,
    ]
    assert len(await road.entries()) == 1


async def test_rules_say_code_and_feat(road: Road) -> None:
    road.pipeline.rules = RuleBook(
        [rule("boss_*", event_code="EARN5", feat="boss"), rule("*", event_code="EARN1")]
    )
    for name in ("boss_1", "boss_2", "other"):
        await road.achieved(name)

    assert await road.entries() == [("EARN5", "boss", "once"), ("EARN1", "other", "once")]


async def test_ids_of_two_scopes_are_two_feats(road: Road) -> None:
    for source in ("log", "arena"):
        await road.said(b"name:Bob win 17", source)

    assert [occurrence for _, _, occurrence in await road.entries()] == [
        'id:["","17"]',
        'id:["arena","17"]',
    ]


async def test_a_lines_position_makes_an_occurrence(road: Road) -> None:
    road.pipeline.rules = RuleBook([rule("*", Repeat.ALWAYS)])
    for position in ("p1", "p2", "p1"):
        await road.said(b"name:Bob win -", "log", position=position)

    assert [occurrence for _, _, occurrence in await road.entries()] == ["src:p1", "src:p2"]


# -- refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "error", "pointer"),
    [
        (b"no json", NotJson, None),
        (b'{"achievement": "x"}', MessageRejected, "/player"),
        (spoken(player="Alice"), MessageRejected, "/player"),
        (spoken(player="steam:1"), MessageRejected, "/player"),
        (spoken(player="minecraft:Alice"), MessageRejected, "/player"),
        (spoken(occurred_at="yesterday"), MessageRejected, "/occurred_at"),
    ],
)
async def test_a_message_that_can_not_be_used_is_refused_and_not_kept(
    road: Road, body: bytes, error: type[MessageRejected], pointer: str | None
) -> None:
    (outcome,) = await road.said(body)

    assert type(outcome) is error
    if pointer is not None:
        assert isinstance(outcome, MessageRejected)
        assert [problem.pointer for problem in outcome.fields] == [pointer]
    assert await road.entries() == []


async def test_what_no_rule_matches_is_refused(road: Road) -> None:
    road.pipeline.rules = RuleBook([rule("boss_*")])
    outcome = await road.achieved("first_blood")

    assert isinstance(outcome, NoRule)
    assert "first_blood" in str(outcome)


async def test_what_its_rule_needs_and_it_lacks_is_refused(road: Road) -> None:
    road.pipeline.rules = RuleBook([rule("*", Repeat.PER_ID)])
    outcome = await road.achieved()

    assert isinstance(outcome, MessageRejected)
    assert [problem.pointer for problem in outcome.fields] == ["/id"]


async def test_idle_talk_has_no_outcome(road: Road) -> None:
    assert await road.said(b"", "log") == []


async def test_a_bad_message_spoils_no_other(road: Road) -> None:
    bodies = [spoken("a"), b"no json", spoken("b", player="x"), spoken("c")]
    outcomes = await road.pipeline.accept([RawMessage("", body, START) for body in bodies])

    assert [type(outcome) for (outcome,) in outcomes] == [Taken, NotJson, MessageRejected, Taken]
    assert len(await road.entries()) == 2


async def test_no_messages_have_no_outcomes(road: Road) -> None:
    assert await road.pipeline.accept([]) == []


# -- an adapter that fails ------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"crash", b"name:Bob win 1\ncrash", b"too many words in here"])
async def test_an_adapter_that_fails_is_reported_and_nothing_of_its_message_is_kept(
    road: Road, body: bytes
) -> None:
    with capture_logs() as logs:
        (outcome,) = await road.said(body, "log")
        (after,) = await road.said(b"name:Bob win 2", "log")
    (report,) = logs

    assert isinstance(outcome, TranslationError)
    assert (report["action"], report["adapter"]) == ("adapter_failed", "engine")
    assert report["log_level"] == "error"
    assert isinstance(after, Taken)
    assert len(await road.entries()) == 1


async def test_it_spoils_no_other_message_of_the_call(road: Road) -> None:
    messages = [RawMessage("log", b"crash", START), RawMessage("", spoken(), START)]
    (failed,), (kept,) = await road.pipeline.accept(messages)

    assert isinstance(failed, TranslationError)
    assert isinstance(kept, Taken)


# -- several events of one message ----------------------------------------------------------


async def test_the_events_of_one_message_have_their_own_outcomes_in_order(road: Road) -> None:
    road.pipeline.rules = RuleBook([rule("win", Repeat.PER_ID), rule("first_*")])
    lines = b"name:Bob win 1\nBob win 2\nname:Bob lose 3\nname:Bob win -\nname:Ann first_win -"
    outcomes = await road.said(lines, "log")

    assert [type(outcome) for outcome in outcomes] == [
        Taken,
        MessageRejected,
        NoRule,
        MessageRejected,
        Taken,
    ]
    assert [feat for _, feat, _ in await road.entries()] == ["win", "first_win"]


async def test_one_deed_told_twice_in_a_message_is_one_entry(road: Road) -> None:
    outcomes = await road.said(b"name:Bob win 1\nname:Bob win 1", "log")

    assert [taken.duplicate for taken in outcomes if isinstance(taken, Taken)] == [False, True]


async def test_each_has_the_message_in_its_receipt_without_its_secrets(road: Road) -> None:
    outcomes = await road.said(b"name:Bob win hunter2\nname:Ann win 2", "log")
    raws = set()
    for taken in outcomes:
        assert isinstance(taken, Taken)
        raws.add((await road.outbox.receipt(UUID(taken.key))).origin.raw)

    assert raws == {b"name:Bob win ***\nname:Ann win 2"}


async def test_where_its_adapter_can_not_tell_nothing_is_kept_of_a_message(road: Road) -> None:
    (outcome,) = await road.said(b"hunter2", "tight")
    assert isinstance(outcome, Taken)
    receipt = await road.outbox.receipt(UUID(outcome.key))

    assert receipt.origin.raw == b""


async def test_an_entry_that_can_not_be_kept_spoils_no_other(road: Road) -> None:
    message = RawMessage("log", b"name:Ann win 1\nname:Bob win 1\nname:Cy win 1", START)
    (outcomes,) = await pipeline_on(Choosy(road.outbox)).accept([message])

    assert [type(outcome) for outcome in outcomes] == [Taken, OutboxError, Taken]
    assert len(await road.entries()) == 2


# -- known messages -------------------------------------------------------------------------


async def test_a_known_id_with_other_content_changes_nothing_and_is_told(road: Road) -> None:
    first = await road.achieved(id="1", details={"score": 1})
    with capture_logs() as logs:
        second = await road.achieved(id="1", details={"score": 2})

    assert isinstance(first, Taken)
    assert second == replace(first, duplicate=True, differs=True)
    assert road.pipeline.differing == 1
    assert [(report["action"], report["key"]) for report in logs] == [
        ("message_differs", first.key)
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
    (first,), (again,), (fresh,) = await road.pipeline.accept(
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
