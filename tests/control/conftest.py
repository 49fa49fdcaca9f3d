"""The control calls on real sockets, over an outbox in a file."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from yarl import URL

from bridge.control import health
from bridge.control import http as control
from bridge.control.desk import Desk
from bridge.control.health import Reason
from bridge.control.metrics import http as metrics
from bridge.control.views import Json
from bridge.errors import BridgeError
from bridge.gate.guard import Gate
from bridge.gate.roles import Role
from bridge.gate.tokens import Tokens
from bridge.intake.listen import application, http_listening
from bridge.outbox.store import SqliteOutbox, open_outbox
from bridge.rules.book import Rule
from bridge.rules.occurrence import Repeat
from tests.control.hooks import OTHER_SECRET, SECRET, Door, door_in
from tests.control.listening import Square, square_in
from tests.outbox.play import ALICE, CAMPAIGN, Play, entry
from tests.support.clock import FakeClock

TOKENS = {"g4me": Role.GAME, "r3ad": Role.READ, "0perator": Role.OPERATOR}
OTHER = "camp_2"
RULE = Rule("*", CAMPAIGN, None, None, Repeat.DEFAULT, "UTC").definition


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Return the word for machines of a problem document."""
        assert self.headers["content-type"] == "application/problem+json"
        assert self.json["status"] == self.status
        assert self.json["title"]
        return str(self.json["type"]).rpartition(":")[2]

    @property
    def pointers(self) -> list[str]:
        return [problem["pointer"] for problem in self.json["errors"]]


@dataclass
class Control:
    """The calls, the outbox under them, and what the daemon would say of itself."""

    outbox: SqliteOutbox
    desk: Desk
    play: Play
    reasons: list[Reason] = field(default_factory=list)
    reloads: int = 0
    reload_fails: BridgeError | None = None
    lanes: list[Json] = field(default_factory=list)
    address: str = ""
    unix: Path = Path()
    session: aiohttp.ClientSession | None = None

    async def reload(self) -> Json:
        if self.reload_fails is not None:
            raise self.reload_fails
        self.reloads += 1
        return {"reloaded": True, "needs_restart": []}

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = "0perator",
        raw: bytes | BytesIO | None = None,
        **headers: str,
    ) -> Reply:
        """Call with a token; `body` goes as JSON, `raw` as it is, the path untouched."""
        assert self.session is not None
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            named["Authorization"] = f"Bearer {token}"
        data = raw if body is None else json.dumps(body).encode()
        async with self.session.request(method, self.url(path), data=data, headers=named) as answer:
            told = {name.lower(): value for name, value in answer.headers.items()}
            return Reply(answer.status, told, await answer.read())

    def url(self, path: str) -> URL:
        """Return a URL that no library tidies up."""
        return URL(self.address + path, encoded=True)

    async def as_peer(self, method: str, path: str, body: object = None) -> Reply:
        """Call over the unix socket, without a token."""
        data = None if body is None else json.dumps(body)
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self.unix))) as session,
            session.request(method, f"http://localhost{path}", data=data) as answer,
        ):
            told = {name.lower(): value for name, value in answer.headers.items()}
            return Reply(answer.status, told, await answer.read())

    async def put(self, number: int = 1, player: str = ALICE, campaign: str = CAMPAIGN) -> UUID:
        """Keep one entry; it is held until its player is linked."""
        new = entry(number, player=player, campaign=campaign, rule=RULE)
        await self.outbox.put([new])
        return new.key


async def linked(desk: Control, number: int = 1) -> UUID:
    """Keep an entry of a linked player; return its key."""
    await desk.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")
    return await desk.put(number)


@asynccontextmanager
async def control_in(folder: Path, campaigns: Sequence[str]) -> AsyncIterator[Control]:
    """Open the calls for a daemon with these campaigns."""
    clock = FakeClock()
    digests = {sha256(token.encode()).digest(): role for token, role in TOKENS.items()}
    gate = Gate(Tokens(digests))
    async with open_outbox(folder / "outbox.db", clock) as outbox:
        lanes: list[Json] = []
        asked = Desk(outbox, campaigns, lanes=lambda: lanes)
        made = Control(outbox, asked, Play(outbox, clock), lanes=lanes)
        routes = [
            *control.routes(made.desk, made.reload),
            *health.routes(made.desk, lambda: made.reasons),
            *metrics.routes(made.desk, lambda: made.reasons),
        ]
        made.unix = folder / "c.sock"
        async with (
            http_listening(
                application(gate, routes), "127.0.0.1:0", [made.unix], linger=0.1
            ) as bound,
            aiohttp.ClientSession() as session,
        ):
            ((host, port),) = bound.tcp
            made.address, made.session = f"http://{host}:{port}", session
            async with asyncio.timeout(30):
                yield made


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Control]:
    """The calls of a daemon with one campaign."""
    async with control_in(tmp_path, [CAMPAIGN]) as made:
        yield made


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Control]:
    """The calls of a daemon with two campaigns."""
    async with control_in(tmp_path, [CAMPAIGN, OTHER]) as made:
        yield made


@pytest.fixture
async def square(tmp_path: Path) -> AsyncIterator[Square]:
    async with square_in(tmp_path) as made:
        yield made


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """A listener for the webhooks of two campaigns."""
    async with door_in(tmp_path, {CAMPAIGN: [SECRET], OTHER: [OTHER_SECRET]}) as made:
        yield made
