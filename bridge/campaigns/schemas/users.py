"""A campaign's users: their standing, and what each was paid.

In: JSON of /campaign/{id}/user/… and /campaign/{id}/users. Out: values.
"""

from decimal import Decimal

from bridge.campaigns.schemas.documents import Document, amount, needed, text
from bridge.record import record


@record
class UserStanding:
    """One user as the campaign sees them."""

    user_ref: str
    status: str
    environment: str


@record
class LinkedUser:
    """One line of the list of linked users."""

    user_ref: str
    status: str
    linked_at: str


@record
class Transaction:
    """One payout of a user's history. It carries no Idempotency-Key."""

    id: str
    user_ref: str
    event_code: str
    event_name: str
    amount: Decimal | None
    hash: str
    created_at: str


def user_standing_of(data: Document, asked: str) -> UserStanding:
    """Read the `data` of GET /campaign/{id}/user/{userId}.

    Raises:
        CampaignError: there is no status in it.
    """
    return UserStanding(
        text(data.get("userId")) or asked, needed(data, "status"), text(data.get("environment"))
    )


def linked_user_of(row: Document) -> LinkedUser:
    """Read one row of GET /campaign/{id}/users.

    Raises:
        CampaignError: it names no user.
    """
    return LinkedUser(needed(row, "userRef"), text(row.get("status")), text(row.get("linkedAt")))


def transaction_of(row: Document, asked: str) -> Transaction:
    """Read one row of GET /campaign/{id}/user/{userId}/events.

    Raises:
        CampaignError: it doesn't say what was paid for.
    """
    return Transaction(
        text(row.get("id")),
        text(row.get("userRef")) or asked,
        needed(row, "eventCode"),
        text(row.get("eventName")),
        amount(row.get("payoutAmount")),
        text(row.get("transactionHash")),
        text(row.get("createdAt")),
    )
