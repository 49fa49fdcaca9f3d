"""Counters: rules that pay when a number of events has come in one scope.

In: game events. Out: what moves a counter, and the campaign event of its nth filling. Where it
stands is the outbox's to know; nothing here remembers.
"""

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any, Self

from bridge.errors import FieldProblem, MessageRejected
from bridge.events import GameEvent
from bridge.record import record
from bridge.rules.details import LONGEST, named
from bridge.settings.rules import CounterSettings

_MATCH = "match"
_PLAYER = "player"
_DETAILS = "details."


@record
class Counter:
    """How a rule counts; `cooldown` in milliseconds, 0 for none.

    `per` says what has a count of its own; its order is part of keys, that of `reset_on` of
    nothing.
    """

    to: int
    per: tuple[str, ...] = (_PLAYER,)
    times: int | None = None
    reset_on: tuple[str, ...] = ()
    cooldown: int = 0

    @classmethod
    def from_settings(cls, said: CounterSettings) -> Self:
        """Return the counter that the settings say."""
        cooldown = (said.cooldown or timedelta()) // timedelta(milliseconds=1)
        return cls(said.to, said.per, said.times, tuple(sorted({*said.reset_on})), cooldown)

    @classmethod
    def from_definition(cls, said: dict[str, Any]) -> Self:
        """Return the counter that the outbox remembers."""
        return cls(**{**said, "per": tuple(said["per"]), "reset_on": tuple(said["reset_on"])})

    @property
    def ordered(self) -> bool:
        """Whether the same events in another order would fill it otherwise."""
        shared = self.times is not None and _PLAYER not in self.per
        return bool(self.reset_on or self.cooldown or shared)

    @property
    def of_match(self) -> bool:
        """Whether each match has a count of its own."""
        return _MATCH in self.per

    def resets(self, name: str) -> bool:
        """Whether an event of this name sets it back."""
        return any(fnmatchcase(name, glob) for glob in self.reset_on)

    def scope(self, event: GameEvent) -> tuple[str, ...]:
        """Return what names the count that an event belongs to.

        Raises:
            MessageRejected: the event lacks it, and a pointer says what.
        """
        return tuple(_part(event, of) for of in self.per)

    def __str__(self) -> str:
        """Say it in the words of the configuration."""
        more = [
            f"times {self.times}" if self.times else "",
            *map("back on {}".format, self.reset_on),
        ]
        more.append(f"cooldown {timedelta(milliseconds=self.cooldown)}" if self.cooldown else "")
        return ", ".join([f"{self.to} per {' and '.join(self.per)}", *filter(None, more)])


def _part(event: GameEvent, of: str) -> str:
    if of == _PLAYER:
        return event.player
    if of == "name":
        return event.name
    key = of.removeprefix(_DETAILS)
    text = named(event.details, key)
    if text is None:
        detail = f"a rule counts by it: text of at most {LONGEST} characters, or a number"
        raise MessageRejected(
            f"details.{key} is needed: {detail}", fields=[FieldProblem(_pointer(key), detail)]
        )
    return text


def _pointer(key: str) -> str:
    return "/details/" + key.replace("~", "~0").replace("/", "~1").replace(".", "/")
