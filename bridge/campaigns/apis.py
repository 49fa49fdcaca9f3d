"""The calls of every configured campaign, opened and closed as the settings say.

In: campaigns with their keys. Out: each one's `CampaignApi`. Knows nothing of what is called.
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from bridge.campaigns.api import CampaignApi, campaign_api
from bridge.record import record
from bridge.settings.models import CampaignSettings, DeliverySettings


@record
class Keyed:
    """A campaign and its API key."""

    campaign: CampaignSettings
    api_key: str


class Apis:
    """The opened campaigns; an async context manager. Of `delivery` the timeouts are used."""

    def __init__(self, delivery: DeliverySettings) -> None:
        self._delivery = delivery
        self._open: dict[str, tuple[Keyed, CampaignApi, AsyncExitStack]] = {}

    async def __aenter__(self) -> Self:
        """Begin with no campaign."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        await self.replace(())

    def get(self, campaign: str) -> CampaignApi | None:
        """Return a campaign's calls; None where the settings don't name it."""
        known = self._open.get(campaign)
        return None if known is None else known[1]

    async def replace(self, campaigns: Sequence[Keyed]) -> None:
        """Close the campaigns that are gone or changed, open the new ones."""
        wanted = {keyed.campaign.id: keyed for keyed in campaigns}
        for name in [name for name, known in self._open.items() if wanted.get(name) != known[0]]:
            await self._open.pop(name)[2].aclose()
        for name, keyed in wanted.items():
            if name not in self._open:
                rooms = AsyncExitStack()
                api = await rooms.enter_async_context(
                    campaign_api(keyed.campaign.base_url, name, keyed.api_key, self._delivery)
                )
                self._open[name] = (keyed, api, rooms)
