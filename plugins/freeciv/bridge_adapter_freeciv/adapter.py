"""Reads the lines that `ach.lua` writes into a Freeciv server's log.

In: one line a message. Out: one game event for each achievement of a human player. Knows nothing
of files or of payouts.
"""

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError

from bridge import Adapter, FieldProblem, GameEvent, MessageRejected, RawMessage

# The server itself writes which of its functions a line of the log file comes from, and only Lua's
# `log` is `luascript_log_vargs`. Leaders' names stand in lines of other functions; where they stand
# in ours they are quoted as ASCII. The level before the colon differs between versions.
_PLACE = rb"in luascript_log_vargs\(\) \[[^\]\s]{0,200}luascript\.c::[0-9]{1,6}\]: "
_IN_FILE = re.compile(rb"[0-9]: " + _PLACE + rb"ACHIEVEMENT (.*)", re.DOTALL)
# What the server prints lacks the function's name, so the line's beginning proves less.
_IN_CONSOLE = re.compile(rb"[0-9]: (?:" + _PLACE + rb")?ACHIEVEMENT (.*)", re.DOTALL)

_Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class FreecivOptions(BaseModel):
    """What a source may say in `options = {…}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ai: bool = Field(False, description="Whether players led by the computer count, too.")
    console: bool = Field(
        False, description="Whether the lines are what the server printed, not its --log file."
    )


class _Achievement(BaseModel):
    """The JSON object that `ach.lua` writes."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    achievement: _Name
    first: bool
    turn: int = Field(ge=0, le=1_000_000)
    human: bool
    nation: _Name
    player: _Name


class FreecivAdapter(Adapter):
    """Turns `ACHIEVEMENT {…}` into a game event called as the ruleset calls the achievement."""

    def __init__(self, options: FreecivOptions) -> None:
        """Keep the options."""
        self._ai = options.ai
        self._line = _IN_CONSOLE if options.console else _IN_FILE

    def translate(self, message: RawMessage) -> Iterable[GameEvent]:
        """Return the achievement that the line tells of; none of a player led by the computer.

        Raises:
            MessageRejected: an ACHIEVEMENT line is damaged, or not written by `ach.lua`.
        """
        match = self._line.fullmatch(message.body)
        if match is None:
            return []
        told = _read(match[1])
        if not (told.human or self._ai):
            return []
        details: dict[str, JsonValue] = {
            "turn": told.turn,
            "first": told.first,
            "nation": told.nation,
        }
        return [GameEvent(f"name:{told.player}", told.achievement, details=details)]


def _read(document: bytes) -> _Achievement:
    try:
        return _Achievement.model_validate_json(document)
    except ValidationError as refused:
        problems = [
            FieldProblem(f"/{error['loc'][0]}", "is missing, unknown or can't be used")
            for error in refused.errors(include_url=False, include_input=False)
            if error["loc"]
        ]
        raise MessageRejected(
            "an ACHIEVEMENT line is cut off or not written by ach.lua", fields=problems
        ) from None
