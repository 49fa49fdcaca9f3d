"""The first half of the road: messages become entries in the outbox.

In: messages from any door. Out: outcomes, after the commit. Knows each room's contract and
nothing of sockets: adapter → player's canonical id → rules → outbox.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from bridge.adapters.contract import Adapter
from bridge.adapters.fence import redact, translate
from bridge.errors import BridgeError, MessageRejected, RuleError, TranslationError
from bridge.events import GameEvent, RawMessage, Taken
from bridge.outbox.contract import Keeping
from bridge.outbox.values import MessageId, NewEntry, Origin
from bridge.players.canonical import canonical_player
from bridge.rules.book import CampaignEvent, RuleBook
from bridge.rules.occurrence import Circumstances

log = structlog.get_logger("pipeline")

Outcome = Taken | BridgeError


@dataclass(frozen=True, slots=True)
class Speaker:
    """A source's adapter, by its name, and the scope of the source's ids."""

    name: str
    adapter: Adapter
    id_scope: str = ""


@dataclass(slots=True)
class _Step:
    """One game event on its way: to an entry, or to the error that stopped it."""

    result: Outcome | NewEntry
    message_id: MessageId | None = None


class Pipeline:
    """The road from a message to its entry. `rules` may be replaced while it runs."""

    def __init__(self, speakers: Mapping[str, Speaker], rules: RuleBook, outbox: Keeping) -> None:
        self._speakers = speakers
        self._outbox = outbox
        self.rules = rules
        #: Known ids that came again with other content.
        self.differing = 0

    async def accept(self, messages: Sequence[RawMessage]) -> Sequence[Sequence[Outcome]]:
        """Take messages; see `bridge.intake.contract.Sink`."""
        steps = [self._steps(message) for message in messages]
        await self._recall([step for group in steps for step in group])
        await self._keep([step for group in steps for step in group])
        return [[_outcome(step) for step in group] for group in steps]

    # -- translating and deciding -----------------------------------------------------------

    def _steps(self, message: RawMessage) -> list[_Step]:
        speaker = self._speakers[message.source]
        try:
            events = translate(speaker.adapter, message).events
        except BridgeError as refused:
            if isinstance(refused, TranslationError):
                log.error(str(refused), action="adapter_failed", adapter=speaker.name)
            return [_Step(refused)]
        raw = redact(speaker.adapter, message) if events else b""
        return [
            self._decide(event, index, message, speaker, raw) for index, event in enumerate(events)
        ]

    def _decide(
        self, event: GameEvent, index: int, message: RawMessage, speaker: Speaker, raw: bytes
    ) -> _Step:
        try:
            event = replace(event, player=canonical_player(event.player))
        except MessageRejected as refused:
            return _Step(refused)
        message_id = _message_id(message, index, event)
        around = Circumstances(message.received_at, message.position, speaker.id_scope)
        try:
            campaign_event = self.rules.decide(event, around)
        except (MessageRejected, RuleError) as refused:
            return _Step(refused, message_id)
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
        return _Step(_entry(campaign_event, origin, message_id), message_id)

    # -- keeping ----------------------------------------------------------------------------

    async def _recall(self, steps: Sequence[_Step]) -> None:
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

    async def _keep(self, steps: Sequence[_Step]) -> None:
        new = [(step, step.result) for step in steps if isinstance(step.result, NewEntry)]
        if not new:
            return
        for (step, _), result in zip(
            new, await self._outbox.put([entry for _, entry in new]), strict=True
        ):
            self._decided(step, result)

    def _decided(self, step: _Step, result: Outcome) -> None:
        step.result = result
        if isinstance(result, Taken) and result.differs:
            self.differing += 1
            log.warning("a known id came again", action="message_differs", key=result.key)


def _outcome(step: _Step) -> Outcome:
    assert not isinstance(step.result, NewEntry)  # noqa: S101  # _keep has replaced every one
    return step.result


def _entry(event: CampaignEvent, origin: Origin, message_id: MessageId | None) -> NewEntry:
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
    )


def _message_id(message: RawMessage, index: int, event: GameEvent) -> MessageId | None:
    """Return what names this one event for ever, None where nothing does.

    A log line is named by its position, a call by (source, player, name, id).
    """
    if message.position is not None:
        name: list[object] = ["position", message.position, index]
    elif event.id is not None:
        name = [message.source, event.player, event.name, event.id]
    else:
        return None
    at = event.occurred_at.isoformat() if event.occurred_at else None
    content: list[object] = [event.player, event.name, event.id, at, dict(event.details)]
    return MessageId(_digest(name)[:16], _digest(content)[:8])


def _digest(parts: list[object]) -> bytes:
    text = json.dumps(parts, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()
