"""A message sent as a form, as engines do whose HTTP call knows nothing else.

In: `player=…&achievement=…`. Out: the same as the bytes of one JSON object. Knows nothing of which
fields a message has: unknown ones are passed on for the adapter to judge.
"""

import json
import re
from urllib.parse import parse_qsl

from pydantic import JsonValue

from bridge.errors import FieldProblem, MessageRejected

FIELDS_LIMIT = 200

#: details[map]=… and details.map=…
_DETAIL = re.compile(r"details(?:\[(?P<bracket>[^\[\]]+)\]|\.(?P<dot>.+))", re.DOTALL)


def form_item(text: str) -> bytes:
    """Return the form as one JSON object; each value stays text, but `details` may be JSON.

    Raises:
        MessageRejected: it is no form, has too many fields, or gives one field twice.
    """
    item: dict[str, JsonValue] = {}
    details: dict[str, JsonValue] = {}
    for name, value in _pairs(text):
        match = _DETAIL.fullmatch(name)
        if match is not None:
            _put(details, match["bracket"] or match["dot"], value, "/details/")
        else:
            _put(item, name, value, "/")
    if "details" in item or details:
        item["details"] = {**_json_object(item.get("details", "{}")), **details}
    return json.dumps(item).encode()


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=FIELDS_LIMIT,
        )
    except UnicodeDecodeError as failure:
        raise MessageRejected("the form is not UTF-8") from failure
    except ValueError as failure:
        raise MessageRejected(
            f"the body is neither JSON nor a form of at most {FIELDS_LIMIT} fields",
            hint="Send player=…&achievement=…, percent-encoded, or JSON.",
        ) from failure


def _put(into: dict[str, JsonValue], name: str, value: str, place: str) -> None:
    if name in into:
        raise _bad(place + _escaped(name), "is given twice")
    into[name] = value


def _json_object(text: JsonValue) -> dict[str, JsonValue]:
    try:
        value = json.loads(str(text))
    except (ValueError, RecursionError) as failure:
        raise _bad("/details", "is not JSON") from failure
    if not isinstance(value, dict):
        raise _bad("/details", "is not a JSON object")
    return value


def _bad(pointer: str, detail: str) -> MessageRejected:
    return MessageRejected("the form can't be read", fields=[FieldProblem(pointer, detail)])


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
