"""The rules in order, and what each game event becomes: of those that don't count the first wins.

In: the settings' rules and game events. Out: campaign events with their keys, and the counters
that an event moves.

```text
 event ─▶ rules without a counter, in order ──▶ the first match: one campaign event, or none
      └─▶ rules with a counter, all of them ──▶ each match: a count, which fills or doesn't
```
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, field
from fnmatch import fnmatchcase
from typing import Self
from uuid import UUID

from pydantic import JsonValue

from bridge.errors import FieldProblem, MessageRejected, NoRule, SettingsError
from bridge.events import GameEvent
from bridge.record import record
from bridge.rules.brakes import FREE, Terms
from bridge.rules.counter import Counter
from bridge.rules.details import sameness, says
from bridge.rules.fixed import Fixed, is_plain
from bridge.rules.key import compact, payout_key
from bridge.rules.occurrence import Circumstances, Repeat, day_of, moment_of, occurrence
from bridge.settings.models import CampaignSettings
from bridge.settings.rules import RuleSettings, Scalar

_REMEMBERED = ("match", "campaign", "event_code", "feat", "repeat", "timezone")
#: Names whose worth is remembered; a game has some hundreds.
_NAMES = 4096
#: What happens once for ever, a day or a week, however often a counter fills.
_PERIODS = {Repeat.ONCE, Repeat.DAILY, Repeat.WEEKLY}

#: Keys of details with the values that they may have, as `sameness` writes them; both sorted.
Where = tuple[tuple[str, tuple[str, ...]], ...]


@record
class Rule:
    """What one kind of game event is worth. Equal rules make equal keys.

    `caps` limit it and make no keys: rules that differ in them alone are equal.
    """

    match: str
    campaign: str
    event_code: str | None
    feat: str | None
    repeat: Repeat
    timezone: str
    caps: Terms = field(default=FREE, compare=False)
    where: Where = ()
    counter: Counter | None = None

    @classmethod
    def from_settings(cls, said: RuleSettings, only: str) -> Self:
        """Return the rule that the settings say; without a campaign it is the `only` one's."""
        counter = None if said.counter is None else Counter.from_settings(said.counter)
        return cls(
            said.match,
            said.campaign or only,
            said.event_code or (said.feat if counter else None),
            said.feat,
            Repeat(said.repeat),
            said.timezone,
            Terms.from_settings(said),
            where_of(said.where),
            counter,
        )

    @property
    def definition(self) -> str:
        """The rule as one line of JSON: how the outbox remembers it, without its caps.

        What a rule doesn't say isn't in it, so that rules of before such settings stay equal.
        """
        said = (self.match, self.campaign, self.event_code, self.feat, self.repeat, self.timezone)
        values: dict[str, object] = dict(zip(_REMEMBERED, said, strict=True))
        if self.where:
            values["where"] = self.where
        if self.counter is not None:
            values["counter"] = asdict(self.counter)
        return json.dumps(values, sort_keys=True)

    @classmethod
    def from_definition(cls, text: str) -> Self:
        """Return the rule that the outbox remembers."""
        values = json.loads(text)
        values["repeat"] = Repeat(values["repeat"])
        values["where"] = tuple((key, tuple(ones)) for key, ones in values.get("where", ()))
        if "counter" in values:
            values["counter"] = Counter.from_definition(values["counter"])
        return cls(**values)

    def matches(self, event: GameEvent) -> bool:
        """Whether it is for this event: by its name, and by what its details say."""
        return fnmatchcase(event.name, self.match) and self.fits(event.details)

    def fits(self, details: Mapping[str, JsonValue]) -> bool:
        """Whether the details say what it asks for."""
        return not self.where or all(says(details, *condition) for condition in self.where)

    def __str__(self) -> str:
        """Say the rule in the words of the configuration."""
        feat = f", feat {self.feat}" if self.feat else ""
        counts = f", counts {self.counter}" if self.counter else ""
        where = "".join(f", {key} = {' or '.join(values)}" for key, values in self.where)
        code = self.event_code or "its own name"
        return f"{self.match}{where} → {code} ({self.repeat}{feat}{counts})"


@record
class CampaignEvent:
    """The campaign event that a game event becomes."""

    key: UUID
    campaign: str
    player: str
    event_code: str
    feat: str
    occurrence: str
    rule: str
    caps: Terms = FREE
    #: The day that its caps count it in, where they count days.
    day: str = ""


@record
class Count:
    """A counter that an event moves: by one, or back to none.

    `when` is the occurrence of its filling where that needs no number, else None.
    """

    rule: Rule
    counter: Counter
    definition: str
    scope: tuple[str, ...]
    resets: bool
    player: str
    when: str | None = None
    day: str = ""

    def filled(self, n: int) -> CampaignEvent:
        """Return what the `n`th filling in its scope becomes, counted from 1; pure."""
        when = self.when if self.when is not None else f"n:{compact([*self.scope, n])}"
        return _campaign_event(self.rule, self.definition, self.player, "", when, self.day)


@record
class Counts:
    """The counters that an event moves, and why it can't move others, where it lacks something."""

    moved: tuple[Count, ...] = ()
    refused: tuple[MessageRejected, ...] = ()


NOTHING = Counts()


class RuleBook:
    """The rules in force."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._definitions = {rule: rule.definition for rule in self.rules}
        self._plain = tuple(rule for rule in self.rules if rule.counter is None)
        self._counting = tuple(
            (rule, rule.counter) for rule in dict.fromkeys(self.rules) if rule.counter is not None
        )
        self._fixed: dict[str, Fixed | None] = {}

    @classmethod
    def from_settings(
        cls, rules: Sequence[RuleSettings], campaigns: Sequence[CampaignSettings]
    ) -> Self:
        """Build the book; with no rules, every achievement's name is its event code."""
        if not campaigns:
            raise SettingsError("no [[campaigns]] are configured, so nothing could be paid")
        only = campaigns[0].id
        if not rules:
            return cls([Rule("*", only, None, None, Repeat.DEFAULT, "UTC")])
        return cls([Rule.from_settings(rule, only) for rule in rules])

    def fixed(self, name: str) -> Fixed | None:
        """Return what events of this name are worth; None where more than the name decides.

        Or where there is more to an event than what it is worth: caps, counters.
        """
        try:
            return self._fixed[name]
        except KeyError:
            if len(self._fixed) >= _NAMES:
                self._fixed.clear()
            return self._fixed.setdefault(name, self._find_fixed(name))

    def _find_fixed(self, name: str) -> Fixed | None:
        if any(fnmatchcase(name, rule.match) or c.resets(name) for rule, c in self._counting):
            return None
        rule = next((rule for rule in self._plain if fnmatchcase(name, rule.match)), None)
        if rule is None or rule.where or rule.caps.any or not is_plain(name):
            return None
        code, feat = rule.event_code or name, rule.feat or name
        return Fixed(self._definitions[rule], rule.campaign, code, feat, rule.repeat)

    def decide(self, event: GameEvent, around: Circumstances) -> CampaignEvent:
        """Return what `event` becomes by itself; its player must be canonical.

        Raises:
            NoRule: no rule without a counter matches it.
            MessageRejected: the rule needs something that the event lacks.
        """
        rule = self._rule_for(event)
        _refuse_broken_text(event)
        when = occurrence(event, around, rule.repeat, rule.timezone)
        day = _day(rule, event, around)
        return _campaign_event(rule, self._definitions[rule], event.player, event.name, when, day)

    def counts(self, event: GameEvent, around: Circumstances) -> Counts:
        """Return the counters that `event` moves; its player must be canonical.

        Raises:
            MessageRejected: no key could be made of its text.
        """
        if not self._counting:
            return NOTHING
        found = [
            (rule, counter, counter.resets(event.name))
            for rule, counter in self._counting
            if rule.matches(event) or counter.resets(event.name)
        ]
        if not found:
            return NOTHING
        _refuse_broken_text(event)
        moved, refused = [], []
        for rule, counter, resets in found:
            try:
                moved.append(self._count(rule, counter, event, around, resets=resets))
            except MessageRejected as lacking:
                refused.append(lacking)
        return Counts(tuple(moved), tuple(refused))

    def _count(
        self,
        rule: Rule,
        counter: Counter,
        event: GameEvent,
        around: Circumstances,
        *,
        resets: bool,
    ) -> Count:
        scope, definition = counter.scope(event), self._definitions[rule]
        if resets:
            return Count(rule, counter, definition, scope, resets, event.player)
        if counter.cooldown:
            moment_of(event, around)  # a wrong clock would stop it for years
        when = None
        if rule.repeat in _PERIODS:
            when = occurrence(event, around, rule.repeat, rule.timezone)
        day = _day(rule, event, around)
        return Count(rule, counter, definition, scope, resets, event.player, when, day)

    def _rule_for(self, event: GameEvent) -> Rule:
        for rule in self._plain:  # the hot path: most rules are passed over by their name
            if fnmatchcase(event.name, rule.match) and rule.fits(event.details):
                return rule
        raise NoRule(f"no rule matches the achievement {event.name!r}")


def _campaign_event(  # one place where keys are made
    rule: Rule, definition: str, player: str, name: str, when: str, day: str
) -> CampaignEvent:
    code, feat = rule.event_code or name, rule.feat or name
    key = payout_key(rule.campaign, player, code, feat, when)
    return CampaignEvent(key, rule.campaign, player, code, feat, when, definition, rule.caps, day)


def _day(rule: Rule, event: GameEvent, around: Circumstances) -> str:
    return day_of(event, around, rule.timezone).isoformat() if rule.caps.by_day else ""


def where_of(said: Mapping[str, tuple[Scalar, ...]]) -> Where:
    """Return what `where` says in the one form that equal conditions have."""
    return tuple(sorted((key, tuple(sorted({*map(sameness, ones)}))) for key, ones in said.items()))


def _refuse_broken_text(event: GameEvent) -> None:
    """Refuse half a character (a lone surrogate): no key can be made of it."""
    for pointer, text in (("/achievement", event.name), ("/id", event.id or "")):
        try:
            text.encode()
        except UnicodeEncodeError as failure:
            detail = f"holds broken text at character {failure.start + 1}"
            raise MessageRejected(detail, fields=[FieldProblem(pointer, detail)]) from failure
