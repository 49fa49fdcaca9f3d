"""What the lines tell of: kills, flags, captured points, final scores, codes.

In: a line and who has which id. Out: deeds, each of one id, whoever that is, bots too. Knows
nothing of who is paid.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from bridge import MessageRejected
from bridge_adapter_darkplaces.arena import TEAMS, Arena
from bridge_adapter_darkplaces.options import Group

_KILL = re.compile(
    rb"(frag|tk|suicide|accident):(\d{1,9}):(\d{1,9}):type=([^:]{1,60})"
    rb"(?::items=[^:]{0,60})?(?::victimitems=[^:]{0,60})?"
)
_FLAG = re.compile(rb"([a-z_]{1,20}):(\d{1,3})(?::(-?\d{1,3}))?:(\d{1,9})")
_FLAG_OF_NOBODY = re.compile(rb"[a-z_]{1,20}(?::\d{1,3})?")
_SCORE = re.compile(
    rb"see-labels:(-?\d{1,9})(?:,[^:,]{0,20}){0,200}:\d{1,9}:(spectator|-?\d{1,3}):(\d{1,9}):.*",
    re.DOTALL,
)
_FLAG_DEEDS = {
    b"steal": "flag_taken",
    b"pickup": "flag_pickup",
    b"capture": "flag_capture",
    b"return": "flag_return",
    b"returned": "flag_return",
}


@dataclass(frozen=True, slots=True)
class Deed:
    """What the one with the id `player` did."""

    player: int
    group: Group
    name: str
    details: Mapping[str, JsonValue] = field(default_factory=dict)


def deeds(arena: Arena, word: str, rest: bytes) -> list[Deed]:
    """Return what the line `:word:rest` tells of, in order.

    Raises:
        MessageRejected: it tells of a deed, but is damaged or speaks of somebody unknown.
    """
    teller = _TELLERS.get(word)
    return teller(arena, rest) if teller else []


def _kill(arena: Arena, rest: bytes) -> list[Deed]:
    match = _KILL.fullmatch(rest)
    if match is None:
        raise _damaged("kill")
    mode, killer, victim = match[1], int(match[2]), int(match[3])
    weapon = {"type": match[4].decode("ascii", "replace")}
    who, whom = arena.player(killer), arena.player(victim)
    by = "bot" if who.bot else "player"
    if mode == b"accident":
        return [Deed(victim, "deaths", "death", {**weapon, "by": "world"})]
    if mode == b"suicide" or killer == victim or (who.name and who.name == whom.name):
        return [Deed(victim, "deaths", "death", {**weapon, "by": "self"})]
    name = "team_kill" if mode == b"tk" else "bot_kill" if whom.bot else "kill"
    known = {"victim": f"name:{whom.name}"} if whom.name and not whom.bot else {}
    return [
        Deed(killer, "kills", name, {**weapon, **known}),
        Deed(victim, "deaths", "death", {**weapon, "by": by}),
    ]


def _flag(arena: Arena, rest: bytes) -> list[Deed]:
    match = _FLAG.fullmatch(rest)
    if match is None:
        if _FLAG_OF_NOBODY.fullmatch(rest):
            return []  # it went home by itself
        raise _damaged("ctf")
    if match[1] not in _FLAG_DEEDS:
        return []
    number = int(match[4])
    arena.player(number)
    flag = TEAMS.get(match[2])
    return [Deed(number, "flags", _FLAG_DEEDS[match[1]], {"flag": flag} if flag else {})]


def _scores(arena: Arena, rest: bytes) -> list[Deed]:
    """Note that the final table begins; `:status:` writes the same table in the middle of one."""
    del rest
    arena.ending = True
    return []


def _end(arena: Arena, rest: bytes) -> list[Deed]:
    del rest
    arena.ending = False
    return []


def _score(arena: Arena, rest: bytes) -> list[Deed]:
    """Read one line of the table; the order of its lines says nothing."""
    match = _SCORE.fullmatch(rest)
    if not arena.ending:
        return []
    if match is None:
        raise _damaged("player")
    number = int(match[3])
    if match[2] == b"spectator" or number not in arena.players:
        return []
    return [Deed(number, "matches", "match_end", {"score": int(match[1])})]


def _damaged(word: str) -> MessageRejected:
    return MessageRejected(f"the {word} line is cut off or written in a way not known here")


_TELLERS: dict[str, Callable[[Arena, bytes], list[Deed]]] = {
    "kill": _kill,
    "ctf": _flag,
    "scores": _scores,
    "status": _end,
    "player": _score,
    "end": _end,
    "gameover": _end,
}
