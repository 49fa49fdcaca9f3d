"""All lanes together: one a campaign, none in another's way, opened and closed as settings say."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from bridge.campaigns.apis import Keyed
from bridge.daemon.clock import SystemClock
from bridge.delivery.lanes import Lanes
from bridge.events import State
from bridge.outbox.contract import Outbox
from bridge.outbox.memory import MemoryOutbox
from bridge.outbox.store import open_outbox
from bridge.outbox.views import Listing
from bridge.settings.models import DeliverySettings
from tests.delivery import far
from tests.delivery.far import Far, closed_port, far_end, says
from tests.delivery.rig import API_KEY, PATIENCE, Watched, campaign_at, quick
from tests.outbox.play import entry
from tests.sandbox.play import Play, playing

EAGER = quick(
    attempt_timeout=2,
    retry_base=0.005,
    retry_cap=0.01,
    probe_every=0.02,
    breaker_open=0.02,
    refused_again=[0.02],
)


@dataclass
class Town:
    """Lanes on one outbox, by real clocks, with everything that happens told."""

    lanes: Lanes
    outbox: Outbox
    watched: Watched
    moved: asyncio.Condition

    async def put(self, campaign: str, number: int, ref: str = "usr") -> list[UUID]:
        """Keep entries of as many linked players."""
        new = [
            entry(n, player=f"steam:{76561197960266000 + n}", campaign=campaign)
            for n in range(number)
        ]
        for n, each in enumerate(new):
            await self.outbox.link(campaign, each.player, f"{ref}_{n}", "test")
        await self.outbox.put(new)
        return [each.key for each in new]

    async def until_all(self, campaign: str, state: State, number: int) -> None:
        """Wait until so many entries of a campaign are in `state`."""

        async def there() -> bool:
            found = await self.outbox.listing(Listing(campaign, None, state, 10_000))
            return len(found) >= number

        async with asyncio.timeout(PATIENCE), self.moved:
            while not await there():
                await self.moved.wait()

    async def until_paused(self, campaign: str, reason: str | None) -> None:
        """Wait until a lane is paused for `reason`."""
        async with asyncio.timeout(PATIENCE):
            while self.paused()[campaign] != reason:  # noqa: ASYNC110  # lanes tell nobody
                await asyncio.sleep(0.005)

    def paused(self) -> dict[str, str | None]:
        """Return why each lane is paused."""
        return {status.campaign: status.paused for status in self.lanes.statuses()}


@asynccontextmanager
async def town_on(
    outbox: Outbox, moved: asyncio.Condition, settings: DeliverySettings = EAGER
) -> AsyncIterator[Town]:
    watched = Watched(outbox, moved)
    async with Lanes(watched, settings, SystemClock(), random.Random(7)) as lanes:
        yield Town(lanes, outbox, watched, moved)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with (
        open_outbox(tmp_path / "outbox.db", SystemClock()) as outbox,
        town_on(outbox, asyncio.Condition()) as made,
    ):
        yield made


@pytest.fixture
async def there(town: Town) -> AsyncIterator[Far]:
    async with far_end(town.moved) as made:
        yield made


def keyed(url: str, name: str = far.CAMPAIGN, api_key: str = API_KEY) -> Keyed:
    return Keyed(campaign_at(url, name), api_key)


# -- beside each other ----------------------------------------------------------------------


async def test_a_host_that_hangs_does_not_slow_another_campaign_down(
    town: Town, there: Far
) -> None:
    there.always = far.silence
    async with far_end(town.moved) as quick_one:
        await town.put("hangs", 10)
        await town.lanes.replace([keyed(there.url, "hangs"), keyed(quick_one.url, "goes")])
        await asyncio.wait_for(until_waiting(there, 2), PATIENCE)
        await town.put("goes", 50)
        await town.until_all("goes", State.ACCEPTED, 50)
        waiting = there.waiting
        there.held.set()

    assert waiting == 2
    assert len(quick_one.posts) == 50


async def until_waiting(there: Far, number: int) -> None:
    async with there.moved:
        await there.moved.wait_for(lambda: there.waiting == number)


async def test_a_campaign_that_is_paused_does_not_stop_another(town: Town, there: Far) -> None:
    async with far_end(town.moved) as other:
        there.environment = "live"
        await town.put("paused", 3)
        await town.put("open", 3)
        await town.lanes.replace(
            [
                keyed(there.url, "paused"),
                keyed(other.url, "open"),
                keyed(f"http://127.0.0.1:{closed_port()}/api", "gone"),
            ]
        )
        await town.until_all("open", State.ACCEPTED, 3)
        await town.until_paused("gone", "unreachable")
        await town.until_paused("paused", "environment_differs")

    assert town.paused()["open"] is None
    assert there.posts == []


async def test_each_lane_uses_its_own_key(town: Town, there: Far) -> None:
    for name in ("one", "two"):
        await town.put(name, 1)
    await town.lanes.replace(
        [keyed(there.url, "one", "key-one"), keyed(there.url, "two", "key-two")]
    )
    for name in ("one", "two"):
        await town.until_all(name, State.ACCEPTED, 1)
    used = {(c.headers["X-Campaign-Id"], c.headers["Authorization"]) for c in there.calls}

    assert used == {("one", "Bearer key-one"), ("two", "Bearer key-two")}


# -- replaced -------------------------------------------------------------------------------


async def test_a_right_key_takes_the_place_of_a_wrong_one(tmp_path: Path) -> None:
    async with playing() as play, open_outbox(tmp_path / "o.db", SystemClock()) as outbox:
        async with town_on(outbox, asyncio.Condition()) as town:
            keys = await funded(town, play, 5)
            name, url = play.campaign.id, play.sandbox.api_url
            await town.lanes.replace([keyed(url, name, "sandbox_wrong")])
            await town.until_paused(name, "key_refused")
            claims = len(town.watched.claims)
            await town.lanes.replace([keyed(url, name, play.campaign.api_key)])
            await town.until_all(name, State.ACCEPTED, 5)
        paid = await play.paid_keys()

    assert claims == 0
    assert sorted(paid, key=str) == sorted(map(str, keys))


async def test_what_has_not_changed_is_left_alone(town: Town, there: Far) -> None:
    first, second = keyed(there.url, "one"), keyed(there.url, "two")
    await town.lanes.replace([first])
    await town.until_paused("one", None)
    await town.lanes.replace([first, second])

    assert town.paused()["one"] is None  # a lane made anew would be starting
    assert set(town.paused()) == {"one", "two"}


async def test_a_campaign_that_is_gone_is_sent_to_no_more(town: Town, there: Far) -> None:
    await town.lanes.replace([keyed(there.url, "one"), keyed(there.url, "two")])
    await town.lanes.replace([keyed(there.url, "two")])
    await town.put("one", 1)
    await town.put("two", 1)
    await town.until_all("two", State.ACCEPTED, 1)

    assert set(town.paused()) == {"two"}
    assert {call.headers["X-Campaign-Id"] for call in there.posts} == {"two"}


async def test_reloads_at_once_leave_one_lane_a_campaign(town: Town, there: Far) -> None:
    await town.lanes.replace([keyed(there.url, "one")])
    await asyncio.gather(
        *(town.lanes.replace([keyed(there.url, "one", f"key-{number}")]) for number in range(5))
    )
    running = [task for task in asyncio.all_tasks() if "LaneWorker.run" in repr(task)]
    await town.put("one", 3)
    await town.until_all("one", State.ACCEPTED, 3)

    assert len(running) == 1
    assert len({call.headers["Authorization"] for call in there.posts}) == 1


# -- the end --------------------------------------------------------------------------------


async def test_leaving_stops_every_lane_and_waits_for_what_is_in_flight() -> None:
    moved = asyncio.Condition()
    outbox = MemoryOutbox(SystemClock())
    async with far_end(moved) as there:
        there.always = far.silence
        async with town_on(outbox, moved) as town:
            for name in ("one", "two"):
                await town.put(name, 3)
            await town.lanes.replace([keyed(there.url, "one"), keyed(there.url, "two")])
            await asyncio.wait_for(until_waiting(there, 4), PATIENCE)
            asyncio.get_running_loop().call_soon(there.held.set)
        states = [view.state for view in await outbox.listing(Listing(limit=10))]

    assert sorted(states) == [State.ACCEPTED] * 4 + [State.DUE] * 2
    assert town.lanes.statuses() == []
    assert not town.lanes.died.done()


async def test_a_worker_that_dies_takes_the_lanes_down(town: Town, there: Far) -> None:
    await town.lanes.replace([keyed(there.url)])
    await town.until_paused(far.CAMPAIGN, None)
    town.watched.broken = ZeroDivisionError("nobody foresaw this")
    await town.put(far.CAMPAIGN, 1)

    with pytest.raises(ZeroDivisionError, match="foresaw"):
        await asyncio.wait_for(town.lanes.died, PATIENCE)


async def test_a_second_death_changes_nothing(town: Town, there: Far) -> None:
    await town.lanes.replace([keyed(there.url, "one"), keyed(there.url, "two")])
    for name in ("one", "two"):
        await town.until_paused(name, None)
    town.watched.broken = ZeroDivisionError("the same")
    for name in ("one", "two"):
        await town.put(name, 1)

    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(town.lanes.died, PATIENCE)


# -- against the sandbox --------------------------------------------------------------------


async def funded(town: Town, play: Play, number: int) -> list[UUID]:
    """Keep entries of so many users that the sandbox knows, and fund them."""
    for n in range(number):
        await play.admin.add_user(play.campaign.id, f"usr_{n}")
    await play.admin.fund(play.campaign.id, 5 * number)
    return await town.put(play.campaign.id, number)


async def test_a_campaign_stopped_and_started_again_under_load_kills_nothing(
    tmp_path: Path,
) -> None:
    async with playing() as play, open_outbox(tmp_path / "o.db", SystemClock()) as outbox:
        async with town_on(outbox, asyncio.Condition()) as town:
            keys = await funded(town, play, 60)
            name = play.campaign.id
            await town.lanes.replace([keyed(play.sandbox.api_url, name, play.campaign.api_key)])
            for number in (10, 30):
                await town.until_all(name, State.ACCEPTED, number)
                await play.done("stop")
                await town.until_paused(name, "campaign_not_active")
                await play.done("start")
            await town.until_all(name, State.ACCEPTED, 60)
        await play.sandbox.settled()
        payouts = await play.admin.ledger(name)

    assert sorted(payout.user_ref for payout in payouts) == sorted(f"usr_{n}" for n in range(60))
    assert len(keys) == len(payouts)


async def test_whatever_goes_wrong_on_the_way_everything_is_paid_once(tmp_path: Path) -> None:
    rough = {
        "rate_limit": 0.05,
        "error_500": 0.1,
        "reset_before": 0.05,
        "reset_after": 0.1,
        "html_error": 0.1,
        "redirect": 0.02,
    }
    soon = {"attempt_timeout": timedelta(seconds=0.4), "retry_after_cap": EAGER.retry_base}
    settings = EAGER.model_copy(update=soon)
    async with (
        playing(seed=3) as play,
        open_outbox(tmp_path / "o.db", SystemClock()) as outbox,
    ):
        async with town_on(outbox, asyncio.Condition(), settings) as town:
            keys = await funded(town, play, 40)
            await play.admin.set_faults(rough)
            name = play.campaign.id
            await town.lanes.replace([keyed(play.sandbox.api_url, name, play.campaign.api_key)])
            await town.until_all(name, State.ACCEPTED, 25)
            await play.admin.set_faults(dict.fromkeys(rough, 0.0))
            await town.until_all(name, State.ACCEPTED, 40)
        paid = await play.paid_keys()

    assert sorted(map(str, paid)) == sorted(map(str, keys))


async def test_an_api_that_refuses_everything_with_a_page_is_not_believed(
    town: Town, there: Far
) -> None:
    there.answers += [says(400, far.PAGE), says(404, far.PAGE)]
    keys = await town.put(far.CAMPAIGN, 2)
    await town.lanes.replace([keyed(there.url)])
    await town.until_all(far.CAMPAIGN, State.ACCEPTED, 2)

    assert sorted({call.key for call in there.posts}) == sorted(map(str, keys))
