"""All confirmers of the daemon: one a campaign, opened and closed as the settings say.

In: campaigns and their calls. Out: running confirmers, their status, reports of reconciling.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from bridge.campaigns.apis import Apis, Keyed
from bridge.delivery.confirm import Confirmer, ConfirmStatus, confirming
from bridge.delivery.reconcile import Ledger, reconcile
from bridge.events import Clock
from bridge.outbox.views import Report
from bridge.settings.models import CampaignSettings, ConfirmSettings, Settings


async def reconcile_once(
    keyed: Sequence[Keyed],
    outbox: Ledger,
    settings: Settings,
    clock: Clock,
    campaign: str | None,
) -> list[Report]:
    """Reconcile without a running daemon; nothing is sent."""
    lag = settings.confirm.payout_lag.total_seconds()
    reports = []
    async with Apis(settings.delivery) as apis:
        await apis.replace([each for each in keyed if campaign in {None, each.campaign.id}])
        for each in keyed:
            api = apis.get(each.campaign.id)
            if api is not None:
                confirmer = Confirmer(each.campaign, outbox, api, settings.confirm, clock)
                reports.append(await reconcile(each.campaign.id, outbox, api, confirmer, lag))
    return reports


class Confirmers:
    """The running confirmers; an async context manager that ends them when left."""

    def __init__(self, outbox: Ledger, apis: Apis, settings: ConfirmSettings, clock: Clock) -> None:
        self._outbox = outbox
        self._apis = apis
        self._settings = settings
        self._clock = clock
        self._open: dict[str, tuple[CampaignSettings, Confirmer, AsyncExitStack]] = {}
        #: Done when a confirmer has died; its exception says of what.
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        """Begin with none."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all."""
        await self._close(list(self._open))

    async def replace(
        self, campaigns: Sequence[CampaignSettings], settings: ConfirmSettings
    ) -> None:
        """Begin anew with these campaigns, whose calls are open."""
        await self._close(list(self._open))
        self._settings = settings
        for campaign in campaigns:
            api = self._apis.get(campaign.id)
            if api is None:
                continue
            rooms = AsyncExitStack()
            confirmer = Confirmer(campaign, self._outbox, api, settings, self._clock)
            await rooms.enter_async_context(confirming(confirmer, self._on_death))
            self._open[campaign.id] = (campaign, confirmer, rooms)

    def compared(self, campaign: str) -> bool:
        """Whether a campaign's paid-out total was compared since the start; nothing goes before."""
        known = self._open.get(campaign)
        return known is not None and known[1].compared.is_set()

    def statuses(self) -> list[ConfirmStatus]:
        """Return each one's status."""
        return [confirmer.status() for _, confirmer, _ in self._open.values()]

    async def reconcile(self, campaign: str | None) -> list[Report]:
        """Compare the ledger of one campaign, or all, with the users' histories."""
        chosen = [campaign] if campaign is not None else list(self._open)
        reports = []
        for name in chosen:
            api = self._apis.get(name)
            if api is not None and name in self._open:
                confirmer = self._open[name][1]
                lag = self._settings.payout_lag.total_seconds()
                reports.append(await reconcile(name, self._outbox, api, confirmer, lag))
        return reports

    async def _close(self, names: Sequence[str]) -> None:
        await asyncio.gather(*(self._open.pop(name)[2].aclose() for name in names))

    def _on_death(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and not self.died.done():
            self.died.set_exception(task.exception() or RuntimeError("a confirmer ended by itself"))
