"""Receivers of webhooks on real sockets, and a sandbox that sends to them.

In: what a receiver is to answer. Out: what came, byte for byte. Knows nothing of who sends it.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from aiohttp import web

from bridge.sandbox.admin import EventDefinition
from tests.sandbox.play import HandClock, Play, playing

#: Seconds that a test waits at most for something that has to come.
PATIENCE = 15.0
EARN5 = EventDefinition("EARN5", Decimal(5))
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Came:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_float=Decimal)

    @property
    def signature(self) -> str:
        return self.headers["X-Oncade-Signature"]


@dataclass(slots=True)
class Receiver:
    """Keeps what comes; `statuses` are answered one after the other, then 200s."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    answer: Answer | None = None
    came: list[Came] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.StreamResponse:
        async with self.news:
            self.came.append(Came(request.path, request.headers, await request.read()))
            self.news.notify_all()
        if self.answer is not None:
            return await self.answer(request)
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    async def wait(self, count: int) -> list[Came]:
        """Wait until so many have come; return all."""
        async with asyncio.timeout(PATIENCE), self.news:
            await self.news.wait_for(lambda: len(self.came) >= count)
        return self.came


@dataclass(slots=True)
class Gate:
    """An answer that waits until it is let go."""

    status: int = 200
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, _: web.Request) -> web.StreamResponse:
        async with asyncio.timeout(PATIENCE):
            await self.opened.wait()
        return web.Response(status=self.status)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Listen on a free port; whatever hangs when the test is over is cut."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        yield receiver
    finally:
        await runner.cleanup()


@dataclass(frozen=True, slots=True)
class Scene:
    """A campaign that tells a receiver, at a time that the test owns."""

    play: Play
    clock: HandClock
    receiver: Receiver
    secret: str = field(repr=False)

    @property
    def id(self) -> str:
        return self.play.campaign.id

    async def test(self) -> int:
        """Have `Webhook.Test` sent; return the delivery's number."""
        return await self.play.admin.test_webhook(self.id)

    async def settled(self) -> list[Came]:
        """Let everything that is due be sent; return what has come so far."""
        async with asyncio.timeout(PATIENCE):
            await self.play.sandbox.settled()
        return self.receiver.came

    async def turned(self, seconds: float) -> list[Came]:
        """Turn the clock and let everything that is due be sent."""
        self.clock.turn(seconds)
        return await self.settled()

    async def states(self) -> list[str]:
        """Return the states of all deliveries, oldest first."""
        found = await self.play.admin.deliveries(self.id)
        return [delivery.state for delivery in reversed(found)]


@asynccontextmanager
async def scene(*, active: bool = True, **settings: Any) -> AsyncIterator[Scene]:
    clock = HandClock()
    async with receiving() as receiver, playing(clock=clock, active=active, **settings) as play:
        secret = await play.admin.set_webhook(play.campaign.id, receiver.url)
        assert secret is not None
        yield Scene(play, clock, receiver, secret)


def by_definition(secret: str, body: bytes) -> str:
    """Return an HMAC-SHA256 as RFC 2104 defines it, in lowercase hex."""
    key = secret.encode().ljust(64, b"\0")
    assert len(key) == 64
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + body).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()
