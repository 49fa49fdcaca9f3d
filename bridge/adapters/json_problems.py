"""Why a JSON message can't be used, in sentences for the developer of the game.

In: the bytes and what the validation said. Out: a `MessageRejected` with each bad field. Knows
nothing of a good message.
"""

import difflib
import json
import unicodedata
from collections.abc import Callable, Iterable
from itertools import islice

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bridge.adapters.details import problems_of, step
from bridge.errors import FieldProblem, MessageRejected, NotJson

_MOST_PROBLEMS = 20
_LONGEST_NAME = 100
_MISSING = {
    "player": 'is missing; say who did it, such as "steam:76561198000000001"',
    "achievement": 'is missing; say what was achieved, such as "first_blood"',
}


def rejection(body: bytes, refused: ValidationError, model: type[BaseModel]) -> MessageRejected:
    """Explain what `refused` found in `body`, a message that should have been a `model`."""
    errors = refused.errors(include_url=False)
    if errors[0]["type"] == "json_invalid":
        return _unreadable(body, str(errors[0]["ctx"]["error"]))
    if not errors[0]["loc"]:
        return NotJson("The message is JSON, but not an object.")
    found = [problem for error in errors[:_MOST_PROBLEMS] for problem in _problems(error, model)]
    return _rejected(found, len(errors) > _MOST_PROBLEMS)


def _rejected(found: Iterable[FieldProblem], more: bool = False) -> MessageRejected:
    fields = list(islice(found, _MOST_PROBLEMS + 1))
    more = more or len(fields) > _MOST_PROBLEMS
    del fields[_MOST_PROBLEMS:]
    told = "; ".join(f"{problem.pointer} {problem.detail}" for problem in fields[:3])
    if more or len(fields) > 3:
        told += "; …"
    return MessageRejected(f"The message can't be used: {told}", fields=fields)


def _unreadable(body: bytes, said: str) -> MessageRejected:
    if "surrogate" in said or "escape" in said:
        problems = _half_characters(body)
        if problems:
            return _rejected(problems)
    if b"\0" in body:
        return NotJson("The message is not JSON: it looks like UTF-16 or binary; send UTF-8 text.")
    if not body.strip():
        return NotJson("The message is empty.")
    return NotJson(f"The message is not JSON: {said}.")


def _half_characters(body: bytes) -> list[FieldProblem]:
    """Return where lone surrogates stand, which JSON can write and nothing can store."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return problems_of(said, "") if isinstance(said, dict) else []


def _problems(error: ErrorDetails, model: type[BaseModel]) -> list[FieldProblem]:
    name = str(error["loc"][0])
    if error["type"] == "details":
        problems: list[FieldProblem] = error["ctx"]["problems"]
        return problems
    if error["type"] == "extra_forbidden":
        return [_unknown(name, model)]
    explain = _SENTENCES.get(error["type"])
    detail = explain(name, error["input"]) if explain else error["msg"]
    return [FieldProblem(step("", name), detail)]


def _unknown(name: str, model: type[BaseModel]) -> FieldProblem:
    shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
    near = difflib.get_close_matches(shown, model.model_fields, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "what else there is to say goes into 'details'"
    return FieldProblem(step("", shown), f"no such field; {hint}")


def _not_text(name: str, value: object) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if name == "player" and number:
        return "send ids as text: a number above 2^53 has already lost digits in most engines"
    return "must be text or a whole number" if name == "id" else "must be text"


def _bad_text(name: str, value: object) -> str:
    text = str(value)
    control = next((char for char in text if unicodedata.category(char) == "Cc"), None)
    if control is not None:
        return f"must not hold control characters; it holds U+{ord(control):04X}"
    if name == "player" and text.strip():
        return 'must be "namespace:id", such as "steam:76561198000000001" or "name:Alice"'
    return "must not be only white space"


def _too_long(_name: str, value: object) -> str:
    return f"has {len(str(value))} characters; at most 200"


_SENTENCES: dict[str, Callable[[str, object], str]] = {
    "missing": lambda name, _value: _MISSING[name],
    "string_type": _not_text,
    "string_pattern_mismatch": _bad_text,
    "string_too_short": lambda _name, _value: "must not be empty",
    "string_too_long": _too_long,
    "dict_type": lambda _name, _value: 'must be an object, such as {"map": "de_dust2"}',
}
