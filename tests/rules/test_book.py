"""The rules in order: the first match wins, and each event becomes at most one campaign event."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import MessageRejected, NoRule, SettingsError
from bridge.events import GameEvent
from bridge.rules.book import Rule, RuleBook
from bridge.rules.key import payout_key
from bridge.rules.occurrence import Circumstances, Repeat
from bridge.settings.models import CampaignSettings
from bridge.settings.rules import RuleSettings

ALICE = "steam:76561197960265729"
AROUND = Circumstances(datetime(2026, 11, 23, 12, tzinfo=UTC))
CAMPAIGNS = [
    CampaignSettings(id=name, environment="test", api_key_file=Path("key"))
    for name in ("camp_1", "camp_2")
]


def rule(match: str, **changes: Any) -> Rule:
    """Return a rule; what isn't said is as the settings have it by default."""
    values = {
        "campaign": "camp_1",
        "event_code": None,
        "feat": None,
        "repeat": Repeat.ONCE,
        "timezone": "UTC",
    }
    return Rule(match=match, **{**values, **changes})


def event(name: str, id_: str | None = None) -> GameEvent:
    return GameEvent(ALICE, name, id_)


# -- which rule -----------------------------------------------------------------------------


def test_the_first_rule_that_matches_wins() -> None:
    book = RuleBook([rule("quest_1", event_code="A"), rule("quest_*", event_code="B"), rule("*")])

    codes = [book.decide(event(name), AROUND).event_code for name in ("quest_1", "quest_2", "boss")]

    assert codes == ["A", "B", "boss"]


@pytest.mark.parametrize(
    ("glob", "names", "others"),
    [
        ("quest_*", ["quest_", "quest_1", "quest_a/b"], ["Quest_1", "a_quest_1", "quest"]),
        ("?", ["a", "ß"], ["", "ab"]),
        ("kill_[ab]", ["kill_a"], ["kill_c", "kill_[ab]"]),
        ("story/*", ["story/mine_stone"], ["story"]),
        ("first_blood", ["first_blood"], ["first_blood ", "FIRST_BLOOD"]),
    ],
)
def test_a_rule_matches_a_name_or_a_glob_letter_by_letter(
    glob: str, names: list[str], others: list[str]
) -> None:
    book = RuleBook([rule(glob)])

    assert [book.decide(event(name), AROUND).event_code for name in names] == names
    for name in others:
        with pytest.raises(NoRule):
            book.decide(event(name), AROUND)


def test_where_no_rule_matches_it_is_said_which_name(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(NoRule, match=r"'boss\\n'") as refused:
        RuleBook([rule("quest_*")]).decide(event("boss\n"), AROUND)

    assert "[[rules]]" in refused.value.hint
    assert not caplog.records


def test_no_rules_match_nothing() -> None:
    with pytest.raises(NoRule):
        RuleBook([]).decide(event("first_blood"), AROUND)


# -- what it becomes ------------------------------------------------------------------------


def test_a_game_event_becomes_its_rules_campaign_event() -> None:
    used = rule("first_*", campaign="camp_2", event_code="EARN5", feat="blood")

    decided = RuleBook([used]).decide(event("first_blood"), AROUND)

    assert (decided.campaign, decided.player) == ("camp_2", ALICE)
    assert (decided.event_code, decided.feat, decided.occurrence) == ("EARN5", "blood", "once")
    assert decided.key == payout_key("camp_2", ALICE, "EARN5", "blood", "once")
    assert decided.rule == used.definition


def test_code_and_feat_are_the_name_where_the_rule_says_nothing() -> None:
    decided = RuleBook([rule("*")]).decide(event("first_blood"), AROUND)

    assert (decided.event_code, decided.feat) == ("first_blood", "first_blood")


def test_two_achievements_of_one_code_stay_two_feats() -> None:
    book = RuleBook([rule("*", event_code="EARN5")])

    keys = {book.decide(event(name), AROUND).key for name in ("first_blood", "last_stand")}

    assert len(keys) == 2


def test_two_names_of_one_feat_are_paid_once() -> None:
    book = RuleBook(
        [
            rule("Stone Age", event_code="EARN5", feat="stone"),
            rule("story/mine_stone", event_code="EARN5", feat="stone"),
        ]
    )

    keys = {book.decide(event(name), AROUND).key for name in ("Stone Age", "story/mine_stone")}

    assert len(keys) == 1


def test_a_rule_that_needs_an_id_says_so() -> None:
    with pytest.raises(MessageRejected, match="needs an `id`"):
        RuleBook([rule("*", repeat=Repeat.PER_ID)]).decide(event("kill"), AROUND)


@pytest.mark.parametrize(
    ("broken", "pointer"),
    [(event("kill\ud800"), "/achievement"), (event("kill", "\udfff"), "/id")],
)
def test_text_that_no_key_can_be_made_of_is_refused(broken: GameEvent, pointer: str) -> None:
    with pytest.raises(MessageRejected) as refused:
        RuleBook([rule("*", repeat=Repeat.DEFAULT)]).decide(broken, AROUND)

    assert [field.pointer for field in refused.value.fields] == [pointer]
    assert str(refused.value).isprintable()


# -- from the settings ----------------------------------------------------------------------


def test_without_rules_every_name_is_a_code_of_the_one_campaign() -> None:
    book = RuleBook.from_settings([], CAMPAIGNS[:1])

    once, by_id = book.decide(event("boss"), AROUND), book.decide(event("boss", "7"), AROUND)

    assert (once.campaign, once.event_code, once.occurrence) == ("camp_1", "boss", "once")
    assert by_id.occurrence == 'id:["","7"]'


def test_with_rules_there_is_no_default() -> None:
    book = RuleBook.from_settings([RuleSettings(match="boss")], CAMPAIGNS[:1])

    with pytest.raises(NoRule):
        book.decide(event("first_blood"), AROUND)


def test_rules_keep_the_order_and_words_of_the_settings() -> None:
    written = [
        RuleSettings(match="a", campaign="camp_2", event_code="A", feat="f", repeat="weekly"),
        RuleSettings(match="b", campaign="camp_1", timezone="Europe/Berlin", repeat="daily"),
    ]

    book = RuleBook.from_settings(written, CAMPAIGNS)

    assert book.rules == (
        rule("a", campaign="camp_2", event_code="A", feat="f", repeat=Repeat.WEEKLY),
        rule("b", repeat=Repeat.DAILY, timezone="Europe/Berlin"),
    )


def test_a_rule_without_a_campaign_means_the_only_one() -> None:
    book = RuleBook.from_settings([RuleSettings(match="a")], CAMPAIGNS[1:])

    assert book.rules == (rule("a", campaign="camp_2"),)


def test_rules_that_could_pay_nothing_are_refused() -> None:
    with pytest.raises(SettingsError, match="campaigns"):
        RuleBook.from_settings([], [])


# -- how the outbox remembers it ------------------------------------------------------------


@pytest.mark.parametrize("repeat", Repeat)
def test_a_rule_survives_being_remembered(repeat: Repeat) -> None:
    written = rule('q"*', event_code="Ä", feat="f", repeat=repeat, timezone="Asia/Tokyo")

    assert Rule.from_definition(written.definition) == written


def test_a_definition_never_changes() -> None:
    """The outbox compares these texts for ever: never edit the expectation."""
    assert rule("quest_*", event_code="EARN5").definition == json.dumps(
        {
            "campaign": "camp_1",
            "event_code": "EARN5",
            "feat": None,
            "match": "quest_*",
            "repeat": "once",
            "timezone": "UTC",
        }
    )


def test_a_rule_is_said_in_words() -> None:
    assert str(rule("quest_*", event_code="EARN5", feat="q")) == "quest_* → EARN5 (once, feat q)"
    assert str(rule("*")) == "* → its own name (once)"
