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
        self._monotonic = clock.monotonic()
        self._millis = self._wall()

    def now(self) -> int:
        """Return milliseconds since 1970."""
        monotonic = self._clock.monotonic()
        advanced = self._millis + round((monotonic - self._monotonic) * 1000)
        self._monotonic = monotonic
        self._millis = max(advanced, self._wall())
        return self._millis

    def not_before(self, millis: int) -> None:
        """Start no earlier than a time the ledger has seen."""
        self._millis = max(self._millis, millis)

    def _wall(self) -> int:
        return round(self._clock.now().timestamp() * 1000)
