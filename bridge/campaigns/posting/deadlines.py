"""Deadlines of many waits that are all equally long: one timer for all of them.

In: futures. Out: `TimeoutError` in those that were not done in time. A timer of its own for each
would cost more than the request it watches.
"""

import asyncio
from typing import Any


class Deadlines:
    """The futures that are waited for, oldest first; each for `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._ends: dict[asyncio.Future[Any], float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, future: "asyncio.Future[Any]") -> None:
        """Begin to wait for a future."""
        end = self._ends[future] = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(end, self._ring)

    def discard(self, future: "asyncio.Future[Any]") -> None:
        """Wait no more."""
        self._ends.pop(future, None)

    def close(self) -> None:
        """Let the timer go."""
        if self._timer is not None:
            self._timer.cancel()

    def _ring(self) -> None:
        self._timer = None
        now = self._loop.time()
        for future, end in list(self._ends.items()):
            if end > now:
                self._timer = self._loop.call_at(end, self._ring)
                return
            del self._ends[future]
            if not future.done():
                future.set_exception(TimeoutError())
