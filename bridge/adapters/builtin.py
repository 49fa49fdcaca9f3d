"""The JSON adapter: a game that can build a JSON object needs no adapter of its own.

In: messages that are one JSON object. Out: one game event each, or every bad field at once. Knows
nothing of the doors; it comes in by the same hook as a stranger's plugin.
"""

import contextlib
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from bridge.adapters.contract import Adapter, AdapterSpec, Unwrapped
from bridge.adapters.details import problems_of, surely_fine
from bridge.adapters.hookspecs import hookimpl
from bridge.adapters.json_problems import rejection
from bridge.events import GameEvent, RawMessage

_BOM = b"\xef\xbb\xbf"
_EXACT = 2**53  # the largest number up to which an engine's floats hold every whole number
_WHEN = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?", re.ASCII
)


@hookimpl
def bridge_adapters() -> Iterable[AdapterSpec]:
    """Provide `json`."""
    about = "One JSON object a message: player, achievement, …"
    return [AdapterSpec("json", about, JsonAdapter, unwrap=_unwrapped)]


class JsonAdapter(Adapter):
    """Reads `{"player", "achievement", "id"?, "occurred_at"?, "details"?}`.

    `ack` and `token` belong to the door the message came through and are passed over.
    """

    def translate(self, message: RawMessage) -> Iterable[GameEvent]:
        """Return the one event of the message; raises `MessageRejected` with all bad fields."""
        body = message.body.removeprefix(_BOM)
        try:
            said = Achievement.model_validate_json(body)
        except ValidationError as refused:
            raise rejection(body, refused, Achievement) from refused
        return (
            GameEvent(said.player, said.achievement, said.id, said.occurred_at, said.details or {}),
        )

    def redact(self, message: RawMessage) -> bytes:
        """Take `token` out; a body without one stays as it came."""
        body = message.body.removeprefix(_BOM)
        if b'"token"' not in body and b"\\u" not in body:  # \u0074oken is the same name
            return message.body
        with contextlib.suppress(ValueError, RecursionError):
            said = json.loads(body)
            if isinstance(said, dict):
                return _without_token(said, message.body)
        return b""


def _unwrapped(datagram: bytes) -> Unwrapped:
    """Take the token out of an object that came by UDP; what can't be read shows none."""
    body = datagram.strip(b" \t\r\n\0")
    with contextlib.suppress(ValueError, RecursionError):
        said = json.loads(body)
        if isinstance(said, dict) and isinstance(token := said.get("token"), str):
            return Unwrapped(_without_token(said, body), token)
    return Unwrapped(body)


def _without_token(said: dict[str, object], body: bytes) -> bytes:
    if "token" not in said:
        return body
    kept = {name: value for name, value in said.items() if name != "token"}
    return json.dumps(kept, separators=(",", ":")).encode()


# -- the message ----------------------------------------------------------------------------


def _id(value: object) -> object:
    """Write a whole number as text; engines that know only floats say 17.0 and mean 17."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, float) and not value.is_integer():
        raise PydanticCustomError("id_fraction", "must be text or a whole number")
    if abs(value) > _EXACT:
        raise PydanticCustomError(
            "id_inexact",
            "send ids as text: a number above 2^53 has already lost digits in most engines",
        )
    return str(int(value))


def moment(value: object) -> datetime | None:
    """Return the time that `value` says, in UTC; raises `PydanticCustomError` where none."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise PydanticCustomError(
            "when_text", 'must be text such as "2026-11-23T18:00:00Z", not a number of seconds'
        )
    match = _WHEN.fullmatch(value)
    if match is None:
        raise PydanticCustomError(
            "when_form", 'must be written as RFC 3339 says, such as "2026-11-23T18:00:00Z"'
        )
    if match[1] is None:
        raise PydanticCustomError(
            "when_naive", "has no timezone; add Z where it is UTC, else the offset, such as +01:00"
        )
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("when_never", "is no date and time that exists") from None


def _details(value: dict[str, Any]) -> dict[str, Any]:
    problems = [] if surely_fine(value) else problems_of(value)
    if problems:
        raise PydanticCustomError("details", "can't be kept", {"problems": problems})
    return value


_TEXT = r"^[^\p{Cc}]*[^\s\p{Cc}][^\p{Cc}]*$"
_PLAYER = r"^[^:\s\p{Cc}]+:[^\p{Cc}]*[^\s\p{Cc}][^\p{Cc}]*$"
_Player = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_PLAYER)]
_Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_TEXT)]


class Achievement(BaseModel):
    """The message, field by field."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    player: _Player
    achievement: _Text
    id: Annotated[_Text | None, BeforeValidator(_id)] = None
    occurred_at: Annotated[datetime | None, BeforeValidator(moment)] = None
    details: Annotated[dict[str, Any], AfterValidator(_details)] | None = None
    ack: Any = None
    token: Any = None
