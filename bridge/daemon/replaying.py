"""Old logs read again, in a running bridge or beside one, and what that would make.

In: a source of the settings and the pieces of a log. Out: sums. A log is read from its first line,
so that each line has the position that it had when it was new.
"""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from bridge.adapters.registry import Registry
from bridge.daemon.sources import speaker_of
from bridge.errors import CommandError, SourceUnknown
from bridge.events import Clock, RawMessage
from bridge.intake.files.chain import beginning
from bridge.intake.files.reader import Line, Reader
from bridge.loading import later
from bridge.outbox.remembering import Following
from bridge.pipeline import Pipeline
from bridge.pipeline.replay import Replay
from bridge.pipeline.sums import Sums
from bridge.settings.sources import SourceSettings

if TYPE_CHECKING:
    from bridge.intake.files import state
else:
    state = later("bridge.intake.files.state")

#: Lines that are committed together, at most.
BATCH = 2000


class Replays:
    """What can be read again with these settings."""

    def __init__(
        self,
        sources: Sequence[SourceSettings],
        registry: Registry,
        pipeline: Pipeline,
        outbox: Following,
        clock: Clock,
    ) -> None:
        self._sources = {source.name: source for source in sources}
        self._registry = registry
        self._pipeline = pipeline
        self._outbox = outbox
        self._clock = clock

    def replace(self, sources: Sequence[SourceSettings]) -> None:
        """Let these be read again from now on, and no others."""
        self._sources = {source.name: source for source in sources}

    async def log(self, name: str, pieces: AsyncIterator[bytes], *, reapply: bool = False) -> Sums:
        """Read a log of a source again, from its first line.

        Raises:
            SourceUnknown: there is no such source.
            CommandError: what is posted stands in no log.
            StoreFull, StoreUnavailable: a part was kept; the replay can be begun again.
        """
        settings, replay = self._begun(name, reapply=reapply)
        if settings.by_http:
            raise CommandError(
                f"the messages of source {name!r} are posted; a log names them in another way, so "
                "they could be paid twice",
                hint=f"`campaign-bridge replay {name} --aside` takes what was kept aside again.",
            )
        waiting = _Pieces()
        reader = Reader(waiting.read, beginning(name))
        async for piece in pieces:
            waiting.piece = piece
            while (lines := reader.more()) is not None:
                for start in range(0, len(lines), BATCH):
                    await replay.take(self._messages(settings, lines[start : start + BATCH]))
        return replay.sums

    async def state_file(self, name: str, file: str, body: bytes) -> Sums:
        """Read a state file of a source again, as if the bridge had never seen it.

        Raises:
            SourceUnknown: there is no such source.
            StoreFull, StoreUnavailable: nothing was kept.
        """
        _, replay = self._begun(name)
        await replay.take([state.state_message(name, file, body, self._clock.now())])
        return replay.sums

    async def aside(self, name: str) -> Sums:
        """Take again what a source's adapter failed on; what it now understands is kept no more.

        Each message is taken alone, with an empty memory: what came before it is not here. So one
        that tells nothing to an adapter that remembers stays.

        Raises:
            SourceUnknown: there is no such source.
            CommandError: it reads a log, which holds more than what was kept.
            StoreFull, StoreUnavailable: a part was kept; the replay can be begun again.
        """
        settings, _ = self._begun(name)
        if settings.file is not None or settings.state_files is not None:
            raise CommandError(
                f"source {name!r} reads files, and they hold what came before each line, too",
                hint=f"Read the log again: campaign-bridge replay {name} FILE",
            )
        sums = Sums()
        for kept in await self._outbox.asides(name, limit=100_000):
            _, replay = self._begun(name)
            aside = kept.message
            message = RawMessage(name, aside.body, aside.at, aside.peer, position=aside.position)
            await replay.take([message])
            sums.join(replay.sums)
            if replay.sums.events or not (replay.remembers or replay.sums.aside):
                await self._outbox.drop_aside(kept.number)
        return sums

    def _begun(self, name: str, *, reapply: bool = False) -> tuple[SourceSettings, Replay]:
        settings = self._sources.get(name)
        if settings is None:
            raise SourceUnknown(f"there is no source {name!r}")
        spec, speaker = speaker_of(settings, self._registry)
        return settings, Replay(name, spec, speaker, self._pipeline, reapply=reapply)

    def _messages(self, settings: SourceSettings, lines: Sequence[Line]) -> list[RawMessage]:
        """Return lines as they were when they were new: those of a log have their position."""
        now = self._clock.now()
        named = settings.file is not None
        return [
            RawMessage(settings.name, line.body, now, position=line.position if named else None)
            for line in lines
            if line.body is not None
        ]


class _Pieces:
    """A log that comes in pieces."""

    def __init__(self) -> None:
        self.piece = b""

    def read(self, most: int) -> bytes:
        """Return the next bytes, none where the next piece hasn't come yet."""
        found, self.piece = self.piece[:most], self.piece[most:]
        return found
