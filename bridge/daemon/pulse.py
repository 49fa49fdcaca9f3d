"""The daemon's sign of life: the watchdog fed by real progress, its state told in one line.

In: what the rooms have done since the last look. Out: datagrams to the supervisor. Fed is only what
moves: the loop turns (else nothing here runs), the writer's thread has committed or come to a job
that does nothing, and every lane's worker is alive. A full disk or a paused lane is no standstill:
a restart would change nothing about it.
"""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Final, Protocol, Self

import structlog

from bridge.daemon.systemd import Notifier, status_word
from bridge.errors import BridgeError
from bridge.events import Clock

log = structlog.get_logger("daemon")

#: Seconds between two looks, at most; no status is told more often.
LOOK: Final = 1.0
#: The same where nobody is told: a standstill is logged all the same.
_ALONE: Final = 5.0
#: Seconds without progress after which it is said, where no watchdog sets a time.
_LONG: Final = 15.0


class Life(Protocol):
    """A running bridge, as far as it shows that it gets on."""

    def commits(self) -> int:
        """Return how many commits there were."""
        ...

    async def answered(self) -> None:
        """Return once the writer has come to it."""
        ...

    def dead_lanes(self) -> list[str]:
        """Return the campaigns whose worker does nothing any more."""
        ...

    async def line(self) -> str:
        """Return how it stands."""
        ...


class Pulse:
    """Looks at a life and tells of it, for as long as it is entered.

    Before `watch` and after `ending` the turning loop alone is enough: what then takes long has
    time limits of its own.
    """

    def __init__(self, notifier: Notifier, clock: Clock, watchdog: float = 0.0) -> None:
        self._notifier = notifier
        self._clock = clock
        self._watchdog = watchdog
        alone = _ALONE if not notifier.listening else LOOK
        self._period = min(LOOK, watchdog / 4) if watchdog else alone
        self._life: Life | None = None
        self._line = ""
        self._commits = -1
        now = clock.monotonic()
        self._said_at = self._fed_at = now - LOOK - watchdog
        self._moved_at = now
        self._withheld = ""
        self._asking: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[str] | None = None

    async def __aenter__(self) -> Self:
        """Begin to look."""
        self._task = asyncio.create_task(self._run(), name="pulse")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Look no more."""
        tasks = [task for task in (self._task, self._asking, self._reading) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def watch(self, life: Life) -> None:
        """Feed by the progress of `life` from now on."""
        self._life = life
        self._moved_at = self._clock.monotonic()

    def ending(self) -> None:
        """Let the turning loop be enough again."""
        self._life = None

    async def _run(self) -> None:
        while True:
            self.turn()
            await asyncio.sleep(self._period)

    def turn(self) -> None:
        """Look once; tell what there is to tell in one datagram."""
        now = self._clock.monotonic()
        why = "" if self._life is None else self._standstill(self._life, now)
        words = self._food(now, why) + self._news(now, why)
        if words:
            self._notifier.tell(*words)

    # -- progress ---------------------------------------------------------------------------

    def _standstill(self, life: Life, now: float) -> str:
        """Return why it can't be said that `life` gets on, "" where it does."""
        moved = self._writer_moved(life)
        if moved:
            self._moved_at = now
        if dead := life.dead_lanes():
            return f"the delivery of {', '.join(dead)} has come to a standstill"
        return "" if moved else f"the disk has not answered for {now - self._moved_at:.0f} s"

    def _writer_moved(self, life: Life) -> bool:
        commits, asking = life.commits(), self._asking
        moved = commits != self._commits
        self._commits = commits
        if asking is None or asking.done():
            moved = moved or asking is None or not asking.cancelled()
            self._asking = asyncio.create_task(_ask(life))
        return moved

    def _food(self, now: float, why: str) -> list[str]:
        if why:
            self._say_standstill(now, why)
            return []
        if self._withheld:
            log.info("it gets on again", action="watchdog_fed", after=self._withheld)
            self._withheld = ""
        due = now - self._fed_at >= self._watchdog / 3 or self._period < LOOK
        if not self._watchdog or not due:
            return []
        self._fed_at = now
        return ["WATCHDOG=1"]

    def _say_standstill(self, now: float, why: str) -> None:
        """Log it once, when it has lasted so long that it is no slow disk any more."""
        since = now - self._moved_at
        if not self._withheld and (since > (self._watchdog / 2 or _LONG) or "delivery" in why):
            self._withheld = why
            log.error("standstill: the watchdog is not fed", action="watchdog_withheld", reason=why)

    # -- the line ---------------------------------------------------------------------------

    def _news(self, now: float, why: str) -> list[str]:
        """Return the status where it is a new one, at most once a second."""
        if self._life is None or not self._notifier.listening:
            return []
        self._refresh(self._life)
        line = f"standstill: {why}" if self._withheld else self._line
        word = status_word(line)
        if not line or word == self._notifier.status or now - self._said_at < LOOK * 0.99:
            return []
        self._said_at = now
        return [word]

    def _refresh(self, life: Life) -> None:
        """Ask for the line without waiting: a disk that hangs may not stop the look at it."""
        if self._reading is not None and not self._reading.done():
            return
        if self._reading is not None and self._reading.exception() is None:
            self._line = self._reading.result()
        self._reading = asyncio.create_task(life.line())


async def _ask(life: Life) -> None:
    with suppress(BridgeError):  # an answer all the same: it has not come to a standstill
        await life.answered()
