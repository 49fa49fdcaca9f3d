"""The acceptance stage: sandbox and daemon as real processes, a funded and active campaign."""

import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bridge.cli.stage import Program, Stage, until
from bridge.sandbox.admin import CreatedCampaign, EventDefinition, Payout, SandboxAdmin
from tests.support.loops import LOOPS

CODES = ["first_blood", "frag", "flag_capture"]
PLAYERS = [f"name:bot {n}" for n in range(8)]
#: SIGKILLs of the daemon in the long test; the gate gives twenty, other tests a fifth of them.
KILLS = int(os.environ.get("CAMPAIGN_BRIDGE_TEST_KILLS", "3"))


@dataclass(slots=True)
class Theatre:
    """Everything that runs, and how to ask it."""

    stage: Stage
    sandbox: Program
    daemon: Program
    admin: SandboxAdmin
    campaign: CreatedCampaign
    session: aiohttp.ClientSession
    refs: dict[str, str] = field(default_factory=dict)

    async def ledger(self) -> tuple[Payout, ...]:
        return await self.admin.ledger(self.campaign.id)

    async def status(self) -> dict[str, Any]:
        return await self.get("/v1/operator/status")

    async def get(self, path: str) -> dict[str, Any]:
        async with self.session.get(self.stage.bridge_url + path) as answer:
            assert answer.status == 200, await answer.text()
            document: dict[str, Any] = await answer.json()
            return document

    async def entries(self) -> dict[str, int]:
        campaigns = (await self.status())["campaigns"]
        found: dict[str, int] = campaigns[0]["entries"] if campaigns else {}
        return found

    async def all_paid(self, feats: int, seconds: float = 60) -> None:
        """Wait until nothing is open and everything is confirmed to be paid."""

        async def done() -> bool:
            settled = (await self.entries()).get("confirmed", 0)
            return settled == feats and len(await self.ledger()) >= feats

        await until(done, seconds, "not everything was paid")

    async def link(self, players: list[str]) -> None:
        for player in players:
            async with self.session.put(
                f"{self.stage.bridge_url}/v1/players/{player}", json={"userRef": self.refs[player]}
            ) as answer:
                assert answer.status == 200, await answer.text()

    async def start_campaign(self, verb: str = "start", becomes: str = "Active") -> None:
        url = f"{self.stage.sandbox_url}/api/v1/campaign/{self.campaign.id}/{verb}"
        headers = {
            "Authorization": f"Bearer {self.campaign.api_key}",
            "X-Campaign-Id": self.campaign.id,
        }
        async with self.session.put(url, headers=headers) as answer:
            assert answer.status == 202, await answer.text()

        async def there() -> bool:
            return any(found.status == becomes for found in await self.admin.campaigns())

        await until(there, 10, f"the campaign did not become {becomes}")


@asynccontextmanager
async def theatre_in(
    folder: Path, more: str = "", disk: Path | None = None
) -> AsyncIterator[Theatre]:
    """Open everything in `folder`; the outbox lies on `disk` where one is given."""
    stage = Stage.in_folder(folder)
    sandbox, daemon = stage.sandbox("--job-delay=0.1", "--seed=1"), stage.daemon()
    headers = {"Authorization": f"Bearer {stage.secret('operator-token')}"}
    try:
        await sandbox.start()
        async with (
            SandboxAdmin(stage.sandbox_url, stage.secret("admin-token")) as admin,
            aiohttp.ClientSession(headers=headers) as session,
        ):
            events = [EventDefinition(code, 1) for code in CODES]  # type: ignore[arg-type]  # 1 is 1
            campaign = await admin.create_campaign("Acceptance", events, environment="test")
            await admin.fund(campaign.id, 1_000_000)
            theatre = Theatre(stage, sandbox, daemon, admin, campaign, session)
            await theatre.start_campaign()
            for number, player in enumerate(PLAYERS):
                theatre.refs[player] = await admin.add_user(campaign.id, f"usr_{number}")
            stage.configure(campaign.id, campaign.api_key, more)
            config = folder / "config.toml"
            outbox = f"sqlite:///{disk or folder}/outbox.db"
            config.write_text(config.read_text().replace(f"sqlite:///{folder}/outbox.db", outbox))
            await daemon.start()
            yield theatre
    finally:
        await daemon.kill()
        await sandbox.kill()


@pytest.fixture
async def theatre(tmp_path: Path) -> AsyncIterator[Theatre]:
    async with theatre_in(tmp_path) as opened:
        yield opened


@pytest.fixture(params=LOOPS)
def each_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test's daemons on each loop; the others' turn on uvloop where it is installed."""
    loop: str = request.param
    monkeypatch.setenv("CAMPAIGN_BRIDGE_LOOP", loop)
    return loop


def effects(ledger: tuple[Payout, ...]) -> Counter[tuple[str, str]]:
    """Count what was paid to whom for what: an oracle that knows nothing of keys."""
    return Counter((payout.user_ref, payout.event_code) for payout in ledger)
