"""An old log, or messages that were kept aside, read again: safe, because keys and ids are known.

In: a source's messages from their beginning. Out: what became of them. The adapter's memory is the
replay's own and begins with nothing; that of the source, and its place, stay as they are.
"""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel

from bridge.adapters.contract import AdapterSpec
from bridge.adapters.fence import remembered, translate_run
from bridge.errors import BridgeError
from bridge.events import Counted, RawMessage
from bridge.outbox.values import Deed, NewEntry, Turn
from bridge.pipeline.road import Outcome, Pipeline, Speaker, Step
from bridge.pipeline.sums import Sums


class Replay:
    """The road of messages that are read again.

    With `reapply` today's rules decide anew, whatever they decided first; a feat that was paid is
    known by its key and not paid again, and nothing counts.
    """

    def __init__(
        self,
        name: str,
        spec: AdapterSpec,
        speaker: Speaker,
        pipeline: Pipeline,
        *,
        reapply: bool = False,
    ) -> None:
        self.name = name
        self._spec = spec
        self._speaker = speaker
        self._pipeline = pipeline
        self._reapply = reapply
        self._memory: BaseModel | None = remembered(spec, None)
        self.sums = Sums()

    @property
    def remembers(self) -> bool:
        """Whether what a message means may hang on those before it."""
        return self._memory is not None

    async def take(self, messages: Sequence[RawMessage]) -> Sequence[Sequence[Outcome]]:
        """Take messages, in order.

        Raises:
            StoreFull, StoreUnavailable: nothing was kept; the replay can be begun again.
        """
        run = translate_run(self._speaker.adapter, messages, self._memory)
        groups = []
        for message, result in zip(messages, run.results, strict=True):
            if isinstance(result, BridgeError):
                groups.append([Step(result)])
            else:
                groups.append(self._pipeline.decide(result, message, self._speaker))
        if self._reapply:
            groups = [[_anew(step) for step in steps] for steps in groups]
        turn = Turn(self.name, self._spec.name, replay=True)
        await self._pipeline.keep([step for steps in groups for step in steps], turn)
        self._memory = run.memory
        return self.sums.of([[step.outcome for step in steps] for steps in groups])


def _anew(step: Step) -> Step:
    """Return a step that doesn't know what was decided of it first."""
    match step.result:
        case NewEntry() as entry:
            return Step(replace(entry, message_id=None))
        case Deed(entry=NewEntry() as entry):
            return Step(replace(entry, message_id=None))
        case Deed():
            return Step(Counted(duplicate=True))
    return Step(step.result)
