"""A clock that the test turns, and whose wall can be set wrong like any machine's.

In: seconds. Out: the `Clock` of `bridge.events`. Knows nothing of what is tested.
"""

from datetime import datetime, timedelta

from bridge import testing
from bridge.daemon.clock import SystemClock


class LeapingClock:
    """The machine's clock, which the test can let leap: an outage of hours takes a moment."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._leapt = 0.0

    def now(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self._leapt)

    def monotonic(self) -> float:
        return self._clock.monotonic() + self._leapt

    def leap(self, seconds: float) -> None:
        """Let so many seconds have passed."""
        self._leapt += seconds


class FakeClock(testing.FakeClock):
    """The clock of `bridge.testing`, whose wall clock alone can jump as well."""

    def __init__(self, start: datetime = testing.START) -> None:
        super().__init__(start)
        self._jumped = timedelta(0)

    def now(self) -> datetime:
        """Return the wall clock's time, which may be wrong."""
        return super().now() + self._jumped

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back; the monotonic clock doesn't notice."""
        self._jumped += timedelta(seconds=seconds)
