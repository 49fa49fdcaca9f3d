"""The shapes of the Campaigns API that we read and write.

In: JSON. Out: values; unknown fields are ignored and only what is used is required, since the
API is in early access. Money is `Decimal`.
"""

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from bridge.campaigns.readings import ACTIVE
from bridge.errors import CampaignError


@dataclass(frozen=True, slots=True)
class Standing:
    """A campaign as the API describes it (GET /campaign/{id})."""

    status: str
    environment: str
    name: str = ""
    funded: Decimal | None = None
    paid_out: Decimal | None = None
    available: Decimal | None = None

    @property
    def active(self) -> bool:
        """Whether events are paid now."""
        return self.status.lower() == ACTIVE


@dataclass(frozen=True, slots=True)
class ConfiguredEvent:
    """An event that the campaign pays for (GET /campaign/{id}/events)."""

    code: str
    name: str
    amount: Decimal | None


def event_body(event_code: str, user_ref: str) -> bytes:
    """Return the exact bytes of POST /campaign/{id}/events."""
    body = {"eventCode": event_code, "userRef": user_ref}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def json_object(body: bytes) -> dict[str, object] | None:
    """Return the JSON object in `body`, or None where it is anything else."""
    try:
        value = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def own_error(document: dict[str, object] | None) -> str | None:
    """Return the message of the API's own error document, or None where it isn't one."""
    if document is None or document.get("success") is not False:
        return None
    error = document.get("error")
    return error if isinstance(error, str) else None


def standing_of(document: dict[str, object]) -> Standing:
    """Read the answer of GET /campaign/{id}.

    Raises:
        CampaignError: there is no campaign with a status in it.
    """
    campaign = document.get("campaign")
    if not isinstance(campaign, dict) or not isinstance(campaign.get("status"), str):
        raise CampaignError("the answer holds no campaign with a status")
    return Standing(
        campaign["status"],
        str(campaign.get("environment", "")),
        str(campaign.get("name", "")),
        _amount(campaign.get("totalAmountFunded")),
        _amount(campaign.get("totalAmountPaidOut")),
        _amount(campaign.get("availableToWithdraw")),
    )


def configured_events_of(document: dict[str, object]) -> list[ConfiguredEvent]:
    """Read the answer of GET /campaign/{id}/events.

    Raises:
        CampaignError: there is no list of events in it.
    """
    events = document.get("events")
    if not isinstance(events, list):
        raise CampaignError("the answer holds no list of events")
    return [
        ConfiguredEvent(
            event["code"], str(event.get("name", "")), _amount(event.get("payoutAmount"))
        )
        for event in events
        if isinstance(event, dict) and isinstance(event.get("code"), str)
    ]


def _amount(value: object) -> Decimal | None:
    """Read an amount that comes as a number or a string; anything else is unknown."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
