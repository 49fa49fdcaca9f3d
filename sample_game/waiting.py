"""A line of calls, each with the moment from which it may go out.

In: calls and seconds to wait. Out: the call that is due first, to whichever thread asks. Knows
nothing of what a call is.
"""

import heapq
import itertools
import threading
import time
from typing import Generic, TypeVar

T = TypeVar("T")


class Line(Generic[T]):
    """May be used from any thread."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._order = itertools.count()  # of two calls due at one moment the older goes first
        self._held_until = 0.0
        self._closed = False
        self._change = threading.Condition()

    def put(self, call: T, wait: float = 0.0) -> None:
        """Let `call` be taken once, `wait` seconds from now or later."""
        with self._change:
            heapq.heappush(self._heap, (time.monotonic() + wait, next(self._order), call))
            self._change.notify()

    def hold(self, seconds: float) -> None:
        """Let nothing be taken for so long; a shorter hold does not end a longer one."""
        with self._change:
            self._held_until = max(self._held_until, time.monotonic() + seconds)

    def take(self) -> T | None:
        """Wait for a call to be due and return it; None once the line is closed."""
        with self._change:
            while not self._closed:
                wait = self._seconds_to_next()
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._heap)[2]
                self._change.wait(wait)
            return None

    def close(self) -> None:
        """Send everybody away who waits in `take`, now and later."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    def _seconds_to_next(self) -> float | None:
        if not self._heap:
            return None
        return max(self._heap[0][0], self._held_until) - time.monotonic()
