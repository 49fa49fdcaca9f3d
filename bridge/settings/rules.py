"""The settings of rules: what they match, what that is worth, what they count.

In: what the file says. Out: frozen models, closed to unknown names.
"""

import math
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bridge.settings.kinds import Duration, Timezone
from bridge.settings.section import Section

#: What a member of an event's details can be compared with.
Scalar = str | int | float | bool

_PER = re.compile(r"player|match|name|details\.\S.*")


def _where(given: object) -> object:
    if not isinstance(given, Mapping):
        form = '{ mode = "ranked", weapon = ["rail", "rocket"] }'
        raise ValueError(f"write a table, such as {form}")  # noqa: TRY004  # pydantic takes no other
    return dict(_flat(given, ""))


def _flat(table: Mapping[object, object], above: str) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield each key with its values; a table inside (TOML's a.b = 1) has dotted keys."""
    for name, value in table.items():
        key = f"{above}{name}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{key}.")
        else:
            yield key, _values(key, value)


def _values(key: str, value: object) -> tuple[object, ...]:
    values = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not values:
        raise ValueError(f"{key}: an empty list is equal to nothing")
    for each in values:
        finite = not isinstance(each, float) or math.isfinite(each)
        if not isinstance(each, str | int | float) or not finite:
            raise ValueError(f"{key}: compare with text, numbers, true or false, or a list of them")
    return values


def _per(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _PER.fullmatch(name):
            raise ValueError(f'write "player", "match", "name" or "details.KEY", not {name!r}')
    if len(set(names)) < len(names):
        raise ValueError("names something twice")
    return names


def _named(names: tuple[str, ...]) -> tuple[str, ...]:
    if not all(names):
        raise ValueError("an empty name matches nothing")
    return names


class CapSettings(Section):
    """The most that a rule pays in one day, by the rule's timezone."""

    player_day: int | None = Field(None, ge=1, description="Entries of one player.")
    campaign_day: Decimal | None = Field(None, gt=0, description="Token units in all.")


class CounterSettings(Section):
    """What a rule counts before it pays: it pays when `to` events have come in one scope."""

    to: int = Field(ge=1, le=1_000_000_000, description="How many events fill it.")
    per: Annotated[tuple[str, ...], AfterValidator(_per)] = Field(
        ("player",),
        min_length=1,
        description='What has a count of its own: "player", "match", "name", "details.KEY".',
    )
    times: int | None = Field(
        None, ge=1, description="How often it may fill in one scope; without it no limit."
    )
    reset_on: Annotated[tuple[str, ...], AfterValidator(_named)] = Field(
        (), description="Names or globs of game events of the scope that set it back to 0."
    )
    cooldown: Duration | None = Field(
        None, description="Within this time after one that counted, no other counts."
    )

    @model_validator(mode="after")
    def _resets_reach_the_scope(self) -> Self:
        if self.reset_on and "name" in self.per:
            raise ValueError('what `reset_on` names has another name, so `per` can\'t hold "name"')
        return self


class RuleSettings(Section):
    """What one kind of game event is worth. Of those without a counter, the first match wins."""

    match: str = Field(min_length=1, description="Name of the achievement, or a glob: quest_*.")
    where: Annotated[Mapping[str, tuple[Scalar, ...]], BeforeValidator(_where)] = Field(
        {}, description="What the details must say: a value, or a list of values, for each key."
    )
    campaign: str | None = Field(
        None, description="Id of the campaign; may be left out where only one is configured."
    )
    event_code: str | None = Field(
        None,
        min_length=1,
        description="The campaign's event code; default: the name, of what is counted the feat.",
    )
    feat: str | None = Field(
        None, min_length=1, description="What was achieved; default: the name."
    )
    repeat: Literal["once", "daily", "weekly", "per_id", "always"] = Field(
        "once", description="How often one player can be paid for it."
    )
    timezone: Timezone = Field("UTC", description="Whose midnight ends a day or a week.")
    counter: CounterSettings | None = Field(
        None,
        description="Counts events and pays when it is full: to, per, times, reset_on, cooldown.",
    )
    caps: CapSettings = Field(
        CapSettings(),
        description="The most it pays in a day: player_day entries, campaign_day token units.",
    )
    per: Literal["player", "user"] = Field(
        "player",
        description='Whom `once` and player_day count: with "user" all players of one userRef.',
    )
    over_cap: Literal["hold", "refuse"] = Field(
        "hold", description="What becomes of more: held for `outbox release`, or refused with 429."
    )

    @model_validator(mode="after")
    def _counted_feat_has_a_name(self) -> Self:
        if self.counter is not None and self.feat is None:
            raise ValueError("a rule with a counter needs `feat`: the name of what is achieved")
        return self
