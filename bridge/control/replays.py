"""The calls that read old messages again.

In: a log's bytes as they come, or nothing. Out: sums as JSON. Knows nothing of what a log says.
"""

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any, ClassVar, Protocol

from aiohttp import web

from bridge.errors import MessageTooLarge
from bridge.gate.guard import require
from bridge.gate.roles import Right

#: The largest state file.
_FILE_LIMIT = 8 * 1024 * 1024


class Sums(Protocol):
    """A dataclass of whole numbers and words."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


class Again(Protocol):
    """What reads messages again; see `bridge.daemon.replaying.Replays`."""

    async def log(self, name: str, pieces: AsyncIterator[bytes], *, reapply: bool = False) -> Sums:
        """Read a log of a source from its first line."""
        ...

    async def state_file(self, name: str, file: str, body: bytes) -> Sums:
        """Read a state file of a source."""
        ...

    async def aside(self, name: str) -> Sums:
        """Take again what was kept aside."""
        ...


def routes(again: Again) -> list[web.RouteDef]:
    """Return the calls; only an operator makes them."""

    async def log(request: web.Request) -> web.Response:
        pieces = request.content.iter_any()
        reapply = request.query.get("reapply") == "1"
        sums = await again.log(request.match_info["source"], pieces, reapply=reapply)
        return web.json_response(asdict(sums))

    async def state_file(request: web.Request) -> web.Response:
        body = b""
        async for piece in request.content.iter_any():
            body += piece
            if len(body) > _FILE_LIMIT:
                raise MessageTooLarge("a state file has at most 8 MiB")
        name, file = request.match_info["source"], request.match_info["file"]
        return web.json_response(asdict(await again.state_file(name, file, body)))

    async def aside(request: web.Request) -> web.Response:
        return web.json_response(asdict(await again.aside(request.match_info["source"])))

    decide = require(Right.DECIDE)
    return [
        web.post("/v1/operator/sources/{source}/replay", decide(log)),
        web.post("/v1/operator/sources/{source}/state-files/{file}", decide(state_file)),
        web.post("/v1/operator/sources/{source}/aside", decide(aside)),
    ]
