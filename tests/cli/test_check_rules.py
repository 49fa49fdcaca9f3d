"""What is said of rules that count, before money moves."""

import pytest

from bridge.campaigns.schemas import ConfiguredEvent
from bridge.cli.check.findings import Level
from bridge.cli.check.rules import check_codes, check_history, is_accepted, rekeyed
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
    assert [found.level for found in check_history(kept(TEN, WIN), book)] == [Level.FINE]


def test_a_used_counter_that_is_gone_is_told_alone() -> None:
    book = RuleBook([FIVE, WIN])

    (told,) = rekeyed(kept(TEN, WIN), book)
    assert not is_accepted(kept(TEN, WIN), book)
    assert told.startswith(f"`{TEN}` has made 2 entries and is gone")


def test_a_rule_with_a_condition_overtakes_as_any() -> None:
    (told,) = rekeyed(kept(WIN), RuleBook([RANKED, WIN]))

    assert f"now comes after `{RANKED}`" in told
