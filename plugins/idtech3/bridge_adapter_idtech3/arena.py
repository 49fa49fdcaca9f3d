"""Who sits in which slot, and in which match: what the adapter remembers between lines.

In: the lines that name a match or a player. Out: the memory, changed. Knows nothing of what
players achieve.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from bridge import MessageRejected
from bridge_adapter_idtech3.lines import Line, info

#: Slots from here on are no players: the world is 1022.
SLOTS = 64

_SEAT = re.compile(rb"(\d{1,2}) (n\\[^\\]*\\.*)", re.DOTALL)
_CLIENT = re.compile(rb"(\d{1,2}) (\\.*)", re.DOTALL)
_SLOT = re.compile(rb"(\d{1,2})(?: .*)?", re.DOTALL)
_SLOT_AND_MORE = re.compile(rb"(\d{1,2}) .*", re.DOTALL)
_GUID = re.compile(rb"[0-9A-Fa-f]{32}")
_STAMP = re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d")
_MAP = re.compile(r"[\w.+/-]{1,64}", re.ASCII)
_TEAMS = {b"1": "red", b"2": "blue"}


class Seat(BaseModel):
    """Who sits in a slot. `name` is the log's bytes read as Latin-1: they need not be UTF-8."""

    name: str
    guid: str = ""
    team: str = ""

    @property
    def written(self) -> bytes:
        """The name as the log writes it."""
        return self.name.encode("latin-1")


class Ending(BaseModel):
    """What was read since the match's `Exit:`: scores, the best first."""

    red: int | None = None
    blue: int | None = None
    lines: int = 0
    rank: int = 0
    last: int = 0
    leader: int | None = None


class Arena(BaseModel):
    """The memory. `whole` says that the match was seen from its start: nobody is missing."""

    seats: dict[int, Seat] = {}
    guids: dict[int, str] = {}
    whole: bool = False
    match: str = ""
    map: str = ""
    began: datetime | None = None
    began_at: int = 0
    ending: Ending | None = None
    matches: int = 0
    undated: int = 0
    damaged: int = 0
    without_id: int = 0

    def seat(self, slot: int) -> Seat:
        """Return who sits in `slot`.

        Raises:
            MessageRejected: nobody that the log has named since it is read.
        """
        if slot not in self.seats:
            raise MessageRejected(f"slot {slot} is nobody's: its player was not named before")
        return self.seats[slot]

    def moment(self, line: Line) -> datetime | None:
        """Return when `line` was written, where the match's start says its date."""
        if self.began is None or not self.match:
            return None
        return self.began + timedelta(seconds=max(0, line.seconds - self.began_at))


def start(arena: Arena, line: Line, zone: ZoneInfo, position: str | None) -> None:
    """Begin a match: nobody is seated, and it has a name made of what the log says.

    The level time need not be 0:00: a restarted map goes on counting.
    """
    server = info(line.rest) or {}
    stamp = server.get(b"g_timestamp", b"").decode("ascii", "replace")
    before = arena.began
    stop(arena)
    arena.whole = True
    arena.matches += 1
    arena.map = _map(server.get(b"mapname", b""))
    arena.began = _utc(stamp, zone, before)
    arena.began_at = line.seconds
    arena.undated += arena.began is None
    # What names an undated match is its place in the log; without one, its number since the start.
    named = stamp if arena.began else (position or "")[:16] or f"match {arena.matches}"
    arena.match = f"{named} {arena.map}".rstrip()


def stop(arena: Arena) -> None:
    """End a match: the next one names its players anew."""
    arena.seats, arena.guids, arena.whole = {}, {}, False
    arena.match, arena.map, arena.ending = "", "", None


def sit(arena: Arena, line: Line) -> None:
    """Note who sits in a slot, as each change of name, team or model tells.

    A damaged line empties what it may have spoken of: paying whoever sat there before would be
    worse than paying nobody. It can't be refused, since that would leave the old seat in place.
    """
    match = _SEAT.fullmatch(line.rest)
    client = info(match[2]) if match else None
    if match is None or client is None:
        _doubt(arena, _SLOT_AND_MORE.fullmatch(line.rest))
        return
    slot = int(match[1])
    arena.seats[slot] = Seat(
        name=client[b"n"].decode("latin-1"),
        guid=_guid(client[b"id"]) if b"id" in client else arena.guids.get(slot, ""),
        team=_TEAMS.get(client.get(b"t", b""), ""),
    )


def introduce(arena: Arena, line: Line) -> None:
    """Note the GUID of a slot where the server logs it in a line of its own, before the name."""
    match = _CLIENT.fullmatch(line.rest)
    client = info(match[2]) if match else None
    if match is None or client is None:
        _doubt(arena, _SLOT_AND_MORE.fullmatch(line.rest))
    else:
        arena.guids[int(match[1])] = _guid(client.get(b"cl_guid", b""))


def leave(arena: Arena, line: Line) -> None:
    """Empty a slot."""
    match = _SLOT.fullmatch(line.rest)
    if match is None:
        _doubt(arena, None)
    else:
        _empty(arena, int(match[1]))


def _doubt(arena: Arena, slot: re.Match[bytes] | None) -> None:
    """Empty the slot that a damaged line is about; all of them where it doesn't say."""
    arena.damaged += 1
    arena.whole = False
    for number in {*arena.seats, *arena.guids} if slot is None else {int(slot[1])}:
        _empty(arena, number)


def _empty(arena: Arena, slot: int) -> None:
    arena.seats.pop(slot, None)
    arena.guids.pop(slot, None)


def _guid(text: bytes) -> str:
    return text.decode("ascii").lower() if _GUID.fullmatch(text) else ""


def _map(name: bytes) -> str:
    text = name.decode("ascii", "replace")
    return text if _MAP.fullmatch(text) else ""


def _utc(stamp: str, zone: ZoneInfo, before: datetime | None) -> datetime | None:
    """Read the server's local time; in the hour that comes twice, the one that is not over yet."""
    if not _STAMP.fullmatch(stamp):
        return None
    try:
        local = datetime.fromisoformat(stamp).replace(tzinfo=zone)
    except ValueError:
        return None
    first, second = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return second if before is not None and first < before <= second else first
