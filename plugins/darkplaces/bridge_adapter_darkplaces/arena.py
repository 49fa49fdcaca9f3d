"""Who has which id, in which match, at what time: what the adapter remembers between lines.

In: the lines that name a match, a time or a player. Out: the memory, changed. Knows nothing of
what players achieve.
"""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from bridge import MessageRejected
from bridge_adapter_darkplaces.names import canonical

_TIME = re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d")
_START = re.compile(rb"([a-z0-9]{1,16})_([^:]{1,64}):([^:]{1,64})")
# Where the server does not replace the colons of an IPv6 address, nobody can say where the
# address ends and the nick begins: such a line names nobody.
_JOIN = re.compile(
    rb"(\d{1,9}):\d{1,5}:(bot|local|\d{1,3}(?:\.\d{1,3}){3}"
    rb"|[0-9A-Fa-f]{0,4}(?:_[0-9A-Fa-f.]{0,15}){2,8}):(.*)",
    re.DOTALL,
)
_NAME = re.compile(rb"(\d{1,9}):(.*)", re.DOTALL)
_TEAM = re.compile(rb"(\d{1,9}):(-?\d{1,3})(?::.*)?", re.DOTALL)
_ID = re.compile(rb"(\d{1,9})(?::.*)?", re.DOTALL)
TEAMS = {b"5": "red", b"14": "blue", b"13": "yellow", b"10": "pink"}


class Player(BaseModel):
    """Somebody who joined; `name` is empty where the nick can't be an identity."""

    name: str = ""
    bot: bool = False
    team: str = ""


class Arena(BaseModel):
    """The memory."""

    players: dict[int, Player] = {}
    match: str = ""
    map: str = ""
    mode: str = ""
    time: datetime | None = None
    ending: bool = False
    matches: int = 0
    bots: int = 0
    damaged: int = 0

    def player(self, number: int) -> Player:
        """Return who has this id.

        Raises:
            MessageRejected: nobody that the log has named since it is read.
        """
        if number not in self.players:
            raise MessageRejected(f"id {number} is nobody's: its player was not named before")
        return self.players[number]

    def alike(self, player: Player) -> int:
        """Return how many of those present have this player's name."""
        return sum(other.name == player.name for other in self.players.values())


def tell_time(arena: Arena, rest: bytes, zone: ZoneInfo) -> None:
    """Note the time of what follows; in the hour that comes twice, the one that goes on."""
    text, before = rest.decode("ascii", "replace"), arena.time
    arena.time = None
    if not _TIME.fullmatch(text):
        return
    try:
        local = datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        return
    first, second = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    arena.time = second if before is not None and first < before <= second else first


def start(arena: Arena, rest: bytes) -> None:
    """Begin a match: ids mean nobody yet.

    It is called what the server calls it, with the time where there is one: a server that was
    just started draws the same number again.
    """
    arena.players, arena.ending = {}, False
    arena.match = arena.map = arena.mode = ""
    match = _START.fullmatch(rest)
    if match is None:
        arena.damaged += 1
        return
    arena.matches += 1
    arena.mode, arena.map, number = (part.decode("utf-8", "replace") for part in match.groups())
    dated = f"{arena.time:%Y-%m-%dT%H:%M:%SZ} " if arena.time else ""
    arena.match = f"{dated}{arena.mode}_{arena.map} {number}"


def join(arena: Arena, rest: bytes) -> None:
    """Note who has an id. A line that can't be read leaves the id nobody's."""
    match = _JOIN.fullmatch(rest)
    if match is None:
        _doubt(arena, _NAME.fullmatch(rest))
        return
    bot = match[2] == b"bot"
    arena.players[int(match[1])] = Player(name=canonical(match[3]), bot=bot)


def rename(arena: Arena, rest: bytes) -> None:
    """Note another nick: it is another player."""
    match = _NAME.fullmatch(rest)
    if match is None:
        _doubt(arena, None)
    elif player := arena.players.get(int(match[1])):
        player.name = canonical(match[2])


def part(arena: Arena, rest: bytes) -> None:
    """Note that an id is nobody's again."""
    match = _ID.fullmatch(rest)
    if match is None:
        _doubt(arena, None)
    else:
        arena.players.pop(int(match[1]), None)


def side(arena: Arena, rest: bytes) -> None:
    """Note a player's team."""
    match = _TEAM.fullmatch(rest)
    if match is None:
        arena.damaged += 1
    elif player := arena.players.get(int(match[1])):
        player.team = TEAMS.get(match[2], "")


def _doubt(arena: Arena, known: re.Match[bytes] | None) -> None:
    """Forget whom a damaged line is about: all where it doesn't say."""
    arena.damaged += 1
    if known is None:
        arena.players = {}
    else:
        arena.players.pop(int(known[1]), None)
