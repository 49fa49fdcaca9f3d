"""A lane's worker at work on a real outbox, against a real server, by a clock that the test turns.

In: answers of the far end. Out: entries' states, and when to look at them: every call of the
outbox and of the client is told, so that nothing here sleeps.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from bridge.campaigns.client import campaign_client
from bridge.campaigns.outcomes import Sent
from bridge.campaigns.schemas import Standing
from bridge.delivery.contract import Sender
from bridge.delivery.lane import Lane
from bridge.delivery.worker import LaneWorker, delivering
from bridge.errors import StoreUnavailable
from bridge.events import State
from bridge.outbox.contract import Delivering, Outbox
from bridge.outbox.memory import MemoryOutbox
from bridge.outbox.store import open_outbox
from bridge.outbox.values import Answer, Claim, Claimed, ClaimTerms, Settling, Verdict
from bridge.outbox.views import EntryView, Receipt
from bridge.settings.models import CampaignSettings, DeliverySettings
from tests.delivery.far import CAMPAIGN, Far, far_end
from tests.outbox.play import ALICE, entry
from tests.support.clock import FakeClock

API_KEY = "sandbox_0123456789abcdef"
PATIENCE = 10.0
HOUR = 3600.0


def quick(**changes: Any) -> DeliverySettings:
    """Return settings whose real waits are short; the rest is turned by hand."""
    seconds = {"attempt_timeout": 1.0, "connect_timeout": 0.9, "shutdown": 2.0}
    return DeliverySettings.model_validate({**seconds, **changes})


def campaign_at(url: str, name: str = CAMPAIGN, environment: str = "test") -> CampaignSettings:
    """Return the settings of a campaign whose API is at `url`."""
    return CampaignSettings.model_validate(
        {"id": name, "environment": environment, "api_key_file": Path("key"), "base_url": url}
    )


class Worst(random.Random):
    """Chance at its worst: every wait is as long as it can be."""

    def random(self) -> float:
        return 1.0


class Watched:
    """An outbox's delivering side whose calls can be waited for, and whose disk can fail."""

    def __init__(self, outbox: Delivering, moved: asyncio.Condition) -> None:
        self._outbox = outbox
        self._moved = moved
        self.claims: list[Claim] = []
        self.settled: list[Verdict] = []
        self.looks = 0
        self.found = 0
        self.refused = 0
        self.disk_full = False
        self.broken: Exception | None = None
        #: Keys of entries whose outcomes can't be recorded.
        self.spoiled: set[UUID] = set()

    async def settle_and_claim(
        self, settlings: Sequence[Settling], campaign: str, limit: int, terms: ClaimTerms
    ) -> Claimed:
        if self.broken is not None:
            raise self.broken
        await self._disk()
        self._foresee(settlings)
        claimed = await self._outbox.settle_and_claim(settlings, campaign, limit, terms)
        self.settled += [ended.verdict for ended in settlings]
        self.claims += claimed.claims
        self.looks += 1
        self.found = len(claimed.claims)
        await self._tell()
        return claimed

    async def claim(self, campaign: str, limit: int, terms: ClaimTerms) -> Claimed:
        return await self.settle_and_claim((), campaign, limit, terms)

    async def settle(self, claim: Claim, verdict: Verdict, answer: Answer) -> State:
        await self._disk()
        self._foresee([Settling(claim, verdict, answer)])
        state = await self._outbox.settle(claim, verdict, answer)
        self.settled.append(verdict)
        await self._tell()
        return state

    def watch(self, campaign: str) -> asyncio.Event:
        return self._outbox.watch(campaign)

    def _foresee(self, settlings: Sequence[Settling]) -> None:
        if self.spoiled.intersection(ended.claim.key for ended in settlings):
            raise ZeroDivisionError("nobody foresaw this")

    async def _disk(self) -> None:
        if self.disk_full:
            self.refused += 1
            await self._tell()
            raise StoreUnavailable("no space left on device")

    async def _tell(self) -> None:
        async with self._moved:
            self._moved.notify_all()


class WatchedSender:
    """A client whose calls can be waited for, and that can break like any code."""

    def __init__(self, sender: Sender, moved: asyncio.Condition) -> None:
        self._sender = sender
        self._moved = moved
        self.broken: list[Exception] = []
        self.probes = 0

    async def send_event(self, key: UUID, body: bytes, event_code: str) -> Sent:
        if self.broken:
            raise self.broken.pop()
        sent = await self._sender.send_event(key, body, event_code)
        await self._tell()
        return sent

    async def standing(self) -> Standing:
        try:
            return await self._sender.standing()
        finally:
            self.probes += 1
            await self._tell()

    async def _tell(self) -> None:
        async with self._moved:
            self._moved.notify_all()


class Rig:
    """One lane, and short words for what a test does with it."""

    def __init__(
        self, far: Far, outbox: Outbox, clock: FakeClock, settings: DeliverySettings
    ) -> None:
        self.far = far
        self.outbox = outbox
        self.clock = clock
        self.settings = settings
        self.watched = Watched(outbox, far.moved)
        self.sender: WatchedSender
        self.worker: LaneWorker
        self.deaths: list[BaseException] = []

    # -- running ----------------------------------------------------------------------------

    @asynccontextmanager
    async def working(
        self, url: str | None = None, name: str = CAMPAIGN, api_key: str = API_KEY
    ) -> AsyncIterator[LaneWorker]:
        """Run a worker, as after a start of the daemon: another owner every time."""
        settings = campaign_at(url or self.far.url, name)
        async with campaign_client(settings, api_key, self.settings, self.clock) as client:
            self.sender = WatchedSender(client, self.far.moved)
            lane = Lane(CAMPAIGN, settings.environment, self.settings)
            self.worker = LaneWorker(
                lane, self.watched, self.sender, self.settings, self.clock, Worst()
            )
            async with (
                asyncio.timeout(2 * PATIENCE),  # a stop that never ends fails its test alone
                delivering(self.worker, self.settings, self._died),
            ):
                yield self.worker

    def _died(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (failure := task.exception()) is not None:
            self.deaths.append(failure)

    def turn(self, seconds: float) -> None:
        """Let time pass, and let the worker see it."""
        self.clock.advance(seconds)
        self.outbox.watch(CAMPAIGN).set()

    # -- waiting ----------------------------------------------------------------------------

    async def until(self, ready: Callable[[], bool]) -> None:
        """Wait until something that happened has made `ready` true."""
        async with asyncio.timeout(PATIENCE), self.far.moved:
            await self.far.moved.wait_for(ready)

    async def until_true(self, ready: Callable[[], Awaitable[bool]]) -> None:
        """Wait the same way where the outbox has to be asked."""
        async with asyncio.timeout(PATIENCE), self.far.moved:
            while not await ready():
                await self.far.moved.wait()

    async def until_state(self, key: UUID, state: State) -> EntryView:
        """Wait until an entry is in `state`; return it."""

        async def there() -> bool:
            return (await self.view(key)).state is state

        await self.until_true(there)
        return await self.view(key)

    async def until_paused(self, reason: str) -> None:
        """Wait until the lane is paused for `reason`."""
        await self.until(lambda: self.worker.status().paused == reason)

    async def until_settled(self, number: int) -> None:
        """Wait until so many outcomes were recorded."""
        await self.until(lambda: len(self.watched.settled) >= number)

    async def rest(self) -> None:
        """Wait until an open lane has looked, found nothing to do and has nothing in flight."""
        looks = self.watched.looks
        self.outbox.watch(CAMPAIGN).set()
        await self.until(lambda: self.watched.looks > looks and self._idle())

    def _idle(self) -> bool:
        return self.watched.found == 0 and self.worker.status().in_flight == 0

    async def looked(self) -> None:
        """Wait until the worker, whatever holds it, has looked once more at all that it looks at.

        Twice, since the second look begins when the first one is over.
        """
        for _ in range(2):
            self.turn(0.001)
            async with asyncio.timeout(PATIENCE):
                while self.worker.progress < self.clock.monotonic():  # noqa: ASYNC110  # it has no event
                    await asyncio.sleep(0)

    async def probed(self) -> None:
        """Let a paused lane's time come, and wait until it has asked and drawn its conclusion."""
        before = self.sender.probes
        self.turn(400)
        await self.until(lambda: self.sender.probes > before)
        await self.looked()

    # -- entries ----------------------------------------------------------------------------

    async def put(self, number: int = 1, player: str = ALICE, ref: str | None = "usr_1") -> UUID:
        """Keep one entry of a player linked to `ref`."""
        new = entry(number, player=player)
        if ref is not None:
            await self.outbox.link(CAMPAIGN, player, ref, "test")
        await self.outbox.put([new])
        return new.key

    async def put_many(self, number: int) -> list[UUID]:
        """Keep entries of as many players, so that no fence holds one back."""
        return [
            await self.put(n, f"steam:{76561197960266000 + n}", f"usr_{n}") for n in range(number)
        ]

    async def view(self, key: UUID) -> EntryView:
        """Return an entry as lists show it."""
        return (await self.receipt(key)).entry

    async def receipt(self, key: UUID) -> Receipt:
        """Return all that is known of an entry."""
        return await self.outbox.receipt(key)

    async def states(self, keys: Sequence[UUID]) -> set[State]:
        """Return the states that entries are in."""
        return {(await self.view(key)).state for key in keys}


@asynccontextmanager
async def rig_in(
    folder: Path | None, settings: DeliverySettings | None = None
) -> AsyncIterator[Rig]:
    """Build a rig on an SQLite outbox in `folder`, or one in memory."""
    clock = FakeClock()
    async with AsyncExitStack() as rooms:
        far = await rooms.enter_async_context(far_end())
        outbox: Outbox = MemoryOutbox(clock)
        if folder is not None:
            outbox = await rooms.enter_async_context(open_outbox(folder / "outbox.db", clock))
        yield Rig(far, outbox, clock, settings or quick())
