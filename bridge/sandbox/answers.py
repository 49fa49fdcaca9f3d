"""What the API says: exact JSON, one envelope for errors, never HTML or a traceback.

In: values and refusals. Out: bytes and HTTP responses. Knows nothing of campaigns.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from aiohttp import web

from bridge.sandbox.readings import NOT_JSON, Refusal

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | Decimal | bool | None"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON body, as they are stored and sent."""

    status: int
    body: bytes

    def response(self) -> web.Response:
        return web.Response(
            status=self.status, body=self.body, content_type="application/json", charset="utf-8"
        )


class Refused(Exception):
    """A call that can't be carried out; becomes the error envelope."""

    def __init__(self, refusal: Refusal, detail: str = "") -> None:
        text = f"{refusal.error}: {detail}" if detail else refusal.error
        super().__init__(text)
        self.answer = error(refusal.status, text)


def answer(status: int, value: Json) -> Answer:
    """Return `value` as an answer."""
    return Answer(status, encoded(value).encode())


def enqueued(message: str, status: int = 202) -> Answer:
    """Return the answer of a call whose effect comes later."""
    return answer(status, {"success": True, "message": message})


def error(status: int, text: str) -> Answer:
    """Return the one envelope that errors have."""
    return answer(status, {"success": False, "error": text})


def encoded(value: Json) -> str:
    """Return `value` as JSON text with every Decimal as the exact number."""
    match value:
        case Decimal():
            return format(value, "f")
        case str():
            return json.dumps(value)
        case Mapping():
            return "{" + ",".join(f"{json.dumps(k)}:{encoded(v)}" for k, v in value.items()) + "}"
        case Sequence():
            return "[" + ",".join(map(encoded, value)) + "]"
        case _:
            return json.dumps(value)


def json_object(body: bytes, *, optional: bool = False) -> dict[str, object]:
    """Read a JSON object, numbers exact, whatever the Content-Type says; empty counts as `{}`
    where the body is optional.

    Raises:
        Refused: 400, it is something else.
    """
    if optional and not body.strip():
        return {}
    try:
        value = json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, ArithmeticError, RecursionError) as problem:
        raise Refused(NOT_JSON) from problem
    if not isinstance(value, dict):
        raise Refused(NOT_JSON)
    return value


def is_text(value: str) -> bool:
    """Whether `value` can be written as UTF-8: JSON and headers can carry half characters."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
