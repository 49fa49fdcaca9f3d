"""A log that is followed: its lines go to their source's road, each once.

In: a log that grows, is rotated, cut off, compressed, deleted and made anew. Out: lines, in order,
each batch with the place behind it. Knows nothing of what a line says.

```text
 next file ──▶ more lines ──▶ taken, with their place ──▶ …    at its end: wait, or the log is
     ▲                                                          another file by now
     └──────────────────────── finished ◀──────────────────────────────┘
```
"""

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

import structlog

from bridge.errors import SourceUnreadable, StoreUnavailable
from bridge.events import Clock, RawMessage
from bridge.intake.contract import Outcome
from bridge.intake.files.chain import Place, beginning
from bridge.intake.files.reader import Line, Rewritten
from bridge.intake.files.sequence import SLACK, Current, Log, Search
from bridge.intake.files.watch import Watch

#: Ends of finished files that are remembered.
KNOWN: Final = 64
#: Lines that are committed together, at most.
BATCH: Final = 2000
#: Seconds between two tries where the disk or a permission refuses.
RETRY: Final = 1.0

log = structlog.get_logger("files")


class LineRoad(Protocol):
    """The road of the source that is read."""

    @property
    def place(self) -> str | None:
        """Where reading goes on; None for a new source."""
        ...

    async def take(
        self, messages: Sequence[RawMessage], place: str | None = None
    ) -> Sequence[Sequence[Outcome]]:
        """Take lines, and keep with them where reading goes on.

        Raises:
            StoreUnavailable: nothing was kept; taking them again is safe.
        """
        ...


@dataclass(slots=True)
class Following:
    """How far a followed log has come."""

    path: str
    #: The file that is read now; it may be one that the log has become.
    file: str | None = None
    offset: int = 0
    #: Bytes that stand there and are not read yet.
    behind: int = 0
    lines: int = 0
    last_line_at: datetime | None = None
    #: Files that were read to their end because another one took their place.
    rotations: int = 0
    #: Times that a file no longer held what was read of it.
    rewritten: int = 0
    #: Lines longer than what is handed on.
    too_long: int = 0
    #: Why nothing is read, or only by looking again and again.
    trouble: str | None = None


class Follower:
    """Follows one log for as long as `run` does."""

    def __init__(
        self,
        source: str,
        what: Log,
        road: LineRoad,
        clock: Clock,
        *,
        start: Literal["end", "beginning"] = "end",
        poll: float = 1.0,
    ) -> None:
        self._source = source
        self._log = what
        self._road = road
        self._clock = clock
        self._start = start
        self._search = Search(source, what)
        self._watch = Watch(what.path.parent, poll)
        self._known: deque[Place] = deque(maxlen=KNOWN)
        self._place = beginning(source)
        self._seen = 0.0
        self._current: Current | None = None
        self._told = 0
        self.status = Following(str(what.path))

    async def run(self) -> None:
        """Read for ever; what the disk refuses is tried again."""
        async with self._watch:
            try:
                await self._begin()
                while True:
                    if not await self._tried():
                        await self._watch.wait()
            finally:
                if self._current is not None:
                    self._current.close()

    async def _tried(self) -> bool:
        """Do the next step; return whether there may be more to do at once."""
        try:
            done = await self._step()
        except (SourceUnreadable, StoreUnavailable, OSError) as failure:
            self._complain(str(failure))
            await asyncio.sleep(RETRY)
            return True
        self.status.trouble = self._watch.trouble
        return done

    def _complain(self, trouble: str) -> None:
        if self.status.trouble != trouble:
            log.warning(trouble, action="source_stuck", source=self._source)
        self.status.trouble = trouble

    # -- where reading goes on --------------------------------------------------------------

    async def _begin(self) -> None:
        text = self._road.place
        while text is None:
            try:
                await self._first_time()
            except (SourceUnreadable, StoreUnavailable, OSError) as failure:
                self._complain(str(failure))
                await asyncio.sleep(RETRY)
            text = self._road.place
        told = json.loads(text)
        self._place = Place(told["offset"], bytes.fromhex(told["chain"]), told["lines"])
        self._known.extend(Place(at, bytes.fromhex(chain)) for at, chain in told["known"])
        self._seen = told["seen"]

    async def _first_time(self) -> None:
        """Begin at the end of what is there: it was written before anybody asked for it."""
        now = self._clock.now().timestamp()
        self._known.extend(await asyncio.to_thread(self._search.ends, now - 2 * SLACK))
        if self._start == "end":
            current = await asyncio.to_thread(self._search.next, self._known, now)
            if current is not None:
                await asyncio.to_thread(_to_the_end, current)
                self._place = current.reader.place
                current.close()
        await self._road.take([], self._written(self._place))

    def _written(self, place: Place) -> str:
        self._seen = self._clock.now().timestamp()
        return json.dumps(
            {
                "offset": place.offset,
                "chain": place.chain.hex(),
                "lines": place.lines,
                "known": [[known.offset, known.chain.hex()] for known in self._known],
                "seen": self._seen,
            },
            separators=(",", ":"),
        )

    # -- reading ----------------------------------------------------------------------------

    async def _step(self) -> bool:
        current = self._current or await self._next()
        if current is None:
            return False
        replaced = current.replaced(self._log)  # asked first: what stands there now is its last
        try:
            lines = await asyncio.to_thread(current.reader.more)
        except Rewritten:
            self.status.rewritten += 1
            log.info("a log was cut off", action="log_rewritten", source=self._source)
            self._finish(current)
            return True
        if lines is None:
            self.status.behind = 0
            if replaced:
                self.status.rotations += 1
                self._finish(current)
            return replaced
        for start in range(0, len(lines), BATCH):
            await self._take(lines[start : start + BATCH])
        self.status.behind = current.behind
        return True

    async def _next(self) -> Current | None:
        known = [*self._known, self._place]
        self._current = await asyncio.to_thread(self._search.next, known, self._seen)
        if self._current is not None:
            self._turn_to(self._current)
        return self._current

    def _turn_to(self, current: Current) -> None:
        """Go on in another file, perhaps; how far the one before was read stays known."""
        if current.reader.place != self._place:
            self._known.append(self._place)
        self._place = current.reader.place
        self.status.file = str(current.path)
        self.status.offset = self._place.offset

    def _finish(self, current: Current) -> None:
        current.close()
        self._current = None

    async def _take(self, lines: Sequence[Line]) -> None:
        now = self._clock.now()
        messages = [
            RawMessage(self._source, line.body, now, position=line.position)
            for line in lines
            if line.body is not None
        ]
        place = lines[-1].place
        await self._kept(messages, self._written(place))
        self._place = place
        self.status.offset = place.offset
        self.status.lines += len(lines)
        self.status.too_long += len(lines) - len(messages)
        self.status.last_line_at = now

    async def _kept(self, messages: Sequence[RawMessage], place: str) -> None:
        """Hand lines on until they are kept: a full disk loses none."""
        while True:
            try:
                await self._road.take(messages, place)
            except StoreUnavailable as failure:
                self._complain(str(failure))
                await asyncio.sleep(RETRY)
            else:
                return


def _to_the_end(current: Current) -> None:
    while current.reader.more() is not None:
        pass
