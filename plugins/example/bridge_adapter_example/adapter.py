"""Reads the ACHV lines of the arena's log; whatever else the log says is passed over.

In: one line a message. Out: one game event for each award. Knows nothing of files or of payouts.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from bridge import Adapter, FieldProblem, GameEvent, MessageRejected, RawMessage

# Only the server writes a line whose first word after the time is ACHV: chat is `CHAT from="…"`,
# and whoever types an award into it is quoted. So the whole line must fit, from first to last
# character; a search for "ACHV" anywhere would pay the chat. The quote at the end is what a line
# that was cut off lacks: with the round there, 17 could become 1.
_AWARD = re.compile(
    rb"\[(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\] ACHV"
    rb" player=(?P<player>steam:\d{17})"
    rb" round=(?P<round>\d{1,6})"
    rb' name="(?P<name>[a-z0-9_]{1,64})"'
)
_BEGIN = re.compile(rb"\[[^\]]*\] ACHV ")


class ArenaOptions(BaseModel):
    """What a source may say in `options = {…}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first_round: int = Field(1, ge=1, description="Rounds before this one are warm-up.")


class ArenaAdapter(Adapter):
    """Turns `[time] ACHV player=… round=… name="…"` into a game event."""

    def __init__(self, options: ArenaOptions) -> None:
        """Keep the options; nothing else may be kept on `self`."""
        self._first_round = options.first_round

    def translate(self, message: RawMessage) -> Iterable[GameEvent]:
        """Return the award that the line tells of, if it does."""
        match = _AWARD.fullmatch(message.body)
        if match is None:
            return _passed_over(message.body)
        played = int(match["round"])
        if played < self._first_round:
            return []
        return [
            GameEvent(
                player=match["player"].decode(),
                name=match["name"].decode(),
                occurred_at=_moment(match["time"].decode()),
                details={"round": played},
            )
        ]


def _passed_over(line: bytes) -> list[GameEvent]:
    """Refuse an award that is damaged, so that somebody hears of it; pass over anything else."""
    if _BEGIN.match(line):
        raise MessageRejected("an ACHV line is cut off or written in a way not known here")
    return []


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        problem = FieldProblem("/time", "is no date and time that exists")
        raise MessageRejected("an ACHV line has an impossible time", fields=[problem]) from None
