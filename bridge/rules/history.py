"""Whether the rules may change as they did: never so that a feat could be paid again.

In: the rules that the outbox remembers and those of the settings. Out: what is wrong with the
change, in words. Which remembered rules were used is the outbox's to know.
"""

from collections.abc import Sequence

from bridge.errors import RulesChanged
from bridge.record import record
from bridge.rules.book import Rule
from bridge.rules.occurrence import Repeat


@record
class Remembered:
    """A rule as the outbox keeps it; used means that it has made an entry."""

    rule: Rule
    used: bool


def check_change(remembered: Sequence[Remembered], rules: Sequence[Rule]) -> None:
    """Accept `rules` where every used one stands unchanged, in order, before any new one.

    A rule put before a used one could take its game events and give them new keys. Rules that
    count take none from others: a used one must only be there, in any place.

    Raises:
        RulesChanged: the message names the first rule that is wrong.
    """
    _check_order([old for old in remembered if old.rule.counter is None], rules)
    for old in remembered:
        if old.used and old.rule.counter is not None and old.rule not in rules:
            raise _missing(old.rule)


def _check_order(remembered: Sequence[Remembered], rules: Sequence[Rule]) -> None:
    """Accept the rules that don't count; those that do are passed over."""
    last = max((place for place, old in enumerate(remembered) if old.used), default=-1)
    old_ones = list(remembered[: last + 1])
    for rule in dict.fromkeys(rules):  # one that stands twice never matches in its second place
        if rule.counter is not None:
            continue
        while old_ones and old_ones[0].rule != rule:
            if old_ones[0].used:
                raise _moved(old_ones[0].rule, rule)
            old_ones.pop(0)
        if not old_ones:
            return
        old_ones.pop(0)
    for old in old_ones:
        if old.used:
            raise _missing(old.rule)


def _missing(rule: Rule) -> RulesChanged:
    if rule.repeat is Repeat.DEFAULT:
        return _replaced(rule)
    return RulesChanged(f"the rule `{rule}` has made entries and is missing now")


def _moved(old: Rule, new: Rule) -> RulesChanged:
    if old.repeat is Repeat.DEFAULT:
        return _replaced(old)
    return RulesChanged(
        f"the rule `{old}` has made entries and must keep its place: `{new}` stands before it or "
        "in its stead, so feats that were paid could be paid again; move that one below it"
    )


def _replaced(default: Rule) -> RulesChanged:
    """Return the refusal of the first rules after the default has paid: it stands in no file."""
    return RulesChanged(
        f"the rule `{default}` has made entries: it is the one used without [[rules]], and yours "
        "take its place, so feats that were paid could be paid again",
        hint="It can't be written into the file, so this must be decided: `campaign-bridge check "
        "--accept-rekey` says what could be paid again, and asks. Rules that give a feat the same "
        "event code and count it as before keep its key.",
    )
