"""Things that may be done only so often, whatever a sender does.

In: a clock. Out: yes or no. Knows nothing of what is done.
"""

from collections import Counter

from bridge.events import Clock


class Seldom:
    """A log line for each reason at most once a while, with the number it stands for."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._since: Counter[str] = Counter()
        self._next: dict[str, float] = {}

    def due(self, reason: str) -> int:
        """Count one more; return how many have gathered if now is the time to say so, else 0."""
        self._since[reason] += 1
        now = self._clock.monotonic()
        if now < self._next.get(reason, now):
            return 0
        self._next[reason] = now + self._seconds
        return self._since.pop(reason)


class Allowance:
    """A number of times that something may be done in each second."""

    def __init__(self, clock: Clock, a_second: int) -> None:
        self._clock = clock
        self._a_second = a_second
        self._left = a_second
        self._until = clock.monotonic() + 1.0

    def take(self) -> bool:
        """Use one up; return False where none is left in this second."""
        now = self._clock.monotonic()
        if now >= self._until:
            self._left, self._until = self._a_second, now + 1.0
        self._left -= 1
        return self._left >= 0
