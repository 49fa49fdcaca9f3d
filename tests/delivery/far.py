"""A far end that says whatever a test wants: a real HTTP server that notes every call.

In: answers, in order. Out: the calls that came. Knows nothing of delivery. Of all that the real
API does it knows three calls; `tests/sandbox/play.py` has the real thing.
"""

import asyncio
import json
import socket
import struct
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

CAMPAIGN = "camp_1"
PAGE = b"<html><title>Welcome</title><body>Please log in to this Wi-Fi</body></html>"
DOCUMENT = b'{"success": false, "error": "the API says no"}'
TAKEN = b'{"success": true, "message": "Event enqueued"}'

#: What is done with a call: an answer, or None where none is sent.
Answer = Callable[["Far", web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Call:
    """One call that arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def key(self) -> str:
        return self.headers["Idempotency-Key"]


@dataclass
class Far:
    """The far end. `answers` are given to events first, in order, then `always`."""

    moved: asyncio.Condition
    status: str = "Active"
    environment: str = "test"
    codes: tuple[str, ...] = ("EARN5",)
    standing: Answer | None = None
    answers: deque[Answer] = field(default_factory=deque)
    always: Answer | None = None
    calls: list[Call] = field(default_factory=list)
    paid: Counter[str] = field(default_factory=Counter)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0
    most_waiting: int = 0
    host: str = "127.0.0.1"
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/api"

    @property
    def posts(self) -> list[Call]:
        return [call for call in self.calls if call.method == "POST"]

    @property
    def gets(self) -> list[Call]:
        return [call for call in self.calls if call.method != "POST"]

    async def told(self) -> None:
        """Tell everybody who waits that something has happened."""
        async with self.moved:
            self.moved.notify_all()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.calls.append(Call(request.method, request.path, request.headers.copy(), body))
        await self.told()
        if request.method == "POST":
            answer = self.answers.popleft() if self.answers else self.always or taken
            return await answer(self, request)
        if self.standing is not None:
            return await self.standing(self, request)
        return web.json_response(self._told_of(request.path))

    def _told_of(self, path: str) -> dict[str, object]:
        if path.endswith("/events"):
            return {"success": True, "events": [{"code": code} for code in self.codes]}
        shown = {"status": self.status, "environment": self.environment}
        return {"success": True, "campaign": shown}


# -- answers --------------------------------------------------------------------------------


async def taken(far: Far, request: web.Request) -> web.StreamResponse:
    """202, and paid once a key."""
    far.paid[request.headers["Idempotency-Key"]] += 1
    return web.Response(status=202, body=TAKEN)


async def reset(_: Far, request: web.Request) -> web.StreamResponse:
    """RST in place of an answer."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def silence(far: Far, request: web.Request) -> web.StreamResponse:
    """No answer until the test sets `held`; then an event is taken."""
    far.waiting += 1
    far.most_waiting = max(far.most_waiting, far.waiting)
    await far.told()
    try:
        await far.held.wait()
    finally:
        far.waiting -= 1
    return await taken(far, request) if request.method == "POST" else web.Response(status=503)


async def taken_in_silence(far: Far, request: web.Request) -> web.StreamResponse:
    """Paid, but no answer until the test sets `held`."""
    await taken(far, request)
    return await silence(far, request)


def says(status: int, body: bytes = DOCUMENT, **headers: str) -> Answer:
    """Answer with `status` and `body`; `Retry_After` is a header's name."""

    async def answer(_: Far, __: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, headers=named)

    return answer


def echoes(status: int) -> Answer:
    """Answer as a chatty proxy does: with the headers that came, in the API's own form."""

    async def answer(_: Far, request: web.Request) -> web.StreamResponse:
        said = json.dumps({"success": False, "error": f"refused: {dict(request.headers)}"})
        return web.Response(status=status, body=said.encode())

    return answer


@asynccontextmanager
async def far_end(moved: asyncio.Condition | None = None) -> AsyncIterator[Far]:
    """Run a far end on a free port."""
    far = Far(moved or asyncio.Condition())
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", far.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, far.host, 0).start()
        far.port = runner.addresses[0][1]
        yield far
    finally:
        far.held.set()
        await runner.cleanup()


def closed_port() -> int:
    """Return a port at which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
