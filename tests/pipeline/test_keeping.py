"""The first half of the road: messages in, outcomes out, with a real outbox under it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bridge.errors import (
    MessageRejected,
    NoRule,
    NotJson,
    OutboxError,
    TranslationError,
)
from bridge.events import RawMessage, State, Taken
from bridge.rules.book import RuleBook
from bridge.rules.key import payout_key
from bridge.rules.occurrence import Repeat
from bridge.testing import START
from tests.pipeline.play import (
    ANYTHING,
    CAMPAIGN,
    PLAYER,
    Choosy,
    Road,
    pipeline_on,
    rule,
    spoken,
)

# -- good -----------------------------------------------------------------------------------


async def test_an_achievement_is_kept_under_its_key(road: Road) -> None:
    outcome = await road.achieved()
    key = payout_key(CAMPAIGN, PLAYER, "first_blood", "first_blood", "once")

    assert outcome == Taken(key, State.HELD, duplicate=False)
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
    receipt = await road.outbox.receipt(outcome.key)
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
    assert (report["action"], report["adapter"]) == ("message_aside", "engine")
    assert report["log_level"] == "error"
    assert {"position", "peer"} <= report.keys()
    assert "campaign-bridge replay log --aside" in report["hint"]
    assert isinstance(after, Taken)
    assert len(await road.entries()) == 1


async def test_it_spoils_no_other_message_of_the_call(road: Road) -> None:
    messages = [RawMessage("log", body, START) for body in (b"crash", b"name:Bob win 1")]
    (failed,), (kept,) = await (await road.source("log")).take(messages)

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
        raws.add((await road.outbox.receipt(taken.key)).origin.raw)

    assert raws == {b"name:Bob win ***\nname:Ann win 2"}


async def test_where_its_adapter_can_not_tell_nothing_is_kept_of_a_message(road: Road) -> None:
    (outcome,) = await road.said(b"hunter2", "tight")
    assert isinstance(outcome, Taken)
    receipt = await road.outbox.receipt(outcome.key)

    assert receipt.origin.raw == b""


async def test_an_entry_that_can_not_be_kept_spoils_no_other(road: Road) -> None:
    message = RawMessage("log", b"name:Ann win 1\nname:Bob win 1\nname:Cy win 1", START)
    road.pipeline = pipeline_on(Choosy(road.outbox))
    (outcomes,) = await (await road.source("log")).take([message])

    assert [type(outcome) for outcome in outcomes] == [Taken, OutboxError, Taken]
    assert len(await road.entries()) == 2
