"""The worker of one lane: claim, send, record, again.

In: an outbox to claim from, a sender, a lane. Out: outcomes in the outbox. Knows nothing of what
an answer means (`campaigns/client.py`) or how long to wait (`retry.py`).
"""

import asyncio
import contextlib
import random
import secrets
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import structlog

from bridge.campaigns.outcomes import Retry, Sent
from bridge.delivery.contract import Sender
from bridge.delivery.lane import SHADOW, STARTING, Lane, LaneStatus
from bridge.delivery.retry import MARGIN, Spent, verdict
from bridge.delivery.wire import write
from bridge.errors import CampaignError, StoreError
from bridge.events import Clock
from bridge.outbox.contract import Delivering
from bridge.outbox.values import Answer, Claim, Claimed, ClaimTerms, Verdict
from bridge.settings.models import DeliverySettings
from bridge.timing import Histogram

log = structlog.get_logger("delivery")

#: Seconds to wait when the outbox can't be written.
_STORE_PAUSE = 1.0
#: What stops a lane at each start as the settings say: no news to be warned of.
_AS_SET = frozenset({STARTING, SHADOW})


class LaneWorker:
    """Delivers the entries of one campaign."""

    def __init__(
        self,
        lane: Lane,
        outbox: Delivering,
        sender: Sender,
        settings: DeliverySettings,
        clock: Clock,
        chance: random.Random,
        may_send: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._lane = lane
        self._outbox = outbox
        self._sender = sender
        self._clock = clock
        self._chance = chance
        self._may_send = may_send
        self._settings = settings
        self._tasks: set[asyncio.Task[None]] = set()
        #: What is under way, and the claim that its outcome will be recorded under.
        self._under_way: dict[UUID, Claim] = {}
        self._wake = outbox.watch(lane.campaign)
        #: When this worker last got as far as looking for work, and whether it is at it now.
        self.progress = clock.monotonic()
        self._looking = False
        #: Why the lane is stopped, as the log was told last.
        self._told: str | None = STARTING
        #: What runs it, once it does.
        self.task: asyncio.Task[None] | None = None
        # A refusal is looked into with calls of their own, within the same time again.
        lease = 2 * settings.attempt_timeout.total_seconds() + 2 * MARGIN
        horizon = settings.key_horizon.total_seconds()
        self._terms = ClaimTerms(secrets.token_hex(8), lease, horizon, write)

    def status(self) -> LaneStatus:
        """Return the lane as `status` shows it."""
        return self._lane.status(self._clock.monotonic(), len(self._tasks))

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            self._wake.clear()
            self.progress, self._looking = self._clock.monotonic(), True
            wait = await self._step()
            self._looking = False
            await self._pause(wait)

    def alive(self) -> bool:
        """Whether it delivers, or would: its task runs, and no round takes longer than any may."""
        since = self._clock.monotonic() - self.progress
        long = self._looking and since > 2 * self._terms.lease
        return self.task is not None and not self.task.done() and not long

    def busy(self) -> float:
        """Return for how many seconds it has been at one round; 0 while it waits for work."""
        return max(0.0, self._clock.monotonic() - self.progress) if self._looking else 0.0

    @property
    def durations(self) -> Histogram:
        """How long its attempts took."""
        return self._lane.durations

    async def drain(self, seconds: float) -> None:
        """Wait for the calls in flight; those that take longer are cut off, and stay unproven."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    # -- one round --------------------------------------------------------------------------

    async def _step(self) -> float | None:
        """Do what can be done now; return the seconds until something is due by time alone."""
        wait = self._lane.wait(self._clock.monotonic())
        if wait > 0:
            return wait
        if self._lane.paused is not None:
            await self._probe()
            return 0.0
        if not self._may_send(self._lane.campaign):
            return None
        free = self._lane.limit - len(self._tasks)
        if free <= 0:
            return None
        claimed = await self._claim(free)
        if claimed is None:
            return _STORE_PAUSE
        self._lane.claimed(claimed.stopped)
        self._tell()
        for claim in claimed.claims:
            self._take(claim)
        return claimed.next_in if len(claimed.claims) < free else None

    def _take(self, claim: Claim) -> None:
        """Deliver a claim; one whose entry is still under way waits for that answer instead.

        Its lease was over too early: the wall clock was set forward, or the disk was full.
        """
        known = claim.key in self._under_way
        self._under_way[claim.key] = claim
        if known:
            log.warning("already under way", action="delivery_twice", key=str(claim.key))
            return
        task = asyncio.create_task(self._deliver(claim))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def _pause(self, seconds: float | None) -> None:
        """Wait for news from the outbox, or for time.

        Not with `wait_for`: in Python 3.11 it forgets a cancellation that comes with the news.
        """
        if seconds == 0:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _claim(self, free: int) -> Claimed | None:
        try:
            return await self._outbox.claim(self._lane.campaign, free, self._terms)
        except StoreError as failure:
            log.warning("can't claim", action="delivery_claim_failed", error=str(failure))
            return None

    async def _probe(self) -> None:
        try:
            standing = await self._sender.standing()
        except CampaignError as failure:
            self._lane.probe_failed(failure.reason, str(failure), self._clock.monotonic())
        else:
            self._lane.probed(standing, self._clock.monotonic())
        if self._lane.paused is not None:  # whether it is open, the next claim tells
            self._tell()

    def _tell(self) -> None:
        """Log that the lane is stopped, or goes on after that: each change once.

        Both are warnings, so that whoever sees a pause in the log sees its end there, too.
        """
        lane, before = self.status(), self._told
        if lane.paused == before:
            return
        self._told = lane.paused
        words = "lane open" if lane.paused is None else "lane paused"
        more = {"after": before} if lane.paused is None else {"detail": lane.detail}
        told = {"campaign": lane.campaign, "reason": lane.paused, **more}
        if (lane.paused or before) in _AS_SET:
            log.info(words, action="lane_as_set", **told)
        else:
            log.warning(words, action="delivery_lane", **told)

    # -- one entry --------------------------------------------------------------------------

    async def _deliver(self, claim: Claim) -> None:
        try:
            await self._send(claim)
        finally:
            del self._under_way[claim.key]

    async def _send(self, claim: Claim) -> None:
        began = self._clock.monotonic()
        sent = await self._sender.send_event(claim.wire.key, claim.wire.body, claim.event_code)
        now = self._clock.monotonic()
        self._lane.note(sent, now)
        if self._lane.paused is not None:
            self._tell()
        self._lane.durations.observe(now - began)
        spent = Spent(now - began, self._chance.random())
        result = verdict(sent.outcome, claim, self._settings, spent)
        await self._record(claim.key, result, _answer(sent, spent.seconds))

    async def _record(self, key: UUID, result: Verdict, answer: Answer) -> None:
        """Record an outcome; while the disk refuses, keep trying, for it may be a payout's."""
        while True:
            try:
                state = await self._outbox.settle(self._under_way[key], result, answer)
            except StoreError as failure:
                log.warning(
                    "can't record an outcome",
                    action="delivery_record_failed",
                    key=str(key),
                    error=str(failure),
                )
                await asyncio.sleep(_STORE_PAUSE)
            else:
                log.debug(
                    "delivered",
                    action="delivery_attempt",
                    key=str(key),
                    outcome=answer.outcome,
                    state=state.value,
                )
                return

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._wake.set()
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("a delivery failed", action="delivery_failed", error=repr(failure))


def _answer(sent: Sent, seconds: float) -> Answer:
    outcome = sent.outcome
    word = type(outcome).__name__.lower()
    reason = getattr(outcome, "reason", "")
    if isinstance(outcome, Retry) and not outcome.maybe_sent:
        reason = f"{reason}, nothing was sent" if sent.status is None else reason
    return Answer(
        f"{word}: {reason}" if reason else word, sent.status, sent.detail, sent.head, seconds
    )


@contextlib.asynccontextmanager
async def delivering(
    worker: LaneWorker,
    settings: DeliverySettings,
    on_death: Callable[["asyncio.Task[None]"], None],
) -> AsyncIterator[LaneWorker]:
    """Run a worker; on leaving, stop claiming and wait for the calls in flight."""
    task = worker.task = asyncio.create_task(worker.run())
    task.add_done_callback(on_death)
    try:
        yield worker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await worker.drain(settings.shutdown.total_seconds())
