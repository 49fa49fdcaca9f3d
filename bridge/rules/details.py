"""What an event's details say: compared by rules, named by scopes.

In: details and keys, dotted for what lies deeper. Out: plain values as text. Knows nothing of
rules.
"""

import json
from collections.abc import Mapping

from pydantic import JsonValue

from bridge.settings.rules import Scalar

#: A scope's part is part of a key: longer ones name nothing.
LONGEST = 200


def found(details: Mapping[str, JsonValue], key: str) -> JsonValue:
    """Return the member called `key`, else what lies at its dots, else None."""
    if key in details:
        return details[key]
    first, dot, rest = key.partition(".")
    inside = details.get(first) if dot else None
    return found(inside, rest) if isinstance(inside, Mapping) else None


def sameness(value: Scalar) -> str:
    """Return a text that equal values have in common: 17.0 is 17, but neither "17" nor true."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        return json.dumps(value)
    except ValueError:  # a number of thousands of digits
        return ""


def says(details: Mapping[str, JsonValue], key: str, values: tuple[str, ...]) -> bool:
    """Whether the details have one of these values (as `sameness` writes them) at `key`."""
    value = found(details, key)
    return isinstance(value, str | int | float) and sameness(value) in values


def named(details: Mapping[str, JsonValue], key: str) -> str | None:
    """Return what names a scope, as text: 17, 17.0 and "17" are one. None where nothing does."""
    value = found(details, key)
    if not isinstance(value, str | int | float):
        return None
    text = value if isinstance(value, str) else sameness(value)
    return text if 0 < len(text) <= LONGEST and _is_whole(text) else None


def _is_whole(text: str) -> bool:
    """Whether no half of a character stands in it, of which no key could be made."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)
