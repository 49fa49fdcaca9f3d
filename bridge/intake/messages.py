"""The messages call: an engine posts what it has to say in its own form.

In: POST /v1/messages/{source}, any bytes. Out: one message for the source's road, and an answer
after what it made is on disk. Knows nothing of what a message says.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from aiohttp import web

from bridge.errors import BridgeError, SourceUnknown
from bridge.events import Clock, RawMessage, Taken
from bridge.gate.guard import Gate
from bridge.intake.admission import Admission
from bridge.intake.bodies import BODY_LIMIT
from bridge.intake.contract import Outcome, Sink
from bridge.intake.http import BODY_SECONDS, read_whole
from bridge.intake.kept import kept_headers

PATH = "/v1/messages/{source}"

_dumps = json.JSONEncoder(separators=(",", ":")).encode


class Posted:
    """A source whose messages are posted: its road, what it is answered, what is kept."""

    def __init__(self, sink: Sink, status: int = 202, headers: Sequence[str] = ()) -> None:
        self.sink = Admission(sink)
        self.status = status
        self.headers = tuple(headers)


@dataclass(slots=True)
class _Sums:
    """The answer to one message."""

    events: int = 0
    entries: int = 0
    duplicates: int = 0
    rejected: int = 0

    def add(self, outcome: Outcome) -> None:
        if isinstance(outcome, BridgeError):
            self.rejected += 1
            return
        self.events += 1
        if isinstance(outcome, Taken):
            self.duplicates += outcome.duplicate
            self.entries += not outcome.duplicate


def routes(
    sources: Mapping[str, Posted], gate: Gate, clock: Clock, *, body_seconds: float = BODY_SECONDS
) -> list[web.RouteDef]:
    """Return the messages call for these sources, which may be added to while it runs."""

    async def post(request: web.Request) -> web.Response:
        """Take one message, whatever its form.

        Raises:
            NotAuthenticated, NotAllowed: the caller may not post for this source.
            SourceUnknown: there is no such source.
            Overloaded, StoreUnavailable: nothing was kept; posting it again is safe.
        """
        name = request.match_info["source"]
        gate.may_post(request, name)
        source = sources.get(name)
        if source is None:
            raise SourceUnknown(f"there is no source {name!r} that messages are posted to")
        body = await read_whole(request, BODY_LIMIT, body_seconds)
        headers = kept_headers(request.headers, source.headers)
        message = RawMessage(name, body, clock.now(), request.remote or "unix", headers)
        sums = _Sums()
        for outcome in (await source.sink([message]))[0]:
            sums.add(outcome)
        answer = _dumps(asdict(sums)).encode()
        return web.Response(status=source.status, body=answer, content_type="application/json")

    return [web.post(PATH, post)]
