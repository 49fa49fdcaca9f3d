"""The stream: each change of an entry's state, pushed, so that a mod can announce it in chat.

In: an outbox's numbered changes. Out: server-sent events, resumable by `Last-Event-ID`. Each
client is read for at its own pace, from the file: a slow one costs no memory.
"""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from aiohttp_sse import EventSourceResponse

from bridge.control.asked import rejected, state_of
from bridge.control.views import Json, when
from bridge.gate.guard import require
from bridge.gate.roles import Right
from bridge.outbox.contract import Streaming
from bridge.outbox.views import Change
from bridge.players.canonical import canonical_player
from bridge.record import record

#: Seconds after which an idle client hears a comment, and those that a client should wait before
#: it comes again (told in milliseconds).
HEARTBEAT: Final = 15.0
_AGAIN: Final = 2000
#: Seconds that clients have to take what is under way at the end; those that don't read have none.
_LEAVING: Final = 0.4
#: Changes read at once.
_STEP: Final = 200
_LONGEST_NUMBER: Final = 18


@record
class _Wanted:
    """What a client wants to hear; None for all."""

    campaign: str | None
    player: str | None
    states: frozenset[str] | None

    def __contains__(self, change: Change) -> bool:
        return (
            self.campaign in {None, change.campaign}
            and self.player in {None, change.player}
            and (self.states is None or change.state.told in self.states)
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Client:
    """One that listens: what wakes it, and where it is told."""

    news: asyncio.Event
    response: EventSourceResponse
    request: web.Request

    def leave(self) -> None:
        """Tell it nothing more."""
        self.news.set()
        if self.response.is_connected():
            self.response.stop_streaming()

    def cut(self) -> None:
        """End it in the middle of a word: it doesn't read, so no end would reach it."""
        if self.request.transport is not None:
            self.request.transport.abort()


class Stream:
    """The clients that are listening."""

    def __init__(self, outbox: Streaming, heartbeat: float = HEARTBEAT) -> None:
        self._outbox = outbox
        self._heartbeat = heartbeat
        self._clients: set[_Client] = set()
        self._ending = False
        self._left = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """Return the one call."""
        return [web.get("/v1/stream", require(Right.READ_PLAYERS)(self.listen))]

    async def listen(self, request: web.Request) -> web.StreamResponse:
        """Tell of changes until the client goes, or the daemon does."""
        wanted = _wanted(request)
        after = _after(request)
        newest = await self._outbox.last_change()
        response = EventSourceResponse(ping_interval=self._heartbeat)
        await response.prepare(request)
        news = self._outbox.watch_changes()
        client = _Client(news, response, request)
        self._clients.add(client)
        try:
            await response.send(
                "", event="hello", id=str(newest if after is None else after), retry=_AGAIN
            )
            await self._tell(response, news, wanted, newest if after is None else after, newest)
        except (ConnectionError, TimeoutError):
            pass  # the client has gone, or hears nothing; it comes again with its last number
        finally:
            self._clients.discard(client)
            self._left.set()
            if response.is_connected():
                response.stop_streaming()
        return response

    async def _tell(
        self,
        response: EventSourceResponse,
        news: asyncio.Event,
        wanted: _Wanted,
        after: int,
        newest: int,
    ) -> None:
        if after > newest:  # the ledger is another one than the client knows
            await _gap(response, after, newest)
            after = newest
        first = True
        while response.is_connected() and not self._ending:
            news.clear()
            changes = await self._outbox.changes(after, _STEP)
            if first and changes and changes[0].number > after + 1:
                await _gap(response, after, changes[0].number - 1)
            first = False
            for change in changes:
                if change in wanted:
                    await response.send(
                        json.dumps(change_view(change), ensure_ascii=False),
                        id=str(change.number),
                        event="state",
                    )
                after = change.number
            if len(changes) < _STEP:
                with suppress(TimeoutError):  # now and then: is anybody there still?
                    async with asyncio.timeout(self._heartbeat):
                        await news.wait()

    async def end(self, _: web.Application) -> None:
        """Let every client go; they come again."""
        self._ending = True
        for client in list(self._clients):
            client.leave()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LEAVING):
                while self._clients:
                    self._left.clear()
                    await self._left.wait()
        for client in list(self._clients):
            client.cut()


async def _gap(response: EventSourceResponse, after: int, until: int) -> None:
    told = {"after": after, "until": until, "why": "changes before this one aren't kept any more"}
    await response.send(json.dumps(told), event="gap", id=str(until))


def _wanted(request: web.Request) -> _Wanted:
    asked = request.query
    player, states = asked.get("player"), asked.getall("state", [])
    return _Wanted(
        asked.get("campaign"),
        None if player is None else canonical_player(player),
        frozenset(_told(state) for state in states) if states else None,
    )


def _told(state: str) -> str:
    return state if state == "stored" else state_of(state).told


def _after(request: web.Request) -> int | None:
    """Return the number after which the client wants to hear; None for what comes from now on."""
    given = request.headers.get("Last-Event-ID") or request.query.get("after")
    if given is None:
        return None
    if not given.isascii() or not given.isdecimal() or len(given) > _LONGEST_NUMBER:
        raise rejected("/after", "Last-Event-ID, or after, must be a number that the stream told")
    return int(given)


def change_view(change: Change) -> Json:
    """Return a change as the stream tells it."""
    return {
        "key": str(change.key),
        "campaign": change.campaign,
        "player": change.player,
        "achievement": change.feat,
        "event_code": change.event_code,
        "state": change.state.told,
        "reason": change.reason,
        "amount": None if change.amount is None else str(change.amount),
        "at": when(change.at),
    }
