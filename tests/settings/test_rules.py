"""The settings of rules: conditions and counters."""

import pytest

from tests.settings.play import CAMPAIGN, Load, complaint

RULE = CAMPAIGN + '[[rules]]\nmatch = "kill"\nfeat = "f"\n'


def test_a_condition_is_a_value_or_several_for_each_key(load: Load) -> None:
    text = RULE + 'where = { mode = "ranked", score = [1, 2.5], weapon.name = "rail", won = true }'

    assert load(text).rules[0].where == {
        "mode": ("ranked",),
        "score": (1, 2.5),
        "weapon.name": ("rail",),
        "won": (True,),
    }


def test_a_counter_counts_each_player_without_limit_where_nothing_else_is_said(load: Load) -> None:
    counter = load(RULE + "counter = { to = 10 }").rules[0].counter

    assert counter is not None
    assert (counter.to, counter.per, counter.times) == (10, ("player",), None)
    assert (counter.reset_on, counter.cooldown) == ((), None)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("where = 3", "[rules.1] where"),
        ("where = { a = [] }", "[rules.1] where"),
        ("where = { a = nan }", "[rules.1] where"),
        ("where = { a = 2026-01-01 }", "[rules.1] where"),
        ("counter = 3", "[rules.1] counter"),
        ("counter = {}", "[rules.1.counter] to"),
        ("counter = { to = 0 }", "[rules.1.counter] to"),
        ("counter = { to = 1, times = 0 }", "[rules.1.counter] times"),
        ("counter = { to = 1, per = [] }", "[rules.1.counter] per"),
        ('counter = { to = 1, per = ["map"] }', "[rules.1.counter] per"),
        ('counter = { to = 1, per = ["details."] }', "[rules.1.counter] per"),
        ('counter = { to = 1, per = ["match", "match"] }', "[rules.1.counter] per"),
        ('counter = { to = 1, reset_on = [""] }', "[rules.1.counter] reset_on"),
        ('counter = { to = 1, cooldown = "soon" }', "[rules.1.counter] cooldown"),
        ('counter = { to = 1, per = ["name"], reset_on = ["death"] }', "[rules.1] counter"),
    ],
)
def test_what_can_not_be_counted_is_told_with_its_place(load: Load, text: str, place: str) -> None:
    (_, line) = complaint(load, RULE + text).splitlines()

    where, _, what = line.strip().partition(": ")
    assert where == place
    assert what
    assert "Value error" not in what


def test_a_misspelt_part_of_a_counter_is_told_with_the_nearest(load: Load) -> None:
    told = complaint(load, RULE + "counter = { to = 1, cool_down = 3 }")

    assert "[rules.1.counter] cool_down: no such setting; did you mean 'cooldown'?" in told


def test_a_rule_that_counts_must_name_its_feat(load: Load) -> None:
    told = complaint(load, CAMPAIGN + '[[rules]]\nmatch = "kill"\ncounter = { to = 10 }')

    assert "[rules] 1: a rule with a counter needs `feat`" in told
