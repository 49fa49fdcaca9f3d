"""The express lane: a plain message of the achievements call becomes its entry in one go.

In: messages that are one JSON object. Out: their entries, the same that the road makes, in a
fraction of the time; None where a message isn't plain, or where rules look closer: then the road
decides, and says what is wrong. The road is the definition; a property test holds both together.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec

from bridge.adapters.builtin import moment
from bridge.errors import MessageRejected
from bridge.events import RawMessage, Together
from bridge.outbox.values import MessageId, NewEntry, Origin
from bridge.pipeline.ids import plain_message_id
from bridge.players.canonical import canonical_player, is_steam_player
from bridge.rules.book import RuleBook
from bridge.rules.fixed import is_plain

#: Longer or deeper messages come near the limits of details, numbers and parsers.
_LONGEST: Final = 4096
_DEEPEST: Final = 64
#: So short a one can't be too deep: a level takes two characters.
_SHALLOW: Final = 384
#: A player's name that is plain, with a namespace and no white space.
_PLAYER: Final = re.compile(r"[!#-9;-\[\]-~]+:[!#-\[\]-~]+")

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class _Said(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    player: _Text
    achievement: _Text
    id: _Text | None = None
    occurred_at: str | None = None
    details: dict[str, Any] | None = None


def _is_small(body: bytes) -> bool:
    return len(body) <= _LONGEST and body.count(b"{") + body.count(b"[") <= _DEEPEST


def _number(text: str) -> msgspec.Raw:
    """Write a broken number as Python does: the recipe of message ids is made of that."""
    written = repr(float(text))
    if written in {"inf", "-inf"}:
        raise ValueError
    return msgspec.Raw(written)


_decode = msgspec.json.Decoder(_Said, float_hook=_number).decode
_encode = msgspec.json.Encoder(order="sorted").encode


class Express:
    """The lane of one adapter's messages; an event called `closed` is not for it."""

    def __init__(self, adapter: str, closed: str) -> None:
        self._adapter = adapter
        self._closed = closed

    def entries(self, messages: Sequence[RawMessage], rules: RuleBook) -> list[NewEntry | None]:
        """Return the entry of each message, in order; None for those that the road must take."""
        if isinstance(messages, Together):
            at, parts = messages.received_at, zip(messages.bodies, messages.peers, strict=True)
            return [self._entry(body, at, peer, rules) for body, peer in parts]
        return [
            self._entry(message.body, message.received_at, message.peer, rules)
            for message in messages
        ]

    def _entry(
        self, body: bytes, received_at: datetime, peer: str, rules: RuleBook
    ) -> NewEntry | None:
        if len(body) > _SHALLOW and not _is_small(body):
            return None
        try:
            said = _decode(body)
            at = None if said.occurred_at is None else moment(said.occurred_at)
        except ValueError:  # msgspec's and pydantic's own are of this kind
            return None
        name, own = said.achievement, said.id
        fixed, player = rules.fixed(name), said.player
        if not is_steam_player(player):
            player = _canonical(player)
        if fixed is None or not player or name == self._closed:
            return None
        message_id = None
        if own is not None:
            message_id = _message_id(player, name, own, at, said.details)
            if message_id is None:
                return None
        worth = fixed.worth(player, own)
        if worth is None:
            return None
        when, key = worth
        origin = Origin("", peer, self._adapter, body, received_at, name, own, at)
        code, feat = fixed.code, fixed.feat
        return NewEntry(
            key, fixed.campaign, player, code, feat, when, fixed.rule, origin, message_id
        )


def _message_id(
    player: str, name: str, own: str, at: datetime | None, details: dict[str, Any] | None
) -> MessageId | None:
    """Return what names the event; None where its texts are not plain."""
    text = _encode(details) if details else b"{}"
    if not is_plain(own) or not text.isascii() or b"\x7f" in text:
        return None
    return plain_message_id(player, name, own, at, text.decode())


def _canonical(player: str) -> str:
    """Return the canonical form of a player, "" where it has none, or none that is plain."""
    if not _PLAYER.fullmatch(player):
        return ""
    try:
        return canonical_player(player)
    except MessageRejected:
        return ""
