"""Every call that a campaign's key may make, by what it is about.

In: a campaign's host, id and key. Out: the calls, over connections of their own.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bridge.campaigns.details import Details
from bridge.campaigns.invites import Invites
from bridge.campaigns.lifecycle import Lifecycle
from bridge.campaigns.links import Links
from bridge.campaigns.transport import transport
from bridge.campaigns.users import Users
from bridge.record import record
from bridge.settings.models import DeliverySettings


@record
class CampaignApi:
    """One campaign of one host. Events are sent by `bridge.campaigns.client` alone."""

    details: Details
    lifecycle: Lifecycle
    links: Links
    users: Users
    invites: Invites


@asynccontextmanager
async def campaign_api(
    base_url: str, campaign: str, api_key: str, delivery: DeliverySettings
) -> AsyncIterator[CampaignApi]:
    """Open the calls of one campaign; of `delivery` the timeouts are used."""
    async with transport(base_url, campaign, api_key, delivery) as wire:
        yield CampaignApi(Details(wire), Lifecycle(wire), Links(wire), Users(wire), Invites(wire))
