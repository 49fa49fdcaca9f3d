"""What the adapter remembers of each server: its match, its players, how far its posts came.

In: nothing. Out: models that survive as JSON. Knows nothing of lines.
"""

from datetime import datetime

from pydantic import BaseModel

#: How many servers one source keeps apart; of more, the one that was silent longest is forgotten.
MOST_SERVERS = 32
_MOST_PLAYERS = 256
_LONGEST_NAME = 128


class Known(BaseModel):
    """A player whom the log has named; `player` is "" for bots and whoever can't be paid."""

    name: str
    player: str = ""


class Game(BaseModel):
    """The match that goes on; `match` is None until the log has said where one starts."""

    match: str | None = None
    map: str | None = None
    loading: str | None = None
    players: dict[str, Known] = {}
    #: The last moment, in UTC, of an hour that a clock change repeats.
    repeated: datetime | None = None

    def begin(self, moment: str, name: str | None) -> None:
        """Start a match; who plays in it is yet to be seen."""
        self.match = f"{moment} {name}" if name else moment
        self.map, self.loading, self.players = name, None, {}

    def learn(self, uid: str, name: str, player: str | None) -> None:
        """Note who `uid` is."""
        known = Known(name=called(name), player=player or "")
        if uid in self.players or len(self.players) < _MOST_PLAYERS:
            self.players[uid] = known

    def only(self, name: str) -> str | None:
        """Return the player who alone has `name`; None where nobody or several have it."""
        same = [known.player for known in self.players.values() if known.name == called(name)]
        return same[0] or None if len(same) == 1 else None


class Post(BaseModel):
    """A body that was taken: where it began, its length, its hash, and the game as it was then."""

    begin: int
    length: int
    mark: str
    epoch: int
    match: str | None = None
    map: str | None = None


class Server(BaseModel):
    """One server: its game, and what its posts covered. `epoch` rises when offsets start anew."""

    game: Game = Game()
    epoch: int = 0
    end: int | None = None
    #: The log's own time of the last line that was read.
    last: datetime | None = None
    recent: list[Post] = []


class SourceMemory(BaseModel):
    """All servers of a source, and what was counted since the beginning."""

    servers: dict[str, Server] = {}
    gaps: int = 0
    gap_bytes: int = 0
    resends: int = 0
    restarts: int = 0
    late: int = 0
    damaged: int = 0

    def server(self, key: str) -> Server:
        """Return the server called `key`, which becomes the last one to be forgotten."""
        server = self.servers.pop(key, None) or Server()
        while len(self.servers) >= MOST_SERVERS:
            del self.servers[next(iter(self.servers))]
        self.servers[key] = server
        return server


def called(name: str) -> str:
    """Return `name` as it is remembered and compared."""
    return name[:_LONGEST_NAME]
