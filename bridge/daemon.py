"""The daemon: every room opened in the order of the road, outbox first and intake last.

In: the settings' file. Out: a running bridge. The only file that knows every room; leaving it
closes them the other way round: nothing new comes in, what is in flight is waited for, the outbox
closes last.
"""

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import structlog

from bridge.adapters.registry import Registry, discover
from bridge.control import health
from bridge.control import http as control
from bridge.control.desk import Desk
from bridge.control.health import Reason
from bridge.control.views import Json
from bridge.delivery.lanes import Keyed, Lanes
from bridge.errors import BridgeError, SettingsError
from bridge.gate.guard import Gate
from bridge.gate.tokens import Tokens
from bridge.intake import http as achievements
from bridge.intake.counts import Counts
from bridge.intake.listen import Bound, application, http_listening
from bridge.intake.udp import UdpDoor
from bridge.outbox.contract import Remembering
from bridge.outbox.sqlite.store import SqliteOutbox, open_outbox
from bridge.pipeline import Pipeline, Speaker
from bridge.rules.book import Rule, RuleBook
from bridge.rules.history import Remembered, check_change
from bridge.settings.files import APP, load_settings, outbox_path, read_secret, runtime_dirs
from bridge.settings.models import CampaignSettings, Settings

log = structlog.get_logger("daemon")

CONTROL_SOCKET = "control.sock"

#: Settings that a reload can't change.
_FIXED = ("http", "udp", "outbox", "adapters", "delivery")


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """Return the wall clock's time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        return time.monotonic()


class Daemon:
    """The running bridge: what it can say of itself, and how its settings are replaced."""

    def __init__(self, config: Path, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._counts = Counts()
        self._started = SystemClock().now()
        self._udp: UdpDoor | None = None
        self._bound = Bound()
        self._registry: Registry
        self._gate: Gate
        self._outbox: SqliteOutbox
        self._lanes: Lanes
        self._pipeline: Pipeline
        self._desk: Desk

    # -- opening ----------------------------------------------------------------------------

    async def open(self, rooms: AsyncExitStack) -> None:
        """Open every room.

        Raises:
            BridgeError: one can't be opened; it says which and why.
        """
        settings, clock = self._settings, SystemClock()
        book = RuleBook.from_settings(settings.rules, settings.campaigns)
        keyed = _with_keys(settings.campaigns)
        self._gate = Gate.load(settings.http, settings.tokens, settings.udp)
        self._registry = discover(settings.adapters)
        path = outbox_path(settings.outbox)
        self._outbox = await rooms.enter_async_context(
            open_outbox(path, clock, settings.outbox.reserve)
        )
        await adopt(self._outbox, book)
        self._lanes = await rooms.enter_async_context(
            Lanes(self._outbox, settings.delivery, clock, random.Random())  # noqa: S311  # jitter
        )
        speakers = {"": Speaker("json", self._registry.build("json", {}))}
        self._pipeline = Pipeline(speakers, book, self._outbox)
        campaigns = [campaign.id for campaign in settings.campaigns]
        self._desk = Desk(self._outbox, campaigns, self._facts)
        await self._listen(rooms, clock)
        await self._lanes.replace(keyed)

    async def _listen(self, rooms: AsyncExitStack, clock: SystemClock) -> None:
        http, udp = self._settings.http, self._settings.udp
        sink = self._pipeline.accept
        routes = [
            *achievements.routes(sink, clock, counts=self._counts),
            *control.routes(self._desk, self.reload),
            *health.routes(self._desk, self.reasons),
        ]
        app, desk_app = application(self._gate, routes), application(self._gate, routes)
        socket = _control_socket()
        groups = self._gate.peers.groups
        await rooms.enter_async_context(http_listening(desk_app, None, [socket], groups=groups))
        if udp.listen is not None:
            self._udp = await rooms.enter_async_context(UdpDoor(sink, self._gate, udp, clock))
        unix = [http.unix] if http.unix is not None else []
        self._bound = await rooms.enter_async_context(
            http_listening(app, http.listen, unix, groups=groups)
        )

    async def until_a_part_dies(self) -> None:
        """Return never; raise what a background task died of."""
        parts: list[asyncio.Future[None]] = [self._lanes.died]
        if self._udp is not None:
            parts.append(self._udp.task)
        done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        for part in done:
            part.result()

    # -- what it says of itself -------------------------------------------------------------

    def _facts(self) -> Json:
        database = self._outbox.database
        return {
            "daemon": {
                "pid": os.getpid(),
                "version": version(APP),
                "started_at": self._started.isoformat(timespec="seconds"),
                "config": str(self._config),
                "http": [f"{host}:{port}" for host, port in self._bound.tcp],
                "udp": None if self._udp is None else "{}:{}".format(*self._udp.address),
                "commits": database.commits,
                "jobs_committed": database.jobs_committed,
            },
            "outbox": str(database.path),
            "lanes": [_lane_view(asdict(status)) for status in self._lanes.statuses()],
            "reasons": [asdict(reason) for reason in self.reasons()],
            "intake": self._intake(),
        }

    def _intake(self) -> Json:
        doors = {"http": self._counts}
        if self._udp is not None:
            doors["udp"] = self._udp.counts
        told: Json = {name: asdict(counts) for name, counts in doors.items()}
        return {**told, "differing": self._pipeline.differing}

    def reasons(self) -> Sequence[Reason]:
        """Return why the daemon is not ready, or works less well than it should."""
        return [*self._store_reasons(), *self._lane_reasons(), *self._other_reasons()]

    def _store_reasons(self) -> list[Reason]:
        database = self._outbox.database
        full = database.growth_refused()
        if full is not None:
            return [Reason("store-full", full, blocking=True)]
        if database.trouble is not None:
            return [Reason("store-unavailable", database.trouble, blocking=True)]
        return []

    def _lane_reasons(self) -> list[Reason]:
        return [
            Reason(f"lane-{lane.paused}", f"{lane.campaign}: {lane.detail}")
            for lane in self._lanes.statuses()
            if lane.paused is not None
        ]

    def _other_reasons(self) -> list[Reason]:
        found = [
            Reason("adapter-failed", f"{failure.plugin}: {failure.error}")
            for failure in self._registry.failures
        ]
        if self._udp is not None and self._udp.buffer_cut is not None:
            asked = self._settings.udp.receive_buffer
            found.append(
                Reason(
                    "udp-buffer-cut",
                    f"the kernel gave {self._udp.buffer_cut} of {asked} bytes; "
                    "raise net.core.rmem_max",
                )
            )
        if self._settings.http.unsafe_no_token:
            found.append(Reason("unsafe-no-token", "any local user can pay out money"))
        return found

    # -- reload -----------------------------------------------------------------------------

    async def reload(self) -> Json:
        """Read the settings again; a bad file changes nothing.

        Raises:
            SettingsError, RulesChanged: what is wrong with it.
        """
        settings = load_settings(self._config)
        book = RuleBook.from_settings(settings.rules, settings.campaigns)
        tokens = Tokens.load(settings.http, settings.tokens, settings.udp)
        keyed = _with_keys(settings.campaigns)
        await adopt(self._outbox, book)
        self._pipeline.rules = book
        self._gate.replace(tokens)
        self._desk.campaigns = tuple(campaign.id for campaign in settings.campaigns)
        await self._lanes.replace(keyed)
        later = [
            name for name in _FIXED if getattr(settings, name) != getattr(self._settings, name)
        ]
        log.info("settings read again", action="settings_reloaded", needs_restart=later)
        return {"reloaded": True, "needs_restart": later}


async def adopt(outbox: Remembering, book: RuleBook) -> None:
    """Put the rules in force, unless they could pay feats again; raises `RulesChanged`."""
    remembered = [
        Remembered(Rule.from_definition(rule.definition), rule.used)
        for rule in await outbox.remembered_rules()
    ]
    check_change(remembered, book.rules)
    if [old.rule for old in remembered] != list(book.rules):
        await outbox.adopt_rules([rule.definition for rule in book.rules])


def _with_keys(campaigns: Sequence[CampaignSettings]) -> list[Keyed]:
    return [
        Keyed(campaign, read_secret(campaign.api_key_file, f"API key of campaign {campaign.id},"))
        for campaign in campaigns
    ]


def _control_socket() -> Path:
    folder = runtime_dirs()[0]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    except OSError as failure:
        raise SettingsError(
            f"the control socket's folder {folder} can't be made: {failure.strerror}",
            hint="Set RUNTIME_DIRECTORY to a folder that the daemon's user may write.",
        ) from failure
    return folder / CONTROL_SOCKET


def _lane_view(lane: Json) -> Json:
    standing = lane.pop("standing")
    if standing is not None:
        standing = {name: _plain(value) for name, value in standing.items()}
    return {**lane, "standing": standing}


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, str) else str(value)


@asynccontextmanager
async def running(config: Path, settings: Settings) -> AsyncIterator[Daemon]:
    """Run the bridge until left."""
    daemon = Daemon(config, settings)
    async with AsyncExitStack() as rooms:
        await daemon.open(rooms)
        yield daemon


async def serve(config: Path) -> None:
    """Run the bridge until SIGTERM or SIGINT; SIGHUP reads the settings again.

    Raises:
        BridgeError: it can't start.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(config, load_settings(config)) as daemon:
        reloads: set[asyncio.Task[None]] = set()

        def on_hangup() -> None:
            task = asyncio.create_task(_reload(daemon))
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        loop.add_signal_handler(signal.SIGHUP, on_hangup)
        log.info("running", action="daemon_running", config=str(config))
        ending: list[asyncio.Future[object]] = [
            asyncio.ensure_future(stop.wait()),
            asyncio.ensure_future(daemon.until_a_part_dies()),
        ]
        done, left = await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        log.info("stopping", action="daemon_stopping")
        for task in done:
            task.result()


async def _reload(daemon: Daemon) -> None:
    try:
        await daemon.reload()
    except BridgeError as refused:
        log.error("the settings stay as they were", action="reload_refused", error=str(refused))
