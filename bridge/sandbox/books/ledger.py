"""The ledger: what was paid, to whom, for what; and what could not be.

In: a page of the books. Out: payouts. Decides nothing.
"""

import hashlib
import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from bridge.sandbox.books.jobs import Job
from bridge.sandbox.books.page import Page
from bridge.sandbox.money import units


@dataclass(frozen=True, slots=True)
class Payout:
    """One line of the ledger."""

    id: int
    key: str | None
    user_ref: str
    event_code: str
    event_name: str
    amount: Decimal
    transaction_hash: str
    created_at: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Return the payout of a row; an event that left the catalogue is named by its code."""
        values = {name: row[name] for name in cls.__slots__}
        return cls(**{**values, "amount": units(row["amount"])})


@dataclass(frozen=True, slots=True)
class FailedPayout:
    """An accepted event that was not paid, and why."""

    user_ref: str
    event_code: str
    amount: Decimal
    reason: str
    failed_at: str


class Ledger:
    """The pages on payouts."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def add(self, job: Job) -> str:
        """Write a line, return its transaction's hash; IntegrityError on a second for one job."""
        made_of = f"{job.campaign_id} {job.id} {self._page.now}"
        transaction = "0x" + hashlib.sha256(made_of.encode()).hexdigest()
        self._page.run(
            "add_payout",
            job_id=job.id,
            campaign_id=job.campaign_id,
            user_ref=job.user_ref,
            event_code=job.event_code,
            amount=job.amount,
            key=job.idempotency_key,
            transaction_hash=transaction,
        )
        return transaction

    def add_failed(self, job: Job, reason: str) -> None:
        self._page.run("add_failed_payout", job_id=job.id, reason=reason)

    def payouts(self, campaign_id: str) -> list[Payout]:
        """Return the whole ledger of a campaign, in the order of payment."""
        rows = self._page.many("payouts", campaign_id=campaign_id)
        return [Payout.of(row) for row in rows]

    def latest(self, campaign_id: str, limit: int, offset: int = 0) -> list[Payout]:
        """Return a campaign's payouts, newest first."""
        rows = self._page.many(
            "latest_payouts", campaign_id=campaign_id, limit=limit, offset=offset
        )
        return [Payout.of(row) for row in rows]

    def count(self, campaign_id: str) -> int:
        return self._page.number("count_payouts", campaign_id=campaign_id)

    def of_user(self, campaign_id: str, user_ref: str, limit: int, offset: int) -> list[Payout]:
        """Return one user's payouts, newest first."""
        rows = self._page.many(
            "payouts_of_user",
            campaign_id=campaign_id,
            user_ref=user_ref,
            limit=limit,
            offset=offset,
        )
        return [Payout.of(row) for row in rows]

    def count_of_user(self, campaign_id: str, user_ref: str) -> int:
        return self._page.number(
            "count_payouts_of_user", campaign_id=campaign_id, user_ref=user_ref
        )

    def failed(self, campaign_id: str, limit: int) -> list[FailedPayout]:
        """Return a campaign's failed payouts, newest first."""
        rows = self._page.many("failed_payouts", campaign_id=campaign_id, limit=limit)
        return [
            FailedPayout(
                row["user_ref"],
                row["event_code"],
                units(row["amount"]),
                row["reason"],
                row["failed_at"],
            )
            for row in rows
        ]

    def paid_by_time(self, campaign_id: str, step: int) -> list[tuple[int, int, Decimal]]:
        """Return (seconds since 1970 at the start, payouts, amount) of each step of that many
        seconds in which something was paid, oldest first.
        """
        rows = self._page.many("paid_by_time", campaign_id=campaign_id, step=step)
        return [(row["at"], row["n"], units(row["amount"])) for row in rows]
