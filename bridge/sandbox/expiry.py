"""Ends link sessions when their time is over, so that it is told when it happens.

In: sessions as they are begun. Out: `expired` sessions, announced. Knows nothing of HTTP.

A session that is over can't be decided even before this has looked: its state follows from the
time. This writes it down and tells of it.
"""

from typing import Self

from bridge.sandbox import linking
from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sandbox.rounds import Round, Rounds


class Expiry:
    """The worker; an async context manager."""

    def __init__(self, keeper: Bookkeeper) -> None:
        self._keeper = keeper
        self._rounds = Rounds(keeper, "expiries", self._look)

    async def __aenter__(self) -> Self:
        await self._rounds.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._rounds.__aexit__()

    async def settled(self) -> None:
        """Return when no session is pending whose time is over.

        Raises:
            SandboxError: the worker has died.
        """
        await self._rounds.settled()

    async def _look(self) -> Round:
        at = await self._keeper.read(lambda books: books.sessions.next_expiry())
        if at is None or at > self._keeper.milliseconds():
            return Round(at_rest=True, next_at=at)
        await self._keeper.write(linking.expire)
        return Round(at_rest=False, next_at=at)  # that was a commit: it looks again at once
