"""The ledger's clock: the time by which entries wait, lease and age. It never goes backwards.

In: wall clock and monotonic clock. Out: milliseconds since 1970. A wall clock that jumps back
must not make an unproven send look young, and a sleeping machine must not stop it ageing: so the
time is the larger of the wall clock and what the monotonic clock adds to the last reading.
"""

from bridge.events import Clock


class LedgerClock:
    """Time for one outbox."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start_at(self._wall())

    def now(self) -> int:
        """Return milliseconds since 1970."""
        # Counted from one start, not from call to call: else many short moments round to nothing.
        steady = self._start + round((self._clock.monotonic() - self._origin) * 1000)
        wall = self._wall()
        if wall <= steady:
            return steady
        self._start_at(wall)
        return wall

    def ahead(self) -> float:
        """Return how far it is ahead of the wall clock, in seconds: that was set back."""
        return max(0, self.now() - self._wall()) / 1000

    def not_before(self, millis: int) -> None:
        """Start no earlier than a time the ledger has seen."""
        if millis > self.now():
            self._start_at(millis)

    def _start_at(self, millis: int) -> None:
        self._start, self._origin = millis, self._clock.monotonic()

    def _wall(self) -> int:
        return round(self._clock.now().timestamp() * 1000)
