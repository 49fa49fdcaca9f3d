"""The campaign itself, read: its standing and the events that it pays for.

In: a transport. Out: values. Changes nothing.
"""

from bridge.campaigns.schemas import (
    ConfiguredEvent,
    Standing,
    configured_events_of,
    standing_of,
)
from bridge.campaigns.transport import Transport


class Details:
    """The read-only calls on a campaign."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def standing(self) -> Standing:
        """GET the campaign: its status, environment and balances.

        Raises:
            CampaignError: it can't be read; the reason says why.
        """
        return standing_of(await self._transport.read(self._transport.campaign))

    async def configured_events(self) -> list[ConfiguredEvent]:
        """GET the events that the campaign pays for.

        Raises:
            CampaignError: as `standing`.
        """
        return configured_events_of(
            await self._transport.read(f"{self._transport.campaign}/events")
        )
