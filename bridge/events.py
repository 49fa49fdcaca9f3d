"""The words that travel the road: messages, game events, campaign events and what became of them.

In: nothing. Out: values that nobody changes, and the clock's contract. Knows nothing of files,
sockets or SQL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, overload
from uuid import UUID

from pydantic import JsonValue

#: What a player's id is worth: a platform vouches for it, the client made it, it is a mere name.
Identity = Literal["platform", "client", "name"]


class Clock(Protocol):
    """Time, handed in so that tests own it."""

    def now(self) -> datetime:
        """Return the wall clock's time, timezone-aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go backwards; their origin means nothing."""
        ...


@dataclass(frozen=True, slots=True)
class RawMessage:
    """Bytes as they came.

    `source` is "" for the achievements call and the UDP door, else the source's name.
    `position` is the source position of a log line, None for anything that came over a network.
    `file` is the name of the state file (without its folder) whose whole content `body` is, else
    "".
    """

    source: str
    body: bytes
    received_at: datetime
    peer: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    position: str | None = None
    file: str = ""


class Together(Sequence[RawMessage]):
    """Messages of the achievements call that are taken at once, received at the same time.

    Each is made when it is asked for: who is content with its parts saves the time. Peers and
    headers are one for all, or one for each.
    """

    __slots__ = ("bodies", "headers", "peers", "received_at")

    def __init__(
        self,
        bodies: Sequence[bytes],
        received_at: datetime,
        peers: str | Sequence[str] = "",
        headers: Mapping[str, str] | list[Mapping[str, str]] | None = None,
    ) -> None:
        many = len(bodies)
        self.bodies = bodies
        self.received_at = received_at
        self.peers = [peers] * many if isinstance(peers, str) else peers
        self.headers = headers if isinstance(headers, list) else [headers or {}] * many

    def __len__(self) -> int:
        """Return how many they are."""
        return len(self.bodies)

    @overload
    def __getitem__(self, index: int) -> RawMessage: ...

    @overload
    def __getitem__(self, index: slice) -> "Together": ...

    def __getitem__(self, index: int | slice) -> "RawMessage | Together":
        """Return one message, or some of them."""
        at = self.received_at
        if isinstance(index, slice):
            return Together(self.bodies[index], at, self.peers[index], self.headers[index])
        return RawMessage("", self.bodies[index], at, self.peers[index], self.headers[index])


@dataclass(frozen=True, slots=True)
class GameEvent:
    """What an adapter read in a message: this player did that.

    `player` is `namespace:id` in any spelling (intake makes it canonical), `id` the caller's own
    name for this one deed, `occurred_at` timezone-aware.
    """

    player: str
    name: str
    id: str | None = None
    occurred_at: datetime | None = None
    details: Mapping[str, JsonValue] = field(default_factory=dict)
    excerpt: bytes | None = None


class State(StrEnum):
    """The states of an entry, as `docs/states.md` draws them."""

    DUE = "due"
    SENDING = "sending"
    HELD = "held"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    UNCERTAIN = "uncertain"
    DEAD = "dead"
    DISCARDED = "discarded"

    #: The word that a game is told: due and sending are `stored`, the rest as they are.
    told: str

    def __init__(self, value: str) -> None:
        self.told = "stored" if value in {"due", "sending"} else value


@dataclass(slots=True)
class Taken:
    """What became of one game event: it is on disk under `key`.

    Each has one, and is not frozen for that: it would be three times as dear to make.
    `duplicate` is true where the feat was known before; `differs` where the same message id was
    seen with other content (the first one stands); `not_replayed` as for `Counted`.
    """

    key: UUID
    state: State
    duplicate: bool
    differs: bool = False
    not_replayed: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of one game event that counts and made no entry: it is on disk, without a key.

    `not_replayed` is true where a counter that depends on the order of events did not count it:
    it came in a replay, and what counts in its scope came otherwise. Where none did, nothing is
    kept of it.
    """

    duplicate: bool
    differs: bool = False
    not_replayed: bool = False


@dataclass(frozen=True, slots=True)
class Linked:
    """What became of a code that a player typed in the game: the player is linked, on disk."""

    campaign: str


#: What became of one game event that was not refused.
Kept = Taken | Counted | Linked
