"""What the details of a game event may hold: plain JSON, finite, at most 16 KiB as text.

In: details as an adapter made them. Out: the places in them that can't be kept. Knows nothing of
messages.
"""

import json
import math
from collections.abc import Iterator
from itertools import islice

from pydantic_core import PydanticSerializationError, to_json

from bridge.errors import FieldProblem

LARGEST = 16 * 1024
_MOST_PROBLEMS = 21  # one more than a message lists
_DEEPEST = 200
_ENDLESS = (b"NaN", b"Infinity")
_NOT_JSON = "must be plain JSON: objects, lists, texts, numbers, true, false, null"
_SURROGATE = "holds half a character (a lone surrogate); send whole characters"

_encode = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode


def surely_fine(details: dict[str, object]) -> bool:
    """Whether `details`, known to come from JSON text, can be kept; False means: look closer."""
    try:
        text = to_json(details)
    except PydanticSerializationError:
        return False
    return len(text) <= LARGEST and not any(word in text for word in _ENDLESS)


def problems_of(details: object, pointer: str = "/details") -> list[FieldProblem]:
    """Return what of `details` can't be kept, each with its place; nothing where all can."""
    try:
        size = len(_encode(details).encode())
    except (TypeError, ValueError, RecursionError):
        found = list(islice(_problems_in(details, pointer, 0), _MOST_PROBLEMS))
        return found or [FieldProblem(pointer, _NOT_JSON)]
    if size > LARGEST:
        return [FieldProblem(pointer, f"is {size:,} bytes as text; at most {LARGEST:,}")]
    return []


def step(pointer: str, part: object) -> str:
    """Return `pointer` one step further, as RFC 6901 writes it."""
    return f"{pointer}/{str(part).replace('~', '~0').replace('/', '~1')}"


def is_text(value: object) -> bool:
    """Whether `value` is text that can be written as UTF-8."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _problems_in(value: object, pointer: str, depth: int) -> Iterator[FieldProblem]:
    if depth > _DEEPEST:
        yield FieldProblem(pointer, f"is nested more than {_DEEPEST} levels deep")
    elif isinstance(value, dict):
        for name, inner in value.items():
            if is_text(name):
                yield from _problems_in(inner, step(pointer, name), depth + 1)
            else:
                yield FieldProblem(pointer, f"has a name that is no text: {name!a}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _problems_in(inner, step(pointer, index), depth + 1)
    else:
        problem = _leaf_problem(value)
        if problem:
            yield FieldProblem(pointer, problem)


def _leaf_problem(value: object) -> str | None:
    if value is None or isinstance(value, int):
        return None
    if isinstance(value, float):
        return None if math.isfinite(value) else f"must be a finite number, not {value}"
    if isinstance(value, str):
        return None if is_text(value) else _SURROGATE
    return _NOT_JSON
