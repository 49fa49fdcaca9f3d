"""Webhooks and payouts as rows.

In: what the API told of. Out: what of it is known already. Decides nothing.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from bridge.outbox.entry import as_millis
from bridge.outbox.money import millionths
from bridge.outbox.proofs import Became, Payout, Webhook
from bridge.outbox.sqlite.statements import Statements
from bridge.record import record

HISTORY: Final = "history"
WEBHOOK: Final = "webhook"


@record
class PayoutRow:
    """A payout as it is kept; times in milliseconds, money in millionths."""

    number: int
    campaign: str
    id: str
    user_ref: str
    event_code: str
    amount: int | None
    paid_at: int | None
    via: str
    wire_key: UUID | None
    entry_id: int | None
    row_id: str | None = None
    hash: str | None = None


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
        """Return the payout that goes by this name, whoever named it so."""
        row = self._sql.one("payout", campaign=campaign, id=payout_id)
        return None if row is None else payout_from(row)

    def payout_of(self, entry_id: int) -> PayoutRow | None:
        """Return the payout that belongs to an entry."""
        row = self._sql.one("payout_of", entry_id=entry_id)
        return None if row is None else payout_from(row)

    def shown(self, campaign: str, row_ids: Sequence[str]) -> set[str]:
        """Return which of these rows the history has shown before."""
        told = json.dumps([row_id for row_id in row_ids if "\0" not in row_id])
        shown = {row[0] for row in self._sql.run("shown_payouts", campaign=campaign, row_ids=told)}
        for row_id in row_ids:  # SQLite's JSON ends at a zero byte
            if "\0" in row_id and self._sql.one("shown_payout", campaign=campaign, row_id=row_id):
                shown.add(row_id)
        return shown

    def named(self, campaign: str, payout: Payout) -> PayoutRow | None:
        """Return the payout that a webhook told of by a name of this row."""
        row = self._sql.one("named_payout", campaign=campaign, row_id=payout.id, hash=payout.hash)
        return None if row is None else payout_from(row)

    def unshown(self, campaign: str, payout: Payout) -> PayoutRow | None:
        """Return what a row of the history may be: the oldest that only a webhook told of."""
        row = self._sql.one(
            "unshown_payout",
            campaign=campaign,
            user_ref=payout.user_ref,
            event_code=payout.event_code,
        )
        return None if row is None else payout_from(row)

    def untold(self, campaign: str, payout: Payout, entry_id: int | None) -> PayoutRow | None:
        """Return what a webhook may tell of: a payout of its kind that only the history showed.

        That of the entry whose key the webhook names if there is one.
        """
        row = self._sql.one(
            "untold_payout",
            campaign=campaign,
            user_ref=payout.user_ref,
            event_code=payout.event_code,
            entry_id=entry_id,
        )
        return None if row is None else payout_from(row)

    def keyed(self, campaign: str, payout: Payout, key: UUID | None) -> PayoutRow | None:
        """Return the payout that was told of under this key and may be this one.

        What has no name may be any of them; what has one, only what was told of without one.
        """
        if key is None:
            return None
        row = self._sql.one(
            "keyed_payout",
            campaign=campaign,
            wire_key=key.bytes,
            user_ref=payout.user_ref,
            event_code=payout.event_code,
            name=payout.id,
        )
        return None if row is None else payout_from(row)

    def entry_of(self, payout: PayoutRow) -> int | None:
        """Return which entry a payout belongs to by now."""
        row = self._sql.one("entry_of_payout", number=payout.number)
        return None if row is None else row["entry_id"]

    def add_payout(
        self, campaign: str, payout: Payout, payout_id: str, via: str, key: UUID | None, at: int
    ) -> PayoutRow:
        """Keep a payout that belongs to no entry yet."""
        added = PayoutRow(
            0,
            campaign,
            payout_id,
            payout.user_ref,
            payout.event_code,
            millionths(payout.amount),
            paid_millis(payout),
            via,
            key,
            None,
            payout_id if via == HISTORY else None,
            payout.hash if via == HISTORY else None,
        )
        told_id = payout_id if via == WEBHOOK else None
        run = self._sql.run("add_payout", seen_at=at, told_id=told_id, **_values(added))
        number = run.lastrowid or 0
        return replace(added, number=number)

    def add_payouts(self, rows: Sequence[Sequence[object]]) -> None:
        """Keep rows of a history, each in the order of the statement's columns."""
        self._sql.each("add_payouts", rows)

    def any_told(self, campaign: str) -> bool:
        """Whether a webhook has told of any payout of a campaign."""
        return self._sql.one("any_told", campaign=campaign) is not None

    def codes_open(self, campaign: str, user_ref: str) -> set[str]:
        """Return the events of a user of which a payout has no entry, or no row of the history."""
        found = self._sql.run("codes_open", campaign=campaign, user_ref=user_ref)
        return {row[0] for row in found}

    def show(self, told: PayoutRow, payout: Payout) -> None:
        """Keep by which names the history shows a payout that a webhook told of."""
        self._sql.run(
            "show_payout",
            number=told.number,
            row_id=payout.id,
            hash=payout.hash,
            amount=millionths(payout.amount),
            paid_at=paid_millis(payout),
        )

    def match(self, payout: PayoutRow, entry_id: int | None) -> None:
        """Say which entry a payout belongs to; None takes it back."""
        self._sql.run("match", number=payout.number, entry_id=entry_id)

    def prove(self, payout: PayoutRow, key: UUID | None, name: str) -> None:
        """Keep how a webhook named a payout, and under which Idempotency-Key it was made."""
        self._sql.run(
            "prove",
            number=payout.number,
            told_id=name,
            wire_key=None if key is None else key.bytes,
            via=WEBHOOK,
        )

    def was_paid_to(self, campaign: str, user_ref: str) -> bool:
        """Return whether a payout to a user was seen, or may come of what was sent."""
        found = self._sql.run("was_paid_to", campaign=campaign, user_ref=user_ref).fetchone()
        return bool(found[0])

    def accept_unmatched(self, campaign: str) -> int:
        """Say that the payouts of no entry are not ours; return how many there were."""
        return self._sql.run("accept_payouts", campaign=campaign).rowcount

    def unmatched(self, campaign: str, user_ref: str, event_code: str) -> list[PayoutRow]:
        """Return payouts of a user and event that belong to no entry, oldest first."""
        found = self._sql.many(
            "unmatched", campaign=campaign, user_ref=user_ref, event_code=event_code
        )
        return [payout_from(row) for row in found]


def payout_from(row: sqlite3.Row) -> PayoutRow:
    """Read a row of `payouts`."""
    return PayoutRow(
        row["number"],
        row["campaign"],
        row["id"],
        row["user_ref"],
        row["event_code"],
        row["amount"],
        row["paid_at"],
        row["via"],
        None if row["wire_key"] is None else UUID(bytes=row["wire_key"]),
        row["entry_id"],
        row["row_id"],
        row["hash"],
    )


def paid_millis(payout: Payout) -> int | None:
    """Return when a payout was made, as it is stored."""
    return None if payout.paid_at is None else as_millis(payout.paid_at)


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
        "row_id": payout.row_id,
        "hash": payout.hash,
    }
