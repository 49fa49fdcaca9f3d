"""The rules may change, but never so that a feat could be paid again."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import NoRule, RulesChanged
from bridge.events import GameEvent
from bridge.rules.book import CampaignEvent, Rule, RuleBook, where_of
from bridge.rules.counter import Counter
from bridge.rules.history import Remembered, check_change
from bridge.rules.occurrence import Circumstances, Repeat

AROUND = Circumstances(datetime(2026, 11, 23, 12, tzinfo=UTC))


def rule(match: str, code: str = "EARN5", repeat: Repeat = Repeat.ONCE) -> Rule:
    return Rule(match, "camp_1", code, None, repeat, "UTC")


DEFAULT = Rule("*", "camp_1", None, None, Repeat.DEFAULT, "UTC")
A, B, C, NEW = rule("a*"), rule("b*"), rule("c*"), rule("new*")
TEN, FIVE = (replace(A, feat="wins", counter=Counter(to)) for to in (10, 5))
RANKED = replace(A, where=where_of({"mode": ("ranked",)}))


def used(*rules: Rule) -> list[Remembered]:
    return [Remembered(rule, used=True) for rule in rules]


def unused(*rules: Rule) -> list[Remembered]:
    return [Remembered(rule, used=False) for rule in rules]


ACCEPTED: dict[str, tuple[list[Remembered], list[Rule]]] = {
    "the first start": ([], [A, B]),
    "the first start without rules": ([], [DEFAULT]),
    "no change": (used(A, B), [A, B]),
    "one at the end": (used(A, B), [A, B, NEW]),
    "many at the end": (used(A), [A, NEW, B, C]),
    "an unused one at the end goes": ([*used(A), *unused(B)], [A]),
    "an unused one at the end is edited": ([*used(A), *unused(B)], [A, NEW]),
    "something is put before an unused one": ([*used(A), *unused(B)], [A, NEW, B]),
    "unused ones change places at the end": ([*used(A), *unused(B, C)], [A, C, B]),
    "an unused one above a used one goes": ([*unused(A), *used(B)], [B]),
    "an unused one above a used one stays": ([*unused(A), *used(B)], [A, B]),
    "the unused ones all go": (unused(A, B, C), []),
    "the unused ones all change": (unused(A, B, C), [NEW]),
    "the default was never used": (unused(DEFAULT), [A]),
    "the default stays": (used(DEFAULT), [DEFAULT]),
    "one that counts is put above a used one": (used(A), [TEN, A]),
    "a used one that counts changes its place": (used(TEN, A), [A, NEW, TEN]),
    "one that counts is put between used ones": (used(A, B), [A, TEN, B]),
    "an unused one that counts goes": ([*used(A), *unused(TEN), *used(B)], [A, B]),
    "one with a condition stays": (used(RANKED), [RANKED, A]),
}
REFUSED: dict[str, tuple[list[Remembered], list[Rule], Rule]] = {
    "one is put above a used one": (used(A, B), [A, NEW, B], B),
    "one is put first": (used(A), [NEW, A], A),
    "a used one goes": (used(A, B), [A], B),
    "a used one in the middle goes": (used(A, B, C), [A, C], B),
    "all go": (used(A), [], A),
    "used ones change places": (used(A, B), [B, A], A),
    "a used one is edited": (used(A), [rule("a*", "EARN9")], A),
    "a used one repeats otherwise": (used(A), [rule("a*", repeat=Repeat.DAILY)], A),
    "an unused one moves above a used one": ([*used(A), *unused(B)], [B, A], A),
    "an unused one above a used one is edited": ([*unused(A), *used(B)], [NEW, B], B),
    "unused ones above a used one change places": ([*unused(A, B), *used(C)], [B, A, C], C),
    "rules come after the default was used": (used(DEFAULT), [A], DEFAULT),
    "the default comes after rules were used": (used(A), [DEFAULT], A),
    "a used one that counts goes": (used(A, TEN), [A], TEN),
    "a used one counts otherwise": (used(TEN), [FIVE], TEN),
    "a used one counts no more": (used(TEN), [A], TEN),
    "a used one counts from now on": (used(A), [TEN], A),
    "a used one loses its condition": (used(RANKED), [A], RANKED),
    "one with a condition is put above a used one": (used(A), [RANKED, A], A),
}


@pytest.mark.parametrize(("remembered", "rules"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_change_that_leaves_the_used_ones_in_place_is_accepted(
    remembered: list[Remembered], rules: list[Rule]
) -> None:
    check_change(remembered, rules)


@pytest.mark.parametrize(("remembered", "rules", "named"), REFUSED.values(), ids=REFUSED)
def test_a_change_that_could_pay_again_is_refused_and_names_the_rule(
    remembered: list[Remembered], rules: list[Rule], named: Rule
) -> None:
    with pytest.raises(RulesChanged) as refused:
        check_change(remembered, rules)

    assert f"the rule `{named}` has made entries" in str(refused.value)
    assert "--accept-rekey" in refused.value.hint


# -- no accepted change pays a feat again ---------------------------------------------------

RULES = st.builds(
    replace,
    st.builds(
        rule,
        st.sampled_from(["a", "b", "ab", "a*", "*b", "?", "*", "[ab]*"]),
        st.sampled_from(["EARN5", "EARN9"]),
        st.sampled_from([Repeat.ONCE, Repeat.DAILY, Repeat.DEFAULT]),
    ),
    where=st.sampled_from([(), (), where_of({"k": (1,)})]),
    counter=st.sampled_from([None, None, Counter(2)]),
)
BOOKS = st.lists(RULES, max_size=5)
NAMES = ["a", "b", "ab", "ba", "abb", "c"]


@st.composite
def changes(draw: st.DrawFn) -> tuple[list[Rule], list[Rule]]:
    """Two books; often the second is the first with a few edits, since few others are accepted."""
    old = draw(BOOKS)
    new = list(old)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(new)))
        if draw(st.booleans()):
            new.insert(place, draw(RULES))
        elif new:
            new.pop(place - 1)
    return old, new


def _decided(book: RuleBook, name: str) -> CampaignEvent | None:
    try:
        return book.decide(GameEvent("name:Alice", name, "1", None, {"k": len(name)}), AROUND)
    except NoRule:
        return None


@given(changes(), st.sets(st.sampled_from(NAMES)))
def test_an_accepted_change_never_gives_a_paid_feat_another_key(
    books: tuple[list[Rule], list[Rule]], sent: set[str]
) -> None:
    old, new = RuleBook(books[0]), RuleBook(books[1])
    paid = {name: event for name in sent if (event := _decided(old, name)) is not None}
    made = {event.rule for event in paid.values()}
    in_force = list(dict.fromkeys(rule.definition for rule in old.rules))
    remembered = [Remembered(Rule.from_definition(text), text in made) for text in in_force]
    try:
        check_change(remembered, new.rules)
    except RulesChanged:
        return

    for name, event in paid.items():
        again = _decided(new, name)
        assert again is not None
        assert (again.key, again.rule) == (event.key, event.rule)


@given(BOOKS, st.data())
def test_rules_that_did_not_change_are_accepted(rules: list[Rule], data: st.DataObject) -> None:
    in_force = list(dict.fromkeys(rules))
    remembered = [Remembered(rule, data.draw(st.booleans())) for rule in in_force]

    check_change(remembered, rules)
