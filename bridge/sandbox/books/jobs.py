"""Jobs: what a 202 has promised.

In: a page of the books. Out: jobs. Decides nothing.
"""

from dataclasses import dataclass

from bridge.sandbox.books.page import Page


@dataclass(frozen=True, slots=True)
class Job:
    """Work that a 202 has promised; user, code and amount belong to payouts."""

    id: int
    campaign_id: str
    kind: str
    user_ref: str | None
    event_code: str | None
    amount: int | None
    idempotency_key: str | None


class Jobs:
    """The pages on jobs."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def add(self, campaign_id: str, kind: str, key: str | None) -> int:
        """Promise work on a campaign; return the job's number, which rises."""
        return self._add(campaign_id, kind, key)

    def add_payout(
        self, campaign_id: str, key: str | None, user_ref: str, event_code: str, amount: int
    ) -> int:
        """Promise a payout; the amount is fixed here."""
        return self._add(campaign_id, "payout", key, user_ref, event_code, amount)

    def enqueued(self, up_to: int, limit: int) -> list[Job]:
        """Return the oldest unfinished jobs up to a given one."""
        rows = self._page.many("enqueued_jobs", up_to=up_to, limit=limit)
        return [Job(*(row[name] for name in Job.__slots__)) for row in rows]

    def last_enqueued(self) -> int | None:
        """Return the newest unfinished job's number."""
        number: int | None = self._page.run("last_enqueued_job").fetchone()[0]
        return number

    def promised(self, campaign_id: str) -> int:
        """Return what accepted events will still cost."""
        return self._page.number("promised", campaign_id=campaign_id)

    def finish(self, job: Job, state: str) -> None:
        self._page.run("finish_job", job_id=job.id, state=state)

    def _add(
        self,
        campaign_id: str,
        kind: str,
        key: str | None,
        user_ref: str | None = None,
        event_code: str | None = None,
        amount: int | None = None,
    ) -> int:
        cursor = self._page.run(
            "add_job",
            campaign_id=campaign_id,
            kind=kind,
            key=key,
            user_ref=user_ref,
            event_code=event_code,
            amount=amount,
        )
        return int(cursor.lastrowid or 0)
