"""What is wrong with a form, field by field.

In: what pydantic says of its values. Out: sentences for people. Knows nothing of what is asked for.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic import ValidationError

NO_AMOUNT: Final = "Write an amount above 0 such as 5 or 0.25, with at most 6 decimals."
NO_EMAIL: Final = "Write one email address, such as player@example.com."

_EMPTY: Final = "Fill this in."
_SAID: Final[Mapping[str, str]] = MappingProxyType(
    {"missing": _EMPTY, "string_too_short": _EMPTY, "literal_error": "Choose one of these."}
)


def problems(found: ValidationError, sayings: Mapping[str, str]) -> dict[str, str]:
    """Return a sentence for each wrong field, by its dotted path.

    `sayings` has the sentences of fields for which any value but an empty one needs explaining,
    by the last step of their path.
    """
    told: dict[str, str] = {}
    for one in found.errors(include_url=False, include_input=True):
        path = ".".join(map(str, one["loc"]))
        told.setdefault(path, _sentence(one["type"], one, sayings.get(path.rpartition(".")[2])))
    # A list of which an item is wrong counts as short of it, too: the item says enough.
    return {path: said for path, said in told.items() if not _has_parts(path, told)}


def _has_parts(path: str, told: Mapping[str, str]) -> bool:
    return any(other.startswith(f"{path}.") for other in told)


def _sentence(kind: str, error: Mapping[str, object], saying: str | None) -> str:
    if kind in _SAID or error.get("input") in ("", None):
        return _SAID.get(kind, _EMPTY)
    context = error.get("ctx")
    if kind == "string_too_long" and isinstance(context, Mapping):
        return f"At most {context['max_length']} characters."
    message = str(error["msg"]).removeprefix("Value error, ")
    return saying or f"{message[:1].upper()}{message[1:]}."
