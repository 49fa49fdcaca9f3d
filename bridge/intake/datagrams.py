"""What one datagram says, before anybody has looked at the achievement in it.

In: the bytes of a datagram. Out: the message with token and ack taken out, or why it can't be
read. Knows nothing of sockets and tokens' roles.
"""

import codecs
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec
from pydantic import JsonValue

from bridge.errors import NotJson
from bridge.intake.bodies import ITEM_LIMIT, decoded, parsed, trimmed

#: Members that are said to the bridge and not part of the message.
OURS: Final = ("token", "ack")

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"{\0", b"\0{")
#: Kinds of Godot's Variant; a packet of put_var begins with one as a little-endian number.
_VARIANT_KINDS = 40


class Unreadable(StrEnum):
    """Why a datagram is dropped: nobody can be told, so it is counted and logged."""

    EMPTY = "empty"
    TOO_LARGE = "too-large"
    UTF_16 = "utf-16"
    VARIANT = "godot-variant"
    BINARY = "binary"
    NOT_JSON = "not-json"
    NOT_AN_OBJECT = "not-an-object"

    @property
    def hint(self) -> str:
        """What the game's author can do."""
        return _HINTS[self]


_HINTS: Final = {
    Unreadable.EMPTY: "Send one JSON object a datagram.",
    Unreadable.TOO_LARGE: f"A message has at most {ITEM_LIMIT // 1024} KiB.",
    Unreadable.UTF_16: "Send UTF-8 JSON; in C#, Encoding.UTF8 instead of Encoding.Unicode.",
    Unreadable.VARIANT: "Send UTF-8 JSON; in Godot, put_packet(JSON.stringify(…)"
    ".to_utf8_buffer()) instead of put_var.",
    Unreadable.BINARY: "Send UTF-8 JSON.",
    Unreadable.NOT_JSON: "Send one JSON object a datagram.",
    Unreadable.NOT_AN_OBJECT: "Send one JSON object a datagram; arrays go over HTTP.",
}


@dataclass(slots=True)  # not frozen, which costs as much as reading it does
class Datagram:
    """A readable datagram.

    `id` is what an acknowledgement repeats: None where there is nothing it could repeat.
    `token` is "" where one is given that can't be any.
    """

    body: bytes
    token: str | None
    id: str | int | float | None
    ack: bool


def read_datagram(data: bytes) -> Datagram | Unreadable:
    """Read one datagram; of a member that is given twice the last one counts."""
    return _read_plain(data) or read_any(data)


def read_any(data: bytes) -> Datagram | Unreadable:
    """Read one datagram, whatever is in it: the definition that the fast way is held to."""
    body = trimmed(data)
    if not body:
        return Unreadable.EMPTY
    if len(body) > ITEM_LIMIT:
        return Unreadable.TOO_LARGE
    try:
        value = parsed(decoded(body))
        return _datagram(body, value) if isinstance(value, dict) else Unreadable.NOT_AN_OBJECT
    except (NotJson, ValueError, RecursionError):
        return _not_json(data)


# -- the fast way ---------------------------------------------------------------------------

#: Longer messages come near the limits of numbers and parsers.
_LONGEST = 4096


def _number(text: str) -> msgspec.Raw:
    """Write a broken number as Python does."""
    written = repr(float(text))
    if written in {"inf", "-inf"}:
        raise ValueError
    return msgspec.Raw(written)


_decode = msgspec.json.Decoder(dict[str, Any], float_hook=_number).decode
_encode = msgspec.json.Encoder().encode


def _read_plain(data: bytes) -> Datagram | None:
    """Read a datagram such as nearly all are: one object, in ASCII, without escapes."""
    if len(data) > _LONGEST or not data.isascii() or b"\\" in data or b"\x7f" in data:
        return None
    try:
        value = _decode(data)
        own, members = value.get("id"), len(value)
        token, ack = value.pop("token", None), value.pop("ack", None)
        body = trimmed(data) if len(value) == members else _encode(value)
    except (ValueError, RecursionError):  # msgspec's own are of this kind
        return None
    plain = (own is None or isinstance(own, str)) and (token is None or isinstance(token, str))
    return Datagram(body, token, own, ack is True) if plain else None


# -- the general way ------------------------------------------------------------------------


def _not_json(data: bytes) -> Unreadable:
    """Name what can't be parsed; the first bytes tell two common mistakes apart."""
    if data.startswith(_UTF16):
        return Unreadable.UTF_16
    if data[0] < _VARIANT_KINDS and data[1:2] == b"\0" and data[3:4] == b"\0":
        return Unreadable.VARIANT
    try:
        data.decode()
    except UnicodeDecodeError:
        return Unreadable.BINARY
    return Unreadable.BINARY if b"\0" in trimmed(data) else Unreadable.NOT_JSON


def _datagram(body: bytes, value: dict[str, JsonValue]) -> Datagram:
    message = {name: member for name, member in value.items() if name not in OURS}
    if len(message) != len(value):
        # Written anew: the token may not be kept. A number too large for a double is refused here.
        body = json.dumps(message, separators=(",", ":"), allow_nan=False).encode()
    return Datagram(
        body=body,
        token=_token(value.get("token")),
        id=_own_id(value.get("id")),
        ack=value.get("ack") is True,
    )


def _token(token: JsonValue) -> str | None:
    return token if token is None or isinstance(token, str) else ""


def _own_id(own: JsonValue) -> str | int | float | None:
    if isinstance(own, bool) or not isinstance(own, str | int | float):
        return None
    return None if own in {float("inf"), float("-inf")} else own
