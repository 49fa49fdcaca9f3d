"""The shapes of the Campaigns API that we read and write.

In: JSON. Out: values; unknown fields are ignored and only what is used is required, since the
API is in early access. Money is `Decimal`.
"""

from bridge.campaigns.schemas.campaign import (
    ConfiguredEvent,
    Standing,
    configured_events_of,
    event_body,
    standing_of,
)
from bridge.campaigns.schemas.documents import Document, json_object, own_error
from bridge.campaigns.schemas.invites import Invite, InviteChange
from bridge.campaigns.schemas.links import LinkDetails, LinkSession
from bridge.campaigns.schemas.pagination import Page
from bridge.campaigns.schemas.users import LinkedUser, Transaction, UserStanding

__all__ = [
    "ConfiguredEvent",
    "Document",
    "Invite",
    "InviteChange",
    "LinkDetails",
    "LinkSession",
    "LinkedUser",
    "Page",
    "Standing",
    "Transaction",
    "UserStanding",
    "configured_events_of",
    "event_body",
    "json_object",
    "own_error",
    "standing_of",
]
