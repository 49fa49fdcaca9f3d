"""What a call's body holds: one message, or an array of them.

In: bytes and their Content-Type. Out: the bytes of each item as they came, or why they can't be
read. Knows nothing of what an item says.

Engines name their bodies as they like (LuaSocket and Garry's Mod call JSON a form, Node's fetch
calls it plain text), so the bytes decide and the Content-Type only helps.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Final, NoReturn

import msgspec
from pydantic import JsonValue

from bridge.errors import BridgeError, MessageRejected, MessageTooLarge, NotJson, UnsupportedBody
from bridge.intake.forms import form_item
from bridge.record import record

#: One item, one line of a stream, one datagram.
ITEM_LIMIT = 64 * 1024
#: A body that is read whole.
BODY_LIMIT = 8 * 1024 * 1024
#: Items of one array.
ARRAY_LIMIT = 1000

FORM = "application/x-www-form-urlencoded"
STREAMS = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})
#: Under these names anything may come; what isn't JSON then is bad JSON, not another kind.
_VAGUE = re.compile(r"|text/.*|application/(octet-stream|(.*\+)?json|javascript)")

#: Texts no longer and no deeper than this come near no limit of Python's parser.
_SURE_LENGTH: Final = 4096
_SURE_DEPTH: Final = 64
#: So short a text can't be too deep: a level takes two characters.
_SHALLOW: Final = 384
#: They read to the end, and make nothing of what they read.
_skim = msgspec.json.Decoder(msgspec.Raw).decode
_skim_array = msgspec.json.Decoder(list[msgspec.Raw]).decode

_SPACE = re.compile(r"[ \t\r\n]*")


def _not_finite(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


_strict = json.JSONDecoder(parse_constant=_not_finite)
_lenient = json.JSONDecoder()


#: An item's own bytes, or why it alone is refused.
Item = bytes | BridgeError


@record
class Body:
    """What a body holds, and whether it is a list."""

    items: tuple[Item, ...]
    array: bool


def media_type(content_type: str) -> str:
    """Return a Content-Type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def read_body(body: bytes, content_type: str = "") -> Body:
    """Split `body` into items; an item of an array that is no object spoils no other.

    Raises:
        NotJson: it is empty, not UTF-8 or not JSON; the message says where.
        MessageRejected: it is JSON of another kind, or a form that can't be read.
        MessageTooLarge: it exceeds a limit, which the message names.
        UnsupportedBody: it is an upload, an image or the like.
    """
    if len(body) > BODY_LIMIT:
        raise too_large("the body", BODY_LIMIT)
    body = trimmed(body)
    if not body:
        raise NotJson("the body is empty")
    if body[:1] not in {b"{", b"["}:
        return _other_kind(body, media_type(content_type))
    text = decoded(body)
    if body.startswith(b"{"):
        if not surely_object(body):
            parsed(text)
        return _single(body)
    return Body(_sure_elements(body) or tuple(_elements(text)), array=True)


def trimmed(body: bytes) -> bytes:
    """Return `body` without what C programs and editors put around JSON: NUL, BOM, white space."""
    return body.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n").rstrip(b" \t\r\n\0")


def decoded(body: bytes) -> str:
    """Return `body` as text.

    Raises:
        NotJson: it is not UTF-8.
    """
    try:
        return body.decode()
    except UnicodeDecodeError as failure:
        raise NotJson(
            f"not UTF-8 at byte {failure.start}", hint="Send JSON encoded as UTF-8."
        ) from failure


def parsed(text: str) -> JsonValue:
    """Return the JSON value that `text` is.

    Raises:
        NotJson: it is none, or goes on after its end; the message says where.
    """
    value, end = _value_at(text, 0, _strict)
    if _skip(text, end) != len(text):
        raise _not_json(text, end, "something follows after its end") from None
    return value


def surely_object(body: bytes) -> bool:
    """Whether `body`, which is UTF-8, is a JSON object; False means: look closer.

    A property test holds it to `parsed`.
    """
    try:
        return _is_small(body) and body.startswith(b"{") and bool(_skim(body))
    except msgspec.DecodeError:
        return False


def _is_small(body: bytes) -> bool:
    if len(body) <= _SHALLOW:
        return True
    shallow = body.count(b"{") + body.count(b"[") <= _SURE_DEPTH
    return shallow and len(body) <= _SURE_LENGTH


def too_large(what: str, limit: int) -> MessageTooLarge:
    """Return the error for `what` exceeding `limit` bytes."""
    size = f"{limit // 1024} KiB" if limit < 1024 * 1024 else f"{limit // 1024**2} MiB"
    return MessageTooLarge(f"{what} is larger than {size}")


def _single(item: bytes) -> Body:
    if len(item) > ITEM_LIMIT:
        raise too_large("the message", ITEM_LIMIT)
    return Body((item,), array=False)


def _other_kind(body: bytes, kind: str) -> Body:
    if kind == FORM:
        return _single(form_item(decoded(body)))
    if not _VAGUE.fullmatch(kind):
        raise UnsupportedBody(f"a body of type {kind[:100]!r} isn't read here")
    parsed(decoded(body))
    raise MessageRejected("the body is JSON, but neither an object nor an array of objects")


# -- arrays ---------------------------------------------------------------------------------


def _sure_elements(body: bytes) -> tuple[bytes, ...]:
    """Return the items of the array that `body` is, where each is an object without doubt.

    Where one isn't, or there are none, nothing is returned: `_elements` says what is wrong.
    """
    try:
        items = tuple(map(bytes, _skim_array(body)))
    except (msgspec.DecodeError, RecursionError):
        return ()
    sure = len(items) <= ARRAY_LIMIT and all(
        item.startswith(b"{") and _is_small(item) for item in items
    )
    return items if sure else ()


def _elements(text: str) -> Iterator[Item]:
    """Yield the items of the array that `text` is, as slices of it."""
    at = _skip(text, 1)
    if text.startswith("]", at):
        return _end(text, at)
    for _ in range(ARRAY_LIMIT):
        value, end = _value_at(text, at, _lenient)
        yield _element(value, text[at:end])
        at = _skip(text, end)
        if text.startswith("]", at):
            return _end(text, at)
        if not text.startswith(",", at):
            raise _not_json(text, at, "a comma or the array's end is missing")
        at = _skip(text, at + 1)
    raise MessageTooLarge(f"the array has more than {ARRAY_LIMIT} items")


def _end(text: str, at: int) -> None:
    if _skip(text, at + 1) != len(text):
        raise _not_json(text, at + 1, "something follows after the array")


def _element(value: JsonValue, text: str) -> Item:
    if not isinstance(value, dict):
        return MessageRejected("an item of the array is not a JSON object")
    item = text.encode()
    if len(item) > ITEM_LIMIT:
        return too_large("the item", ITEM_LIMIT)
    if "NaN" in text or "Infinity" in text:  # maybe inside a text, so look again
        try:
            parsed(text)
        except NotJson as failure:
            return failure
    return item


def _value_at(text: str, at: int, decoder: json.JSONDecoder) -> tuple[JsonValue, int]:
    try:
        return decoder.raw_decode(text, at)
    except json.JSONDecodeError as failure:
        raise _not_json(text, failure.pos, failure.msg) from failure
    except RecursionError as failure:
        raise NotJson("nested too deeply") from failure
    except ValueError as failure:  # not a finite number, or one of thousands of digits
        raise NotJson(f"not JSON: {failure}") from failure


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _not_json(text: str, at: int, what: str) -> NotJson:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return NotJson(f"not JSON at line {line}, column {column}: {what}")
