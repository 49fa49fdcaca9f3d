"""The rooms of a running bridge: opened, connected, replaced by a reload.

In: settings and a clock. Out: `Daemon`, for as long as `running` is entered. What it says of
itself is in `report.py`.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import structlog

from bridge.adapters.registry import discover
from bridge.campaigns.apis import Apis
from bridge.control import health, links, replays, webhooks
from bridge.control import http as control
from bridge.control.desk import Desk
from bridge.control.metrics import http as metrics
from bridge.control.stream import Stream
from bridge.control.views import Json, report_view
from bridge.daemon.checking import checking
from bridge.daemon.clock import SystemClock
from bridge.daemon.doors import Doors, control_socket
from bridge.daemon.measuring import measured
from bridge.daemon.pruning import REST, prune_policy, pruning
from bridge.daemon.reading import Found, find, read
from bridge.daemon.replaying import Replays
from bridge.daemon.report import Report
from bridge.daemon.sockets import Held
from bridge.daemon.sources import Change, Sources
from bridge.daemon.standing import Living
from bridge.daemon.systemd import Notifier
from bridge.delivery.confirmers import Confirmers
from bridge.delivery.lanes import Lanes
from bridge.errors import BridgeError, CommandError
from bridge.events import Clock
from bridge.gate.guard import Gate
from bridge.intake import messages, wicket
from bridge.intake.counts import Counts
from bridge.intake.http import Achievements
from bridge.intake.listen import application, http_listening
from bridge.intake.udp import UdpDoor
from bridge.linking.service import Linker, linking
from bridge.outbox.archive.pruning import Pruned
from bridge.outbox.store import SqliteOutbox, open_outbox
from bridge.pipeline import Pipeline, Speaker
from bridge.rules.key import payout_key
from bridge.settings.files import outbox_path
from bridge.settings.models import Settings

log = structlog.get_logger("daemon")


#: Sections that a reload puts in force; what is new in any other waits for a restart, and is named.
_LIVE = {"tokens", "confirm", "linking", "brakes", "campaigns", "rules", "sources"}


class Daemon:
    """A running bridge, and how its settings are replaced."""

    def __init__(
        self, config: Path, settings: Settings, clock: Clock, held: Held, notifier: Notifier
    ) -> None:
        self._config = config
        self._held = held
        self._notifier = notifier
        self._settings = settings
        self._clock = clock
        self._gate: Gate
        self._outbox: SqliteOutbox
        self._apis: Apis
        self._lanes: Lanes
        self._confirmers: Confirmers
        self._linker: Linker
        self._receiver: webhooks.Receiver
        #: Done when a background task has died; its exception says of what.
        self._died: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        #: Held while settings are replaced: rooms are not closed under a reload.
        self._reloading = asyncio.Lock()
        self._ends = False
        self._pipeline: Pipeline
        self._sources: Sources
        self._replays: Replays
        self._desk: Desk
        #: What it says of itself, and how it gets on.
        self.report: Report
        self.life: Living

    # -- opening ----------------------------------------------------------------------------

    async def open(self, rooms: AsyncExitStack) -> None:
        """Open every room.

        Raises:
            BridgeError: one can't be opened; it says which and why.
        """
        settings, clock = self._settings, self._clock
        found = read(settings)
        keyed, self._gate = found.keyed, found.gate
        registry = discover(settings.adapters, ours_later=True)
        path = outbox_path(settings.outbox)
        self._outbox = await rooms.enter_async_context(
            open_outbox(path, clock, settings.outbox.reserve, key_of=payout_key, stays=True)
        )
        await found.check(self._outbox)
        await found.adopt(self._outbox)
        await self._open_far_ends(rooms, found)
        self._lanes = await rooms.enter_async_context(
            Lanes(
                self._outbox,
                settings.delivery,
                clock,
                random.Random(),  # noqa: S311  # jitter
                self._confirmers.compared,
            )
        )
        json = Speaker("json", registry.build("json", {}))
        self._pipeline = Pipeline(json, found.book, self._outbox, settings.brakes)
        self.report = Report(
            self._config,
            settings,
            clock.now(),
            self._outbox.database,
            self._outbox.check,
            self._lanes,
            self._confirmers,
            self._receiver.counts,
            registry,
            self._pipeline,
            Counts(),
            held=sorted(self._held.doors),
        )
        await self._open_sources(rooms)
        campaigns = [campaign.id for campaign in settings.campaigns]
        report = self.report
        self._desk = Desk(
            self._outbox,
            campaigns,
            report.facts,
            self._reconcile,
            report.lane_views,
            self._prune,
        )
        self.life = Living(report, self._desk)
        await self._listen(rooms)
        await self._confirmers.replace(settings.campaigns, settings.confirm)
        await self._lanes.replace(keyed)
        policy = prune_policy(settings)
        await rooms.enter_async_context(pruning(self._outbox, policy, self._on_death))
        await rooms.enter_async_context(checking(self._outbox.check, self._on_death))

    async def _open_far_ends(self, rooms: AsyncExitStack, found: Found) -> None:
        """Open what talks with the API beside the lanes: confirmers, link sessions, webhooks."""
        settings, clock, outbox = self._settings, self._clock, self._outbox
        oldest = settings.webhooks.oldest
        self._receiver = webhooks.Receiver(outbox, found.secrets, oldest, clock)
        self._apis = await rooms.enter_async_context(Apis(settings.delivery))
        await self._apis.replace(found.keyed)  # first: open link sessions are looked at at once
        self._confirmers = await rooms.enter_async_context(
            Confirmers(outbox, self._apis, settings.confirm, clock)
        )
        self._linker = await rooms.enter_async_context(
            linking(outbox, self._apis, settings.linking, settings.link_page, clock, self._on_death)
        )

    async def _open_sources(self, rooms: AsyncExitStack) -> None:
        """Open the engines' own ways in, before the doors that tell of them."""
        settings = self._settings
        self._sources = await rooms.enter_async_context(
            Sources(
                self.report.registry,
                self._pipeline,
                self._outbox,
                self._gate,
                self._clock,
                receive_buffer=settings.udp.receive_buffer,
                on_death=self._on_death,
                held=self._held.sources(),
            )
        )
        await self._sources.put_in_force(await self._sources.foresee(settings.sources))
        self.report.sources = self._sources
        self._replays = Replays(
            self._sources.settings,
            self.report.registry,
            self._pipeline,
            self._outbox,
            self._clock,
        )

    def _on_death(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and not self._died.done():
            self._died.set_exception(task.exception() or RuntimeError("a task ended by itself"))

    async def _prune(self, *, dry_run: bool) -> Pruned:
        return await self._outbox.prune(prune_policy(self._settings), dry_run=dry_run, rest=REST)

    async def _reconcile(self, campaign: str | None) -> list[Json]:
        return [report_view(report) for report in await self._confirmers.reconcile(campaign)]

    async def _listen(self, rooms: AsyncExitStack) -> None:
        udp, report = self._settings.udp, self.report
        sink = self._pipeline.accept
        posts = Achievements(sink, self._clock, report.http_counts)
        stream = Stream(self._outbox)
        measure = partial(measured, report, self._outbox, self._receiver, self._clock)
        incoming = webhooks.routes(self._receiver)
        routes = [
            *posts.routes(),
            *messages.routes(self._sources.posted, self._gate, self._clock),
            *replays.routes(self._replays),
            *control.routes(self._desk, self.reload, self._linker.hurry),
            *links.routes(self._linker, lambda: self._desk.campaigns),
            *stream.routes(),
            *incoming,
            *health.routes(self._desk, report.reasons),
            *metrics.routes(self._desk, report.reasons, measure),
        ]
        groups = self._gate.peers.groups
        app, desk_app = application(self._gate, routes), application(self._gate, routes)
        for each in (app, desk_app):
            each.on_shutdown.append(stream.end)
        await rooms.enter_async_context(
            http_listening(desk_app, None, [control_socket(self._config)], groups=groups)
        )
        if udp.listen is not None:
            door = UdpDoor(sink, self._gate, udp, self._clock, self._held.one("udp"))
            report.udp = await rooms.enter_async_context(door)
        doors = Doors(self._settings, self._held)
        report.webhooks_bound = await rooms.enter_async_context(doors.for_webhooks(incoming))
        players = doors.for_players(self._linker, self._clock)
        report.page_bound = await rooms.enter_async_context(players)
        front = wicket.front(posts, self._gate)
        report.bound = await rooms.enter_async_context(doors.for_games(app, front, groups))

    async def until_a_part_dies(self) -> None:
        """Return never; raise what a background task died of."""
        parts: list[asyncio.Future[None]] = [self._lanes.died, self._confirmers.died, self._died]
        if self.report.udp is not None:
            parts.append(self.report.udp.task)
        done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        for part in done:
            part.result()

    # -- reload -----------------------------------------------------------------------------

    async def reload(self) -> Json:
        """Read the settings again; a bad file changes nothing.

        One reload is carried out after the other, and none once the daemon ends.

        Raises:
            BridgeError: what is wrong with it.
            CommandError: the daemon ends.
        """
        async with self._reloading:
            if self._ends:
                raise CommandError("the daemon is stopping, and reads its settings when it starts")
            self._notifier.reloading(self._clock.monotonic(), "reading the settings again")
            try:
                answer = await self._reload()
            except Exception as refused:
                self._refused(refused)
                raise
            else:
                self.report.reload_refused = None
            finally:
                self._notifier.ready(await self.life.line())
            return answer

    def _refused(self, why: Exception) -> None:
        told = str(why) if isinstance(why, BridgeError) else repr(why)
        self.report.reload_refused = told
        log.error(
            "the settings stay as they were",
            action="reload_refused",
            error=told,
            hint=getattr(why, "hint", ""),
        )

    async def end_reloads(self) -> None:
        """Let a reload that is under way come to its end; after this none begins."""
        self._ends = True
        async with self._reloading:
            pass

    async def _reload(self) -> Json:
        """Read and build all that can fail; only then put it in force."""
        found = find(self._config, self._held)
        await found.check(self._outbox)
        sources = await self._sources.foresee(found.settings.sources)
        try:
            await found.adopt(self._outbox)
        except BaseException:
            sources.drop()
            raise
        try:
            await self._put_in_force(found, sources)
        except Exception as failure:  # half of it is in force: a fresh start takes the whole
            if not self._died.done():
                self._died.set_exception(failure)
            raise
        return self._told(found.settings, sources)

    async def _put_in_force(self, found: Found, sources: Change) -> None:
        settings = found.settings
        self._pipeline.rules, self._pipeline.brakes = found.book, settings.brakes
        self._receiver.secrets = found.secrets
        self._linker.replace(settings.linking)
        self._gate.replace(found.gate.tokens)
        self._desk.campaigns = tuple(campaign.id for campaign in settings.campaigns)
        self.report.settings = settings
        await self._sources.put_in_force(sources)
        self._replays.replace(self._sources.settings)
        await self._apis.replace(found.keyed)
        await self._confirmers.replace(settings.campaigns, settings.confirm)
        await self._lanes.replace(found.keyed)

    def _told(self, settings: Settings, sources: Change) -> Json:
        later = [
            name
            for name in Settings.model_fields
            if name not in _LIVE and getattr(settings, name) != getattr(self._settings, name)
        ] + (["sources"] if sources.changed else [])
        self.report.needs_restart = tuple(later)
        fresh = [source.settings.name for source in sources.fresh]
        log.info(
            "settings read again",
            action="settings_reloaded",
            needs_restart=later,
            sources_added=fresh,
            sources_removed=list(sources.gone),
        )
        return {
            "reloaded": True,
            "needs_restart": later,
            "sources_added": fresh,
            "sources_removed": list(sources.gone),
        }


@asynccontextmanager
async def running(
    config: Path,
    settings: Settings,
    clock: Clock | None = None,
    *,
    held: Held | None = None,
    notifier: Notifier | None = None,
) -> AsyncIterator[Daemon]:
    """Run the bridge until left, by the machine's clock unless another is handed in.

    `held` are sockets in place of the settings' addresses; `notifier` hears of reloads.
    """
    held = held or Held()
    settings = held.over(settings)
    daemon = Daemon(config, settings, clock or SystemClock(), held, notifier or Notifier())
    async with AsyncExitStack() as rooms:
        await daemon.open(rooms)
        try:
            yield daemon
        finally:
            await daemon.end_reloads()
