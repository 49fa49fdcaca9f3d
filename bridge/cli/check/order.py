"""Rules that can never match: one above them takes all that they are for.

In: rules in their order. Out: those that are reached, findings about the others. Asks nobody.
"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from bridge.cli.check.findings import Finding, warning
from bridge.rules.book import Rule

_HINT = (
    "Write it above that one, or make that one's match narrower. Above a rule that has made "
    "entries it must be accepted: `campaign-bridge check --accept-rekey`."
)


def check_order(rules: Sequence[Rule]) -> Iterator[Finding]:
    """Warn of each rule that can never match."""
    for place, rule in enumerate(rules):
        above = _above(rules, place)
        if above is not None:
            text = f"`{rule}` never matches: `{above}`, which comes before it, takes all of it"
            yield warning("rules", text, _HINT)


def reached(rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules that may match."""
    return [rule for place, rule in enumerate(rules) if _above(rules, place) is None]


def _above(rules: Sequence[Rule], place: int) -> Rule | None:
    """Return the rule that leaves nothing to the one at `place`; rules that count take nothing."""
    rule = rules[place]
    if rule.counter is not None:
        return None
    before = (other for other in rules[:place] if other.counter is None)
    return next((other for other in before if _takes_all(other, rule)), None)


def _takes_all(above: Rule, rule: Rule) -> bool:
    asked = dict(rule.where)
    looser = all(key in asked and {*asked[key]} <= {*values} for key, values in above.where)
    return looser and _covers(above.match, rule.match)


def _covers(above: str, match: str) -> bool:
    """Whether a glob matches every name that another one does; False where that is hard to say.

    Stars that take another glob's signs as they stand take whatever these stand for.
    """
    hard = any(sign in above for sign in "?[]") and any(sign in match for sign in "*?[]")
    return above == match or (not hard and fnmatchcase(match, above))
