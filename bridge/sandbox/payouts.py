"""Campaign events: when one is accepted, and its payout, once, when the job runs.

In: a campaign's books and an event's body. Out: an answer with a job, later a line of the ledger.
Knows nothing of HTTP or of idempotency.
"""

from bridge.sandbox.answers import Refused, enqueued, is_text, json_object
from bridge.sandbox.books import Books, Campaign, Job
from bridge.sandbox.lifecycle import Accepted
from bridge.sandbox.readings import (
    BAD_FIELD,
    CANNOT_PAY,
    NOT_ACTIVE,
    REASON_NO_FUNDS,
    UNKNOWN_CODE,
    UNKNOWN_USER,
    InsufficientFunds,
    Status,
)

#: Oncade's own word.
EVENT_ENQUEUED = "Event enqueued"


def accept(
    books: Books, campaign: Campaign, body: bytes, key: str | None, funds: InsufficientFunds
) -> Accepted:
    """Accept an event of a linked user; its payout becomes a job, its amount is fixed now.

    Raises:
        Refused: 400 or 404, and nothing was accepted.
    """
    fields = json_object(body)
    code, user_ref = _field(fields, "eventCode"), _field(fields, "userRef")
    if campaign.status is not Status.ACTIVE:
        raise Refused(NOT_ACTIVE, f"it is {campaign.status}")
    amount = books.payout_amount(campaign.id, code)
    if amount is None:
        raise Refused(UNKNOWN_CODE, code)
    if books.user(campaign.id, user_ref) is None:
        raise Refused(UNKNOWN_USER)
    if funds is InsufficientFunds.REFUSE and campaign.available < amount + books.promised(
        campaign.id
    ):
        raise Refused(CANNOT_PAY)
    job = books.add_payout_job(campaign.id, user_ref, code, amount, key)
    return Accepted(enqueued(EVENT_ENQUEUED), job)


def pay(books: Books, job: Job) -> bool:
    """Pay an accepted event: balance and ledger in the caller's transaction; false where the
    funds do not suffice, which is written down with the reason.
    """
    if books.pay(job.campaign_id, job.amount or 0):
        books.add_payout(job)
        return True
    books.add_failed_payout(job, REASON_NO_FUNDS)
    return False


def _field(fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value or not is_text(value):
        raise Refused(BAD_FIELD, name)
    return value
