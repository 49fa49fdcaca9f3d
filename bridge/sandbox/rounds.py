"""A worker that looks again after every commit, and when a time has come.

In: a look that does what is due. Out: that look, as often as there is reason. Knows nothing of
what is looked for.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Self

import structlog

from bridge.errors import SandboxError, StoreError
from bridge.sandbox.bookkeeper import Bookkeeper

#: Seconds after which it looks without a reason: the machine may have slept, its clock been set.
LONGEST_PAUSE: Final = 10.0
#: The shortest pause: a time that has all but come is not waited for in a hot loop.
SHORTEST_PAUSE: Final = 0.002
#: Seconds to wait after the disk refused.
DISK_PAUSE: Final = 0.5

log = structlog.get_logger("sandbox")


@dataclass(frozen=True, slots=True)
class Round:
    """What a look found: whether nothing is due or under way, and the next time (milliseconds)."""

    at_rest: bool
    next_at: int | None


class Rounds:
    """The worker; an async context manager. `of` says whose it is, in logs and errors."""

    def __init__(self, keeper: Bookkeeper, of: str, look: Callable[[], Awaitable[Round]]) -> None:
        self._keeper = keeper
        self._of = of
        self._look = look
        self._reason = keeper.watch()
        self._rest = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._worker = asyncio.create_task(self._work())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._worker is not None:
            self._worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._worker

    def again(self) -> None:
        """Have it look as soon as it can."""
        self._reason.set()

    async def settled(self) -> None:
        """Return when a look that began after this call has found nothing due or under way.

        Raises:
            SandboxError: the worker has died.
        """
        self._rest.clear()
        self._reason.set()
        rest, worker = asyncio.ensure_future(self._rest.wait()), self._worker
        await asyncio.wait({rest, *([worker] if worker else [])}, return_when="FIRST_COMPLETED")
        if not rest.done():
            rest.cancel()
            raise SandboxError(f"the sandbox's {self._of} have stopped")

    async def _work(self) -> None:
        while True:
            self._reason.clear()  # before the look: what is written during it is a reason again
            try:
                found = await self._look()
            except StoreError as failure:
                log.warning(
                    "the books are shut", action="sandbox_waits", of=self._of, error=str(failure)
                )
                await asyncio.sleep(DISK_PAUSE)
                continue
            if found.at_rest and not self._reason.is_set():
                self._rest.set()
            await self._pause(found.next_at)

    async def _pause(self, until: int | None) -> None:
        wait = LONGEST_PAUSE
        if until is not None:
            wait = min(wait, (until - self._keeper.milliseconds()) / 1000)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(wait, SHORTEST_PAUSE)):
                await self._reason.wait()
