"""Campaign events: when one is accepted, and its payout, once, when the job runs.

In: a campaign's books and an event. Out: an answer with a job, later a line of the ledger.
Knows nothing of HTTP or of idempotency.
"""

from dataclasses import dataclass

from bridge.sandbox.answers import Json, Refused, enqueued
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.books.jobs import Job
from bridge.sandbox.lifecycle import Accepted
from bridge.sandbox.money import units
from bridge.sandbox.readings import (
    CANNOT_PAY,
    NOT_ACTIVE,
    REASON_CHAIN,
    REASON_NO_FUNDS,
    REASON_NOT_ACTIVE,
    UNKNOWN_CODE,
    UNKNOWN_USER,
    Hook,
    InsufficientFunds,
    Status,
    WhenNotActive,
)
from bridge.sandbox.webhooks.announcing import announce

#: Oncade's own word.
EVENT_ENQUEUED = "Event enqueued"


@dataclass(frozen=True, slots=True)
class PayoutReadings:
    """Which of two readings is played."""

    insufficient_funds: InsufficientFunds = InsufficientFunds.FAIL_IN_JOB
    not_active: WhenNotActive = WhenNotActive.REFUSE


def accept(
    books: Books,
    campaign: Campaign,
    key: str | None,
    code: str,
    user_ref: str,
    readings: PayoutReadings,
) -> Accepted:
    """Accept an event of a linked user; its payout becomes a job, its amount is fixed now.

    Raises:
        Refused: 400 or 404, and nothing was accepted.
    """
    if campaign.status is not Status.ACTIVE and readings.not_active is WhenNotActive.REFUSE:
        raise Refused(NOT_ACTIVE, f"it is {campaign.status}")
    amount = books.campaigns.payout_amount(campaign.id, code)
    if amount is None:
        raise Refused(UNKNOWN_CODE, code)
    user = books.users.find(campaign.id, user_ref)
    if user is None or not user.linked:
        raise Refused(UNKNOWN_USER)
    if readings.insufficient_funds is InsufficientFunds.REFUSE:
        _refuse_unless_funded(books, campaign, amount)
    job = books.jobs.add_payout(campaign.id, key, user_ref, code, amount)
    return Accepted(enqueued(EVENT_ENQUEUED), job)


def _refuse_unless_funded(books: Books, campaign: Campaign, amount: int) -> None:
    if campaign.available < amount + books.jobs.promised(campaign.id):
        raise Refused(CANNOT_PAY)


def pay(books: Books, job: Job, readings: PayoutReadings, *, chain_fails: bool = False) -> bool:
    """Pay an accepted event: balance, ledger and webhook in the caller's transaction.

    False where it can't be paid, which is written down with the reason. An event that was accepted
    while Active is paid also after a stop.
    """
    reason = _obstacle(books, job, readings, chain_fails=chain_fails)
    if reason is None and not books.campaigns.pay(job.campaign_id, job.amount or 0):
        reason = REASON_NO_FUNDS
    if reason is not None:
        books.ledger.add_failed(job, reason)
        _tell(books, job, Hook.EVENT_FAILED, {"error": reason})
        return False
    transaction = books.ledger.add(job)
    _tell(books, job, Hook.EVENT_PAID, {"transactionId": transaction})
    return True


def _obstacle(books: Books, job: Job, readings: PayoutReadings, *, chain_fails: bool) -> str | None:
    if chain_fails:
        return REASON_CHAIN
    if readings.not_active is WhenNotActive.FAIL_IN_JOB:
        campaign = books.campaigns.find(job.campaign_id)
        if campaign is not None and campaign.status is not Status.ACTIVE:
            return REASON_NOT_ACTIVE
    return None


def _tell(books: Books, job: Job, hook: Hook, more: dict[str, Json]) -> None:
    data: dict[str, Json] = {
        "user_ref": job.user_ref,
        "eventCode": job.event_code,
        "payoutAmount": units(job.amount or 0),
        **more,
    }
    announce(books, job.campaign_id, hook, data, job.idempotency_key)
