"""A host that answers each call of the Campaigns API as a test wants: real HTTP, in a thread.

In: answers by call. Out: the calls that came, as they were on the wire. Being in a thread of its
own it serves tests that wait for processes, too. Knows nothing of the client.
"""

import asyncio
import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

CAMPAIGN = "camp_1"
PATIENCE = 20.0

Answer = Callable[["Host", web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Called:
    """One call as it came; `target` is percent-encoded, with its query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def line(self) -> str:
        return f"{self.method} {self.target}"

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def key(self) -> str:
        return self.headers["Idempotency-Key"]


class Host:
    """The host. A call's answers are given in order; the last one is given ever after."""

    def __init__(self) -> None:
        self.calls: list[Called] = []
        self.port = 0
        self._answers: dict[str, deque[Answer]] = {}
        self._came = threading.Condition()
        self.closing = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def on(self, call: str, *answers: Answer) -> None:
        """Answer `METHOD path`, the path below the version and without its query."""
        self._answers[call] = deque(answers)

    def wait(self, line: str, times: int = 1) -> list[Called]:
        """Wait until calls whose line begins so have come."""

        def came() -> bool:
            return len(self.of(line)) >= times

        with self._came:
            assert self._came.wait_for(came, PATIENCE), [call.line for call in self.calls]
        return self.of(line)

    def of(self, line: str) -> list[Called]:
        """Return the calls that came so far and whose line begins so."""
        return [call for call in self.calls if call.line.startswith(line)]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        called = Called(
            request.method, request.path_qs, request.headers.copy(), await request.read()
        )
        with self._came:
            self.calls.append(called)
            self._came.notify_all()
        path = request.rel_url.raw_path.removeprefix("/api/v1")
        waiting = self._answers.get(f"{request.method} {path}")
        if not waiting:
            return await says(404, {"success": False, "error": "nothing is here"})(self, request)
        answer = waiting.popleft() if len(waiting) > 1 else waiting[0]
        return await answer(self, request)


# -- answers --------------------------------------------------------------------------------


def says(status: int, body: object = None, **headers: str) -> Answer:
    """Answer with JSON, or with bytes as they are; `Retry_After` is a header's name."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(_: Host, __: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=data, headers=named)

    return answer


def refuses(status: int, error: str = "the API says no") -> Answer:
    """Refuse in the API's own form."""
    return says(status, {"success": False, "error": error})


async def echoes(_: Host, request: web.Request) -> web.StreamResponse:
    """Refuse as a chatty proxy does: with all the headers that came."""
    told = {"success": False, "error": f"refused: {dict(request.headers)}"}
    return web.json_response(told, status=400)


async def silence(host: Host, _: web.Request) -> web.StreamResponse:
    """Say nothing until the test is over."""
    await host.closing.wait()
    return web.Response(status=503)


async def reset(_: Host, request: web.Request) -> web.StreamResponse:
    """RST in place of an answer."""
    transport = request.transport
    assert transport is not None
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    return web.Response()


def campaign(status: str = "Active", **more: object) -> Answer:
    """Tell of a campaign."""
    told = {
        "id": CAMPAIGN,
        "name": "Autumn",
        "environment": "test",
        "status": status,
        "totalAmountFunded": 100,
        "totalAmountPaidOut": "87.5",
        "availableToWithdraw": 12.5,
        **more,
    }
    return says(200, {"success": True, "campaign": told})


ENQUEUED = says(202, {"success": True, "message": "Job enqueued"})


# -- running --------------------------------------------------------------------------------


@contextmanager
def host_beside() -> Iterator[Host]:
    """Run a host on a free port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    host = Host()
    runner = asyncio.run_coroutine_threadsafe(_started(host), loop).result(PATIENCE)
    try:
        yield host
    finally:
        asyncio.run_coroutine_threadsafe(_stopped(host, runner), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()


async def _started(host: Host) -> web.AppRunner:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", host.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host.port = runner.addresses[0][1]
    return runner


async def _stopped(host: Host, runner: web.AppRunner) -> None:
    host.closing.set()
    await runner.cleanup()
