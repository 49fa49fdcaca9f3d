"""The rules in order, the first match wins, and what each game event becomes.

In: the settings' rules and game events. Out: campaign events with their keys.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Self
from uuid import UUID

from bridge.errors import FieldProblem, MessageRejected, NoRule, SettingsError
from bridge.events import GameEvent
from bridge.rules.brakes import FREE, Terms
from bridge.rules.key import payout_key
from bridge.rules.occurrence import Circumstances, Repeat, day_of, occurrence
from bridge.settings.models import CampaignSettings, RuleSettings

_REMEMBERED = ("match", "campaign", "event_code", "feat", "repeat", "timezone")


@dataclass(frozen=True, slots=True)
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

    @property
    def definition(self) -> str:
        """The rule as one line of JSON: how the outbox remembers it, without its caps."""
        said = (self.match, self.campaign, self.event_code, self.feat, self.repeat, self.timezone)
        return json.dumps(dict(zip(_REMEMBERED, said, strict=True)), sort_keys=True)

    @classmethod
    def from_definition(cls, text: str) -> Self:
        """Return the rule that the outbox remembers."""
        values = json.loads(text)
        return cls(**{**values, "repeat": Repeat(values["repeat"])})

    def __str__(self) -> str:
        """Say the rule in the words of the configuration."""
        feat = f", feat {self.feat}" if self.feat else ""
        return f"{self.match} → {self.event_code or 'its own name'} ({self.repeat}{feat})"


@dataclass(frozen=True, slots=True)
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


class RuleBook:
    """The rules in force."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._definitions = {rule: rule.definition for rule in self.rules}

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
        return cls(
            [
                Rule(
                    rule.match,
                    rule.campaign or only,
                    rule.event_code,
                    rule.feat,
                    Repeat(rule.repeat),
                    rule.timezone,
                    Terms.from_settings(rule),
                )
                for rule in rules
            ]
        )

    def decide(self, event: GameEvent, around: Circumstances) -> CampaignEvent:
        """Return what `event` becomes; its player must be canonical.

        Raises:
            NoRule: nothing matches its name.
            MessageRejected: the rule needs something that the event lacks.
        """
        rule = self._rule_for(event.name)
        _refuse_broken_text(event)
        code, feat = rule.event_code or event.name, rule.feat or event.name
        when = occurrence(event, around, rule.repeat, rule.timezone)
        day = day_of(event, around, rule.timezone).isoformat() if rule.caps.by_day else ""
        return CampaignEvent(
            payout_key(rule.campaign, event.player, code, feat, when),
            rule.campaign,
            event.player,
            code,
            feat,
            when,
            self._definitions[rule],
            rule.caps,
            day,
        )

    def _rule_for(self, name: str) -> Rule:
        for rule in self.rules:
            if fnmatchcase(name, rule.match):
                return rule
        raise NoRule(f"no rule matches the achievement {name!r}")


def _refuse_broken_text(event: GameEvent) -> None:
    """Refuse half a character (a lone surrogate): no key can be made of it."""
    for pointer, text in (("/achievement", event.name), ("/id", event.id or "")):
        try:
            text.encode()
        except UnicodeEncodeError as failure:
            detail = f"holds broken text at character {failure.start + 1}"
            raise MessageRejected(detail, fields=[FieldProblem(pointer, detail)]) from failure
