"""What delivery is handed to send with.

In: nothing. Out: `Sender`. `bridge.campaigns.client.CampaignClient` is one.
"""

from typing import Protocol
from uuid import UUID

from bridge.campaigns.outcomes import Sent
from bridge.campaigns.schemas import Standing


class Sender(Protocol):
    """One campaign's far end."""

    async def send_event(self, key: UUID, body: bytes, event_code: str) -> Sent:
        """Send one event; a failure is an outcome, nothing but cancellation is raised."""
        ...

    async def standing(self) -> Standing:
        """Ask for the campaign.

        Raises:
            CampaignError: it can't be read; `reason` says why.
        """
        ...
