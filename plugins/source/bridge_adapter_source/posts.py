"""How far a Counter-Strike 2 server's posts have come: resends, gaps, logs that start anew.

In: a post's headers and body, and what is remembered of its server. Out: where the post belongs.
Knows nothing of what lines say.

The server numbers the bytes of its log, each post names the first and the last of its own, and
after a change of the map the numbers start at 0 under the same token. So the same numbers mean a
resend or a new log: only the body tells.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bridge_adapter_source.memory import Game, Post, Server, SourceMemory

TOKEN = "x-server-instance-token"  # noqa: S105  # a header's name
MAP = "x-game-map"
_BEGIN = "x-logbytes-beginoffset"
_END = "x-logbytes-endoffset"
HEADERS = (_BEGIN, _END, TOKEN, MAP)

#: How many bodies are remembered; a server sends one after the other.
_REMEMBERED = 8
_OFFSET = re.compile(r"\d{1,15}", re.ASCII)
_TOKEN = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """The piece of a server's log that a post carries."""

    token: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post belongs: the game to read it in, and the epoch of its offsets.

    The game of a resend is one to throw away: what was learned from the post is known.
    """

    game: Game
    epoch: int
    is_known: bool = False


def part_of(headers: Mapping[str, str], body: bytes) -> Part | None:
    """Return which piece of the log `body` is, None where the headers do not tell."""
    token, begin = headers.get(TOKEN, ""), headers.get(_BEGIN, "")
    if not _TOKEN.fullmatch(token) or not _OFFSET.fullmatch(begin):
        return None
    start, end = int(begin), headers.get(_END, "")
    said = int(end) if _OFFSET.fullmatch(end) else 0
    return Part(token, start, said if said >= start else start + len(body))


def place(
    part: Part, body: bytes, first: datetime | None, server: Server, memory: SourceMemory
) -> Place:
    """Find where the post belongs, and count what happened on the way.

    `first` is the log's own time of the post's first line.
    """
    if known := _known(part, body, server):
        memory.resends += 1
        if known.length == len(body):
            return Place(Game(match=known.match, map=known.map), known.epoch, is_known=True)
        server.game.match, server.game.map = known.match, known.map  # as it was where this begins
    elif server.end is not None and part.begin < server.end:
        _go_back(part, first, server, memory)
    else:
        _count_gap(part.begin, server.end, memory)
    is_old = server.end is not None and part.end <= server.end
    server.end = part.end if server.end is None else max(server.end, part.end)
    _remember(part, body, server)
    game = server.game.model_copy(deep=True) if is_old else server.game
    return Place(game, server.epoch, is_old)


def _known(part: Part, body: bytes, server: Server) -> Post | None:
    """Return the remembered post that `body` is, or that it begins with: a resend with more."""
    for post in reversed(server.recent):
        may_be_more = post.length < len(body) and post.epoch == server.epoch
        if post.begin != part.begin or not (may_be_more or post.length == len(body)):
            continue
        if _mark(body[: post.length]) == post.mark:
            return post
    return None


def _go_back(part: Part, first: datetime | None, server: Server, memory: SourceMemory) -> None:
    """Tell a log that started anew from a post that comes late, after its successors."""
    is_later = first is not None and (server.last is None or first > server.last)
    if part.begin > 0 and not is_later:
        memory.late += 1
        return
    memory.restarts += 1
    server.epoch += 1
    server.end = None
    _count_gap(part.begin, 0, memory)


def _count_gap(begin: int, end: int | None, memory: SourceMemory) -> None:
    """Count the bytes that never came; what was before the first post ever is not missed."""
    if end is not None and begin > end:
        memory.gaps += 1
        memory.gap_bytes += begin - end


def _remember(part: Part, body: bytes, server: Server) -> None:
    if not body:
        return
    game = server.game
    post = Post(
        begin=part.begin,
        length=len(body),
        mark=_mark(body),
        epoch=server.epoch,
        match=game.match,
        map=game.map,
    )
    server.recent = [*server.recent, post][-_REMEMBERED:]


def _mark(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]
