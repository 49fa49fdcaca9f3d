"""A probe of a real sandbox, by a clock that only the probe's own waiting turns.

In: gaps, a sandbox's settings, what happens when. Out: the probe, as far as it came. Nothing here
sleeps: a wait turns the clock, and lets the sandbox carry out what it has promised.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.cli.probe.begin import Site, Wanted, probed
from bridge.cli.probe.kept import Shelf
from bridge.cli.probe.prober import Manner
from bridge.cli.probe.trials import Probe
from bridge.settings.models import CampaignSettings, DeliverySettings
from tests.sandbox.play import HandClock, Play, playing

MINUTE = 60.0
GAPS = (60.0, 120.0, 240.0, 480.0)
SETTLE = 10.0
#: Real waits are short: an answer that is lost is not waited for.
DELIVERY = DeliverySettings.model_validate({"attempt_timeout": "500ms", "connect_timeout": "200ms"})


class Killed(BaseException):
    """The process is no more."""


class DyingShelf(Shelf):
    """Dies at a write, before or after it is on disk."""

    left = 1000
    written = False

    def write(self, probe: Probe) -> None:
        self.left -= 1
        if self.left == 0 and not self.written:
            raise Killed
        super().write(probe)
        if self.left == 0:
            raise Killed


def wanted(
    *gaps: float, once: bool = False, user: str | None = "usr_1", settle: float = SETTLE
) -> Wanted:
    """Return what is asked for; without gaps the usual ones."""
    event = None if user is None else "EARN5"
    manner = Manner(settle, once)
    return Wanted(user, event, gaps or GAPS, bool(gaps), manner, yes=True)


@dataclass
class Rig:
    """One campaign in a sandbox, and a probe of it. `at` says what happens when, by seconds."""

    play: Play
    folder: Path
    clock: HandClock
    at: dict[float, Callable[[], Awaitable[Any]]] = field(default_factory=dict)
    naps: list[float] = field(default_factory=list)
    shelf: Shelf | None = None

    def __post_init__(self) -> None:
        self.began = self.clock.time

    @property
    def site(self) -> Site:
        key = self.folder / "api-key"
        key.write_text(self.play.campaign.api_key)
        campaign = CampaignSettings.model_validate(
            {
                "id": self.play.campaign.id,
                "environment": "test",
                "api_key_file": key,
                "base_url": self.play.sandbox.api_url,
            }
        )
        return Site(campaign, DELIVERY, self.shelf or self.kept(Shelf))

    def kept(self, kind: type[Shelf]) -> Any:
        return kind(self.folder / "probes", self.play.sandbox.api_url, self.play.campaign.id)

    @property
    def passed(self) -> float:
        return (self.clock.time - self.began).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Let the time pass in steps, and on the way what was to happen."""
        self.naps.append(seconds)
        end = self.passed + seconds
        for moment in sorted(moment for moment in self.at if moment <= end):
            self.clock.turn(max(0.0, moment - self.passed))
            await self.at.pop(moment)()
        self.clock.turn(end - self.passed)
        await self.play.sandbox.settled()

    async def run(self, asked: Wanted | None = None) -> Probe:
        with self.site.shelf.held():
            return await asyncio.wait_for(
                probed(self.site, asked or wanted(), self.clock, self.sleep), 30
            )

    async def pay(self) -> None:
        """Pay the same user for the same, behind the probe's back."""
        assert (await self.play.event()).status == 202
        await self.play.sandbox.settled()

    async def faults(self, **values: float) -> None:
        await self.play.admin.set_faults(values)


@asynccontextmanager
async def rigged(folder: Path, remembers: float, **settings: Any) -> AsyncIterator[Rig]:
    """Run a sandbox that remembers a key for so many seconds."""
    clock = HandClock()
    told: Mapping[str, Any] = {"idempotency_retention": remembers, **settings}
    async with playing(clock=clock, **told) as play:
        yield Rig(play, folder, clock)


def verdicts(probe: Probe) -> list[str]:
    """Return what was found, gap by gap; "" where nothing was asked."""
    return [trial.verdict or "" for trial in probe.trials]
