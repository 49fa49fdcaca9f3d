"""An outbox in a file, a host that plays the API, and the rounds over link sessions between."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.campaigns.apis import Apis, Keyed
from bridge.linking.rounds import LinkRounds
from bridge.linking.service import Linker
from bridge.outbox.links import Session
from bridge.outbox.store import SqliteOutbox, open_outbox
from bridge.outbox.views import LaneTerms
from bridge.settings.models import LinkingSettings, LinkPageSettings
from tests.campaigns.host import CAMPAIGN, Answer, Host, host_beside, says
from tests.delivery.rig import API_KEY, campaign_at, quick
from tests.outbox.play import ALICE
from tests.support.clock import FakeClock
from tests.support.road import until

INITIATE = f"/campaign/{CAMPAIGN}/users/link/initiate"
DETAILS = f"/campaign/{CAMPAIGN}/users/link/details"
EMAIL = "alice@example.com"


def begun(number: int = 1) -> Answer:
    """Answer with a session that has just been made."""
    url = f"https://pay.example.org/link?session=ls_{number}"
    return says(201, {"sessionKey": f"ls_{number}", "url": url})


def details(status: str = "pending", user_ref: str | None = None) -> Answer:
    """Tell of a session."""
    return says(200, {"status": status, "userRef": user_ref, "prefilledEmail": EMAIL})


@dataclass(slots=True)
class Rig:
    """The parts, by the names that tests use."""

    host: Host
    outbox: SqliteOutbox
    apis: Apis
    clock: FakeClock
    rounds: LinkRounds
    linker: Linker

    async def begin(self, player: str | None = ALICE, email: str = EMAIL) -> Session:
        return await self.linker.begin(CAMPAIGN, player, email)

    async def look(self, session: Session) -> Session:
        """Let the next look of a session be due, and take it."""
        self.clock.advance(120)
        await self.rounds.look_at(await self.session(session))
        return await self.session(session)

    def later(self, seconds: float) -> None:
        """Let time pass, and have the rounds notice at once what is due by it."""
        self.clock.advance(seconds)
        self.outbox.watch_sessions().set()

    async def session(self, session: Session) -> Session:
        found = await self.outbox.session(session.id)
        assert found is not None
        return found

    @asynccontextmanager
    async def going_round(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.rounds.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def settled(self) -> None:
        """Wait until no look is under way."""
        await asyncio.gather(*self.rounds._under_way.values(), return_exceptions=True)

    async def called(self, line: str, times: int) -> None:
        async def enough() -> bool:
            return len(self.host.of(line)) >= times

        await until(enough)


@pytest.fixture
def host() -> Iterator[Host]:
    with host_beside() as made:
        made.on(f"POST {INITIATE}", begun())
        made.on(f"GET {DETAILS}", details())
        yield made


@pytest.fixture
async def rig(host: Host, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_in(tmp_path, host) as made:
        yield made


@asynccontextmanager
async def rig_in(folder: Path, host: Host, **linking: Any) -> AsyncIterator[Rig]:
    clock, chance = FakeClock(), random.Random(7)
    async with (
        open_outbox(folder / "outbox.db", clock) as outbox,
        Apis(quick(attempt_timeout=timedelta(milliseconds=500))) as apis,
    ):
        await outbox.adopt_lanes([LaneTerms(CAMPAIGN)])
        await apis.replace([Keyed(campaign_at(host.url, CAMPAIGN), API_KEY)])
        rounds = LinkRounds(outbox, apis, LinkingSettings(**linking), clock, chance)
        linker = Linker(outbox, rounds, LinkPageSettings(), clock, chance)
        yield Rig(host, outbox, apis, clock, rounds, linker)
