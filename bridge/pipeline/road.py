"""The road itself: game events become entries in the outbox.

In: messages of the achievements call, events that sources read. Out: outcomes, after the commit.
Adapter → player's canonical id → rules → outbox. A code that a player typed goes past the rules:
it links the player.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, cast

import structlog

from bridge.adapters.builtin import JsonAdapter
from bridge.adapters.contract import Adapter
from bridge.adapters.fence import redact, translate
from bridge.errors import (
    BridgeError,
    CodeRefused,
    FieldProblem,
    LinkRefused,
    MessageRejected,
    RuleError,
    TranslationError,
)
from bridge.events import Counted, GameEvent, Identity, Kept, Linked, RawMessage, Taken
from bridge.outbox.contract import Keeping
from bridge.outbox.links import Link
from bridge.outbox.values import Brakes, Deed, MessageId, NewEntry, Origin, Put, Turn
from bridge.pipeline.counting import Uncounted, counting, worth
from bridge.pipeline.express import Express
from bridge.pipeline.ids import message_id_of
from bridge.players.canonical import canonical_player
from bridge.players.guesses import Guesses
from bridge.players.worth import trusted
from bridge.record import record
from bridge.rules.book import CampaignEvent, RuleBook
from bridge.rules.occurrence import Circumstances
from bridge.settings.models import BrakeSettings

log = structlog.get_logger("pipeline")

Outcome = Kept | BridgeError

#: A receipt keeps so much of a message.
RAW_LIMIT = 64 * 1024
#: The game event of a player who typed a code; its details hold the `code`.
LINK_CODE = "link_code"


@record
class Speaker:
    """A source's adapter, by its name, and the scope of the source's ids.

    `trust` is what a player's id must be worth at least; `identity` what those are worth of which
    nobody knows more than the adapter says.
    """

    name: str
    adapter: Adapter
    id_scope: str = ""
    trust: Identity = "name"
    identity: Identity = "name"


class Road(Keeping, Protocol):
    """What the road ends at."""

    async def redeem(self, code: str, player: str) -> Link:
        """Link the player who typed a code; see `bridge.outbox.contract.Linking`."""
        ...


@record
class _Typed:
    """A code that a player typed in the game."""

    code: str
    player: str
    at: datetime


@dataclass(slots=True)
class Step:
    """One game event on its way: to an entry, counters or a link, or to what stopped it."""

    result: Outcome | Put | _Typed
    message_id: MessageId | None = None

    @property
    def outcome(self) -> Outcome:
        """What became of it, once it is kept."""
        assert not isinstance(self.result, Put | _Typed)  # noqa: S101  # `keep` replaced them
        return self.result


class Pipeline:
    """The road from a message to its entry. `rules`, `brakes` may be replaced while it runs."""

    def __init__(
        self,
        json: Speaker,
        rules: RuleBook,
        outbox: Road,
        brakes: BrakeSettings | None = None,
    ) -> None:
        self._json = json
        self._outbox = outbox
        self._guesses = Guesses()
        self._express = Express(json.name, LINK_CODE) if _is_plain(json) else None
        self.rules = rules
        self.brakes = brakes or BrakeSettings()
        #: Known ids that came again with other content.
        self.differing = 0
        #: What counters passed over.
        self.uncounted = Uncounted()

    async def accept(self, messages: Sequence[RawMessage]) -> Sequence[Sequence[Outcome]]:
        """Take messages of the achievements call; see `bridge.intake.contract.Sink`."""
        entries = self._plain(messages)
        if all(entries):  # as nearly always: nothing to recall, nobody to link
            kept = await self._outbox.put(cast("list[NewEntry]", entries))
            return [(self._noted(result),) for result in kept]
        steps = [
            self._steps(message) if entry is None else [Step(entry, entry.message_id)]
            for message, entry in zip(messages, entries, strict=True)
        ]
        await self.keep([step for group in steps for step in group])
        return [[step.outcome for step in group] for group in steps]

    def _plain(self, messages: Sequence[RawMessage]) -> Sequence[NewEntry | None]:
        """Return the entries of the messages for which the express lane is open."""
        if self._express is None or self.brakes.source_minute is not None:
            return [None] * len(messages)
        return self._express.entries(messages, self.rules)

    # -- deciding ---------------------------------------------------------------------------

    def _steps(self, message: RawMessage) -> list[Step]:
        try:
            events = translate(self._json.adapter, message).events
        except BridgeError as refused:
            if isinstance(refused, TranslationError):
                log.error(str(refused), action="adapter_failed", adapter=self._json.name)
            return [Step(refused)]
        return self.decide(events, message, self._json)

    def decide(
        self, events: Sequence[GameEvent], message: RawMessage, speaker: Speaker
    ) -> list[Step]:
        """Return what is to become of the events of one message."""
        return [
            self._decide(event, index, message, speaker, _kept(event, message, speaker))
            for index, event in enumerate(events)
        ]

    def _decide(
        self, event: GameEvent, index: int, message: RawMessage, speaker: Speaker, raw: bytes
    ) -> Step:
        try:
            player = canonical_player(event.player)
            if player != event.player:
                event = replace(event, player=player)
            trusted(event.player, speaker.trust, speaker.identity)
        except MessageRejected as refused:
            return Step(refused)
        if event.name == LINK_CODE:
            return Step(_typed(event, message.received_at))
        message_id = message_id_of(message, index, event)
        around = Circumstances(message.received_at, message.position, speaker.id_scope)
        try:
            own, counts = worth(self.rules, event, around, message_id, self.uncounted)
        except (MessageRejected, RuleError) as refused:
            return Step(refused, message_id)
        origin = Origin(
            message.source,
            message.peer,
            speaker.name,
            raw,
            message.received_at,
            event.name,
            event.id,
            event.occurred_at,
        )

        def entry(made: CampaignEvent) -> NewEntry:
            return _entry(made, origin, message_id, self._brakes(made, message))

        alone = None if own is None else entry(own)
        if message_id is not None and counts:
            moves = [counting(count, origin, entry) for count in counts]
            return Step(Deed(message_id, alone, moves), message_id)
        assert alone is not None  # noqa: S101  # what neither pays nor counts was refused
        return Step(alone, message_id)

    def _brakes(self, event: CampaignEvent, message: RawMessage) -> Brakes | None:
        """Return what may hold an event back, None where nothing may.

        Nobody hears a refusal of a line that was read from a file: what is over a cap is held.
        """
        caps, source = event.caps, self.brakes
        if not caps.any and source.source_minute is None:
            return None
        heard = message.position is None
        return Brakes(
            event.rule,
            event.day,
            caps.player_day,
            caps.campaign_day,
            source.source_minute,
            caps.per_user,
            event.occurrence == "once",
            caps.refuse and heard,
            source.over_cap == "refuse" and heard,
        )

    # -- keeping ----------------------------------------------------------------------------

    async def keep(self, steps: Sequence[Step], turn: Turn | None = None) -> None:
        """Bring `steps` to their outcomes, on disk; `turn` is kept in the same transaction.

        Raises:
            StoreFull, StoreUnavailable: nothing was kept.
        """
        await self._recall(steps)
        await self._put(steps, turn)
        await self._link(steps)

    async def _recall(self, steps: Sequence[Step]) -> None:
        """Give known messages that today's rules refuse their first decision again."""
        refused = [
            (step, step.message_id)
            for step in steps
            if step.message_id is not None and isinstance(step.result, BridgeError)
        ]
        if not refused:
            return
        known = await self._outbox.recall([message_id for _, message_id in refused])
        for (step, _), taken in zip(refused, known, strict=True):
            if taken is not None:
                self._decided(step, taken)

    async def _put(self, steps: Sequence[Step], turn: Turn | None) -> None:
        new = [(step, step.result) for step in steps if isinstance(step.result, Put)]
        if not new and turn is None:
            return
        kept = await self._outbox.put([entry for _, entry in new], turn)
        for (step, _), result in zip(new, kept, strict=True):
            self._decided(step, result)

    # -- linking ----------------------------------------------------------------------------

    async def _link(self, steps: Sequence[Step]) -> None:
        for step in steps:
            if isinstance(step.result, _Typed):
                step.result = await self._redeemed(step.result)

    async def _redeemed(self, typed: _Typed) -> Outcome:
        """Link the player who typed a code; codes can't be guessed: few wrong ones are looked at.

        Raises:
            StoreError: the disk refused; typing it again is safe.
        """
        if self._guesses.too_many(typed.player, typed.at):
            return CodeRefused("too many wrong codes were typed; try again in ten minutes")
        try:
            link = await self._outbox.redeem(typed.code, typed.player)
        except CodeRefused as refused:
            self._guesses.wrong(typed.player, typed.at)
            return refused
        except LinkRefused as refused:
            return refused
        return Linked(link.campaign)

    def _decided(self, step: Step, result: Outcome) -> None:
        step.result = self._noted(result)

    def _noted(self, result: Outcome) -> Outcome:
        if isinstance(result, (Taken, Counted)) and result.differs:
            key = str(result.key) if isinstance(result, Taken) else None
            self.differing += 1
            log.warning("a known id came again", action="message_differs", key=key)
        return result


def _is_plain(speaker: Speaker) -> bool:
    """Whether messages of a speaker may take the express lane, which knows but one way to read."""
    return type(speaker.adapter) is JsonAdapter and not speaker.id_scope and speaker.trust == "name"


def _kept(event: GameEvent, message: RawMessage, speaker: Speaker) -> bytes:
    """Return what a receipt may show of the message; of one that holds a code, nothing."""
    if event.name == LINK_CODE:
        return b""
    if event.excerpt is not None:
        message = replace(message, body=event.excerpt)
    return redact(speaker.adapter, message)[:RAW_LIMIT]


def _typed(event: GameEvent, at: datetime) -> MessageRejected | _Typed:
    """Read the code of a player who typed one: from the details, else from the `id`."""
    code = event.details.get("code", event.id)
    if isinstance(code, str) and code.strip():
        return _Typed(code[:100], event.player, at)
    detail = "a typed code is needed, as text"
    return MessageRejected(detail, fields=[FieldProblem("/details/code", detail)])


def _entry(
    event: CampaignEvent, origin: Origin, message_id: MessageId | None, brakes: Brakes | None
) -> NewEntry:
    return NewEntry(
        event.key,
        event.campaign,
        event.player,
        event.event_code,
        event.feat,
        event.occurrence,
        event.rule,
        origin,
        message_id,
        brakes,
    )
