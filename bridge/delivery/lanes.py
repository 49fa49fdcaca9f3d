"""All lanes of the daemon: one worker a campaign, opened and closed as the settings say.

In: campaigns with their keys. Out: running workers and their status. A lane whose worker dies
takes the daemon down: `died` says so.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from bridge.campaigns.apis import Keyed
from bridge.campaigns.client import campaign_client
from bridge.delivery.lane import Lane, LaneStatus
from bridge.delivery.worker import LaneWorker, delivering
from bridge.events import Clock
from bridge.outbox.contract import Delivering
from bridge.settings.models import DeliverySettings
from bridge.timing import Histogram


class Lanes:
    """The running lanes; an async context manager that drains them when left."""

    def __init__(
        self,
        outbox: Delivering,
        settings: DeliverySettings,
        clock: Clock,
        chance: random.Random,
        may_send: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._outbox = outbox
        self._settings = settings
        self._clock = clock
        self._chance = chance
        self._may_send = may_send
        self._open: dict[str, tuple[Keyed, LaneWorker, AsyncExitStack]] = {}
        #: Done when a worker has died; its exception says of what.
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        """Begin with no lane."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop claiming everywhere at once, then wait for what is in flight."""
        await self.replace(())

    async def replace(self, campaigns: Sequence[Keyed]) -> None:
        """Close the lanes that are gone or changed, open the new ones, leave the rest alone."""
        wanted = {keyed.campaign.id: keyed for keyed in campaigns}
        leaving = [name for name, lane in self._open.items() if wanted.get(name) != lane[0]]
        await asyncio.gather(*(self._open.pop(name)[2].aclose() for name in leaving))
        for name, keyed in wanted.items():
            if name not in self._open:
                self._open[name] = await self._opened(keyed)

    def statuses(self) -> list[LaneStatus]:
        """Return each lane's status."""
        return [worker.status() for _, worker, _ in self._open.values()]

    def dead(self) -> list[str]:
        """Return the campaigns whose worker does nothing any more."""
        return [name for name, (_, worker, _) in self._open.items() if not worker.alive()]

    def durations(self) -> dict[str, Histogram]:
        """Return how long each lane's attempts took."""
        return {name: worker.durations for name, (_, worker, _) in self._open.items()}

    def busy(self) -> dict[str, float]:
        """Return for how many seconds each lane has been at one round."""
        return {name: worker.busy() for name, (_, worker, _) in self._open.items()}

    async def _opened(self, keyed: Keyed) -> tuple[Keyed, LaneWorker, AsyncExitStack]:
        campaign = keyed.campaign
        rooms = AsyncExitStack()
        client = await rooms.enter_async_context(
            campaign_client(campaign, keyed.api_key, self._settings, self._clock)
        )
        lane = Lane(campaign.id, campaign.environment, self._settings)
        worker = LaneWorker(
            lane, self._outbox, client, self._settings, self._clock, self._chance, self._may_send
        )
        await rooms.enter_async_context(delivering(worker, self._settings, self._on_death))
        return keyed, worker, rooms

    def _on_death(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and not self.died.done():
            self.died.set_exception(task.exception() or RuntimeError("a lane ended by itself"))
