"""The achievements call: a game server posts what its players have done.

In: POST /v1/achievements, as one object, an array or a stream of lines. Out: messages for the
sink, and an answer after they are on disk. Knows nothing of what a message says.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

from aiohttp import web

from bridge.errors import BridgeError, NotJson, Overloaded
from bridge.events import Clock, Together
from bridge.gate.guard import require
from bridge.gate.problems import problem_response
from bridge.gate.roles import Right
from bridge.intake.admission import LIMIT, Admission
from bridge.intake.answers import Tally, single_answer
from bridge.intake.bodies import BODY_LIMIT, STREAMS, Body, Item, media_type, read_body, too_large
from bridge.intake.contract import Outcome, Sink
from bridge.intake.counts import Counts
from bridge.intake.heads import PATH
from bridge.intake.kept import kept_headers
from bridge.intake.lines import Lines

#: A body that is read whole must have come in this time.
BODY_SECONDS = 60.0
#: Lines of a stream that are committed at once, at most.
GROUP = 1024


def routes(
    sink: Sink,
    clock: Clock,
    *,
    counts: Counts | None = None,
    waiting: int = LIMIT,
    body_seconds: float = BODY_SECONDS,
) -> list[web.RouteDef]:
    """Return the achievements call; at most `waiting` messages wait for the sink at once."""
    door = Achievements(sink, clock, counts, waiting=waiting, body_seconds=body_seconds)
    return door.routes()


class Achievements:
    """The door for calls over HTTP; at most `waiting` messages wait for the sink at once."""

    def __init__(
        self,
        sink: Sink,
        clock: Clock,
        counts: Counts | None = None,
        *,
        waiting: int = LIMIT,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._sink = Admission(sink, waiting)
        self._counts = counts or Counts()
        self._body_seconds = body_seconds
        self.clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Return the achievements call."""
        return [web.post(PATH, require(Right.POST)(self.post))]

    async def singles(
        self, bodies: Sequence[bytes], peers: Sequence[str], headers: list[Mapping[str, str]]
    ) -> list[Outcome]:
        """Take messages each of which came in a call of its own; return the outcome of each."""
        many, room = len(bodies), self._sink.room()
        self._counts.received += many
        if room < many:
            bodies, peers, headers = bodies[:room], peers[:room], headers[:room]
        outcomes: list[Outcome]
        try:
            messages = Together(bodies, self.clock.now(), peers, headers)
            outcomes = [outcome for (outcome,) in await self._sink(messages)] if room else []
        except BridgeError as failure:
            outcomes = [failure] * len(bodies)
        outcomes += [Overloaded()] * (many - len(outcomes))
        for outcome in outcomes:
            self._counts.add(outcome)
        return outcomes

    async def post(self, request: web.Request) -> web.Response:
        """Take one call, whatever its form.

        Raises:
            BridgeError: the call as a whole is refused, and nothing of it is stored.
        """
        content_type = request.headers.get("Content-Type", "")
        if media_type(content_type) in STREAMS:
            return await self._stream(request)
        raw = await read_whole(request, BODY_LIMIT, self._body_seconds)
        try:
            body = read_body(raw, content_type)
        except BridgeError as refusal:
            self._counts.received += 1
            self._counts.refuse(refusal)
            raise
        self._counts.received += len(body.items)
        return await (self._array(request, body) if body.array else self._single(request, body))

    async def _single(self, request: web.Request, body: Body) -> web.Response:
        ((outcome,),) = await self._handed_on(request, body.items, self._sink)
        self._counts.add(outcome)
        if isinstance(outcome, BridgeError):
            raise outcome
        return _answer(single_answer(outcome))

    async def _array(self, request: web.Request, body: Body) -> web.Response:
        tally = Tally(every=True, counts=self._counts)
        await self._take(request, body.items, tally, self._sink)
        return _answer(tally.answer())

    async def _stream(self, request: web.Request) -> web.Response:
        tally = Tally(every=False, counts=self._counts)
        async with aclosing(_groups(request)) as groups:
            async for group in groups:
                self._counts.received += len(group)
                try:
                    await self._take(request, group, tally, self._sink.patiently)
                except BridgeError as failure:
                    # What was committed stays; the caller learns how much that is.
                    return problem_response(failure, tally.numbers())
        return _answer(tally.answer())

    async def _take(
        self, request: web.Request, items: Sequence[Item], tally: Tally, sink: Sink
    ) -> None:
        """Hand the readable items on; count what became of each, in order."""
        taken = await self._handed_on(request, items, sink)
        if len(taken) == len(items):  # as nearly always
            tally.add([outcome for (outcome,) in taken])
            return
        each = iter(taken)
        tally.add([next(each)[0] if isinstance(item, bytes) else item for item in items])

    async def _handed_on(
        self, request: web.Request, items: Sequence[Item], sink: Sink
    ) -> Sequence[Sequence[Outcome]]:
        bodies = [item for item in items if isinstance(item, bytes)]
        now, peer = self.clock.now(), request.remote or "unix"
        messages = Together(bodies, now, peer, kept_headers(request.headers))
        try:
            return await sink(messages) if bodies else ()
        except BridgeError as failure:
            for _ in bodies:
                self._counts.refuse(failure)
            raise


async def read_whole(request: web.Request, limit: int, seconds: float) -> bytes:
    """Read a body that fits into memory.

    Raises:
        MessageTooLarge: it is larger than `limit`.
        HTTPRequestTimeout: it has not come in `seconds`.
    """
    if (request.content_length or 0) > limit:
        raise too_large("the body", limit)
    if request.content.is_eof():  # it is here already, as for most calls
        return await _read(request, limit)
    try:
        async with asyncio.timeout(seconds):
            return await _read(request, limit)
    except TimeoutError as late:
        raise web.HTTPRequestTimeout(
            reason=f"The body has not come in {seconds:g} seconds."
        ) from late


async def _read(request: web.Request, limit: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := await request.content.readany():
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise too_large("the body", limit)
    return b"".join(pieces)


async def _groups(request: web.Request) -> AsyncGenerator[list[Item], None]:
    """Yield the lines of a stream as they come: what is here now, in groups of a bounded size.

    While a group is being stored the next one gathers, so groups grow with the load. A line that
    was cut off with the connection is not yielded.
    """
    lines = Lines()
    while piece := await request.content.readany():
        here = lines.feed(piece)
        for start in range(0, len(here), GROUP):
            yield _objects(here[start : start + GROUP])
    if last := lines.end():
        yield _objects(last)


def _objects(lines: Sequence[Item]) -> list[Item]:
    """Refuse the lines that are no objects."""
    refused = NotJson("the line is not a JSON object")
    return [
        line if isinstance(line, BridgeError) or line.startswith(b"{") else refused
        for line in lines
    ]


def _answer(body: bytes) -> web.Response:
    return web.Response(status=202, body=body, content_type="application/json")
