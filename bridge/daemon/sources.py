"""The sources of a running bridge: each one's adapter, road, and the way its messages come.

In: settings, adapters and the road. Out: `Sources`, whose doors are open and whose logs are
followed for as long as it is entered. They come and go with a reload; one whose settings changed
goes on as it was.
"""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bridge.adapters.contract import AdapterSpec
from bridge.adapters.fence import unwrapping
from bridge.adapters.registry import Registry
from bridge.control.health import Reason
from bridge.control.views import Json, when
from bridge.errors import SettingsError
from bridge.events import Clock
from bridge.gate.guard import Gate
from bridge.intake.drain import Buffer, opened_socket
from bridge.intake.listen import explaining
from bridge.intake.messages import Posted
from bridge.intake.source_udp import SourceDoor
from bridge.loading import later
from bridge.outbox.contract import Outbox
from bridge.pipeline import Pipeline, Speaker
from bridge.pipeline.sources import SourceRoad, open_source
from bridge.players.worth import enough
from bridge.record import record
from bridge.settings.sources import SourceSettings

if TYPE_CHECKING:
    from bridge.intake.files import follow, sequence, state
else:
    follow = later("bridge.intake.files.follow")
    sequence = later("bridge.intake.files.sequence")
    state = later("bridge.intake.files.state")


@dataclass(slots=True)
class Source:
    """One source: its road and the one way its messages come. `rooms` is what it has open."""

    settings: SourceSettings
    road: SourceRoad
    spec: AdapterSpec
    #: Where its datagrams come, until its door is open.
    arrivals: socket.socket | None = None
    rooms: AsyncExitStack = field(default_factory=AsyncExitStack)
    door: SourceDoor | None = None
    follower: "follow.Follower | None" = None
    files: "state.StateFiles | None" = None


@record
class Change:
    """What other settings mean for the open sources; nothing of it is in force yet."""

    #: Those that come, ready to be started.
    fresh: Sequence[Source]
    #: Those that go, and those that go on as they were because their settings are others now.
    gone: Sequence[str]
    changed: Sequence[str]

    def drop(self) -> None:
        """Let go of what the fresh ones have."""
        for source in self.fresh:
            if source.arrivals is not None:
                source.arrivals.close()


class Sources:
    """The open sources; an async context manager that closes them when left.

    `held` are the sockets of sources that systemd holds, by the source's name.
    """

    def __init__(
        self,
        registry: Registry,
        pipeline: Pipeline,
        outbox: Outbox,
        gate: Gate,
        clock: Clock,
        *,
        receive_buffer: int,
        on_death: Callable[["asyncio.Task[None]"], None],
        held: Mapping[str, socket.socket] | None = None,
    ) -> None:
        self._registry = registry
        self._pipeline = pipeline
        self._outbox = outbox
        self._gate = gate
        self._clock = clock
        self._receive_buffer = receive_buffer
        self._on_death = on_death
        self._held = dict(held or {})
        self._open: dict[str, Source] = {}
        #: Those whose messages are posted, by name.
        self.posted: dict[str, Posted] = {}

    async def __aenter__(self) -> Self:
        """Begin with none."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take what has arrived, then close; the last one first."""
        for name in reversed(list(self._open)):
            await self._close(name)

    @property
    def settings(self) -> list[SourceSettings]:
        """What the open ones run by."""
        return [source.settings for source in self._open.values()]

    # -- coming and going ---------------------------------------------------------------------

    async def foresee(self, settings: Sequence[SourceSettings]) -> Change:
        """Build and bind what these settings need that isn't open, and start nothing.

        Raises:
            BridgeError: one can't be opened; it says which and why, and nothing is left behind.
        """
        wanted = {source.name: source for source in settings}
        for source in settings:
            speaker_of(source, self._registry)
        made: list[Source] = []
        change = Change(
            made,
            [name for name in self._open if name not in wanted],
            [
                name
                for name, source in self._open.items()
                if name in wanted and _runs_by(wanted[name]) != _runs_by(source.settings)
            ],
        )
        try:
            for name, source in wanted.items():
                if name not in self._open:
                    made.append(await self._made(source))
        except BaseException:
            change.drop()
            raise
        return change

    async def put_in_force(self, change: Change) -> None:
        """Close the sources that go, having taken what has arrived; start those that come."""
        for name in change.gone:
            await self._close(name)
        for source in change.fresh:
            self._open[source.settings.name] = source
            await self._start(source)

    async def _made(self, settings: SourceSettings) -> Source:
        spec, speaker = speaker_of(settings, self._registry)
        road = await open_source(settings.name, spec, speaker, self._pipeline, self._outbox)
        source = Source(settings, road, spec)
        if settings.udp is not None:
            with explaining("[sources]", settings.udp):
                source.arrivals, _ = await opened_socket(
                    settings.udp, self._receive_buffer, self._held.pop(settings.name, None)
                )
        return source

    async def _start(self, source: Source) -> None:
        settings, road = source.settings, source.road
        if settings.by_http:
            self.posted[settings.name] = Posted(road, source.spec.status, source.spec.headers)
        if source.arrivals is not None:
            source.door = await self._listening(source, source.arrivals)
        if settings.file is not None:
            log = sequence.Log(settings.file, settings.rotated)
            source.follower = follow.Follower(
                settings.name, log, road, self._clock, start=settings.start
            )
            self._running(source.follower.run, source)
        if settings.state_files is not None:
            source.files = state.StateFiles(
                settings.name, settings.state_files, road, self._clock, start=settings.start
            )
            self._running(source.files.run, source)

    async def _close(self, name: str) -> None:
        self.posted.pop(name, None)
        await self._open.pop(name).rooms.aclose()

    async def _listening(self, source: Source, sock: socket.socket) -> SourceDoor:
        name, secret = source.settings.name, source.settings.token_file is not None
        door = SourceDoor(
            name,
            source.road,
            self._clock,
            unwrap=unwrapping(source.spec),
            senders=source.settings.allowed_senders,
            opens=(lambda shown: self._gate.opens(shown, name)) if secret else None,
        )
        task = await source.rooms.enter_async_context(door.listening(sock, self._receive_buffer))
        task.add_done_callback(lambda ended: None if door.closing else self._on_death(ended))
        return door

    def _running(self, run: Callable[[], Coroutine[object, object, None]], source: Source) -> None:
        task = asyncio.create_task(run(), name=f"source {source.settings.name}")
        task.add_done_callback(self._on_death)

        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        source.rooms.push_async_callback(end)

    # -- what they say of themselves ----------------------------------------------------------

    def views(self) -> list[Json]:
        """Return how each source stands."""
        return [_view(source) for source in self._open.values()]

    def buffers(self) -> dict[str, Buffer]:
        """Return what the kernel says of each source's UDP socket."""
        return {
            source.settings.name: source.door.buffer()
            for source in self._open.values()
            if source.door is not None
        }

    def reasons(self) -> list[Reason]:
        """Return why a source works less well than it should."""
        found = []
        for source in self._open.values():
            name = source.settings.name
            readers = [reader for reader in (source.follower, source.files) if reader is not None]
            found += [
                Reason("source-stuck", f"{name}: {reader.status.trouble}")
                for reader in readers
                if reader.status.trouble is not None
            ]
            if source.door is not None and source.door.buffer_cut is not None:
                detail = f"{name}: the kernel gave {source.door.buffer_cut} bytes"
                found.append(Reason("udp-buffer-cut", f"{detail}; raise net.core.rmem_max"))
        return found


def _runs_by(settings: SourceSettings) -> SourceSettings:
    """Return the settings without what a reload replaces: where its secret lies."""
    secret = settings.token_file and Path("secret")
    return settings.model_copy(update={"token_file": secret})


def speaker_of(settings: SourceSettings, registry: Registry) -> tuple[AdapterSpec, Speaker]:
    """Return a source's adapter, built.

    Raises:
        AdapterNotFound, AdapterLoadError: it has none that works.
        SettingsError: its options, its trust or its way don't fit the adapter.
    """
    spec = registry.spec(settings.adapter)
    where = f"source {settings.name!r}: adapter {spec.name!r}"
    if not enough(spec.identity, settings.trust):
        raise SettingsError(
            f"{where} knows players by no more than a {spec.identity}, and the source trusts a "
            f"{settings.trust} only",
            hint=f'Write trust = "{spec.identity}" for it, after reading what that is worth.',
        )
    if settings.udp is not None and settings.token_file is not None and spec.unwrap is None:
        raise SettingsError(
            f"{where} reads no secret from a datagram",
            hint='Take token_file out and say who may send: allowed_senders = ["127.0.0.1"].',
        )
    adapter = registry.build(settings.adapter, settings.options)
    speaker = Speaker(spec.name, adapter, settings.id_scope, settings.trust, spec.identity)
    return spec, speaker


def check_sources(known: Mapping[str, tuple[str, bool]], sources: Sequence[SourceSettings]) -> None:
    """Accept the sources unless a used one was renamed or its ids mean something else now.

    `known` has each remembered source's scope and whether it was used.

    Raises:
        SettingsError: feats that were paid could be paid again.
    """
    names = {source.name for source in sources}
    for source in sources:
        scope, used = known.get(source.name, (source.id_scope, False))
        if used and scope != source.id_scope:
            raise SettingsError(
                f"source {source.name!r} has made entries with id_scope = {scope!r}; another one "
                "would pay its feats again",
                hint=f"Write id_scope = {scope!r} again, or give the source a new name.",
            )
    gone = [name for name, (_, used) in known.items() if used and name not in names]
    fresh = [name for name in names if name not in known]
    if gone and fresh:
        raise SettingsError(
            f"source {gone[0]!r} has made entries and is missing, and {min(fresh)!r} is new: under "
            "another name each line could be paid again",
            hint="Keep the old name. If they are two sources: leave the old one in the settings, "
            "start once with both, then take it out.",
        )


def _view(source: Source) -> Json:
    settings, counts = source.settings, source.road.counts
    view: Json = {
        "name": settings.name,
        "adapter": settings.adapter,
        "way": _way(settings),
        "counts": {**asdict(counts), "figures": dict(source.road.figures)},
        "following": None,
        "state_files": None,
        "udp": None,
    }
    if source.follower is not None:
        status = source.follower.status
        view["following"] = {**asdict(status), "last_line_at": when(status.last_line_at)}
    if source.files is not None:
        view["state_files"] = asdict(source.files.status)
    if source.door is not None:
        host, port = source.door.address
        view["udp"] = {
            "address": f"{host}:{port}",
            "received": source.door.counts.received,
            "rejected": dict(source.door.counts.rejected),
        }
    return view


def _way(settings: SourceSettings) -> str:
    if settings.by_http:
        return "http"
    if settings.udp is not None:
        return "udp"
    return "file" if settings.file is not None else "state_files"
