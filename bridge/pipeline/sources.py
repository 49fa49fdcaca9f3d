"""The road of one source: its adapter, what that remembers, and where reading goes on.

In: a source's messages, in order. Out: their outcomes. Entries, memory and place are kept in one
transaction, and only then adopted: whatever happens, each message counts once. Knows nothing of
how messages come.
"""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Protocol

import structlog
from pydantic import BaseModel

from bridge.adapters.contract import AdapterSpec, RememberingAdapter
from bridge.adapters.fence import Run, redact, remembered, stored, translate_run
from bridge.errors import BridgeError, OutboxError, TranslationError
from bridge.events import RawMessage
from bridge.outbox.values import Aside, Turn
from bridge.outbox.views import SourceState
from bridge.pipeline.road import Outcome, Pipeline, Speaker, Step
from bridge.pipeline.sums import Sums

log = structlog.get_logger("pipeline")


class Remembered(Protocol):
    """Where sources find again what they have come to."""

    async def source(self, name: str, part: str = "") -> SourceState | None:
        """Return what a source has come to; see `bridge.outbox.remembering.Following`."""
        ...

    async def parts(self, name: str) -> Mapping[str, str]:
        """Return the places of a source's state files."""
        ...


class SourceRoad:
    """The road of the messages of one source; they are taken one after the other.

    Open it with `open_source`.
    """

    def __init__(
        self,
        name: str,
        spec: AdapterSpec,
        speaker: Speaker,
        pipeline: Pipeline,
        outbox: Remembered,
        memory: BaseModel | None,
        place: str | None,
    ) -> None:
        self.name = name
        self.spec = spec
        self._speaker = speaker
        self._pipeline = pipeline
        self._outbox = outbox
        self._memory = memory
        self._text = None if memory is None else stored(memory)
        self._turn = asyncio.Lock()
        #: Where reading goes on, as its reader said last; None for a new source.
        self.place = place
        self.counts = Sums()
        #: What the adapter shows of its memory.
        self.figures = _figures(speaker, memory)

    @property
    def memory(self) -> BaseModel | None:
        """What the adapter remembers now, not to be changed; state files have their own."""
        return self._memory

    async def __call__(self, messages: Sequence[RawMessage]) -> Sequence[Sequence[Outcome]]:
        """Take messages that came through a door; see `bridge.intake.contract.Sink`."""
        return await self.take(messages)

    async def take(
        self, messages: Sequence[RawMessage], place: str | None = None
    ) -> Sequence[Sequence[Outcome]]:
        """Take messages, and keep with them where reading goes on.

        A message that is refused or that the adapter fails on has its one error and spoils no
        other. With a file nobody hears of it: what the adapter failed on is kept aside.

        Raises:
            StoreFull, StoreUnavailable: nothing was kept; taking them again is safe.
        """
        async with self._turn:
            run = translate_run(self._speaker.adapter, messages, self._memory)
            changed = run.text if run.text != self._text else None
            groups = await self._kept(messages, run, changed, place)
            self._memory, self._text = run.memory, run.text
            self.place = place if place is not None else self.place
            self.figures = _figures(self._speaker, run.memory)
        return self._counted(groups)

    async def take_file(
        self, message: RawMessage, place: str, *, baseline: bool = False
    ) -> Sequence[Outcome]:
        """Take the whole of a state file, with the memory of its own that each has.

        What stands in a `baseline` was there before the bridge: it is remembered and pays nothing.

        Raises:
            MessageRejected, TranslationError: it can't be read, perhaps for being half written;
                nothing was kept.
            StoreFull, StoreUnavailable: nothing was kept.
        """
        async with self._turn:
            state = await self._outbox.source(self.name, message.file)
            memory = _memory_of(self.spec, state)
            run = translate_run(self._speaker.adapter, [message], memory)
            (result,) = run.results
            if isinstance(result, BridgeError):
                raise result
            if baseline:
                run = Run([()], run.memory, run.text)
            groups = await self._kept([message], run, run.text, place, message.file)
        return self._counted(groups)[0]

    async def marks(self) -> Mapping[str, str]:
        """Return the places of the state files, by file name."""
        return await self._outbox.parts(self.name)

    async def mark(self, name: str, place: str) -> None:
        """Keep a place of a part that no message belongs to."""
        await self._pipeline.keep([], Turn(self.name, self.spec.name, name, None, place))

    # -- keeping ----------------------------------------------------------------------------

    async def _kept(
        self,
        messages: Sequence[RawMessage],
        run: Run,
        memory: str | None,
        place: str | None,
        part: str = "",
    ) -> list[list[Step]]:
        groups, aside = [], []
        for message, result in zip(messages, run.results, strict=True):
            if isinstance(result, BridgeError):
                groups.append([Step(result)])
                if isinstance(result, TranslationError):
                    aside.append(self._aside(message, result))
            else:
                groups.append(self._pipeline.decide(result, message, self._speaker))
        turn = Turn(self.name, self.spec.name, part, memory, place, aside)
        silent = memory is None and place is None and not aside and not any(groups)
        await self._pipeline.keep(
            [step for group in groups for step in group], None if silent else turn
        )
        return groups

    def _aside(self, message: RawMessage, failure: TranslationError) -> Aside:
        log.error(
            "a message is kept aside",
            action="message_aside",
            source=self.name,
            adapter=self.spec.name,
            error=str(failure),
            position=message.position,
            peer=message.peer,
            hint=f"mend the adapter, then run `campaign-bridge replay {self.name} --aside`, or "
            f"`campaign-bridge replay {self.name} FILE` to read its log again",
        )
        body = redact(self._speaker.adapter, message)
        return Aside(message.received_at, message.peer, message.position, body, str(failure))

    def _counted(self, groups: list[list[Step]]) -> list[list[Outcome]]:
        found = self.counts.of([[step.outcome for step in group] for group in groups])
        for outcome in chain.from_iterable(found):
            if isinstance(outcome, OutboxError):  # of a file nobody else would hear of it
                log.error(str(outcome), action="entry_refused", source=self.name)
        return found


async def open_source(
    name: str,
    spec: AdapterSpec,
    speaker: Speaker,
    pipeline: Pipeline,
    outbox: Remembered,
) -> SourceRoad:
    """Return the road of a source, with what it has come to.

    Raises:
        AdapterLoadError: what its adapter remembered no longer fits.
    """
    state = await outbox.source(name)
    memory = _memory_of(spec, state)
    place = None if state is None else state.place
    return SourceRoad(name, spec, speaker, pipeline, outbox, memory, place)


def _memory_of(spec: AdapterSpec, state: SourceState | None) -> BaseModel | None:
    """Return what the adapter remembers; another adapter's memory is none."""
    if state is None or state.adapter != spec.name:
        return remembered(spec, None)
    return remembered(spec, state.memory)


def _figures(speaker: Speaker, memory: BaseModel | None) -> dict[str, int]:
    """Return what the adapter shows; one that fails shows nothing."""
    if memory is None or not isinstance(speaker.adapter, RememberingAdapter):
        return {}
    try:
        return {str(name): int(value) for name, value in speaker.adapter.figures(memory).items()}
    except Exception as failure:  # noqa: BLE001  # whatever a plugin does, the source goes on
        log.warning("no figures", action="figures_failed", adapter=speaker.name, error=str(failure))
        return {}
