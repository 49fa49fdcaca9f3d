"""How campaigns are told: money as money, and the API's own names in JSON.

In: values of the API. Out: texts and JSON documents. Prints nothing.
"""

import uuid
from decimal import Decimal

import click

from bridge.campaigns.schemas import (
    ConfiguredEvent,
    Invite,
    LinkedUser,
    Standing,
    Transaction,
    UserStanding,
)
from bridge.cli.printing import one_line
from bridge.control.views import Json


def money(amount: Decimal | None) -> str | None:
    """Return an amount with two decimals, or as many as it has; None where it isn't known."""
    if amount is None:
        return None
    whole, _, part = format(amount, "f").partition(".")
    return f"{whole}.{part.rstrip('0'):0<2}"


def told(standing: Standing) -> str:
    """Return how a campaign stands, in half a sentence."""
    left = money(standing.available)
    status = f"the campaign is {one_line(standing.status)}"
    return status if left is None else f"{status}, {left} left"


def new_key(what: str) -> str:
    """Return a fresh Idempotency-Key, in the form that Oncade's documents use."""
    return f"{what}-{uuid.uuid4()}"


def as_text(ctx: click.Context, param: click.Parameter, given: str) -> str:
    """Refuse an argument that is empty or isn't text: it could not be sent as it was meant."""
    try:
        given.encode()
    except UnicodeEncodeError as bad:
        raise click.BadParameter("it is not text in UTF-8") from bad
    if not given.strip():
        raise click.BadParameter("it is empty")
    return given


# -- as JSON --------------------------------------------------------------------------------


def standing_json(campaign: str, standing: Standing) -> Json:
    """Return a campaign under the API's names; amounts are texts, to stay exact."""
    return {
        "id": campaign,
        "name": standing.name,
        "environment": standing.environment,
        "status": standing.status,
        "active": standing.active,
        "totalAmountFunded": money(standing.funded),
        "totalAmountPaidOut": money(standing.paid_out),
        "availableToWithdraw": money(standing.available),
        "address": standing.address,
        "chain": standing.chain,
        "createdAt": standing.created_at,
        "updatedAt": standing.updated_at,
    }


def event_json(event: ConfiguredEvent) -> Json:
    """Return a configured event."""
    return {"code": event.code, "name": event.name, "payoutAmount": money(event.amount)}


def user_json(user: UserStanding) -> Json:
    """Return one user's standing."""
    return {"userRef": user.user_ref, "status": user.status, "environment": user.environment}


def linked_json(user: LinkedUser) -> Json:
    """Return a linked user."""
    return {"userRef": user.user_ref, "status": user.status, "linkedAt": user.linked_at}


def transaction_json(row: Transaction) -> Json:
    """Return a payout of a user's history."""
    return {
        "id": row.id,
        "userRef": row.user_ref,
        "eventCode": row.event_code,
        "eventName": row.event_name,
        "payoutAmount": money(row.amount),
        "transactionHash": row.hash,
        "createdAt": row.created_at,
    }


def invite_json(invite: Invite) -> Json:
    """Return a link invite."""
    return {
        "id": invite.id,
        "label": invite.label,
        "url": invite.url,
        "state": invite.state,
        "maxUses": invite.max_uses,
        "uses": invite.uses,
        "expiresAt": invite.expires_at or None,
        "createdAt": invite.created_at,
    }
