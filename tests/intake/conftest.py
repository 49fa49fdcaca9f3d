"""A sink that keeps what it is given, a clock that stands still, doors on real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from bridge.errors import FieldProblem, MessageRejected, NoRule, NotJson
from bridge.events import Counted, RawMessage, State, Taken
from bridge.gate.guard import Gate
from bridge.gate.roles import Role
from bridge.gate.tokens import Tokens
from bridge.intake.contract import Outcome
from bridge.intake.http import Achievements
from bridge.intake.listen import application, http_listening
from bridge.intake.wicket import front

TOKEN = "g4me"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class StandingClock:
    """Time that moves only when told to."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class RecordingSink:
    """A road that knows every feat, by its bytes, and says what it is told to say.

    `{"achievement": "unknown"}` has no rule, one without a player is rejected, `"win"` is counted
    only. Whatever is put into `failures` is raised by the next calls; a cleared `open` holds calls
    back.
    """

    batches: list[list[RawMessage]] = field(default_factory=list)
    failures: list[Exception | None] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    called: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.open.set()

    @property
    def messages(self) -> list[RawMessage]:
        return [message for batch in self.batches for message in batch]

    @property
    def bodies(self) -> list[bytes]:
        return [message.body for message in self.messages]

    async def __call__(self, messages: Sequence[RawMessage]) -> Sequence[Sequence[Outcome]]:
        async with self.called:
            self.batches.append(list(messages))
            self.called.notify_all()
        await self.open.wait()
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        return [[self._outcome(message)] for message in messages]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the sink has been called so that `condition` holds."""
        async with asyncio.timeout(10), self.called:
            await self.called.wait_for(condition)

    def _outcome(self, message: RawMessage) -> Outcome:
        try:
            item = json.loads(message.body)
        except (ValueError, RecursionError):
            return NotJson("not JSON")
        if not isinstance(item.get("player"), str):
            return MessageRejected(fields=[FieldProblem("/player", "is missing")])
        if item.get("achievement") == "unknown":
            return NoRule()
        key = UUID(bytes=sha256(message.body).digest()[:16], version=4)
        known = message.body in self.seen
        self.seen.add(message.body)
        if item.get("achievement") == "win":
            return Counted(duplicate=known)
        return Taken(key, State.DUE, duplicate=known, differs=item.get("details") == {"new": True})


@dataclass
class Answer:
    """What came back over a raw connection."""

    status: int
    headers: dict[str, str]
    body: bytes
    interim: tuple[int, ...] = ()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Raw:
    """A raw connection: the bytes that an engine's own client would write."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> Answer:
        """Read one answer, noting interim ones."""
        interim: list[int] = []
        async with asyncio.timeout(10):
            while True:
                head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
                first, *rest = head.strip().split("\r\n")
                status = int(first.split()[1])
                if status >= 200:
                    break
                interim.append(status)
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in rest)}
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return Answer(status, headers, body, tuple(interim))


@dataclass
class Server:
    """The door over HTTP on a real socket."""

    sink: RecordingSink
    host: str
    port: int
    _connections: list[Raw] = field(default_factory=list)

    async def connect(self) -> Raw:
        connection = Raw(*await asyncio.open_connection(self.host, self.port))
        self._connections.append(connection)
        return connection

    async def call(self, request: bytes) -> Answer:
        connection = await self.connect()
        await connection.send(request)
        return await connection.answer()

    async def post(self, body: bytes, *headers: str, path: str = "/v1/achievements") -> Answer:
        return await self.call(self.request(body, *headers, path=path))

    def request(self, body: bytes, *headers: str, path: str = "/v1/achievements") -> bytes:
        lines = [
            f"POST {path} HTTP/1.1",
            f"Host: localhost:{self.port}",
            f"Authorization: Bearer {TOKEN}",
            f"Content-Length: {len(body)}",
            *headers,
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    async def close(self) -> None:
        for connection in self._connections:
            connection.writer.close()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def sink() -> RecordingSink:
    return RecordingSink()


@pytest.fixture
def gate() -> Gate:
    roles = {TOKEN: Role.GAME, "r3ad": Role.READ}
    return Gate(Tokens({sha256(token.encode()).digest(): role for token, role in roles.items()}))


Serving = Callable[..., AbstractAsyncContextManager[Server]]


@pytest.fixture(params=["wicket", "application"])
def serving(
    request: pytest.FixtureRequest, sink: RecordingSink, gate: Gate, clock: StandingClock
) -> Serving:
    """Return a way to open the HTTP door with options of one's own; with its wicket, and without.

    The same is promised of both.
    """

    @asynccontextmanager
    async def serve(**options: Any) -> AsyncIterator[Server]:
        door = Achievements(sink, clock, **options)
        app, before = application(gate, door.routes()), front(door, gate)
        if request.param == "application":
            before = None
        async with http_listening(app, "127.0.0.1:0", front=before, linger=0.1) as bound:
            ((host, port),) = bound.tcp
            server = Server(sink, host, port)
            yield server
            await server.close()

    return serve


@pytest.fixture
async def server(serving: Serving) -> AsyncIterator[Server]:
    async with serving() as opened:
        yield opened
