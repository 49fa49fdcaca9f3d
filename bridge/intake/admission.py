"""How much may wait for the disk at once.

In: a sink. Out: the same sink, which refuses or waits when too much is under way. Knows nothing of
what waits.
"""

import asyncio
from collections.abc import Sequence

from bridge.errors import Overloaded
from bridge.events import RawMessage
from bridge.intake.contract import Outcome, Sink

#: Messages that may wait for the disk.
LIMIT = 4096


class Admission:
    """A sink with a bound.

    A caller of `__call__` is refused when the bound is reached, and can send again. One of
    `patiently` waits: for a stream, whose sender waits too because nobody reads on. A single call
    larger than the bound passes when nothing else is under way.
    """

    def __init__(self, sink: Sink, limit: int = LIMIT) -> None:
        self._sink = sink
        self._limit = limit
        self._waiting = 0
        self._left = asyncio.Event()

    async def __call__(self, messages: Sequence[RawMessage]) -> Sequence[Sequence[Outcome]]:
        """Hand `messages` on.

        Raises:
            Overloaded: too much is waiting; nothing was handed on.
            StoreUnavailable: as of `Sink`.
        """
        if not self._room_for(len(messages)):
            raise Overloaded
        return await self._pass(messages)

    async def patiently(self, messages: Sequence[RawMessage]) -> Sequence[Sequence[Outcome]]:
        """Hand `messages` on as soon as there is room for them.

        Raises:
            StoreUnavailable: as of `Sink`.
        """
        while not self._room_for(len(messages)):
            self._left.clear()
            await self._left.wait()
        return await self._pass(messages)

    def room(self) -> int:
        """Return how many messages would be let through, if each came alone."""
        return max(self._limit - self._waiting, self._waiting == 0)

    def _room_for(self, more: int) -> bool:
        return self._waiting == 0 or self._waiting + more <= self._limit

    async def _pass(self, messages: Sequence[RawMessage]) -> Sequence[Sequence[Outcome]]:
        self._waiting += len(messages)
        try:
            return await self._sink(messages)
        finally:
            self._waiting -= len(messages)
            self._left.set()


_: type[Sink] = Admission
