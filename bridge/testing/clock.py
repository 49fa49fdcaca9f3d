"""A clock that stands still until the test moves it.

In: a start and seconds. Out: the `Clock` that the bridge asks. Knows nothing of adapters.
"""

from datetime import UTC, datetime, timedelta

from bridge.events import Clock

#: What the clock says when a sample is received, unless the test says otherwise.
START = datetime(2026, 1, 1, tzinfo=UTC)


class FakeClock:
    """A clock that moves only when it is told to."""

    def __init__(self, start: datetime = START) -> None:
        """Begin at `start`, which must name its timezone."""
        if start.utcoffset() is None:
            raise ValueError("a clock's start needs a timezone, such as datetime.UTC")
        self._start = start.astimezone(UTC)
        self._passed = 0.0

    def now(self) -> datetime:
        """Return the start and what was added to it since, in UTC."""
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Return the seconds that were added since the start."""
        return self._passed

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass; time never goes backwards."""
        if seconds < 0:
            raise ValueError("a clock can't be turned back")
        self._passed += seconds


_: type[Clock] = FakeClock
