"""Reads games.log with a table of slots: what is paid is the GUID in the slot, never a name.

In: one line a message. Out: game events of players with a GUID; bots have none and earn nothing.
Knows nothing of files or of payouts.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bridge import GameEvent, RawMessage, RememberingAdapter
from bridge_adapter_idtech3.arena import Arena, introduce, leave, sit, start, stop
from bridge_adapter_idtech3.chat import typed
from bridge_adapter_idtech3.deeds import Deed, deeds
from bridge_adapter_idtech3.lines import Line, read
from bridge_adapter_idtech3.options import IdTech3Options


class IdTech3Adapter(RememberingAdapter[Arena]):
    """Turns lines of a games.log into game events."""

    def __init__(self, options: IdTech3Options) -> None:
        """Keep the options; nothing else may be kept on `self`."""
        self._zone = ZoneInfo(options.timezone)
        self._groups = options.events

    def translate_with(self, message: RawMessage, memory: Arena) -> Iterable[GameEvent]:
        """Return what the line tells of players with a GUID."""
        line = read(message.body)
        if line is None:
            return []
        if line.word in {"say", "sayteam"}:
            return _link(memory, line)
        self._note(memory, line, message.position)
        wanted = [deed for deed in deeds(memory, line) if deed.group in self._groups]
        paid = [deed for deed in wanted if memory.seat(deed.slot).guid]
        memory.without_id += len(wanted) - len(paid)
        when = memory.moment(line)
        return [_event(memory, deed, when) for deed in paid]

    def figures(self, memory: Arena) -> Mapping[str, int]:
        """Return what was seen: matches, those without a date, deeds of bots, damaged lines."""
        return {
            "matches": memory.matches,
            "matches_without_date": memory.undated,
            "deeds_without_id": memory.without_id,
            "damaged_lines": memory.damaged,
        }

    def _note(self, memory: Arena, line: Line, position: str | None) -> None:
        if line.word == "InitGame":
            start(memory, line, self._zone, position)
        elif line.word == "ShutdownGame":
            stop(memory)
        elif line.word == "ClientUserinfoChanged":
            sit(memory, line)
        elif line.word == "ClientUserinfo":
            introduce(memory, line)
        elif line.word == "ClientDisconnect":
            leave(memory, line)


def _link(memory: Arena, line: Line) -> list[GameEvent]:
    found = typed(memory, line.rest)
    if found is None:
        return []
    guid, code = found
    when = memory.moment(line)
    return [GameEvent(f"guid:{guid}", "link_code", occurred_at=when, details={"code": code})]


def _event(memory: Arena, deed: Deed, when: datetime | None) -> GameEvent:
    seat = memory.seat(deed.slot)
    where = {"match": memory.match, "map": memory.map, "team": seat.team}
    details = {**{key: text for key, text in where.items() if text}, **deed.details}
    return GameEvent(f"guid:{seat.guid}", deed.name, occurred_at=when, details=details)
