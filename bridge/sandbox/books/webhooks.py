"""Webhooks: where they go, what they are signed with, the deliveries and their log.

In: a page of the books. Out: endpoints, secrets, deliveries, attempts. Decides nothing.
"""

import sqlite3
from dataclasses import dataclass
from typing import Self

from bridge.sandbox.books.page import Page
from bridge.sandbox.readings import DeliveryState


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a campaign's webhooks go."""

    campaign_id: str
    url: str
    enabled: bool
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Return the endpoint of a row."""
        values = {name: row[name] for name in cls.__slots__}
        return cls(**{**values, "enabled": bool(row["enabled"])})


@dataclass(frozen=True, slots=True)
class Secret:
    """What a webhook is signed with; `valid_until` is None for the newest one (milliseconds)."""

    id: int
    secret: str
    created_at: str
    valid_until: int | None

    def __repr__(self) -> str:
        """Leave the secret out of logs."""
        return f"Secret(id={self.id})"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook and how far it has come; `due_at` in milliseconds, `resends` by hand."""

    id: int
    campaign_id: str
    event: str
    body: bytes
    idempotency_key: str | None
    secret_id: int
    state: DeliveryState
    attempts: int
    resends: int
    due_at: int
    created_at: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Return the delivery of a row."""
        values = {name: row[name] for name in cls.__slots__}
        return cls(**{**values, "state": DeliveryState(row["state"])})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of the delivery log; `status` is None where no answer came."""

    number: int
    at: str
    url: str
    signature: str
    status: int | None
    answer: str
    seconds: float


class Webhooks:
    """The pages on webhooks."""

    def __init__(self, page: Page) -> None:
        self._page = page

    # -- where to, and signed with what -------------------------------------------------------

    def endpoint(self, campaign_id: str) -> Endpoint | None:
        row = self._page.one("webhook", campaign_id=campaign_id)
        return Endpoint.of(row) if row else None

    def set_endpoint(self, campaign_id: str, url: str, *, enabled: bool) -> None:
        self._page.run("set_webhook", campaign_id=campaign_id, url=url, enabled=int(enabled))

    def secrets(self, campaign_id: str) -> list[Secret]:
        """Return the secrets that are valid now, newest first."""
        rows = self._page.many("webhook_secrets", campaign_id=campaign_id, millis=self._page.now)
        return [Secret(*row) for row in rows]

    def secret(self, number: int) -> Secret | None:
        """Return a secret by its number, valid or not."""
        row = self._page.one("webhook_secret", id=number)
        return Secret(*row) if row else None

    def add_secret(self, campaign_id: str, secret: str, others_until: int) -> None:
        """Sign with a new secret from now on; those before it end at `others_until`, or sooner."""
        self._page.run("end_webhook_secrets", campaign_id=campaign_id, until=others_until)
        self._page.run("add_webhook_secret", campaign_id=campaign_id, secret=secret)

    # -- deliveries ---------------------------------------------------------------------------

    def add_delivery(
        self, campaign_id: str, event: str, body: bytes, key: str | None, secret_id: int
    ) -> int:
        """Have a webhook delivered now; return its number."""
        cursor = self._page.run(
            "add_delivery",
            campaign_id=campaign_id,
            event=event,
            body=body,
            key=key,
            secret_id=secret_id,
            due_at=self._page.now,
        )
        return int(cursor.lastrowid or 0)

    def due(self, limit: int) -> list[Delivery]:
        """Return each campaign's first pending delivery whose time has come, oldest due first."""
        rows = self._page.many("deliveries_due", millis=self._page.now, limit=limit)
        return [Delivery.of(row) for row in rows]

    def next_due(self) -> int | None:
        """Return when the next pending delivery that isn't due yet will be (milliseconds)."""
        at: int | None = self._page.run("next_delivery", millis=self._page.now).fetchone()[0]
        return at

    def delivery(self, campaign_id: str, number: int) -> Delivery | None:
        row = self._page.one("delivery", campaign_id=campaign_id, id=number)
        return Delivery.of(row) if row else None

    def deliveries(self, campaign_id: str, limit: int, offset: int) -> list[Delivery]:
        """Return a campaign's deliveries, newest first."""
        rows = self._page.many("deliveries", campaign_id=campaign_id, limit=limit, offset=offset)
        return [Delivery.of(row) for row in rows]

    def count(self, campaign_id: str) -> int:
        return self._page.number("count_deliveries", campaign_id=campaign_id)

    def settle(self, delivery: Delivery, state: DeliveryState, due_at: int, secret_id: int) -> None:
        """Store how far a delivery has come; one more attempt was made.

        Where it was resent by hand since `delivery` was read, it stays due.
        """
        self._page.run(
            "settle_delivery",
            id=delivery.id,
            state=state.value,
            due_at=due_at,
            resends=delivery.resends,
            attempts=delivery.attempts + 1,
            secret_id=secret_id,
        )

    def again(self, campaign_id: str, number: int) -> bool:
        """Have a delivery made again now, whatever became of it; false where there is none."""
        return self._page.changed(
            "delivery_again", campaign_id=campaign_id, id=number, due_at=self._page.now
        )

    # -- the log ------------------------------------------------------------------------------

    def add_attempt(self, delivery: Delivery, attempt: Attempt) -> None:
        """Write a line of the log; the same line again changes nothing."""
        self._page.run(
            "add_attempt",
            delivery_id=delivery.id,
            **{name: getattr(attempt, name) for name in Attempt.__slots__},
        )

    def attempts(self, delivery_id: int) -> list[Attempt]:
        """Return a delivery's attempts, oldest first."""
        rows = self._page.many("attempts", delivery_id=delivery_id)
        return [Attempt(*(row[name] for name in Attempt.__slots__)) for row in rows]
