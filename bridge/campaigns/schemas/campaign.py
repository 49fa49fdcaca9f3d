"""A campaign, the events it pays for, and the event that is sent to it.

In: JSON of /campaign/{id} and /campaign/{id}/events. Out: values.
"""

from decimal import Decimal

from bridge.campaigns.readings import ACTIVE, STOPPING
from bridge.campaigns.schemas.documents import Document, amount, json_text, text
from bridge.errors import CampaignError
from bridge.record import record


@record
class Standing:
    """A campaign as the API describes it (GET /campaign/{id})."""

    status: str
    environment: str
    name: str = ""
    funded: Decimal | None = None
    paid_out: Decimal | None = None
    available: Decimal | None = None
    address: str = ""
    chain: str = ""
    created_at: str = ""
    updated_at: str = ""

    @property
    def active(self) -> bool:
        """Whether events are paid now."""
        return self.status.lower() == ACTIVE

    @property
    def stopped(self) -> bool:
        """Whether a stop is over: it neither runs nor is about to stop."""
        return self.status.lower() not in {ACTIVE, STOPPING}


@record
class ConfiguredEvent:
    """An event that the campaign pays for (GET /campaign/{id}/events)."""

    code: str
    name: str
    amount: Decimal | None


def event_body(event_code: str, user_ref: str) -> bytes:
    """Return the exact bytes of POST /campaign/{id}/events."""
    # As `json_bytes` would, in a tenth of the time.
    return f'{{"eventCode":{json_text(event_code)},"userRef":{json_text(user_ref)}}}'.encode()


def standing_of(document: Document) -> Standing:
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
        amount(campaign.get("totalAmountFunded")),
        amount(campaign.get("totalAmountPaidOut")),
        amount(campaign.get("availableToWithdraw")),
        *(text(campaign.get(name)) for name in ("address", "chain", "createdAt", "updatedAt")),
    )


def configured_events_of(document: Document) -> list[ConfiguredEvent]:
    """Read the answer of GET /campaign/{id}/events.

    Raises:
        CampaignError: there is no list of events in it.
    """
    events = document.get("events")
    if not isinstance(events, list):
        raise CampaignError("the answer holds no list of events")
    return [
        ConfiguredEvent(
            event["code"], str(event.get("name", "")), amount(event.get("payoutAmount"))
        )
        for event in events
        if isinstance(event, dict) and isinstance(event.get("code"), str)
    ]
