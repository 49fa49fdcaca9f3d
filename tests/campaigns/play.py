"""A client of one campaign, and one event to send with it.

In: the URL of a far end. Out: a client, or what became of the event.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from bridge.campaigns.client import CampaignClient, campaign_client
from bridge.campaigns.outcomes import Sent
from bridge.campaigns.schemas import event_body
from bridge.testing import FakeClock
from tests.delivery import far
from tests.delivery.rig import API_KEY, campaign_at, quick

KEY = UUID("0b1f2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b")
BODY = event_body("EARN5", "usr_1")


@asynccontextmanager
async def client_of(
    url: str, name: str = far.CAMPAIGN, **delivery: Any
) -> AsyncIterator[CampaignClient]:
    async with campaign_client(
        campaign_at(url, name), API_KEY, quick(**delivery), FakeClock()
    ) as made:
        yield made


async def sent_to(url: str) -> Sent:
    async with client_of(url) as client:
        return await client.send_event(KEY, BODY, "EARN5")
