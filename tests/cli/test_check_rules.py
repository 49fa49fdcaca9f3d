"""What is said of rules that count, before money moves."""

import pytest

from bridge.campaigns.schemas import ConfiguredEvent
from bridge.cli.check.findings import Level
from bridge.cli.check.rules import (
    check_codes,
    check_counters,
    check_history,
    is_accepted,
    rekeyed,
)
from bridge.control.views import Json
from bridge.rules.book import Rule, RuleBook, where_of
from bridge.rules.counter import Counter
from bridge.rules.occurrence import Repeat

WIN = Rule("win", "c", "WIN", None, Repeat.PER_ID, "UTC")
TEN = Rule("win", "c", "TEN", "ten", Repeat.ALWAYS, "UTC", counter=Counter(10))
FIVE = Rule("win", "c", "FIVE", "five", Repeat.ALWAYS, "UTC", counter=Counter(5))
RANKED = Rule("win", "c", "R", None, Repeat.PER_ID, "UTC", where=where_of({"mode": ("ranked",)}))


def kept(*rules: Rule) -> list[Json]:
    """Return rules that the outbox remembers, each used."""
    return [{"definition": rule.definition, "used": True, "entries": 2} for rule in rules]


@pytest.mark.parametrize(
    ("code", "level", "told"),
    [("TEN", Level.FINE, "is paid for"), ("OTHER", Level.PROBLEM, "leads to the event code TEN")],
)
def test_what_counters_pay_is_compared_with_what_the_campaign_pays_for(
    code: str, level: Level, told: str
) -> None:
    found = next(iter(check_codes("c", [TEN], [ConfiguredEvent(code, "", None)])))

    assert found.level is level
    assert told in found.text
    assert "counts 10 per player" in found.text


def test_an_event_that_only_a_counter_pays_is_not_idle() -> None:
    events = [ConfiguredEvent(code, "", None) for code in ("WIN", "TEN")]

    assert {found.level for found in check_codes("c", [WIN, TEN], events)} == {Level.FINE}


def test_a_counter_may_be_put_anywhere_and_nothing_is_overtaken() -> None:
    book = RuleBook([FIVE, WIN, TEN])

    assert is_accepted(kept(TEN, WIN), book)
    assert rekeyed(kept(TEN, WIN), book) == []
    assert {found.level for found in check_history(kept(TEN, WIN), book)} == {Level.FINE}


def test_a_used_counter_that_is_gone_is_told_alone() -> None:
    book = RuleBook([FIVE, WIN])

    (told,) = rekeyed(kept(TEN, WIN), book)
    assert not is_accepted(kept(TEN, WIN), book)
    assert told.startswith(f"`{TEN}` has made 2 entries and is gone")


def test_a_rule_with_a_condition_overtakes_as_any() -> None:
    (told,) = rekeyed(kept(WIN), RuleBook([RANKED, WIN]))

    assert f"now comes after `{RANKED}`" in told


# -- what counters do -----------------------------------------------------------------------


def counting(counter: Counter, repeat: Repeat = Repeat.ALWAYS) -> Rule:
    return Rule("kill", "c", "FIRST", "first", repeat, "UTC", counter=counter)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (counting(Counter(5)), "`first` pays every 5 kill, without end, per player"),
        (
            counting(Counter(1, ("match",), 1)),
            "`first` pays every 1 kill, at most 1 time, per match",
        ),
        (
            counting(Counter(5, ("player", "match"), reset_on=("death", "left"))),
            "per player and match, from 0 again after death, from 0 again after left",
        ),
        (
            counting(Counter(1, cooldown=600_000)),
            "per player, one within 0:10:00 of another not counted",
        ),
        (counting(Counter(5), Repeat.ONCE), "per player, but each player once for ever only"),
        (counting(Counter(5), Repeat.DAILY), "but each player once a day only"),
    ],
)
def test_what_a_counter_does_is_said_in_words(rule: Rule, told: str) -> None:
    (found,) = check_counters([rule, WIN])

    assert found.level is Level.FINE
    assert told in found.text


def test_it_is_said_whenever_the_rules_are_checked() -> None:
    told = [found.text for found in check_history([], RuleBook([counting(Counter(5))]))]

    assert "`first` pays every 5 kill, without end, per player" in told


@pytest.mark.parametrize("per", [("player",), ("match",)])
def test_a_counter_that_pays_every_event_is_warned_of(per: tuple[str, ...]) -> None:
    _, found = check_counters([counting(Counter(1, per))])

    assert found.level is Level.WARNING
    assert "pays every kill: to = 1 with neither `times` nor `cooldown`" in found.text
    assert f"once per {per[0]}" in found.hint


@pytest.mark.parametrize("per", [("match",), ("player", "match"), ("details.map",)])
def test_a_counter_of_each_match_that_pays_a_player_once_for_ever_is_warned_of(
    per: tuple[str, ...],
) -> None:
    _, found = check_counters([counting(Counter(1, per, 1), Repeat.ONCE)])

    assert found.level is Level.WARNING
    assert "a player is paid once for ever" in found.text
    assert 'repeat = "always"' in found.hint


def test_ten_wins_once_for_ever_are_no_surprise() -> None:
    assert [found.level for found in check_counters([counting(Counter(10), Repeat.ONCE)])] == [
        Level.FINE
    ]
