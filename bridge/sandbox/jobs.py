"""What a 202 has promised, done after a delay, in the order of the promises, once each.

In: job numbers as calls are accepted; at start, what the last run left undone. Out: new statuses,
payouts. Knows nothing of HTTP.

The delay is kept in memory; the promise is in the books. After a crash every unfinished job gets
a new delay and is then carried out; a finished one is never touched again, because its effect and
its end are one transaction.
"""

import asyncio
import contextlib
from collections import deque
from functools import partial
from typing import Self

import structlog

from bridge.errors import SandboxError, StoreError
from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sandbox.books import Books
from bridge.sandbox.books.jobs import Job
from bridge.sandbox.faults import Fault, Faults
from bridge.sandbox.idempotency import Idempotency
from bridge.sandbox.lifecycle import take_effect
from bridge.sandbox.payouts import PayoutReadings, pay

#: The most jobs in one transaction, so that calls wait little behind them.
BATCH = 200
#: Stands for whatever is unfinished, where a job's own number is not known.
EVERY_JOB = 2**63 - 1
#: Seconds to wait after the disk refused.
DISK_PAUSE = 0.5

log = structlog.get_logger("sandbox")


class Jobs:
    """The one worker; an async context manager."""

    def __init__(
        self,
        keeper: Bookkeeper,
        idempotency: Idempotency,
        faults: Faults,
        readings: PayoutReadings,
        delay: float,
    ) -> None:
        self._keeper = keeper
        self._faults = faults
        self._readings = readings
        self._idempotency = idempotency
        self._delay = delay
        self._due: deque[tuple[float, int]] = deque()
        self._promised = asyncio.Event()
        self._idle = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._idle.set()
        last = await self._keeper.read(lambda books: books.jobs.last_enqueued())
        self._worker = asyncio.create_task(self._work())
        if last is not None:
            self.promise(last)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._worker is not None:
            self._worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._worker

    def promise(self, number: int) -> None:
        """Have job `number`, which is committed, carried out after the delay.

        Raises:
            SandboxError: the worker has died; the job stays for the next start.
        """
        if self._worker is None or self._worker.done():
            raise SandboxError("the sandbox's background jobs have stopped")
        self._due.append((asyncio.get_running_loop().time() + self._delay, number))
        self._idle.clear()
        self._promised.set()

    async def settled(self) -> None:
        """Return when nothing is left to do.

        Raises:
            SandboxError: the worker has died.
        """
        idle = asyncio.ensure_future(self._idle.wait())
        worker = self._worker
        await asyncio.wait({idle, *([worker] if worker else [])}, return_when="FIRST_COMPLETED")
        if not idle.done():
            idle.cancel()
            raise SandboxError("the sandbox's background jobs have stopped")

    async def _work(self) -> None:
        while True:
            await self._until_due()
            await self._carry_out(self._take_due())
            if not self._due:
                self._idle.set()

    async def _until_due(self) -> None:
        while not self._due:
            self._promised.clear()
            await self._promised.wait()
        wait = self._due[0][0] - asyncio.get_running_loop().time()
        if wait > 0:
            await asyncio.sleep(wait)

    def _take_due(self) -> int:
        """Return the highest job number that is due; those before it were promised earlier."""
        now = asyncio.get_running_loop().time()
        highest = self._due.popleft()[1]
        while self._due and self._due[0][0] <= now:
            highest = max(highest, self._due.popleft()[1])
        return highest

    async def _carry_out(self, up_to: int) -> None:
        more = True
        while more:
            try:
                more = await self._keeper.write(partial(self._batch, up_to=up_to))
            except StoreError as failure:
                log.warning("jobs wait", action="sandbox_jobs_wait", error=str(failure))
                await asyncio.sleep(DISK_PAUSE)

    def _batch(self, books: Books, up_to: int) -> bool:
        jobs = books.jobs.enqueued(up_to, BATCH)
        for job in jobs:
            books.jobs.finish(job, "done" if self._done(books, job) else "failed")
        self._idempotency.drop_old(books)
        return len(jobs) == BATCH

    def _done(self, books: Books, job: Job) -> bool:
        if job.kind == "payout":
            fails = self._faults.strikes(Fault.PAYOUT_FAILS)
            return pay(books, job, self._readings, chain_fails=fails)
        take_effect(books, job)
        return True
