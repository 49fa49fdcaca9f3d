"""What a form sends, and what is wrong with it, field by field.

In: requests with a form; what pydantic says of its values. Out: texts by name, sentences for
people. Knows nothing of what is asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import ValidationError

#: The most fields that a form of ours could have.
MOST_FIELDS: Final = 4000
FORM: Final = "application/x-www-form-urlencoded"
NO_AMOUNT: Final = "Write an amount above 0 such as 5 or 0.25, with at most 6 decimals."
NO_EMAIL: Final = "Write one email address, such as player@example.com."

_EMPTY: Final = "Fill this in."
_SAID: Final[Mapping[str, str]] = MappingProxyType(
    {"missing": _EMPTY, "string_too_short": _EMPTY, "literal_error": "Choose one of these."}
)


@dataclass(frozen=True, slots=True)
class Form:
    """The fields as they were sent; the blanks around what was typed are gone."""

    fields: Sequence[tuple[str, str]]

    def one(self, name: str) -> str:
        """Return the first value of a field, empty where there is none."""
        return next((value for known, value in self.fields if known == name), "")

    def all(self, name: str) -> list[str]:
        """Return every value of a field, in the order of the page."""
        return [value for known, value in self.fields if known == name]

    def has(self, name: str) -> bool:
        """Whether a field was sent, such as a ticked box or the button that was pressed."""
        return any(known == name for known, _ in self.fields)


async def read_form(request: web.Request) -> Form:
    """Read a form as browsers send it without files.

    Raises:
        aiohttp.web.HTTPException: 415 or 400, it is something else; 413, it is too long.
    """
    body = await request.read()
    if body and request.content_type != FORM:
        raise web.HTTPUnsupportedMediaType(reason="This is no form")
    try:
        fields = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS
        )
    except ValueError as problem:
        raise web.HTTPBadRequest(reason="The form has too many fields") from problem
    return Form([(name, value.strip()) for name, value in fields])


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
