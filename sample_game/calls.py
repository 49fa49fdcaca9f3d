"""Small calls to campaign-bridge, one after the other, each on a connection of its own.

In: a method, a path, a body. Out: a status and a JSON object. Knows nothing of what is asked.
"""

import http.client
import json
from collections.abc import Mapping
from typing import Any

from sample_game.doors import Bridge

Body = Mapping[str, Any]


def ask(bridge: Bridge, method: str, path: str, body: Body | None = None) -> tuple[int, Body]:
    """Make a call; status 0 means that nobody answered, and `detail` then says why."""
    connection = http.client.HTTPConnection(*bridge.http, timeout=bridge.timeout)
    data = None if body is None else json.dumps(body).encode()
    try:
        connection.request(method, path, data, headers(bridge))
        response = connection.getresponse()
        return response.status, _object(response.read())
    except (OSError, http.client.HTTPException) as error:
        return 0, {"detail": str(error) or type(error).__name__}
    finally:
        connection.close()


def headers(bridge: Bridge) -> dict[str, str]:
    """Return what every call carries."""
    found = {"Content-Type": "application/json"}
    if bridge.token is not None:
        found["Authorization"] = f"Bearer {bridge.token}"
    return found


def reason(status: int, body: Body) -> str:
    """Return what a refusal says, in one line."""
    said = body.get("detail") or body.get("title") or http.client.responses.get(status, "")
    return f"{status} {said}".strip()


def _object(data: bytes) -> Body:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
