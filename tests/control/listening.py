"""The stream on a real socket, and a client that reads it as a browser does.

In: an outbox. Out: events, one after the other. Knows nothing of what is tested.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp

from bridge.control.stream import Stream
from bridge.gate.guard import Gate
from bridge.gate.roles import Role
from bridge.gate.tokens import Tokens
from bridge.intake.listen import application, http_listening
from bridge.outbox.store import SqliteOutbox, open_outbox
from tests.outbox.play import Play, entry
from tests.support.clock import FakeClock

PATIENCE = 20.0

OTHER = "camp_2"


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event."""

    kind: str
    id: str
    data: Any

    @property
    def number(self) -> int:
        return int(self.id)


@dataclass
class Client:
    """A listener that reads as `EventSource` does."""

    answer: aiohttp.ClientResponse
    retry: str = ""
    comments: list[str] = field(default_factory=list)

    async def event(self) -> Event | None:
        """Return the next event; None where the stream has ended."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE):
            while line := (await self.answer.content.readline()).decode():
                if line.startswith(":"):
                    self.comments.append(line.strip())
                elif line == "\r\n" and fields:
                    return self._event(fields)
                elif line != "\r\n":
                    name, _, value = line.rstrip("\r\n").partition(": ")
                    fields[name] = value
        return None

    def _event(self, fields: dict[str, str]) -> Event:
        self.retry = fields.get("retry", self.retry)
        data = fields.get("data", "")
        return Event(fields["event"], fields["id"], json.loads(data) if data else None)

    async def events(self, number: int) -> list[Event]:
        found = [await self.event() for _ in range(number)]
        return [event for event in found if event is not None]

    def kill(self) -> None:
        """Let the connection die without a word."""
        connection = self.answer.connection
        if connection is not None and connection.transport is not None:
            connection.transport.abort()


@dataclass
class Square:
    """An outbox and a server that streams it."""

    outbox: SqliteOutbox
    play: Play
    stream: Stream
    port: int
    session: aiohttp.ClientSession
    rooms: AsyncExitStack

    @asynccontextmanager
    async def listening(self, query: str = "", **headers: str) -> AsyncIterator[Client]:
        """Listen, from the hello on."""
        async with self.asked(query, **headers) as client:
            assert client.answer.status == 200
            hello = await client.event()
            assert hello is not None
            assert hello.kind == "hello"
            yield client

    @asynccontextmanager
    async def asked(self, query: str = "", **headers: str) -> AsyncIterator[Client]:
        named = {"Authorization": "Bearer g4me"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"http://127.0.0.1:{self.port}/v1/stream{query}"
        async with self.session.get(url, headers=named) as answer:
            yield Client(answer)

    async def put(self, *numbers: int) -> None:
        """Keep entries that nobody is linked for: a change each."""
        await self.play.taken(*(entry(number) for number in numbers))


@asynccontextmanager
async def serving(stream: Stream) -> AsyncIterator[int]:
    """Serve a stream on a free port."""
    gate = Gate(Tokens({sha256(b"g4me").digest(): Role.GAME}))
    app = application(gate, stream.routes())
    app.on_shutdown.append(stream.end)
    async with http_listening(app, "127.0.0.1:0", linger=0.1) as bound:
        yield bound.tcp[0][1]


@asynccontextmanager
async def square_in(folder: Path, heartbeat: float = 15.0) -> AsyncIterator[Square]:
    clock = FakeClock()
    async with (
        open_outbox(folder / "outbox.db", clock) as outbox,
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None)
        ) as session,
        AsyncExitStack() as rooms,
    ):
        stream = Stream(outbox, heartbeat)
        port = await rooms.enter_async_context(serving(stream))
        yield Square(outbox, Play(outbox, clock), stream, port, session, rooms)


def told(events: Iterable[Event | None]) -> list[tuple[int, str]]:
    """Return the number and the state of each event."""
    return [(event.number, event.data["state"]) for event in events if event is not None]
