"""When to stop trying: a breaker over the latest attempts.

In: successes, failures, the time in seconds. Out: whether to rest, and until when. It opens after
five failures in a row, or when half of the last ten or more failed.
"""

from collections import deque

_IN_A_ROW = 5
_SAMPLES = 10
_WINDOW = 20
_LONGEST_REST = 300.0


class Breaker:
    """One lane's breaker. `rest` is the first rest in seconds; it doubles up to five minutes."""

    def __init__(self, rest: float) -> None:
        self._rest = rest
        self._openings = 0
        self._latest: deque[bool] = deque(maxlen=_WINDOW)

    def success(self) -> None:
        """Note an attempt that the API answered sensibly."""
        self._latest.append(True)
        self._openings = 0

    def failure(self) -> float | None:
        """Note a failure; return how long to rest where that opens the breaker."""
        self._latest.append(False)
        if not self._tripped():
            return None
        self._latest.clear()
        self._openings += 1
        return min(_LONGEST_REST, self._rest * 2.0 ** min(self._openings - 1, 30))

    def _tripped(self) -> bool:
        latest = list(self._latest)
        if len(latest) >= _IN_A_ROW and not any(latest[-_IN_A_ROW:]):
            return True
        return len(latest) >= _SAMPLES and 2 * latest.count(False) >= len(latest)
