"""Rules that count: which counters an event moves, and what the nth filling is paid as."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from bridge.errors import MessageRejected, NoRule
from bridge.events import GameEvent
from bridge.rules.book import Count, Counts, Rule, RuleBook, where_of
from bridge.rules.counter import Counter
from bridge.rules.key import payout_key
from bridge.rules.occurrence import Circumstances, Repeat
from bridge.settings.models import CampaignSettings
from bridge.settings.rules import RuleSettings

ALICE = "steam:76561197960265729"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AROUND = Circumstances(NOW)
CAMPAIGN = CampaignSettings(id="camp_1", environment="test", api_key_file=Path("key"))
TEN_WINS = {"match": "win", "event_code": "TEN", "feat": "ten_wins", "repeat": "always"}
STREAK = {
    "match": "kill",
    "feat": "streak",
    "repeat": "always",
    "counter": {"to": 5, "per": ["player", "match"], "reset_on": ["death"]},
}


def book(*rules: dict[str, Any]) -> RuleBook:
    return RuleBook.from_settings([RuleSettings.model_validate(rule) for rule in rules], [CAMPAIGN])


def counting(**counter: Any) -> dict[str, Any]:
    return {**TEN_WINS, "counter": {"to": 10, **counter}}


def event(name: str = "win", /, **details: Any) -> GameEvent:
    return GameEvent(ALICE, name, "1", None, details)


def only(counts: Counts) -> Count:
    assert counts.refused == ()
    (count,) = counts.moved
    return count


# -- which rules ----------------------------------------------------------------------------


def test_of_the_rules_that_do_not_count_the_first_wins_and_every_counter_counts() -> None:
    rules = book(
        STREAK,
        {"match": "kill", "event_code": "KILL", "repeat": "per_id"},
        {"match": "*", "event_code": "ANY", "repeat": "per_id"},
        {"match": "k*", "feat": "hundred", "counter": {"to": 100}},
        counting(),
    )
    kill = event("kill", match="m1")

    assert rules.decide(kill, AROUND).event_code == "KILL"
    assert [count.rule.feat for count in rules.counts(kill, AROUND).moved] == ["streak", "hundred"]


def test_a_rule_that_counts_takes_no_event_by_itself() -> None:
    with pytest.raises(NoRule):
        book(counting()).decide(event(), AROUND)


def test_an_event_of_no_counter_moves_none() -> None:
    assert book(counting()).counts(event("loss"), AROUND) == Counts()


def test_a_rule_that_stands_twice_counts_once() -> None:
    assert len(book(counting(), counting()).counts(event(), AROUND).moved) == 1


@pytest.mark.parametrize(
    ("details", "code"),
    [
        ({"mode": "ranked", "weapon": {"name": "rail"}}, "RANKED"),
        ({"mode": "ranked", "weapon": {"name": "rocket"}}, "RANKED"),
        ({"mode": "ranked", "weapon": {"name": "shotgun"}}, "OTHER"),
        ({"mode": "casual", "weapon": {"name": "rail"}}, "OTHER"),
        ({}, "OTHER"),
    ],
)
def test_a_rule_is_passed_over_where_the_details_say_something_else(
    details: dict[str, Any], code: str
) -> None:
    where = {"mode": "ranked", "weapon": {"name": ["rail", "rocket"]}}
    rules = book(
        {"match": "win", "where": where, "event_code": "RANKED"},
        {"match": "win", "event_code": "OTHER"},
    )

    assert rules.decide(event(**details), AROUND).event_code == code


def test_a_counter_counts_only_where_the_details_fit() -> None:
    rules = book({**counting(), "where": {"mode": "ranked"}})

    assert rules.counts(event(mode="casual"), AROUND) == Counts()
    assert only(rules.counts(event(mode="ranked"), AROUND)).resets is False


def test_what_sets_a_counter_back_need_not_match_its_condition() -> None:
    rules = book({**STREAK, "match": "*", "where": {"weapon": "rail"}})

    assert only(rules.counts(event("death", match="m1"), AROUND)).resets is True
    assert only(rules.counts(event("kill", match="m1", weapon="rail"), AROUND)).resets is False


# -- its scope ------------------------------------------------------------------------------


def test_a_scope_is_made_of_what_per_names_in_its_order() -> None:
    rules = book(counting(per=["match", "name", "details.map.name", "player"]))

    count = only(rules.counts(event(match=17, map={"name": "dust"}), AROUND))

    assert count.scope == ("17", "win", "dust", ALICE)


def test_an_event_that_lacks_what_per_names_is_refused_with_a_pointer() -> None:
    counts = book(counting(per=["details.map.name"])).counts(event(match="m1"), AROUND)

    (refused,) = counts.refused
    assert counts.moved == ()
    assert [field.pointer for field in refused.fields] == ["/details/map/name"]


def test_text_that_no_key_can_be_made_of_is_refused() -> None:
    with pytest.raises(MessageRejected):
        book({**counting(), "match": "*"}).counts(GameEvent(ALICE, "win\ud800", "1"), AROUND)


# -- what the nth filling is ----------------------------------------------------------------


def test_the_occurrence_of_the_nth_filling_never_changes() -> None:
    """Keys are for ever: never edit the expectations."""
    count = only(book(counting(per=["player", "match"])).counts(event(match='Ä"/1'), AROUND))

    first, second = count.filled(1), count.filled(2)

    assert first.occurrence == 'n:["steam:76561197960265729","Ä\\"/1",1]'
    assert second.occurrence == 'n:["steam:76561197960265729","Ä\\"/1",2]'
    assert first.key == UUID("305d63eb-202b-44fd-a082-2aa4208c8213")
    assert first.key == payout_key("camp_1", ALICE, "TEN", "ten_wins", first.occurrence)
    assert first.rule == count.definition


@pytest.mark.parametrize(
    ("repeat", "occurrence"),
    [
        ("once", "once"),
        ("daily", "day:2026-11-23"),
        ("weekly", "week:2026-W48"),
        ("per_id", f'n:["{ALICE}",3]'),
        ("always", f'n:["{ALICE}",3]'),
    ],
)
def test_repeat_says_what_tells_one_filling_from_the_next(repeat: str, occurrence: str) -> None:
    count = only(book({**counting(), "repeat": repeat}).counts(event(), AROUND))

    assert count.filled(3).occurrence == occurrence


def test_a_day_is_that_of_the_filling_event() -> None:
    rules = book({**counting(), "repeat": "daily", "caps": {"player_day": 1}})
    late = GameEvent(ALICE, "win", "1", NOW - timedelta(days=2))

    filled = only(rules.counts(late, AROUND)).filled(1)

    assert (filled.occurrence, filled.day) == ("day:2026-11-21", "2026-11-21")


def test_an_event_of_no_day_moves_no_counter_of_days() -> None:
    ancient = GameEvent(ALICE, "win", "1", NOW - timedelta(days=30))

    counts = book({**counting(), "repeat": "daily"}, counting()).counts(ancient, AROUND)

    assert [field.pointer for field in counts.refused[0].fields] == ["/occurred_at"]
    assert len(counts.moved) == 1


def test_an_event_of_the_far_future_moves_no_counter_with_a_cooldown() -> None:
    ahead = GameEvent(ALICE, "win", "1", NOW + timedelta(days=3650))
    of_a_log = Circumstances(NOW, position="p1")
    rules = book(counting(cooldown="10m"))

    (refused,) = rules.counts(ahead, AROUND).refused
    assert [field.pointer for field in refused.fields] == ["/occurred_at"]
    assert only(rules.counts(ahead, of_a_log)).counter.cooldown == 600_000


def test_the_event_code_is_the_feat_where_nothing_else_is_said() -> None:
    filled = only(book(STREAK).counts(event("kill", match="m1"), AROUND)).filled(1)

    assert (filled.event_code, filled.feat) == ("streak", "streak")


# -- how the outbox remembers it ------------------------------------------------------------


def test_a_definition_never_changes() -> None:
    """The outbox compares these texts for ever: never edit the expectation."""
    (rule,) = book(
        {**STREAK, "where": {"weapon": ["rocket", "rail"], "score": 1.0, "team": {"won": True}}}
    ).rules

    assert rule.definition == json.dumps(
        {
            "campaign": "camp_1",
            "counter": {
                "to": 5,
                "per": ["player", "match"],
                "times": None,
                "reset_on": ["death"],
                "cooldown": 0,
            },
            "event_code": "streak",
            "feat": "streak",
            "match": "kill",
            "repeat": "always",
            "timezone": "UTC",
            "where": [
                ["score", ["1"]],
                ["team.won", ["true"]],
                ["weapon", ['"rail"', '"rocket"']],
            ],
        },
        sort_keys=True,
    )
    assert Rule.from_definition(rule.definition) == rule


def test_the_same_condition_written_otherwise_is_the_same_rule() -> None:
    assert where_of({"b": (1,), "a": ("y", "x")}) == where_of({"a": ("x", "y", "x"), "b": (1.0,)})


def test_a_condition_on_true_is_another_than_one_on_1() -> None:
    true, one = (
        Rule("a", "c", None, None, Repeat.ONCE, "UTC", where=where_of({"k": (value,)}))
        for value in (True, 1)
    )

    assert true != one


@pytest.mark.parametrize(
    ("counter", "ordered"),
    [
        (Counter(10), False),
        (Counter(1, ("player", "match"), times=1), False),
        (Counter(3, ("match",)), False),
        (Counter(1, ("match",), times=1), True),
        (Counter(5, reset_on=("death",)), True),
        (Counter(1, cooldown=1000), True),
    ],
)
def test_order_matters_where_it_decides_who_is_paid_and_how_often(
    counter: Counter, ordered: bool
) -> None:
    assert counter.ordered is ordered


def test_a_counter_of_a_match_is_known_as_one() -> None:
    assert Counter(5, ("player", "match")).of_match
    assert not Counter(5, ("player", "details.match_type")).of_match


def test_a_rule_that_counts_is_said_in_words() -> None:
    (rule,) = book({**STREAK, "where": {"weapon": ["rail", "rocket"]}}).rules

    assert str(rule) == (
        'kill, weapon = "rail" or "rocket" → streak '
        "(always, feat streak, counts 5 per player and match, back on death)"
    )
