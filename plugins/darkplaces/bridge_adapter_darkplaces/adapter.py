"""Reads a DarkPlaces event log with a table of ids: what is paid is the name behind the id.

In: one line a message. Out: game events of players whose nick can be a name; bots earn nothing.
Knows nothing of files or of payouts.
"""

import re
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from bridge import GameEvent, MessageRejected, RawMessage, RememberingAdapter
from bridge_adapter_darkplaces.arena import (
    Arena,
    Player,
    join,
    part,
    rename,
    side,
    start,
    tell_time,
)
from bridge_adapter_darkplaces.deeds import Deed, deeds
from bridge_adapter_darkplaces.options import DarkPlacesOptions

_LINE = re.compile(rb":([a-z_]{1,32})(?::(.*))?", re.DOTALL)
_CODE = re.compile(rb"(\d{1,9}):(?:-?\d{1,3}:)?!link ([0-9A-Za-z]{4}-?[0-9A-Za-z]{4})")
_CHATS = {"chat", "chat_team", "chat_spec"}
_NOTES = {"gamestart": start, "join": join, "name": rename, "part": part, "team": side}


class DarkPlacesAdapter(RememberingAdapter[Arena]):
    """Turns lines of an event log into game events."""

    def __init__(self, options: DarkPlacesOptions) -> None:
        """Keep the options; nothing else may be kept on `self`."""
        self._zone = ZoneInfo(options.timezone)
        self._groups = options.events

    def translate_with(self, message: RawMessage, memory: Arena) -> Iterable[GameEvent]:
        """Return what the line tells of players who have a name."""
        line = _LINE.fullmatch(message.body.lstrip(b"\0").removesuffix(b"\r"))
        if line is None:
            return []
        word, rest = line[1].decode("ascii"), line[2] or b""
        if word == "time":
            tell_time(memory, rest, self._zone)
            return []
        if note := _NOTES.get(word):
            note(memory, rest)
            return []
        if word in _CHATS:
            return _link(memory, rest)
        wanted = [deed for deed in deeds(memory, word, rest) if deed.group in self._groups]
        return self._paid(memory, wanted)

    def figures(self, memory: Arena) -> Mapping[str, int]:
        """Return what was seen: matches, deeds of bots, damaged lines."""
        return {
            "matches": memory.matches,
            "deeds_of_bots": memory.bots,
            "damaged_lines": memory.damaged,
        }

    def _paid(self, memory: Arena, wanted: list[Deed]) -> list[GameEvent]:
        human = [deed for deed in wanted if not memory.player(deed.player).bot]
        memory.bots += len(wanted) - len(human)
        named = [deed for deed in human if memory.player(deed.player).name]
        if human and not named:
            raise MessageRejected("the player's nick can't be an identity")
        return [_event(memory, deed) for deed in named]


def _link(memory: Arena, rest: bytes) -> list[GameEvent]:
    """Read a typed code; of two with one name, nobody can say whose it is."""
    code = _CODE.fullmatch(rest)
    if code is None:
        return []
    player = memory.player(int(code[1]))
    if player.bot or not player.name or memory.alike(player) > 1:
        raise MessageRejected("a link code was typed, and it is not certain by whom")
    details = {"code": code[2].decode("ascii").upper()}
    return [GameEvent(_id(player), "link_code", occurred_at=memory.time, details=details)]


def _event(memory: Arena, deed: Deed) -> GameEvent:
    player = memory.player(deed.player)
    where = {"match": memory.match, "map": memory.map, "mode": memory.mode, "team": player.team}
    details = {**{key: text for key, text in where.items() if text}, **deed.details}
    return GameEvent(_id(player), deed.name, occurred_at=memory.time, details=details)


def _id(player: Player) -> str:
    return f"name:{player.name}"
