"""Campaigns: their status, their catalogue, their keys and their balances.

In: a page of the books. Out: campaigns and configured events. Decides nothing.
"""

import hashlib
import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from bridge.sandbox.books.page import Page
from bridge.sandbox.money import units
from bridge.sandbox.readings import Status


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
        """Return the campaign of a row."""
        values = {name: row[name] for name in cls.__slots__}
        return cls(**{**values, "status": Status(row["status"])})

    @property
    def address(self) -> str:
        """Where it would be on its chain."""
        return "0x" + hashlib.sha256(self.id.encode()).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class ConfiguredEvent:
    """One event of a campaign's catalogue; the amount in micro-units."""

    code: str
    name: str
    payout_amount: int

    @property
    def amount(self) -> Decimal:
        """The amount as it goes out."""
        return units(self.payout_amount)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key: never the key itself."""

    id: int
    tail: str
    created_at: str
    revoked_at: str | None


class Campaigns:
    """The pages on campaigns."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def add(self, campaign_id: str, name: str, environment: str) -> None:
        """Add a draft; sqlite3.IntegrityError where the id is taken."""
        self._page.run(
            "add_campaign",
            id=campaign_id,
            name=name,
            environment=environment,
            status=Status.DRAFT.value,
        )

    def find(self, campaign_id: str) -> Campaign | None:
        row = self._page.one("campaign", campaign_id=campaign_id)
        return Campaign.of(row) if row else None

    def of_key(self, api_key_hash: bytes) -> Campaign | None:
        """Return the campaign of a key that was not revoked."""
        row = self._page.one("campaign_of_key", hash=api_key_hash)
        return Campaign.of(row) if row else None

    def all(self) -> list[Campaign]:
        return [Campaign.of(row) for row in self._page.many("campaigns")]

    def set_status(self, campaign_id: str, status: Status) -> None:
        self._page.run("set_status", campaign_id=campaign_id, status=status.value)

    # -- keys ---------------------------------------------------------------------------------

    def add_key(self, campaign_id: str, api_key_hash: bytes, tail: str) -> None:
        self._page.run("add_api_key", campaign_id=campaign_id, hash=api_key_hash, tail=tail)

    def keys(self, campaign_id: str) -> list[ApiKey]:
        """Return a campaign's keys, newest first."""
        return [ApiKey(*row) for row in self._page.many("api_keys", campaign_id=campaign_id)]

    def revoke_key(self, campaign_id: str, number: int) -> bool:
        """Revoke a key; false where it is unknown or was revoked before."""
        return self._page.changed("revoke_api_key", campaign_id=campaign_id, id=number)

    # -- the catalogue ------------------------------------------------------------------------

    def set_event(self, campaign_id: str, event: ConfiguredEvent) -> None:
        """Add an event at the end, or change the one with this code."""
        self._page.run(
            "set_event",
            campaign_id=campaign_id,
            code=event.code,
            name=event.name,
            payout_amount=event.payout_amount,
        )

    def drop_event(self, campaign_id: str, code: str) -> bool:
        """Take an event out of the catalogue; payouts of it stay."""
        return self._page.changed("drop_event", campaign_id=campaign_id, code=code)

    def events(self, campaign_id: str) -> list[ConfiguredEvent]:
        rows = self._page.many("events", campaign_id=campaign_id)
        return [ConfiguredEvent(*row) for row in rows]

    def payout_amount(self, campaign_id: str, code: str) -> int | None:
        row = self._page.one("payout_amount", campaign_id=campaign_id, code=code)
        return None if row is None else int(row[0])

    # -- money --------------------------------------------------------------------------------

    def fund(self, campaign_id: str, amount: int) -> None:
        self._page.run("fund", campaign_id=campaign_id, amount=amount)

    def pay(self, campaign_id: str, amount: int) -> bool:
        """Take a payout out of the balance; false, and nothing taken, where it is too small."""
        return self._page.changed("pay", campaign_id=campaign_id, amount=amount)

    def withdraw_all(self, campaign_id: str) -> None:
        self._page.run("withdraw_all", campaign_id=campaign_id)
