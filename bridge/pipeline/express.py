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
from bridge.outbox.values import NewEntry, Origin
from bridge.pipeline.ids import plain_message_id
from bridge.players.canonical import canonical_player, is_steam_player
from bridge.rules.book import RuleBook

#: Longer or deeper messages come near the limits of details, numbers and parsers.
_LONGEST: Final = 4096
_DEEPEST: Final = 64
#: So short a one can't be too deep: a level takes two characters.
_SHALLOW: Final = 384
#: A player's name that is plain, with a namespace and no white space.
_PLAYER: Final = re.compile(r"[!#-9;-\[\]-~]+:[!#-\[\]-~]+")

#: Messages that are read at once: so many stay in the processor's cache, and one that is not plain
#: makes so many be read again.
_AT_ONCE: Final = 64

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


_decoder = msgspec.json.Decoder(_Said, float_hook=_number)
_encode_lines = msgspec.json.Encoder(order="sorted").encode_lines


class Express:
    """The lane of one adapter's messages; an event called `closed` is not for it."""

    def __init__(self, adapter: str, closed: str) -> None:
        self._adapter = adapter
        self._closed = closed

    def entries(self, messages: Sequence[RawMessage], rules: RuleBook) -> list[NewEntry | None]:
        """Return the entry of each message, in order; None for those that the road must take."""
        if isinstance(messages, Together):
            bodies, peers, at = messages.bodies, messages.peers, messages.received_at
            return [
                entry
                for n in range(0, len(bodies), _AT_ONCE)
                for entry in self._some(
                    bodies[n : n + _AT_ONCE], peers[n : n + _AT_ONCE], at, rules
                )
            ]
        return [
            entry
            for message in messages
            for entry in self._some([message.body], [message.peer], message.received_at, rules)
        ]

    def _some(
        self, bodies: Sequence[bytes], peers: Sequence[str], at: datetime, rules: RuleBook
    ) -> list[NewEntry | None]:
        read = _read(bodies)
        if read is None:  # one of them is not plain, and the others are to be found
            return [None] if len(bodies) == 1 else self._each(bodies, peers, at, rules)
        return [
            self._entry(body, peer, at, said, details, rules)
            for body, peer, said, details in zip(bodies, peers, *read, strict=True)
        ]

    def _each(
        self, bodies: Sequence[bytes], peers: Sequence[str], at: datetime, rules: RuleBook
    ) -> list[NewEntry | None]:
        alone = zip(bodies, peers, strict=True)
        return [entry for one, peer in alone for entry in self._some([one], [peer], at, rules)]

    def _entry(
        self,
        body: bytes,
        peer: str,
        received_at: datetime,
        said: _Said,
        details: str,
        rules: RuleBook,
    ) -> NewEntry | None:
        name, own, player = said.achievement, said.id, said.player
        if not is_steam_player(player):
            player = _canonical(player)
        fixed = rules.fixed(name)
        if fixed is None or not player or name == self._closed:
            return None
        worth = fixed.worth(player, own)
        if worth is None:
            return None
        try:
            at = None if said.occurred_at is None else moment(said.occurred_at)
        except ValueError:  # pydantic's own is of this kind
            return None
        when, key = worth
        message_id = None
        if own is not None:
            message_id = plain_message_id(player, name, own, at, details)
        origin = Origin("", peer, self._adapter, body, received_at, name, own, at)
        code, feat = fixed.code, fixed.feat
        return NewEntry(
            key, fixed.campaign, player, code, feat, when, fixed.rule, origin, message_id
        )


def _read(bodies: Sequence[bytes]) -> tuple[Sequence[_Said], Sequence[str]] | None:
    """Return what messages say, and the JSON of their details; None where one is not plain.

    Names are looked at by the rule book, and players by themselves.
    """
    if max(map(len, bodies)) > _SHALLOW and not all(map(_is_small, bodies)):
        return None
    try:
        said = _decoded(bodies)
        text = _encode_lines([each.details or {} for each in said])
    except ValueError:  # msgspec's own are of this kind
        return None
    owns = [each.id for each in said if each.id is not None]
    if len(said) != len(bodies) or not _are_plain(owns) or not text.isascii() or b"\x7f" in text:
        return None
    return said, text.decode().splitlines()


def _decoded(bodies: Sequence[bytes]) -> list[_Said]:
    """Return what messages say, by one call where each is one line."""
    if len(bodies) == 1:
        return [_decoder.decode(bodies[0])]
    lines = b"\n".join(bodies)
    if lines.count(b"\n") >= len(bodies):
        raise ValueError
    return _decoder.decode_lines(lines)


def _are_plain(texts: list[str]) -> bool:
    """Whether each is plain; see `rules.fixed.is_plain`."""
    together = "".join(texts)
    return (
        together.isascii()
        and together.isprintable()
        and '"' not in together
        and "\\" not in together
        and not any(text[0] == " " for text in texts)
    )


def _canonical(player: str) -> str:
    """Return the canonical form of a player, "" where it has none, or none that is plain."""
    if not _PLAYER.fullmatch(player):
        return ""
    try:
        return canonical_player(player)
    except MessageRejected:
        return ""
