"""The wicket: the small door in the large one, for one achievement in the plainest call.

In: connections. Out: their messages for the achievements' door, many at once, and their answers.
Whatever is not plain without doubt it leaves to aiohttp, with the connection and all that came
over it: the answers are the same, and so are the limits.

```text
 connection ──▶ a plain call ──▶ its answer ─┐
                   ▲                         │
                   └─────────────────────────┘
      └── anything else, at any time ──▶ aiohttp, for good
```
What comes in one turn of the loop is stored in one go: no task a call, no parser a call.
"""

import asyncio
import socket
from collections.abc import Callable
from email.utils import format_datetime
from functools import partial
from http import HTTPStatus
from typing import Final, cast

from aiohttp.http import SERVER_SOFTWARE

from bridge.gate.guard import Gate, tell
from bridge.gate.problems import problem_parts
from bridge.intake.answers import single_answer
from bridge.intake.bodies import surely_object, trimmed
from bridge.intake.contract import Outcome
from bridge.intake.heads import BEGINNING, PATH, Head, Heads
from bridge.intake.http import Achievements

#: Longer heads and bodies come near the limits, and are left to aiohttp.
_LONGEST_HEAD: Final = 4096
_LONGEST: Final = 8192
#: How long the rest of a call is waited for here (seconds).
_PATIENCE: Final = 0.25
#: A caller that doesn't wait for answers is read on when they have gone out.
_AHEAD: Final = 64 * 1024
#: Between two looks for connections that rest too long (seconds).
_SWEEP: Final = 5.0

_END: Final = b"\r\n\r\n"

#: Makes the wickets of a listener: of what makes aiohttp's handlers, and how long one may rest.
Front = Callable[[Callable[[], asyncio.Protocol], float], "Wickets"]


def front(door: Achievements, gate: Gate) -> Front:
    """Return what makes wickets before a door."""
    return partial(Wickets, door, gate)


class Wicket(asyncio.Protocol):
    """One connection, as long as its calls are plain."""

    __slots__ = ("_all", "_came_to", "_got", "_slow", "_timer", "_transport", "busy", "called",
                 "peer", "rests_since")  # fmt: skip

    def __init__(self, wickets: "Wickets") -> None:
        self._all = wickets
        self._transport: asyncio.Transport
        self._got = b""
        self._slow = False
        self._timer: asyncio.TimerHandle | None = None
        self._came_to = ""
        self.peer = ""
        #: Whether a call is under way.
        self.busy = False
        #: Whether one ever was.
        self.called = False
        self.rests_since = 0.0

    # -- what the loop calls ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; who comes while we end is aiohttp's, which ends last."""
        # TCP has no other; uvloop's say of themselves that they are none.
        self._transport = transport = cast("asyncio.Transport", transport)
        self._came_to = transport.get_extra_info("sockname")[0]
        self.peer = (transport.get_extra_info("peername") or ("",))[0]
        self.rests_since = self._all.loop.time()
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._all.open.add(self)
        if self._all.ended:
            self._leave()

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget it; what is under way is stored, and nobody is told."""
        self._all.open.discard(self)
        self._forget_timer()

    def pause_writing(self) -> None:
        """Take no further call from who doesn't read the answers."""
        self._slow = True

    def resume_writing(self) -> None:
        """Go on."""
        self._slow = False
        self._next()

    def data_received(self, data: bytes) -> None:
        """Take a call, or keep what has come of it."""
        if self._got:
            data = self._got + data
        if self.busy or self._slow:
            self._got = data
            if len(data) > _AHEAD:
                self._transport.pause_reading()
        else:
            self._look(data)

    # -- calls ------------------------------------------------------------------------------

    def _look(self, data: bytes) -> None:
        """Take the call that `data` begins with; `_got` is what follows it."""
        self._got = data
        end = data.find(_END)
        if end < 0:
            self._wait(data[: len(BEGINNING)] == BEGINNING[: len(data)])
            return
        head = None if end > _LONGEST_HEAD else self._all.heads.judge(data[:end], self._came_to)
        start = end + len(_END)
        if head is None or len(data) < start + head.length:
            self._wait(head is not None and head.length < _LONGEST)
            return
        body, rest = _plain(data[start : start + head.length]), data[start + head.length :]
        if body is None or (rest and not head.stays):
            self._leave()
            return
        if self._timer is not None:
            self._forget_timer()
        self._got = rest
        self.busy = self.called = True
        self._all.take(self, body, head)

    def answer(self, first: str, body: bytes, last: str, stays: bool) -> None:
        """Answer the call that is under way, and look for the next one.

        `first` and `last` are what is said before its length and after it.
        """
        self.busy = False
        transport = self._transport
        if transport.is_closing():
            return
        close = "" if stays else _CLOSE
        transport.write(f"{first}Content-Length: {len(body)}\r\n{last}{close}\r\n".encode() + body)
        if close:
            transport.close()
        elif self._got:
            self._next()

    def end(self) -> None:
        """Close it, unless a call is under way; then its answer does."""
        if not self.busy:
            self._transport.close()

    def drop(self) -> None:
        """Close it at once."""
        self._transport.abort()

    def _next(self) -> None:
        self._transport.resume_reading()
        if self._got and not self.busy and not self._slow:
            self._look(self._got)

    # -- what is not ours -------------------------------------------------------------------

    def _wait(self, hopeful: bool) -> None:
        """Wait a moment for the rest of a call that may be plain."""
        if not hopeful or len(self._got) > _LONGEST:
            self._leave()
        elif self._timer is None:
            self._timer = self._all.loop.call_later(_PATIENCE, self._leave)

    def _leave(self) -> None:
        """Leave the connection to aiohttp, with what has come over it."""
        self._forget_timer()
        self._all.open.discard(self)
        handler = self._all.others()
        self._transport.set_protocol(handler)
        handler.connection_made(self._transport)
        if self._got:
            handler.data_received(self._got)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Wickets:
    """The wickets of one listener. `others` makes aiohttp's handler for one connection.

    A connection without a call for `rest` seconds is closed.
    """

    def __init__(
        self,
        door: Achievements,
        gate: Gate,
        others: Callable[[], asyncio.Protocol],
        rest: float,
    ) -> None:
        self._door = door
        self._rest = rest
        self._gathered: list[tuple[Wicket, bytes, Head]] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._second = (0, "")
        self.loop = asyncio.get_running_loop()
        self.heads = Heads(gate)
        self.others = others
        self.open: set[Wicket] = set()
        #: Set while we end: each answer is the last one of its connection.
        self.ending = False
        #: Set when no connection is taken any more.
        self.ended = False
        self._sweeping = self.loop.call_later(_SWEEP, self._sweep)

    def __call__(self) -> Wicket:
        """Return what serves a new connection."""
        return Wicket(self)

    @property
    def any_fresh(self) -> bool:
        """Whether a connection is open over which nobody has called yet."""
        return not all(wicket.called for wicket in self.open)

    def take(self, wicket: Wicket, body: bytes, head: Head) -> None:
        """Take a message; it is stored with all others of this turn of the loop."""
        if not self._gathered:
            self.loop.call_soon(self._store)
        self._gathered.append((wicket, body, head))

    async def end(self, seconds: float) -> None:
        """Close all that rest, and the others after their answers, for which so long is waited."""
        self.ending = self.ended = True
        self._sweeping.cancel()
        for wicket in tuple(self.open):
            wicket.end()
        if self._gathered or self._under_way:
            await asyncio.sleep(0)  # what came in this turn is under way now
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)

    def _store(self) -> None:
        group, self._gathered = self._gathered, []
        task = self.loop.create_task(self._stored(group))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _stored(self, group: list[tuple[Wicket, bytes, Head]]) -> None:
        outcomes: list[Outcome] | list[Exception]
        try:
            outcomes = await self._door.singles(
                [body for _, body, _ in group],
                [wicket.peer for wicket, _, _ in group],
                [head.kept for _, _, head in group],
            )
        except Exception as unexpected:  # noqa: BLE001  # nobody may be left without an answer
            outcomes = [unexpected] * len(group)
        # The headers that aiohttp writes, in its order.
        last, now = f"Date: {self._date()}\r\n{_SERVER}", self.loop.time()
        for (wicket, _, head), outcome in zip(group, outcomes, strict=True):
            wicket.rests_since = now
            if isinstance(outcome, Exception):
                first, body = _problem(outcome)
            else:
                first, body = _ACCEPTED, single_answer(outcome)
            try:
                wicket.answer(first, body, last, head.stays and not self.ending)
            except Exception as unexpected:  # noqa: BLE001  # the others wait for theirs
                tell(unexpected, "POST", PATH)
                wicket.drop()

    def _date(self) -> str:
        now = self._door.clock.now()
        second = int(now.timestamp())
        if second != self._second[0]:
            self._second = (second, format_datetime(now, usegmt=True))
        return self._second[1]

    def _sweep(self) -> None:
        self._sweeping = self.loop.call_later(_SWEEP, self._sweep)
        before = self.loop.time() - self._rest
        for wicket in [each for each in self.open if each.rests_since < before]:
            wicket.end()


_ACCEPTED: Final = "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n"
_SERVER: Final = f"Server: {SERVER_SOFTWARE}\r\n"
_CLOSE: Final = "Connection: close\r\n"


def _problem(failure: Exception) -> tuple[str, bytes]:
    """Return how the answer to a call that failed begins, and its body."""
    tell(failure, "POST", PATH)
    status, headers, body = problem_parts(failure)
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{more}", body


def _plain(body: bytes) -> bytes | None:
    """Return the object that a body is, None where that isn't certain."""
    item = trimmed(body)
    try:
        item.decode()
    except UnicodeDecodeError:
        return None
    return item if surely_object(item) else None
