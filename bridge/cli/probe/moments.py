"""Time as a probe of days needs it: written down, and doubted.

In: a clock and a way to sleep. Out: moments that outlive the process, and how much time passed
between two of them, at least and at most.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict

from bridge.events import Clock

Sleep = Callable[[float], Awaitable[None]]


class Moment(BaseModel):
    """An instant by the wall clock, and by a clock that nobody sets while a process runs.

    The wall clock may be set, the steady one may stand still while the machine sleeps: where they
    differ, neither is believed alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    wall: AwareDatetime
    steady: AwareDatetime

    def least_since(self, earlier: "Moment") -> float:
        """Return the seconds that certainly passed."""
        return max(0.0, min(self._passed(earlier)))

    def most_since(self, earlier: "Moment") -> float:
        """Return the seconds that passed at most."""
        return max(0.0, *self._passed(earlier))

    def _passed(self, earlier: "Moment") -> tuple[float, float]:
        wall, steady = self.wall - earlier.wall, self.steady - earlier.steady
        return wall.total_seconds(), steady.total_seconds()


class Time:
    """The present, and how to wait. Steady time is the wall clock's at the start, and goes on."""

    def __init__(self, clock: Clock, sleep: Sleep) -> None:
        self.sleep = sleep
        self.clock = clock
        self._began, self._origin = clock.now(), clock.monotonic()

    def now(self) -> Moment:
        """Return this instant."""
        return Moment(wall=self.clock.now(), steady=self.steady())

    def steady(self) -> datetime:
        """Return the steady time."""
        return self._began + timedelta(seconds=self.clock.monotonic() - self._origin)
