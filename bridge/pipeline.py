"""The first half of the road: messages become entries in the outbox.

In: messages from any door. Out: outcomes, after the commit. Knows each room's contract and
nothing of sockets: adapter → player's canonical id → rules → outbox. A code that a player
typed goes past the rules: it links the player.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

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
from bridge.events import GameEvent, Linked, RawMessage, Taken
from bridge.outbox.contract import Keeping
from bridge.outbox.links import Link
from bridge.outbox.values import Brakes, MessageId, NewEntry, Origin
from bridge.players.canonical import canonical_player
from bridge.players.guesses import Guesses
from bridge.rules.book import CampaignEvent, RuleBook
from bridge.rules.occurrence import Circumstances
from bridge.settings.models import BrakeSettings

log = structlog.get_logger("pipeline")

Outcome = Taken | Linked | BridgeError

#: The game event of a player who typed a code; its details hold the `code`.
LINK_CODE = "link_code"


@dataclass(frozen=True, slots=True)
class Speaker:
    """A source's adapter, by its name, and the scope of the source's ids."""

    name: str
    adapter: Adapter
    id_scope: str = ""


class Road(Keeping, Protocol):
    """What the road ends at."""

    async def redeem(self, code: str, player: str) -> Link:
        """Link the player who typed a code; see `bridge.outbox.contract.Linking`."""
        ...


@dataclass(frozen=True, slots=True)
class _Typed:
    """A code that a player typed in the game."""

    code: str
    player: str
    at: datetime


@dataclass(slots=True)
class _Step:
    """One game event on its way: to an entry or a link, or to the error that stopped it."""

    result: Outcome | NewEntry | _Typed
    message_id: MessageId | None = None


class Pipeline:
    """The road from a message to its entry. `rules`, `brakes` may be replaced while it runs."""

    def __init__(
        self,
        speakers: Mapping[str, Speaker],
        rules: RuleBook,
        outbox: Road,
        brakes: BrakeSettings | None = None,
    ) -> None:
        self._speakers = speakers
        self._outbox = outbox
        self._guesses = Guesses()
        self.rules = rules
        self.brakes = brakes or BrakeSettings()
        #: Known ids that came again with other content.
        self.differing = 0

    async def accept(self, messages: Sequence[RawMessage]) -> Sequence[Sequence[Outcome]]:
        """Take messages; see `bridge.intake.contract.Sink`."""
        steps = [self._steps(message) for message in messages]
        await self._recall([step for group in steps for step in group])
        await self._keep([step for group in steps for step in group])
        await self._link([step for group in steps for step in group])
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
        raw = redact(speaker.adapter, message) if _to_keep(events) else b""
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
        if event.name == LINK_CODE:
            return _Step(_typed(event, message.received_at))
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
        brakes = self._brakes(campaign_event, message)
        return _Step(_entry(campaign_event, origin, message_id, brakes), message_id)

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

    # -- linking ----------------------------------------------------------------------------

    async def _link(self, steps: Sequence[_Step]) -> None:
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

    def _decided(self, step: _Step, result: Outcome) -> None:
        step.result = result
        if isinstance(result, Taken) and result.differs:
            self.differing += 1
            log.warning("a known id came again", action="message_differs", key=result.key)


def _outcome(step: _Step) -> Outcome:
    result = step.result
    assert not isinstance(result, NewEntry | _Typed)  # noqa: S101  # _keep and _link replaced them
    return result


def _to_keep(events: Sequence[GameEvent]) -> bool:
    """Whether a message is kept with its entries; one that holds a code never is."""
    return bool(events) and all(event.name != LINK_CODE for event in events)


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
