"""The sandbox's books within one transaction: every statement of `queries.sql` behind a name.

In: a connection that a transaction is open on. Out: values. Knows nothing of HTTP, and decides
nothing: what may be done stands in `lifecycle`, `payouts` and `oracle`.
"""

import hashlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from bridge.sandbox.answers import Answer, Json
from bridge.sandbox.money import units
from bridge.sandbox.readings import BUSINESS_ID, CHAIN, Status


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign and its balances in micro-units: funded = paid_out + withdrawn + available."""

    id: str
    name: str
    environment: str
    status: Status
    created_at: str
    updated_at: str
    funded: int
    paid_out: int
    withdrawn: int
    available: int

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Return the campaign of a row, without its key's hash."""
        values = {name: row[name] for name in cls.__slots__}
        return cls(**{**values, "status": Status(row["status"])})

    def balances(self) -> dict[str, Json]:
        """Return the three amounts as the API names them."""
        return {
            "totalAmountFunded": units(self.funded),
            "totalAmountPaidOut": units(self.paid_out),
            "availableToWithdraw": units(self.available),
        }

    def told(self) -> dict[str, Json]:
        """Return the fields of the API's `campaign` object."""
        return {
            "id": self.id,
            "name": self.name,
            "environment": self.environment,
            "status": self.status.value,
            "businessId": BUSINESS_ID,
            "address": "0x" + hashlib.sha256(self.id.encode()).hexdigest()[:40],
            "chain": CHAIN,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            **self.balances(),
        }


@dataclass(frozen=True, slots=True)
class ConfiguredEvent:
    """One event of a campaign's catalogue; the amount in micro-units."""

    code: str
    name: str
    payout_amount: int


@dataclass(frozen=True, slots=True)
class Job:
    """Work that a 202 has promised; the last four belong to payouts."""

    id: int
    campaign_id: str
    kind: str
    user_ref: str | None
    event_code: str | None
    amount: int | None
    idempotency_key: str | None


@dataclass(frozen=True, slots=True)
class Scope:
    """What an idempotency key is unique in, and the hash of the body it came with."""

    campaign_id: str
    call: str
    key: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Books:
    """The books as one transaction sees them; `now` is the time it writes down."""

    db: sqlite3.Connection
    sql: Mapping[str, str]
    now: str = ""

    # -- campaigns ----------------------------------------------------------------------------

    def add_campaign(
        self, campaign_id: str, name: str, environment: str, api_key_hash: bytes
    ) -> None:
        """Add a campaign; sqlite3.IntegrityError where the id is taken."""
        values = {
            "id": campaign_id,
            "name": name,
            "environment": environment,
            "status": Status.DRAFT.value,
            "api_key_hash": api_key_hash,
            "now": self.now,
        }
        self.db.execute(self.sql["add_campaign"], values)

    def campaign(self, campaign_id: str) -> Campaign | None:
        row = self.db.execute(self.sql["campaign"], (campaign_id,)).fetchone()
        return Campaign.of(row) if row else None

    def campaign_of_key(self, api_key_hash: bytes) -> Campaign | None:
        row = self.db.execute(self.sql["campaign_of_key"], (api_key_hash,)).fetchone()
        return Campaign.of(row) if row else None

    def campaigns(self) -> list[Campaign]:
        return [Campaign.of(row) for row in self.db.execute(self.sql["campaigns"])]

    def set_status(self, campaign_id: str, status: Status) -> None:
        values = {"campaign_id": campaign_id, "status": status.value, "now": self.now}
        self.db.execute(self.sql["set_status"], values)

    # -- money --------------------------------------------------------------------------------

    def fund(self, campaign_id: str, amount: int) -> None:
        self._move("fund", campaign_id, amount)

    def pay(self, campaign_id: str, amount: int) -> bool:
        """Take a payout out of the balance; false, and nothing taken, where it is too small."""
        return self._move("pay", campaign_id, amount) == 1

    def withdraw_all(self, campaign_id: str) -> None:
        self._move("withdraw_all", campaign_id, 0)

    def promised(self, campaign_id: str) -> int:
        """Return what accepted events will still cost."""
        total: int = self.db.execute(self.sql["promised"], (campaign_id,)).fetchone()[0]
        return total

    def _move(self, statement: str, campaign_id: str, amount: int) -> int:
        values = {"campaign_id": campaign_id, "amount": amount, "now": self.now}
        return self.db.execute(self.sql[statement], values).rowcount

    # -- events and users ---------------------------------------------------------------------

    def add_event(self, campaign_id: str, position: int, event: ConfiguredEvent) -> None:
        values = {
            "campaign_id": campaign_id,
            "position": position,
            "code": event.code,
            "name": event.name,
            "payout_amount": event.payout_amount,
        }
        self.db.execute(self.sql["add_event"], values)

    def events(self, campaign_id: str) -> list[ConfiguredEvent]:
        rows = self.db.execute(self.sql["events"], (campaign_id,))
        return [ConfiguredEvent(*row) for row in rows]

    def payout_amount(self, campaign_id: str, code: str) -> int | None:
        row = self.db.execute(self.sql["payout_amount"], (campaign_id, code)).fetchone()
        return None if row is None else int(row[0])

    def link_user(self, campaign_id: str, user_ref: str, email: str | None) -> bool:
        """Link a user; false where the userRef was linked before."""
        values = {
            "campaign_id": campaign_id,
            "user_ref": user_ref,
            "email": email,
            "now": self.now,
        }
        return self.db.execute(self.sql["link_user"], values).rowcount == 1

    def user(self, campaign_id: str, user_ref: str) -> dict[str, Json] | None:
        row = self.db.execute(self.sql["user"], (campaign_id, user_ref)).fetchone()
        return _user(row)

    def user_of_email(self, campaign_id: str, email: str) -> dict[str, Json] | None:
        row = self.db.execute(self.sql["user_of_email"], (campaign_id, email)).fetchone()
        return _user(row)

    # -- stored answers -----------------------------------------------------------------------

    def answer(self, scope: Scope, too_old: int) -> tuple[bytes, Answer] | None:
        """Return the body hash and answer stored under a key after `too_old` (milliseconds)."""
        values = {
            "campaign_id": scope.campaign_id,
            "call": scope.call,
            "key": scope.key,
            "too_old": too_old,
        }
        row = self.db.execute(self.sql["answer"], values).fetchone()
        return None if row is None else (row["body_hash"], Answer(row["status"], row["body"]))

    def keep_answer(self, scope: Scope, answer: Answer, stored_at: int) -> None:
        values = {
            "campaign_id": scope.campaign_id,
            "call": scope.call,
            "key": scope.key,
            "body_hash": scope.body_hash,
            "status": answer.status,
            "body": answer.body,
            "stored_at": stored_at,
        }
        self.db.execute(self.sql["keep_answer"], values)

    def drop_old_answers(self, too_old: int) -> None:
        self.db.execute(self.sql["drop_old_answers"], (too_old,))

    # -- jobs and the ledger ------------------------------------------------------------------

    def add_job(self, campaign_id: str, kind: str) -> int:
        """Promise work on a campaign; return the job's number, which rises."""
        return self._add_job(campaign_id, kind, {})

    def add_payout_job(
        self, campaign_id: str, user_ref: str, event_code: str, amount: int, key: str | None
    ) -> int:
        """Promise a payout; the amount is fixed here."""
        about = {"user_ref": user_ref, "event_code": event_code, "amount": amount, "key": key}
        return self._add_job(campaign_id, "payout", about)

    def enqueued_jobs(self, up_to: int, limit: int) -> list[Job]:
        rows = self.db.execute(self.sql["enqueued_jobs"], (up_to, limit))
        return [Job(*(row[name] for name in Job.__slots__)) for row in rows]

    def last_enqueued_job(self) -> int | None:
        number: int | None = self.db.execute(self.sql["last_enqueued_job"]).fetchone()[0]
        return number

    def finish_job(self, job: Job, state: str) -> None:
        self.db.execute(self.sql["finish_job"], {"job_id": job.id, "state": state})

    def add_payout(self, job: Job) -> None:
        """Write a line of the ledger; sqlite3.IntegrityError on a second one for the same job."""
        values = {
            "job_id": job.id,
            "campaign_id": job.campaign_id,
            "user_ref": job.user_ref,
            "event_code": job.event_code,
            "amount": job.amount,
            "key": job.idempotency_key,
            "now": self.now,
        }
        self.db.execute(self.sql["add_payout"], values)

    def add_failed_payout(self, job: Job, reason: str) -> None:
        values = {"job_id": job.id, "reason": reason, "now": self.now}
        self.db.execute(self.sql["add_failed_payout"], values)

    def payouts(self, campaign_id: str) -> list[Json]:
        """Return the ledger as the sandbox's own call shows it, in the order of payment."""
        rows = self.db.execute(self.sql["payouts"], (campaign_id,))
        return [
            {
                "key": row["idempotency_key"],
                "userRef": row["user_ref"],
                "eventCode": row["event_code"],
                "amount": units(row["amount"]),
                "createdAt": row["created_at"],
            }
            for row in rows
        ]

    def _add_job(self, campaign_id: str, kind: str, about: Mapping[str, object]) -> int:
        values = {
            "campaign_id": campaign_id,
            "kind": kind,
            "user_ref": None,
            "event_code": None,
            "amount": None,
            "key": None,
            "now": self.now,
            **about,
        }
        return int(self.db.execute(self.sql["add_job"], values).lastrowid or 0)


def _user(row: sqlite3.Row | None) -> dict[str, Json] | None:
    if row is None:
        return None
    return {"userRef": row["user_ref"], "email": row["email"], "linkedAt": row["linked_at"]}
