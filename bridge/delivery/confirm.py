"""From accepted to confirmed: payouts looked for in users' histories, totals compared.

In: an outbox that says whose payouts to look for, a campaign's read-only calls. Out: histories and
balances, kept. Nothing here is on the way of sending, and nothing here sends.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol

import structlog

from bridge.campaigns.api import CampaignApi
from bridge.campaigns.failures import CallFailed
from bridge.campaigns.readings import NO_HISTORY
from bridge.campaigns.schemas import Transaction
from bridge.errors import CampaignError, StoreError
from bridge.events import Clock, State
from bridge.outbox.contract import Braking, Confirming, Inspecting
from bridge.outbox.life import SURPLUS
from bridge.outbox.proofs import Balance, Drift, Found, History, LookTerms, Payout
from bridge.outbox.views import LaneCount
from bridge.record import record
from bridge.settings.models import CampaignSettings, ConfirmSettings

log = structlog.get_logger("confirm")

#: Users whose histories one round reads, one after the other, and takes in together: no more once
#: it were so many rows, or took so many seconds.
_ROUND: Final = 50
_ROWS: Final = 1000
_WHILE: Final = 0.25
#: For so many times as long as taking them in took, the outbox is left to deliveries.
_REST: Final = 2
#: Failures in a row after which histories are said to be unreadable; the pause after a failure
#: doubles, in seconds, up to the most.
_FAILURES: Final = 3
_FIRST_PAUSE: Final = 0.1
_AWAY_PAUSE: Final = 30.0
#: Seconds to wait after the disk refused, and until a host without histories is asked again.
_STORE_PAUSE: Final = 1.0
_NONE_PAUSE: Final = 3600.0
#: Seconds until the total is asked for again that was never told: nothing is sent before.
_FIRST_AGAIN: Final = 1.0
#: States of entries that nothing was paid for by us.
_UNSENT: Final = frozenset({State.DUE, State.HELD, State.DISCARDED})


class ConfirmingSide(Confirming, Inspecting, Braking, Protocol):
    """What confirming needs of an outbox."""


class Readable(StrEnum):
    """Whether users' histories can be read."""

    OK = "ok"
    UNREADABLE = "unreadable"
    NONE = "none"
    OFF = "off"


@record
class ConfirmStatus:
    """How a campaign's payouts are being confirmed, as `status` shows it.

    `looks` are users' histories that were read since the start, `failed` those that could not be
    read, `confirmed` entries that histories proved paid. `paid_before` is what the API had paid
    before a ledger that had sent nothing yet; None where that is nothing, or it had sent some.
    """

    campaign: str
    history: Readable
    last_look_at: datetime | None
    last_error: str
    looks: int = 0
    failed: int = 0
    confirmed: int = 0
    paid_before: Decimal | None = None


@record
class _Read:
    """A user's history as it was read, since `began` (seconds)."""

    user_ref: str
    rows: Sequence[Payout]
    began: float


def look_terms(settings: ConfirmSettings) -> LookTerms:
    """Return the outbox's terms that the settings say."""
    return LookTerms(
        [wait.total_seconds() for wait in settings.looks],
        settings.payout_lag.total_seconds(),
        settings.absent_after.total_seconds(),
    )


class Confirmer:
    """Confirms the entries of one campaign until cancelled."""

    def __init__(
        self,
        campaign: CampaignSettings,
        outbox: ConfirmingSide,
        api: CampaignApi,
        settings: ConfirmSettings,
        clock: Clock,
    ) -> None:
        self._campaign = campaign.id
        self._webhooks = bool(campaign.webhook_secret_files)
        self._outbox = outbox
        self._api = api
        self._clock = clock
        self._terms = look_terms(settings)
        self._balance_every = settings.balance_every.total_seconds()
        self._look_at = self._balance_at = clock.monotonic()
        self._history = Readable.OK if campaign.history else Readable.OFF
        self._last_look_at: datetime | None = None
        self._failures = 0
        self._last_error = ""
        self._sums = Counter[str]()
        self._paid_before: Decimal | None = None
        #: Set once the API's total has been compared for the first time.
        self.compared = asyncio.Event()

    def status(self) -> ConfirmStatus:
        """Return how it goes."""
        return ConfirmStatus(
            self._campaign,
            self._history,
            self._last_look_at,
            self._last_error,
            paid_before=self._paid_before,
            **self._sums,
        )

    @property
    def confirms(self) -> bool:
        """Whether webhooks or histories can tell of payouts; else `accepted` is the last word."""
        return self._webhooks or self._history in {Readable.OK, Readable.UNREADABLE}

    async def run(self) -> None:
        """Look and compare until cancelled."""
        while True:
            try:
                pause = await self._step()
            except StoreError as failure:
                log.warning("can't confirm", action="confirm_store_failed", error=str(failure))
                pause = _STORE_PAUSE
            await asyncio.sleep(pause)

    async def _step(self) -> float:
        """Do what is due; return the seconds until something may be.

        An entry that is accepted meanwhile is due after the first of the waits at the earliest.
        """
        now = self._clock.monotonic()
        if now >= self._balance_at:
            await self.balance()
            wait = self._balance_every if self.compared.is_set() else _FIRST_AGAIN
            self._balance_at = now + wait
        if self._history is not Readable.OFF and now >= self._look_at:
            await self._read_and_take(await self._outbox.to_look_for(self._campaign, _ROUND))
        next_in = await self._outbox.next_look_in(self._campaign)
        soonest = self._terms.waits[0] if next_in is None else min(next_in, self._terms.waits[0])
        now = self._clock.monotonic()
        return max(0.0, min(max(soonest, self._look_at - now), self._balance_at - now))

    # -- histories --------------------------------------------------------------------------

    async def _read_and_take(self, users: Sequence[str]) -> None:
        """Read users' histories, and let them prove what they can, many at once.

        Then rest: what is delivered meanwhile is found by the same look as what was before.
        """
        read: list[_Read] = []
        rows, since = 0, self._clock.monotonic()
        for user_ref in users:
            try:
                read.append(await self._read(user_ref))
            except CampaignError as failure:
                await self._outbox.look_later(self._campaign, user_ref, self._terms)
                if self._failed(failure):
                    continue
                break
            self._history, self._last_error, self._failures = Readable.OK, "", 0
            self._last_look_at = self._clock.now()
            rows += len(read[-1].rows)
            if rows >= _ROWS or self._clock.monotonic() - since >= _WHILE:
                break
        if read:
            await self._take(read)

    async def read_history(self, user_ref: str) -> Found:
        """Read a user's whole history and let it prove what it can.

        Raises:
            CampaignError: it can't be read.
            StoreError: the disk refused.
        """
        (found,) = await self._take([await self._read(user_ref)])
        return found

    async def _read(self, user_ref: str) -> _Read:
        began = self._clock.monotonic()
        rows = [payout_of(row, user_ref) async for row in self._api.users.whole_history(user_ref)]
        return _Read(user_ref, rows, began)

    async def _take(self, read: Sequence[_Read]) -> Sequence[Found]:
        began = self._clock.monotonic()
        histories = [
            History(self._campaign, each.user_ref, each.rows, began - each.began) for each in read
        ]
        found = await self._outbox.take_histories(histories, self._terms)
        now = self._clock.monotonic()
        self._look_at = max(self._look_at, now + _REST * (now - began))
        self._sums.update(looks=len(found), confirmed=sum(each.confirmed for each in found))
        return found

    def _failed(self, failure: CampaignError) -> bool:
        """Take in that a history can't be read; one user's own 404 says nothing of the others."""
        self._last_error = f"{failure.reason}: {failure}"
        self._sums["failed"] += 1
        status = failure.status if isinstance(failure, CallFailed) else None
        words = failure.words if isinstance(failure, CallFailed) else ""
        if status in NO_HISTORY and not words:
            self._history = Readable.NONE
            self._look_at = self._clock.monotonic() + _NONE_PAUSE
            return False
        if status == 404:
            return True
        self._failures += 1
        if self._failures >= _FAILURES:
            self._history = Readable.UNREADABLE
        pause = min(_AWAY_PAUSE, _FIRST_PAUSE * 2 ** min(self._failures, 10))
        self._look_at = self._clock.monotonic() + pause
        return False

    # -- balances ---------------------------------------------------------------------------

    async def balance(self) -> Drift | None:
        """Compare the API's paid-out total with the ledger; learn what its events pay.

        Returns None where the API can't be asked, or tells no total.

        Raises:
            StoreError: the disk refused.
        """
        before = await self._outbox.settled(self._campaign)
        try:
            standing = await self._api.details.standing()
        except CampaignError as failure:
            self._last_error = f"{failure.reason}: {failure}"
            return None
        first = not self.compared.is_set()
        lane = await self._lane() if first else None
        known = lane.drift if lane is not None else None
        balance = Balance(self._campaign, standing.paid_out, await self._prices(), before)
        drift = await self._outbox.take_balance(balance)
        if known is not None and drift is not None and drift.excess > known.excess:
            await self._distrust(drift.excess)
        if first and drift is not None:
            self._wonder(lane, drift)
        self.compared.set()
        if drift is not None and (drift.excess or drift.shortfall):
            log.warning(
                "the API's paid-out total doesn't fit our ledger",
                action="paid_out_drift",
                campaign=self._campaign,
                excess=str(drift.excess),
                shortfall=str(drift.shortfall),
            )
        return drift

    async def _prices(self) -> list[tuple[str, Decimal]]:
        try:
            events = await self._api.details.configured_events()
        except CampaignError:  # what they pay is learnt next time
            return []
        return [(event.code, event.amount) for event in events if event.amount is not None]

    async def _lane(self) -> LaneCount | None:
        """Return how the campaign stood when it was last compared, before this start."""
        counts = await self._outbox.counts()
        return next((lane for lane in counts if lane.campaign == self._campaign), None)

    def _wonder(self, lane: LaneCount | None, drift: Drift) -> None:
        """Say that a ledger which has sent nothing meets a campaign that has paid.

        Others may have paid before us, which is no reason to stop; or a ledger was lost.
        """
        counted = {} if lane is None else lane.states
        if not drift.paid_out or any(n for state, n in counted.items() if state not in _UNSENT):
            return
        self._paid_before = drift.paid_out
        log.warning(
            "the API has paid, and this ledger has sent nothing of the campaign",
            action="paid_before_us",
            campaign=self._campaign,
            paid_out=str(drift.paid_out),
        )

    async def _distrust(self, excess: Decimal) -> None:
        """Send nothing from a ledger that doesn't know of payouts which were made meanwhile.

        It may be an old copy whose witness is as old as itself.
        """
        why = (
            f"{SURPLUS} {excess} more for campaign {self._campaign} than this ledger knows "
            "of since it was last running: it may be an old copy, or somebody else pays too"
        )
        held = await self._outbox.quarantine(why)
        log.error("quarantine", action="ledger_quarantined", reason=why, held=held)


def payout_of(row: Transaction, user_ref: str) -> Payout:
    """Return a row of a user's history as a proof."""
    name, second = row.id or row.hash or None, row.hash or None
    return Payout(user_ref, row.event_code, name, row.amount, _moment(row.created_at), second)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@asynccontextmanager
async def confirming(
    confirmer: Confirmer, on_death: "Callable[[asyncio.Task[None]], None]"
) -> AsyncIterator[Confirmer]:
    """Run a confirmer as long as this is entered."""
    task = asyncio.create_task(confirmer.run())
    task.add_done_callback(on_death)
    try:
        yield confirmer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
