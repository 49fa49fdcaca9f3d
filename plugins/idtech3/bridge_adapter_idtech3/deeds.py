"""What the lines tell of: awards, kills, flags, final scores.

In: a line and who sits where. Out: deeds, each of one slot, whoever sits there, bots too. Knows
nothing of who is paid.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from bridge import MessageRejected
from bridge_adapter_idtech3.arena import SLOTS, Arena, Ending, Seat
from bridge_adapter_idtech3.lines import Line, plain
from bridge_adapter_idtech3.options import Group

_AWARD = re.compile(rb"(\d{1,2}) \d{1,4}: (.*) gained the ([A-Z][A-Z0-9_]{0,31}) award!", re.DOTALL)
_KILL = re.compile(rb"(\d{1,4}) (\d{1,2}) \d{1,4}: (.*)", re.DOTALL)
_MEANS = re.compile(rb"[A-Z][A-Z0-9_]{0,63}")
_FLAG = re.compile(rb"(-?\d{1,2}) (-?\d{1,2}) (\d): (.*)!", re.DOTALL)
_TEAM_SCORES = re.compile(rb"(-?\d{1,6})  blue:(-?\d{1,6})")
_SCORE = re.compile(rb"(-?\d{1,9})  ping: -?\d{1,6}  client: (\d{1,2}) (.*)", re.DOTALL)
_FLAG_DEEDS = {b"0": "flag_taken", b"1": "flag_capture", b"2": "flag_return"}
_FLAG_DEEDS[b"3"] = "flag_carrier_kill"
_TEAMS = {b"1": "red", b"2": "blue"}


@dataclass(frozen=True, slots=True)
class Deed:
    """What the one in `slot` did."""

    slot: int
    group: Group
    name: str
    details: Mapping[str, JsonValue] = field(default_factory=dict)


def deeds(arena: Arena, line: Line) -> list[Deed]:
    """Return what `line` tells of, in order; what it says of the match's end is noted.

    Raises:
        MessageRejected: it tells of a deed, but is damaged or speaks of somebody unknown.
    """
    teller = _TELLERS.get(line.word)
    return teller(arena, line.rest) if teller else []


def _award(arena: Arena, rest: bytes) -> list[Deed]:
    match = _AWARD.fullmatch(rest)
    if match is None:
        raise _damaged("Award")
    slot = int(match[1])
    _must_be(arena.seat(slot), match[2])
    return [Deed(slot, "awards", match[3].decode("ascii").lower())]


def _kill(arena: Arena, rest: bytes) -> list[Deed]:
    match = _KILL.fullmatch(rest)
    prose, by, means = match[3].rpartition(b" by ") if match else (b"", b"", b"")
    if match is None or not by or not _MEANS.fullmatch(means):
        raise _damaged("Kill")
    killer_slot, victim_slot = int(match[1]), int(match[2])
    victim = arena.seat(victim_slot)
    killer = arena.seat(killer_slot) if killer_slot < SLOTS else None
    _must_tell(prose, killer, victim)
    weapon = means.decode("ascii")
    if killer is None:
        return [_death(victim_slot, weapon, "world")]
    if killer_slot == victim_slot or (killer.guid and killer.guid == victim.guid):
        return [_death(victim_slot, weapon, "self")]
    return [
        _killing(killer_slot, killer, victim, weapon),
        _death(victim_slot, weapon, "player" if killer.guid else "bot"),
    ]


def _killing(slot: int, killer: Seat, victim: Seat, weapon: str) -> Deed:
    """Name the kill by its victim: killing one's own, or bots, is not what most pay for.

    Who has no GUID is taken for a bot: a line that was cut short looks the same.
    """
    name = "kill" if victim.guid else "bot_kill"
    if killer.team and killer.team == victim.team:
        name = "team_kill"
    whom = {"victim": f"guid:{victim.guid}"} if victim.guid else {}
    return Deed(slot, "kills", name, {"weapon": weapon, **whom})


def _death(slot: int, weapon: str, by: str) -> Deed:
    return Deed(slot, "deaths", "death", {"weapon": weapon, "by": by})


def _flag(arena: Arena, rest: bytes) -> list[Deed]:
    match = _FLAG.fullmatch(rest)
    if match is None:
        raise _damaged("CTF")
    if match[1].startswith(b"-") or match[3] not in _FLAG_DEEDS:
        return []  # a flag that nobody brought back
    slot = int(match[1])
    name = plain(arena.seat(slot).written)
    if not plain(match[4]).startswith(name + b" "):
        raise _other()
    flag = _TEAMS.get(match[2])
    return [Deed(slot, "flags", _FLAG_DEEDS[match[3]], {"flag": flag} if flag else {})]


def _round_flag(arena: Arena, rest: bytes) -> list[Deed]:
    """Read CTF_ELIMINATION, which puts the round's number first."""
    return _flag(arena, rest.partition(b" ")[2])


# -- the end of a match -----------------------------------------------------------------------


def _exit(arena: Arena, rest: bytes) -> list[Deed]:
    del rest
    arena.ending = Ending()
    return []


def _team_scores(arena: Arena, rest: bytes) -> list[Deed]:
    match = _TEAM_SCORES.fullmatch(rest)
    if match and arena.ending is not None:
        arena.ending.red, arena.ending.blue = int(match[1]), int(match[2])
    return []


def _score(arena: Arena, rest: bytes) -> list[Deed]:
    """Read one line of the final table.

    It is never refused for somebody unknown, since who won is seen by comparing the lines.
    """
    match, ending = _SCORE.fullmatch(rest), arena.ending
    if ending is None:
        return []
    if match is None:
        raise _damaged("score")
    score, slot = int(match[1]), int(match[2])
    won = _won(arena, ending, score, slot)
    ending.lines += 1
    if ending.lines == 1 or score != ending.last:
        ending.rank = ending.lines
    ending.last = score
    humans = sum(bool(seat.guid) for seat in arena.seats.values())
    ends = Deed(slot, "matches", "match_end", {"rank": ending.rank, "score": score})
    wins = [Deed(slot, "matches", "match_won", {"humans": humans}) for slot in won]
    return [deed for deed in (ends, *wins) if deed.slot in arena.seats]


def _won(arena: Arena, ending: Ending, score: int, slot: int) -> list[int]:
    """Return whose victory is certain with this line of the table.

    Teams: whoever's team has more. Else the first of the table, once the second one has less:
    who is alone, or shares the first place, has beaten nobody.
    """
    if ending.red is not None and ending.blue is not None:
        best = "red" if ending.red > ending.blue else "blue"
        seat = arena.seats.get(slot)
        return [slot] if seat and ending.red != ending.blue and seat.team == best else []
    leader, ending.leader = ending.leader, slot if ending.lines == 0 else None
    return [leader] if leader is not None and score < ending.last else []


# -- what a line must agree with --------------------------------------------------------------


def _must_be(seat: Seat, name: bytes) -> None:
    if plain(name) != plain(seat.written):
        raise _other()


def _must_tell(prose: bytes, killer: Seat | None, victim: Seat) -> None:
    """Compare the prose with the names in the slots: a line that grew out of two differs."""
    killers = (b"<world>", b"<non-client>") if killer is None else (killer.written,)
    told = [plain(name + b" killed " + victim.written) for name in killers]
    if plain(prose) not in told:
        raise _other()


def _damaged(word: str) -> MessageRejected:
    return MessageRejected(f"the {word} line is cut off or written in a way not known here")


def _other() -> MessageRejected:
    return MessageRejected("the line names somebody else than the slot's player")


_TELLERS: dict[str, Callable[[Arena, bytes], list[Deed]]] = {
    "Award": _award,
    "Kill": _kill,
    "CTF": _flag,
    "1FCTF": _flag,
    "CTF_ELIMINATION": _round_flag,
    "Exit": _exit,
    "red": _team_scores,
    "score": _score,
}
