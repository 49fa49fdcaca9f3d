"""Confirming at work: an outbox in a file, a host that plays the API, confirmers between.

In: what the histories and totals show. Out: entries' states, calls that came. Waits between looks
are a few real milliseconds; all longer ones go by a clock that the test turns.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from bridge.campaigns.apis import Apis, Keyed
from bridge.delivery.confirm import Confirmer, Readable, confirming
from bridge.delivery.reconcile import Ledger
from bridge.events import State
from bridge.outbox.store import SqliteOutbox, open_outbox
from bridge.outbox.views import LaneCount, LaneTerms, Listing
from bridge.settings.models import CampaignSettings, ConfirmSettings
from tests.campaigns.host import CAMPAIGN, Answer, Host, campaign, host_beside, says
from tests.delivery.rig import API_KEY, campaign_at, quick
from tests.outbox.play import Play, entry
from tests.support.clock import FakeClock
from tests.support.road import until

DETAILS = f"GET /campaign/{CAMPAIGN}"
EVENTS = f"GET /campaign/{CAMPAIGN}/events"
USERS = f"GET /campaign/{CAMPAIGN}/users"
HOUR = 3600.0


def history_of(user: str) -> str:
    """Return the call that reads a user's payouts."""
    return f"GET /campaign/{CAMPAIGN}/user/{user}/events"


def row(name: str, code: str = "EARN5", amount: object = 1, **more: object) -> dict[str, object]:
    """Return a row of a history."""
    return {"id": name, "eventCode": code, "payoutAmount": amount, **more}


def rows(*found: dict[str, object], total: int | None = None, offset: int = 0) -> Answer:
    """Answer with one page of a user's payouts."""
    count = len(found) if total is None else total
    pagination = {"offset": offset, "total": count, "hasMore": offset + len(found) < count}
    data = {"transactions": list(found), "pagination": pagination}
    return says(200, {"success": True, "data": data})


def events(**prices: object) -> Answer:
    """Answer with what the events pay."""
    told = [{"code": code, "payoutAmount": amount} for code, amount in prices.items()]
    return says(200, {"success": True, "events": told})


def linked(*users: str) -> Answer:
    """Answer with who is linked."""
    found = [{"userRef": user} for user in users]
    data = {"users": found, "pagination": {"total": len(found), "hasMore": False}}
    return says(200, {"success": True, "data": data})


def brief(**changes: Any) -> ConfirmSettings:
    """Return settings whose waits are a few milliseconds."""
    looks = ["10ms", "20ms"]
    return ConfirmSettings.model_validate({"looks": looks, "balance_every": "1h", **changes})


def campaign_with(host: Host, **changes: Any) -> CampaignSettings:
    """Return the settings of the host's campaign."""
    return campaign_at(host.url, CAMPAIGN).model_copy(update=changes)


@dataclass
class Rig:
    """The parts, by the names that tests use."""

    host: Host
    outbox: SqliteOutbox
    apis: Apis
    clock: FakeClock
    play: Play
    deaths: list[BaseException] = field(default_factory=list)

    def confirmer(
        self,
        campaign: CampaignSettings | None = None,
        outbox: Ledger | None = None,
        **settings: Any,
    ) -> Confirmer:
        """Build a confirmer, as after a start of the daemon."""
        chosen = campaign or campaign_with(self.host)
        api = self.apis.get(chosen.id)
        assert api is not None
        return Confirmer(chosen, outbox or self.outbox, api, brief(**settings), self.clock)

    @asynccontextmanager
    async def working(self, confirmer: Confirmer | None = None) -> AsyncIterator[Confirmer]:
        """Run a confirmer."""

        def died(task: "asyncio.Task[None]") -> None:
            if not task.cancelled() and (failure := task.exception()) is not None:
                self.deaths.append(failure)

        async with confirming(confirmer or self.confirmer(), died) as made:
            yield made

    async def accepted(self, *numbers: int, user: str = "usr_1", player: str = "") -> list[UUID]:
        """Return the keys of entries that the API has taken."""
        player = player or f"steam:{user}"
        keys = []
        for number in numbers or (1,):
            keys.append(await self.play.put(entry(number, player=player), ref=user))
            await self.play.accept(await self.play.claim())
        return keys

    async def states(self) -> list[State]:
        """Return the states of all entries, oldest first."""
        views = await self.outbox.listing(Listing(limit=1000))
        return [view.state for view in reversed(views)]

    async def lane(self) -> LaneCount:
        (found,) = await self.outbox.counts()
        return found

    async def until_states(self, *wanted: State) -> None:
        """Wait until all entries are in these states; let time pass by the hand clock as well."""

        async def there() -> bool:
            self.clock.advance(0.05)
            return await self.states() == list(wanted)

        await until(there)

    async def until_called(self, line: str, times: int) -> None:
        """Wait until so many calls have come, and time passes."""

        async def enough() -> bool:
            self.clock.advance(0.01)
            return len(self.called(line)) >= times

        await until(enough)

    async def until_readable(self, confirmer: Confirmer, wanted: Readable) -> None:
        """Wait until a confirmer says so of the histories, and time passes."""

        async def there() -> bool:
            self.clock.advance(0.05)
            return confirmer.status().history is wanted

        await until(there)

    def called(self, call: str) -> list[str]:
        """Return the calls of this kind that came."""
        method, _, path = call.partition(" ")
        wanted = f"{method} /api/v1{path}"
        return [found.line for found in self.host.calls if found.line.partition("?")[0] == wanted]

    def changes(self) -> Sequence[str]:
        """Return the calls that would have changed something."""
        return [call.line for call in self.host.calls if call.method != "GET"]


@contextmanager
def quiet_host() -> Iterator[Host]:
    """Run a host whose campaign has paid nothing and whose users have no payouts."""
    with host_beside() as host:
        host.on(DETAILS, campaign(totalAmountPaidOut=0))
        host.on(EVENTS, events(EARN5=1))
        host.on(USERS, linked())
        for number in range(1, 5):
            host.on(history_of(f"usr_{number}"), rows())
        yield host


@asynccontextmanager
async def rig_in(folder: Path, host: Host) -> AsyncIterator[Rig]:
    """Build a rig on an outbox in `folder`."""
    clock = FakeClock()
    async with (
        open_outbox(folder / "outbox.db", clock) as outbox,
        Apis(quick(attempt_timeout=0.5)) as apis,
    ):
        await outbox.adopt_lanes([LaneTerms(CAMPAIGN, first_look=0.01, per_user=0)])
        await apis.replace([Keyed(campaign_with(host), API_KEY)])
        yield Rig(host, outbox, apis, clock, Play(outbox, clock))


def at(text: str) -> datetime:
    """Read a time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
