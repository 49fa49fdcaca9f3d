"""Start, stop and withdraw: when they are accepted, and what they do once their job runs.

In: a campaign's books. Out: an answer with a job, later a new status. Knows nothing of HTTP.

```text
        start            job           stop            job           withdraw             job
 Draft ──────▶ Starting ─────▶ Active ──────▶ Stopping ─────▶ Stopped ──────▶ Withdrawing ──┐
                  ▲                                              │                          ▼
                  └───────────────────────── start ──────────────┴── funded, start ── Withdrawn
```
"""

from dataclasses import dataclass

from bridge.sandbox.answers import Answer, Refused, enqueued
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.books.jobs import Job
from bridge.sandbox.readings import (
    CANNOT_START,
    CANNOT_STOP,
    CANNOT_WITHDRAW,
    NOT_FUNDED,
    START_ENQUEUED,
    STARTABLE,
    STOP_ENQUEUED,
    WITHDRAWAL_ENQUEUED,
    WITHDRAWAL_STATUS,
    Hook,
    StartWhenActive,
    Status,
)
from bridge.sandbox.webhooks.announcing import announce


@dataclass(frozen=True, slots=True)
class Accepted:
    """An answer and the job it promises; None where there is nothing to do."""

    answer: Answer
    job: int | None


def start(
    books: Books, campaign: Campaign, key: str | None, when_active: StartWhenActive
) -> Accepted:
    """Accept a start of a funded campaign that does not run.

    Raises:
        Refused: 400, it is in another status or has no funds.
    """
    running = campaign.status in {Status.STARTING, Status.ACTIVE}
    if running and when_active is StartWhenActive.IGNORE:
        return Accepted(enqueued(START_ENQUEUED), None)
    if campaign.status not in STARTABLE:
        raise Refused(CANNOT_START, f"it is {campaign.status}")
    if campaign.available == 0:
        raise Refused(NOT_FUNDED)
    books.campaigns.set_status(campaign.id, Status.STARTING)
    return Accepted(enqueued(START_ENQUEUED), books.jobs.add(campaign.id, "start", key))


def stop(books: Books, campaign: Campaign, key: str | None) -> Accepted:
    """Accept a stop of an Active campaign.

    Raises:
        Refused: 400, it is in another status.
    """
    if campaign.status is not Status.ACTIVE:
        raise Refused(CANNOT_STOP, f"it is {campaign.status}")
    books.campaigns.set_status(campaign.id, Status.STOPPING)
    return Accepted(enqueued(STOP_ENQUEUED), books.jobs.add(campaign.id, "stop", key))


def withdraw(books: Books, campaign: Campaign, key: str | None) -> Accepted:
    """Accept the withdrawal of all that remains in a Stopped campaign.

    Raises:
        Refused: 400, it is in another status.
    """
    if campaign.status is not Status.STOPPED:
        raise Refused(CANNOT_WITHDRAW, f"it is {campaign.status}")
    books.campaigns.set_status(campaign.id, Status.WITHDRAWING)
    job = books.jobs.add(campaign.id, "withdraw", key)
    return Accepted(enqueued(WITHDRAWAL_ENQUEUED, WITHDRAWAL_STATUS), job)


_EFFECTS = {
    "start": (Status.ACTIVE, Hook.CAMPAIGN_STARTED),
    "stop": (Status.STOPPED, Hook.CAMPAIGN_STOPPED),
    "withdraw": (Status.WITHDRAWN, Hook.CAMPAIGN_WITHDRAWN),
}


def take_effect(books: Books, job: Job) -> None:
    """Carry out what was accepted; the caller finishes the job in the same transaction."""
    status, hook = _EFFECTS[job.kind]
    if job.kind == "withdraw":
        books.campaigns.withdraw_all(job.campaign_id)
    books.campaigns.set_status(job.campaign_id, status)
    announce(books, job.campaign_id, hook, {"status": status.value}, job.idempotency_key)
