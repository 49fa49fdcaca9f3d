"""What was accepted is paid once, whatever ends the process in between."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from random import Random

import aiohttp
import pytest
from structlog.testing import capture_logs

from bridge.errors import SandboxError
from bridge.sandbox.admin import CreatedCampaign, EventDefinition, SandboxAdmin
from bridge.sandbox.server import SandboxSettings, sandbox_running
from tests.sandbox.play import full_disk, playing

ROOT = Path(__file__).parents[2]
TOKEN = "token-of-the-test"
SCRIPT = """
import asyncio, sys
from bridge.sandbox.server import SandboxSettings, serve
settings = SandboxSettings.model_validate_json(sys.argv[1])
asyncio.run(serve(settings, lambda sandbox: print(sandbox.url, flush=True)))
"""


def settings(db: Path, job_delay: float) -> SandboxSettings:
    return SandboxSettings(port=0, db=db, admin_token=TOKEN, job_delay=job_delay)


@asynccontextmanager
async def process(db: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A sandbox in a process of its own, killed at the end if it still runs."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SCRIPT,
        settings(db, 0.01).model_dump_json(),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        async with asyncio.timeout(30):
            yield child, (await child.stdout.readline()).decode().strip()
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def test_unfinished_jobs_are_carried_out_after_a_restart(tmp_path: Path) -> None:
    db = tmp_path / "sandbox.db"
    async with sandbox_running(settings(db, 0)) as quick:
        campaign = await _active_campaign(quick.url)
    async with sandbox_running(settings(db, 3600)) as slow:
        statuses = [await _post(slow.url, campaign, f"key-{n}") for n in range(450)]
        paid_before = await SandboxAdmin(slow.url, TOKEN).ledger(campaign.id)
    async with sandbox_running(settings(db, 0)) as again:
        async with asyncio.timeout(30):
            await again.settled()
        paid = await SandboxAdmin(again.url, TOKEN).ledger(campaign.id)

    assert set(statuses) == {202}
    assert paid_before == ()
    assert [payout.key for payout in paid] == [f"key-{n}" for n in range(450)]


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_event_accepted_before_a_sigkill_is_paid_exactly_once(
    tmp_path: Path, seed: int
) -> None:
    db, random = tmp_path / "sandbox.db", Random(seed)
    async with sandbox_running(settings(db, 0)) as setting_up:
        campaign = await _active_campaign(setting_up.url)
    keys, accepted = [f"key-{n}" for n in range(200)], set[str]()
    for _ in range(2):
        async with process(db) as (child, url):
            await _post_until_killed(url, campaign, keys, accepted, child, random.randint(10, 75))
    proven = set(accepted)

    async with sandbox_running(settings(db, 0)) as reopened:
        async with asyncio.timeout(30):
            await reopened.settled()
        admin = SandboxAdmin(reopened.url, TOKEN)
        after_restart = Counter(payout.key for payout in await admin.ledger(campaign.id))
        for key in keys:
            assert await _post(reopened.url, campaign, key) == 202
        await reopened.settled()
        payouts = await admin.ledger(campaign.id)
        (shown,) = await admin.campaigns()

    assert proven <= set(after_restart)
    assert set(after_restart.values()) == {1}
    assert Counter(payout.key for payout in payouts) == dict.fromkeys(keys, 1)
    assert shown.balances.paid_out == sum(payout.amount for payout in payouts)
    assert shown.balances.funded == shown.balances.paid_out + shown.balances.available


async def test_many_events_at_once_are_paid_once_each() -> None:
    async with playing(job_delay=0.1) as play:
        await asyncio.gather(*(play.event(f"key-{n}") for n in range(20)))

        assert sorted(filter(None, await play.paid_keys())) == sorted(f"key-{n}" for n in range(20))


async def test_a_payout_waits_for_a_full_disk_and_is_then_paid_once() -> None:
    async with playing(job_delay=0.2) as play:
        await play.event("key-1")
        with full_disk(), capture_logs() as logs:
            async with asyncio.timeout(10):
                while not any(line["action"] == "sandbox_jobs_wait" for line in logs):
                    await play.shown()  # reading goes on
            paid_meanwhile = await play.admin.ledger(play.campaign.id)

        assert paid_meanwhile == ()
        assert await play.paid_keys() == ["key-1"]


async def test_a_sandbox_without_its_worker_says_so(tmp_path: Path) -> None:
    async with sandbox_running(settings(tmp_path / "sandbox.db", 0)) as sandbox:
        campaign = await _active_campaign(sandbox.url)
        jobs = sandbox.jobs
        jobs.promise(1)  # something is left to do when the worker ends
        await jobs.__aexit__()
        status = await _post(sandbox.url, campaign, "key-1")

        assert status == 500
        with pytest.raises(SandboxError, match="background jobs have stopped"):
            jobs.promise(1)
        with pytest.raises(SandboxError, match="background jobs have stopped"):
            await sandbox.settled()


async def _active_campaign(url: str) -> CreatedCampaign:
    async with SandboxAdmin(url, TOKEN) as admin:
        campaign = await admin.create_campaign("Killed", [EventDefinition("E", Decimal("0.05"))])
        await admin.fund(campaign.id, 1000)
        await admin.add_user(campaign.id, "usr_1")
        async with aiohttp.ClientSession(headers=_headers(campaign)) as http:
            await http.put(f"{url}/api/v1/campaign/{campaign.id}/start")
            await _until_active(admin)
    return campaign


async def _until_active(admin: SandboxAdmin) -> None:
    """Poll, as the guide tells callers to; each look is a call, so it needs no sleep."""
    async with asyncio.timeout(10):
        while (await admin.campaigns())[0].status != "Active":
            pass


async def _post_until_killed(
    url: str,
    campaign: CreatedCampaign,
    keys: list[str],
    accepted: set[str],
    child: asyncio.subprocess.Process,
    kill_after: int,
) -> None:
    """Post from many sides at once; kill when so many more were accepted."""
    waiting = iter([key for key in keys if key not in accepted])
    enough = len(accepted) + kill_after

    async def sender() -> None:
        for key in waiting:
            try:
                status = await _post(url, campaign, key)
            except aiohttp.ClientConnectionError:
                return
            assert status == 202
            accepted.add(key)
            if len(accepted) == enough:
                child.kill()

    await asyncio.gather(*(sender() for _ in range(16)))
    assert len(accepted) >= enough


async def _post(url: str, campaign: CreatedCampaign, key: str) -> int:
    async with (
        aiohttp.ClientSession(headers=_headers(campaign)) as http,
        http.post(
            f"{url}/api/v1/campaign/{campaign.id}/events",
            json={"eventCode": "E", "userRef": "usr_1"},
            headers={"Idempotency-Key": key},
        ) as response,
    ):
        await response.read()
        return response.status


def _headers(campaign: CreatedCampaign) -> dict[str, str]:
    return {"Authorization": f"Bearer {campaign.api_key}", "X-Campaign-Id": campaign.id}
