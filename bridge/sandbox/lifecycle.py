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
from bridge.sandbox.books import Books, Campaign, Job
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
    StartWhenActive,
    Status,
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """An answer and the job it promises; None where there is nothing to do."""

    answer: Answer
    job: int | None


def start(books: Books, campaign: Campaign, when_active: StartWhenActive) -> Accepted:
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
    books.set_status(campaign.id, Status.STARTING)
    return Accepted(enqueued(START_ENQUEUED), books.add_job(campaign.id, "start"))


def stop(books: Books, campaign: Campaign) -> Accepted:
    """Accept a stop of an Active campaign.

    Raises:
        Refused: 400, it is in another status.
    """
    if campaign.status is not Status.ACTIVE:
        raise Refused(CANNOT_STOP, f"it is {campaign.status}")
    books.set_status(campaign.id, Status.STOPPING)
    return Accepted(enqueued(STOP_ENQUEUED), books.add_job(campaign.id, "stop"))


def withdraw(books: Books, campaign: Campaign) -> Accepted:
    """Accept the withdrawal of all that remains in a Stopped campaign.

    Raises:
        Refused: 400, it is in another status.
    """
    if campaign.status is not Status.STOPPED:
        raise Refused(CANNOT_WITHDRAW, f"it is {campaign.status}")
    books.set_status(campaign.id, Status.WITHDRAWING)
    job = books.add_job(campaign.id, "withdraw")
    return Accepted(enqueued(WITHDRAWAL_ENQUEUED, WITHDRAWAL_STATUS), job)


def take_effect(books: Books, job: Job) -> None:
    """Carry out what was accepted; the caller finishes the job in the same transaction."""
    if job.kind == "start":
        books.set_status(job.campaign_id, Status.ACTIVE)
    elif job.kind == "stop":
        books.set_status(job.campaign_id, Status.STOPPED)
    elif job.kind == "withdraw":
        books.withdraw_all(job.campaign_id)
        books.set_status(job.campaign_id, Status.WITHDRAWN)
