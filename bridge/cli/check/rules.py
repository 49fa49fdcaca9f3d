"""The rules: against those that the outbox remembers, and against what a campaign pays for.

In: rules, remembered rules, configured events. Out: findings. Asks nobody.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from fnmatch import fnmatchcase

from bridge.campaigns.schemas import ConfiguredEvent
from bridge.cli.check.findings import Finding, fine, problem, refused, warning
from bridge.cli.check.order import check_order
from bridge.cli.printing import plural
from bridge.control.views import Json
from bridge.errors import RulesChanged
from bridge.rules.book import Rule, RuleBook
from bridge.rules.counter import Counter
from bridge.rules.history import Remembered, check_change
from bridge.rules.occurrence import Repeat

_MOST_NAMED = 12
#: How often a player can be paid, however often a counter fills.
_PAID_ONCE = {Repeat.ONCE: "for ever", Repeat.DAILY: "a day", Repeat.WEEKLY: "a week"}
#: What else a rule must say for a feat of the default to keep its key.
_DEFAULT_RISK = (
    "a feat that it paid could be paid again where your rules give it another event code or feat, "
    "or count it otherwise than it did (an id's feat per_id, one without an id once)"
)


# -- against the outbox ---------------------------------------------------------------------


def check_history(kept: Sequence[Json], book: RuleBook) -> Iterator[Finding]:
    """Compare with the rules that have made entries, and say what those that count will do."""
    yield from check_counters(book.rules)
    yield from check_order(book.rules)
    try:
        check_change([_remembered(rule) for rule in kept], book.rules)
    except RulesChanged as error:
        yield refused("rules", error)
        for line in rekeyed(kept, book):
            yield warning("rules", line)
        return
    used = sum(rule["used"] for rule in kept)
    yield fine(
        "rules", f"{plural(len(book.rules), 'rule')}, {used} of them used; none lost its place"
    )


def rekeyed(kept: Sequence[Json], book: RuleBook) -> list[str]:
    """Say of each used rule that is gone or overtaken what accepting it would mean."""
    rules = list(book.rules)
    told = []
    for place, old in enumerate(kept):
        rule = _remembered(old).rule
        if not old["used"]:
            continue
        made = f"has made {plural(old['entries'], 'entry', 'entries')}"
        if rule not in rules and rule.repeat is Repeat.DEFAULT:
            told.append(f"`{rule}`, used without [[rules]], {made} and is gone: {_DEFAULT_RISK}")
            continue
        if rule not in rules:
            told.append(
                f"`{rule}` {made} and is gone: its feats could be paid again by other rules"
            )
            continue
        new = _overtaking(rule, rules, kept[:place])
        if new:
            told.append(
                f"`{rule}` {made} and now comes after `{new[0]}`: feats that both match could be "
                "paid again"
            )
    return told


def _overtaking(rule: Rule, rules: Sequence[Rule], before: Sequence[Json]) -> list[Rule]:
    """Return the new rules that stand before a used one; those that count overtake nothing."""
    known = {_remembered(old).rule for old in before}
    above = rules[: rules.index(rule)] if rule.counter is None else []
    return [other for other in above if other.counter is None and other not in known]


def is_accepted(kept: Sequence[Json], book: RuleBook) -> bool:
    """Whether the daemon would take these rules as they are."""
    try:
        check_change([_remembered(rule) for rule in kept], book.rules)
    except RulesChanged:
        return False
    return True


def _remembered(rule: Json) -> Remembered:
    return Remembered(Rule.from_definition(rule["definition"]), rule["used"])


# -- what counters do -----------------------------------------------------------------------


def check_counters(rules: Sequence[Rule]) -> Iterator[Finding]:
    """Say of each rule that counts when it pays, and warn of what is seldom meant."""
    for rule in rules:
        if rule.counter is not None:
            yield fine("rules", f"`{rule.feat}` {_counted(rule, rule.counter)}")
            yield from _surprises(rule, rule.counter)


def _counted(rule: Rule, counter: Counter) -> str:
    """Say it in words: pays every 5 kill, without end, per player and match."""
    ends = "without end" if counter.times is None else f"at most {plural(counter.times, 'time')}"
    told = [f"pays every {counter.to} {rule.match}", ends, f"per {_scope(counter)}"]
    told += [f"from 0 again after {name}" for name in counter.reset_on]
    if counter.cooldown:
        told.append(f"one within {timedelta(milliseconds=counter.cooldown)} of another not counted")
    if rule.repeat in _PAID_ONCE:
        told.append(f"but each player once {_PAID_ONCE[rule.repeat]} only")
    return ", ".join(told)


def _surprises(rule: Rule, counter: Counter) -> Iterator[Finding]:
    once = rule.repeat in _PAID_ONCE
    if counter.to == 1 and counter.times is None and not counter.cooldown and not once:
        yield warning(
            "rules",
            f"`{rule.feat}` pays every {rule.match}: to = 1 with neither `times` nor `cooldown`",
            f"Write times = 1 in its counter to pay once per {_scope(counter)}.",
        )
    if rule.repeat is Repeat.ONCE and counter.per != ("player",):
        yield warning(
            "rules",
            f'`{rule.feat}` counts per {_scope(counter)}, and repeat is "once", its default: a '
            "player is paid once for ever",
            'Write repeat = "always" to pay each time that it fills.',
        )


def _scope(counter: Counter) -> str:
    return " and ".join(counter.per)


# -- against the campaign -------------------------------------------------------------------


def check_codes(
    campaign: str, rules: Sequence[Rule], events: Sequence[ConfiguredEvent]
) -> Iterator[Finding]:
    """Compare the rules of one campaign with the events that it pays for."""
    codes = [event.code for event in events]
    what = f"campaign {campaign}"
    if not codes:
        yield problem(what, "it has no events, so nothing can be paid", "Configure its events.")
        return
    for rule in rules:
        yield _check_rule(what, rule, codes)
    taken = [code for code in codes if any(_may_pay(rule, code) for rule in rules)]
    idle = [code for code in codes if code not in taken]
    if idle:
        yield warning(what, f"no rule leads to {_named(idle)}")


def _check_rule(what: str, rule: Rule, codes: Sequence[str]) -> Finding:
    if rule.event_code is None and _is_glob(rule.match):
        return _check_glob(what, rule, codes)
    code = rule.event_code or rule.match
    if code in codes:
        return fine(what, f"`{rule}` is paid for")
    return problem(
        what,
        f"`{rule}` leads to the event code {code}, which the campaign does not have",
        _nearest(code, codes),
    )


def _check_glob(what: str, rule: Rule, codes: Sequence[str]) -> Finding:
    hits = [code for code in codes if fnmatchcase(code, rule.match)]
    if hits:
        return fine(what, f"`{rule}` can pay {_named(hits)}; other names are held when they come")
    return warning(
        what,
        f"`{rule}` matches none of the configured event codes",
        f"Configured are {_named(codes)}.",
    )


def _may_pay(rule: Rule, code: str) -> bool:
    if rule.event_code is not None:
        return rule.event_code == code
    return fnmatchcase(code, rule.match)


def _nearest(code: str, codes: Sequence[str]) -> str:
    same = [other for other in codes if other.lower() == code.lower()]
    if same:
        return f"Write {same[0]}: the case of letters counts."
    return f"Configured are {_named(codes)}."


def _named(codes: Sequence[str]) -> str:
    more = len(codes) - _MOST_NAMED
    return ", ".join(codes[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _is_glob(match: str) -> bool:
    return any(sign in match for sign in "*?[")
