"""Puts a sandbox together and listens.

In: settings, a clock, a source of chance. Out: a running sandbox and where it is. Knows every file
of this room.
"""

import asyncio
import contextlib
import secrets
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import monotonic

from aiohttp import web
from aiohttp.typedefs import Middleware

from bridge.errors import SandboxError
from bridge.events import Clock
from bridge.sandbox.api import openapi
from bridge.sandbox.api.calls import Calls
from bridge.sandbox.api.campaign import CampaignCalls
from bridge.sandbox.api.invites import InviteCalls
from bridge.sandbox.api.links import LinkCalls
from bridge.sandbox.api.operation import routes
from bridge.sandbox.api.users import UserCalls
from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sandbox.dashboard.door import SIGN_IN
from bridge.sandbox.dashboard.site import site
from bridge.sandbox.expiry import Expiry
from bridge.sandbox.faults import Faults, FaultyRoad
from bridge.sandbox.guard import is_loopback, no_strangers, one_envelope
from bridge.sandbox.idempotency import Idempotency
from bridge.sandbox.jobs import Jobs
from bridge.sandbox.oracle.admission import Admins
from bridge.sandbox.oracle.campaigns import Oracle
from bridge.sandbox.oracle.webhooks import WebhookOracle
from bridge.sandbox.payouts import PayoutReadings
from bridge.sandbox.readings import BODY_LIMIT
from bridge.sandbox.settings import SandboxSettings
from bridge.sandbox.webhooks.sender import Sender
from bridge.sqlite.database import Database
from bridge.sqlite.lock import locked
from bridge.sqlite.scripts import load_migrations, load_queries

__all__ = ["Sandbox", "SandboxSettings", "sandbox_running", "serve"]

#: Seconds that calls get to end when the sandbox goes down.
SHUTDOWN = 0.5
#: Connections that may wait to be taken.
BACKLOG = 1024


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return monotonic()


@dataclass(slots=True)
class Sandbox:
    """A running sandbox: where it is, and how to wait for it; `port` is known once it listens."""

    host: str
    port: int
    admin_token: str = field(repr=False)
    jobs: Jobs = field(repr=False)
    road: FaultyRoad = field(repr=False)
    expiry: Expiry = field(repr=False)
    sender: Sender = field(repr=False)
    sign_in_code: str = field(repr=False)

    @property
    def url(self) -> str:
        """The base of everything, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def api_url(self) -> str:
        """What a campaign's `base_url` is set to."""
        return f"{self.url}/api"

    @property
    def sign_in_url(self) -> str:
        """Where its owner opens the dashboard without the admin token, once."""
        return f"{self.url}{SIGN_IN}?code={self.sign_in_code}"

    async def settled(self) -> None:
        """Return when late requests have arrived, every accepted job was carried out, and no
        webhook is due now (one that waits for its next try is not)."""
        await self.road.late_arrivals()
        await self.jobs.settled()
        await self.expiry.settled()
        await self.sender.settled()


@asynccontextmanager
async def sandbox_running(
    settings: SandboxSettings, *, clock: Clock | None = None, random: Random | None = None
) -> AsyncIterator[Sandbox]:
    """Run a sandbox; jobs and webhooks that the last run on the same file left are carried out.

    Raises:
        SandboxError: the address is not loopback, or taken.
        StoreError: the database can't be used.
    """
    host, clock = _loopback(settings.host), clock or SystemClock()
    token = settings.admin_token or secrets.token_urlsafe(24)
    # Chance, not a secret: seeded, so that a run can be repeated.
    faults = Faults(random or Random(settings.seed), settings.faults)  # noqa: S311
    async with AsyncExitStack() as rooms:
        path = settings.db or _temporary(rooms)
        rooms.enter_context(locked(path, stays=True))
        database = Database(path, load_migrations("bridge.sandbox.books.migrations"))
        await rooms.enter_async_context(database)
        keeper = Bookkeeper(database, load_queries("bridge.sandbox.books"), clock)
        kept = Idempotency(int(settings.idempotency_retention * 1000), settings.store_errors)
        played = PayoutReadings(settings.insufficient_funds, settings.not_active)
        jobs = Jobs(keeper, kept, faults, played, settings.job_delay)
        await rooms.enter_async_context(jobs)
        expiry = await rooms.enter_async_context(Expiry(keeper))
        sender = Sender(keeper, settings.webhook_waits, settings.webhook_timeout)
        await rooms.enter_async_context(sender)
        road = FaultyRoad(
            faults, late_after=settings.late_arrival_delay, hold=settings.answer_lost_hold
        )
        rooms.push_async_callback(road.close)
        admins = Admins(token)
        pages = site(keeper, jobs, faults, played, settings, admins, clock, lambda: sandbox.url)
        sandbox = Sandbox(
            host, settings.port, token, jobs, road, expiry, sender, pages.sign_in_code
        )
        calls = Calls(keeper, jobs, faults, kept)
        served = [
            *CampaignCalls(calls, settings.start_when_active, played).operations(),
            *LinkCalls(calls, lambda: sandbox.url, settings.link_lifetime).operations(),
            *UserCalls(calls).operations(),
            *InviteCalls(calls, lambda: sandbox.url).operations(),
            *Oracle(keeper, faults).operations(admins),
            *WebhookOracle(keeper, settings.secret_overlap).operations(admins),
        ]
        calls_and_pages = [
            *routes(served),
            openapi.route(served, lambda: sandbox.url),
            *pages.routes,
        ]
        app = _application(road, pages.layer, calls_and_pages)
        sandbox.port = await _listen(rooms, app, host, settings.port)
        yield sandbox


async def serve(settings: SandboxSettings, announce: Callable[[Sandbox], None]) -> None:
    """Run a sandbox until SIGINT or SIGTERM; `announce` is told once it listens."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(
            NotImplementedError
        ):  # where there are no handlers, Ctrl-C ends it
            loop.add_signal_handler(number, stop.set)
    async with sandbox_running(settings) as sandbox:
        announce(sandbox)
        await stop.wait()


def _loopback(host: str) -> str:
    if not is_loopback(host):
        raise SandboxError(
            f"the sandbox listens on loopback only, not on {host}",
            hint="Leave the address out, or use 127.0.0.1 or ::1.",
        )
    return "127.0.0.1" if host == "localhost" else host  # one address, so one port


def _temporary(rooms: AsyncExitStack) -> Path:
    folder = rooms.enter_context(tempfile.TemporaryDirectory(prefix="campaign-bridge-sandbox-"))
    return Path(folder) / "sandbox.db"


def _application(
    road: FaultyRoad, pages: Middleware, routes: list[web.RouteDef]
) -> web.Application:
    """Stack the layers, outermost first; the inner envelope serves requests that arrive late."""
    layers = [one_envelope, pages, no_strangers, road.road, one_envelope]
    app = web.Application(middlewares=layers, client_max_size=BODY_LIMIT)
    app.add_routes(routes)
    return app


async def _listen(rooms: AsyncExitStack, app: web.Application, host: str, port: int) -> int:
    # A body is read as it comes: nothing says that Oncade takes compressed ones, and a broken one
    # would end in a traceback.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN, auto_decompress=False)
    await runner.setup()
    rooms.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, host, port, backlog=BACKLOG).start()
    except OSError as problem:
        raise SandboxError(
            f"the sandbox can't listen on {host}:{port}: {problem.strerror}",
            hint="Stop what uses that port, or choose another one with --port.",
        ) from problem
    return int(runner.addresses[0][1])
