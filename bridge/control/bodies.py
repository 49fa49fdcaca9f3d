"""The bodies of small calls.

In: requests. Out: JSON objects with known fields.
"""

import json
from typing import Any

from aiohttp import web

from bridge.errors import FieldProblem, MessageRejected, NotJson

_LONGEST_NAME = 100


async def json_object(request: web.Request, known: set[str]) -> dict[str, Any]:
    """Read a small JSON object; an empty body is an empty one."""
    data = await request.read()  # not its text: JSON is UTF-8, whatever charset a caller names
    try:
        body = json.loads(data or b"{}")
    except (ValueError, RecursionError) as bad:
        raise NotJson(f"the body is not JSON: {bad}") from bad
    if not isinstance(body, dict):
        raise NotJson("the body must be a JSON object")
    unknown = sorted(set(body) - known)
    if unknown:
        raise MessageRejected(
            f"unknown fields: {', '.join(unknown)[:200]}",
            fields=[FieldProblem(_pointer(name), "no such field") for name in unknown[:20]],
        )
    return body


def _pointer(name: str) -> str:
    """Return the JSON pointer to a field, as RFC 6901 writes it; an endless name is cut."""
    return "/" + name[:_LONGEST_NAME].replace("~", "~0").replace("/", "~1")
