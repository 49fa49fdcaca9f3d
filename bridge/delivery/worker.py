"""The worker of one lane: claim, send, record, again.

In: an outbox to claim from, a sender, a lane. Out: outcomes in the outbox. Knows nothing of what
an answer means (`campaigns/client.py`) or how long to wait (`retry.py`).
"""

import asyncio
import contextlib
import random
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
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
from bridge.outbox.values import Answer, Claim, Claimed, ClaimTerms, Settling, Verdict
from bridge.rules.key import payout_key
from bridge.settings.models import DeliverySettings
from bridge.timing import Histogram

log = structlog.get_logger("delivery")

#: Seconds to wait when the outbox can't be written.
_STORE_PAUSE = 1.0
#: What stops a lane at each start as the settings say: no news to be warned of.
_AS_SET = frozenset({STARTING, SHADOW})


class LaneWorker:
    """Delivers the entries of one campaign.

    Its rounds are one transaction each: record what has ended since the last one, and claim as much
    as there is room for. So the more there is to do, the more is done by one sync.
    """

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
        self._probing: asyncio.Task[None] | None = None
        #: What is sent or not yet recorded, and the claim that its outcome will be recorded under.
        self._under_way: dict[UUID, Claim] = {}
        #: What came of those of them that have ended.
        self._ended: list[tuple[UUID, Verdict, Answer]] = []
        self._wake = outbox.watch(lane.campaign)
        #: When this worker last got as far as looking for work, and whether it is at it now.
        self.progress = clock.monotonic()
        self._looking = False
        self._stopping = False
        #: Why the lane is stopped, as the log was told last.
        self._told: str | None = STARTING
        #: What runs it, once it does.
        self.task: asyncio.Task[None] | None = None
        # A refusal is looked into with calls of their own, within the same time again.
        lease = 2 * settings.attempt_timeout.total_seconds() + 2 * MARGIN
        horizon = settings.key_horizon.total_seconds()
        self._terms = ClaimTerms(secrets.token_hex(8), lease, horizon, write, payout_key)

    def status(self) -> LaneStatus:
        """Return the lane as `status` shows it."""
        return self._lane.status(self._clock.monotonic(), len(self._under_way))

    async def run(self) -> None:
        """Deliver until told to stop; then record what is still under way."""
        while self._under_way or not self._stopping:
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

    async def stop(self, seconds: float) -> None:
        """Claim no more, and wait for the calls in flight; those that take longer are cut off.

        They stay unproven. Where the worker has died, what it had under way is still recorded.
        """
        self._stopping = True
        self._wake.set()
        died = self.task is None or self.task.done()
        ending = asyncio.create_task(self.run()) if self.task is None or died else self.task
        await asyncio.wait({ending}, timeout=seconds)
        late = [ending, *self._tasks, *filter(None, [self._probing])]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    # -- one round --------------------------------------------------------------------------

    async def _step(self) -> float | None:
        """Do what can be done now; return the seconds until something is due by time alone."""
        wait, free = self._room()
        ended = self._ended[:]
        if free <= 0 and not ended:
            return wait
        claimed = await self._turn(ended, free)
        if claimed is None:
            return _STORE_PAUSE
        if free <= 0:
            return wait
        self._lane.claimed(claimed.stopped)
        self._tell()
        for claim in claimed.claims:
            self._take(claim)
        return claimed.next_in if len(claimed.claims) < free else None

    def _room(self) -> tuple[float | None, int]:
        """Return the seconds to wait, None for news alone, and how many more may be claimed."""
        if self._stopping:
            return None, 0
        wait = self._lane.wait(self._clock.monotonic())
        if wait > 0:
            return wait, 0
        if self._lane.paused is not None:
            self._begin_probe()
            return None, 0
        if not self._may_send(self._lane.campaign):
            return None, 0
        return None, max(0, self._lane.limit - len(self._under_way) + len(self._ended))

    async def _turn(
        self, ended: Sequence[tuple[UUID, Verdict, Answer]], free: int
    ) -> Claimed | None:
        """Record what has ended and claim; None where the disk refuses, and both are for later.

        What has ended is never given up, for it may be a payout's proof.
        """
        settlings = [
            Settling(self._under_way[key], verdict, answer) for key, verdict, answer in ended
        ]
        try:
            claimed = await self._outbox.settle_and_claim(
                settlings, self._lane.campaign, free, self._terms
            )
        except StoreError as failure:
            self._refused(settlings, failure)
            return None
        except Exception:
            if not settlings:
                raise
            return await self._one_by_one(settlings)
        self._recorded(settlings)
        return claimed

    async def _one_by_one(self, settlings: Sequence[Settling]) -> Claimed | None:
        """Record each outcome by itself: one that can't be recorded spoils no other."""
        for ended in settlings:
            try:
                await self._outbox.settle(ended.claim, ended.verdict, ended.answer)
            except StoreError as failure:
                self._refused([ended], failure)
                return None
            except Exception as failure:  # noqa: BLE001  # whatever it is, the others go on
                log.error("a delivery failed", action="delivery_failed", error=repr(failure))
            self._recorded([ended])
        return Claimed((), 0.0)

    def _recorded(self, settlings: Sequence[Settling]) -> None:
        told = log.bind()  # once: it costs more than the rest of a line
        for ended in settlings:
            key, answer = ended.claim.key, ended.answer
            del self._under_way[key]
            told.debug(
                "delivered",
                action="delivery_attempt",
                key=str(key),
                outcome=answer.outcome,
                status=answer.status,
            )
        del self._ended[: len(settlings)]

    def _refused(self, settlings: Sequence[Settling], failure: StoreError) -> None:
        if settlings:
            keys = [str(ended.claim.key) for ended in settlings]
            log.warning(
                "can't record outcomes",
                action="delivery_record_failed",
                keys=keys,
                error=str(failure),
            )
        else:
            log.warning("can't claim", action="delivery_claim_failed", error=str(failure))

    async def _pause(self, seconds: float | None) -> None:
        """Wait for news from the outbox or an attempt, or for time.

        Not with `wait_for`: in Python 3.11 it forgets a cancellation that comes with the news.
        """
        if seconds is None:
            await self._wake.wait()
        elif seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._wake.wait()

    # -- the lane ---------------------------------------------------------------------------

    def _begin_probe(self) -> None:
        """Ask for the campaign, beside what is under way."""
        if self._probing is not None and self._probing.done():
            self._probing.result()  # what nobody foresaw ends the worker
            self._probing = None
        if self._probing is None:
            self._probing = asyncio.create_task(self._probe())

    async def _probe(self) -> None:
        try:
            standing = await self._sender.standing()
        except CampaignError as failure:
            self._lane.probe_failed(failure.reason, str(failure), self._clock.monotonic())
        else:
            self._lane.probed(standing, self._clock.monotonic())
        finally:
            self._wake.set()
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
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, claim: Claim) -> None:
        try:
            self._ended.append((claim.key, *await self._send(claim)))
        except BaseException as failure:  # its entry is due again once its lease is over
            del self._under_way[claim.key]
            if not isinstance(failure, Exception):
                raise
            log.error("a delivery failed", action="delivery_failed", error=repr(failure))
        finally:
            self._wake.set()

    async def _send(self, claim: Claim) -> tuple[Verdict, Answer]:
        began = self._clock.monotonic()
        sent = await self._sender.send_event(claim.wire.key, claim.wire.body, claim.event_code)
        now = self._clock.monotonic()
        self._lane.note(sent, now)
        if self._lane.paused is not None:
            self._tell()
        self._lane.durations.observe(now - began)
        spent = Spent(now - began, self._chance.random())
        return verdict(sent.outcome, claim, self._settings, spent), _answer(sent, spent.seconds)


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
    worker.task = asyncio.create_task(worker.run())
    worker.task.add_done_callback(on_death)
    try:
        yield worker
    finally:
        worker.task.remove_done_callback(on_death)  # it ends because it shall
        await worker.stop(settings.shutdown.total_seconds())
