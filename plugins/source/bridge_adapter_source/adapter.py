"""Turns log lines, datagrams and posts of GoldSrc, Source and CS2 servers into game events.

In: a message of one or more lines, and what is remembered of its server. Out: game events.
Knows nothing of files, sockets or payouts.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from bridge import GameEvent, MessageRejected, RawMessage, RememberingAdapter
from bridge_adapter_source.events import deeds_of, is_deed
from bridge_adapter_source.grammar import Kill, Left, Renamed, Saying, Seen, Start, Triggered, read
from bridge_adapter_source.identity import player_of
from bridge_adapter_source.lines import Line, lines_of
from bridge_adapter_source.memory import Game, SourceMemory
from bridge_adapter_source.options import SourceOptions
from bridge_adapter_source.posts import MAP, Part, part_of, place
from bridge_adapter_source.times import in_utc, is_repeated, nearest


class SourceAdapter(RememberingAdapter[SourceMemory]):
    """Reads what the server's log says of players with a Steam account."""

    def __init__(self, options: SourceOptions | None = None) -> None:
        """Keep the options; nothing else may be kept on `self`."""
        self._options = options or SourceOptions()
        self._zone = ZoneInfo(self._options.timezone)

    def translate_with(self, message: RawMessage, memory: SourceMemory) -> Iterable[GameEvent]:
        """Return the events of all lines of `message`.

        Raises:
            MessageRejected: a datagram or a file's line is damaged. In a post or a datagram of
                several lines, such a line is counted and spoils no other.
        """
        lines = list(lines_of(message.body))
        part = part_of(message.headers, message.body)
        if part:
            return self._posted(message, part, lines, memory)
        key = message.peer if message.position is None else ""
        game = memory.server(key).game
        may_refuse = len(lines) == 1 and not message.headers
        return self._read(message, lines, game, None if may_refuse else memory)

    def redact(self, message: RawMessage) -> bytes:
        """Return the lines that tell a deed: no chat, no rcon, no settings, no addresses."""
        kept = (line.raw for line in lines_of(message.body) if is_deed(read(line.says)))
        return b"\n".join(kept)

    def figures(self, memory: SourceMemory) -> dict[str, int]:
        """Return how many servers are known, and what happened to their posts."""
        return {
            "servers": len(memory.servers),
            "gaps": memory.gaps,
            "gap_bytes": memory.gap_bytes,
            "resends": memory.resends,
            "restarts": memory.restarts,
            "late": memory.late,
            "damaged": memory.damaged,
        }

    def _posted(
        self, message: RawMessage, part: Part, lines: list[Line], memory: SourceMemory
    ) -> list[GameEvent]:
        server = memory.server(part.token)
        first = lines[0].at if lines else None
        found = place(part, message.body, first, server, memory)
        if found.is_known:  # its damages, too, were counted
            memory = memory.model_copy()
        elif lines:
            server.last = lines[-1].at
        prefix = f"{part.token}:{found.epoch}"
        return self._read(message, lines, found.game, memory, (prefix, part.begin))

    def _read(
        self,
        message: RawMessage,
        lines: list[Line],
        game: Game,
        memory: SourceMemory | None,
        offsets: tuple[str, int] | None = None,
    ) -> list[GameEvent]:
        """Read `lines` one after the other; damaged ones are counted, or raise without memory."""
        events: list[GameEvent] = []
        for line in lines:
            try:
                events.extend(self._events(message, line, game, offsets))
            except MessageRejected:
                if memory is None:
                    raise
                memory.damaged += 1
        return events

    def _events(
        self, message: RawMessage, line: Line, game: Game, offsets: tuple[str, int] | None
    ) -> Iterator[GameEvent]:
        at = self._moment(message, line.at, game)
        said = read(line.says)
        if at is None or said is None:
            return
        deeds = list(deeds_of(said, game, self._options))
        _remember(said, line.at, game)
        for deed in deeds:
            details = {**_match(game, message), **deed.details}
            name = _id(message, line, offsets)
            yield GameEvent(deed.player, deed.name, name, at, details, excerpt=line.raw)

    def _moment(self, message: RawMessage, local: datetime, game: Game) -> datetime | None:
        """Return the line's moment in UTC, None where there is no such moment."""
        try:
            if message.peer or message.headers:
                return nearest(local, self._zone, message.received_at)
            moment = in_utc(local, self._zone, game.repeated)
            if is_repeated(local, self._zone):
                game.repeated = moment
        except OverflowError:
            return None
        return moment


def _remember(said: Saying, at: datetime, game: Game) -> None:
    """Note what later lines need: the match, and who is called what."""
    match said:
        case Start():
            _start(said, at, game)
        case Left(person):
            game.players.pop(person.uid, None)
        case Renamed(person, name):
            game.learn(person.uid, name, player_of(person.auth))
        case Kill(killer, victim):
            game.learn(killer.uid, killer.name, player_of(killer.auth))
            game.learn(victim.uid, victim.name, player_of(victim.auth))
        case Seen(person) | Triggered(player=person, torn=False):
            game.learn(person.uid, person.name, player_of(person.auth))
        case _:
            pass


def _start(start: Start, at: datetime, game: Game) -> None:
    """Begin a match, but for the second of the two lines that a map's start may have."""
    if start.word == "Started" and game.loading == start.map:
        game.loading = None
        return
    game.begin(at.isoformat(timespec="milliseconds" if at.microsecond else "seconds"), start.map)
    game.loading = start.map if start.word == "Loading" else None


def _match(game: Game, message: RawMessage) -> dict[str, str]:
    told = {"match": game.match, "map": game.map or message.headers.get(MAP)}
    return {key: value[:120] for key, value in told.items() if value}


def _id(message: RawMessage, line: Line, offsets: tuple[str, int] | None) -> str | None:
    """Name the line, so that a resend is known; a file's position does that better.

    The hash (the line holds its time) keeps ids apart should the memory of an epoch be lost.
    """
    if message.position is not None:
        return None
    mark = hashlib.sha256(line.says.encode() + line.at.isoformat().encode()).hexdigest()
    if offsets is None:
        return mark[:32]
    prefix, begin = offsets
    return f"{prefix}:{begin + line.offset}:{mark[:8]}"
