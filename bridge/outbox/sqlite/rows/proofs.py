"""Webhooks and payouts as rows.

In: what the API told of. Out: what of it is known already. Decides nothing.
"""

import sqlite3
from dataclasses import dataclass
from uuid import UUID

from bridge.outbox.entry import as_millis
from bridge.outbox.money import millionths
from bridge.outbox.proofs import Became, Payout, Webhook
from bridge.outbox.sqlite.rows.statements import Statements


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A payout as it is kept; times in milliseconds, money in millionths."""

    campaign: str
    id: str
    user_ref: str
    event_code: str
    amount: int | None
    paid_at: int | None
    via: str
    wire_key: UUID | None
    entry_id: int | None


class Proofs:
    """The rows of `inbox` and `payouts`."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    # -- webhooks --

    def has_webhook(self, digest: bytes) -> bool:
        """Whether this body came before."""
        return self._sql.one("webhook", digest=digest) is not None

    def add_webhook(self, webhook: Webhook, at: int, became: Became, entry_id: int | None) -> None:
        """Keep a webhook and what became of it."""
        self._sql.run(
            "add_webhook",
            digest=webhook.digest,
            campaign=webhook.campaign,
            event=webhook.event,
            sent_at=None if webhook.sent_at is None else as_millis(webhook.sent_at),
            received_at=at,
            body=webhook.body,
            became=became.value,
            entry_id=entry_id,
        )

    # -- payouts --

    def payout(self, campaign: str, payout_id: str) -> PayoutRow | None:
        """Return the payout with this id."""
        row = self._sql.one("payout", campaign=campaign, id=payout_id)
        return None if row is None else payout_from(row)

    def payout_of(self, entry_id: int) -> PayoutRow | None:
        """Return the payout that belongs to an entry."""
        row = self._sql.one("payout_of", entry_id=entry_id)
        return None if row is None else payout_from(row)

    def add_payout(
        self, campaign: str, payout: Payout, payout_id: str, via: str, key: UUID | None, at: int
    ) -> PayoutRow:
        """Keep a payout that belongs to no entry yet."""
        added = PayoutRow(
            campaign,
            payout_id,
            payout.user_ref,
            payout.event_code,
            millionths(payout.amount),
            None if payout.paid_at is None else as_millis(payout.paid_at),
            via,
            key,
            None,
        )
        self._sql.run("add_payout", seen_at=at, **_values(added))
        return added

    def name_payout(self, campaign: str, payout: Payout) -> bool:
        """Name the transaction of a payout that a webhook told of without it, if there is one."""
        nameless = self._sql.one(
            "nameless",
            campaign=campaign,
            user_ref=payout.user_ref,
            event_code=payout.event_code,
        )
        if nameless is None:
            return False
        self._sql.run(
            "name_payout",
            campaign=campaign,
            id=nameless["id"],
            name=payout.id,
            paid_at=None if payout.paid_at is None else as_millis(payout.paid_at),
            amount=millionths(payout.amount),
        )
        return True

    def match(self, payout: PayoutRow, entry_id: int | None) -> None:
        """Say which entry a payout belongs to; None takes it back."""
        self._sql.run("match", campaign=payout.campaign, id=payout.id, entry_id=entry_id)

    def prove(self, payout: PayoutRow, key: UUID | None, via: str) -> None:
        """Keep under which Idempotency-Key a payout was made, as a webhook has said."""
        wire_key = None if key is None else key.bytes
        self._sql.run("prove", campaign=payout.campaign, id=payout.id, wire_key=wire_key, via=via)

    def unmatched(self, campaign: str, user_ref: str, event_code: str) -> list[PayoutRow]:
        """Return payouts of a user and event that belong to no entry, oldest first."""
        found = self._sql.many(
            "unmatched", campaign=campaign, user_ref=user_ref, event_code=event_code
        )
        return [payout_from(row) for row in found]


def payout_from(row: sqlite3.Row) -> PayoutRow:
    """Read a row of `payouts`."""
    return PayoutRow(
        row["campaign"],
        row["id"],
        row["user_ref"],
        row["event_code"],
        row["amount"],
        row["paid_at"],
        row["via"],
        None if row["wire_key"] is None else UUID(bytes=row["wire_key"]),
        row["entry_id"],
    )


def _values(payout: PayoutRow) -> dict[str, object]:
    return {
        "campaign": payout.campaign,
        "id": payout.id,
        "user_ref": payout.user_ref,
        "event_code": payout.event_code,
        "amount": payout.amount,
        "paid_at": payout.paid_at,
        "via": payout.via,
        "wire_key": None if payout.wire_key is None else payout.wire_key.bytes,
        "entry_id": payout.entry_id,
    }
