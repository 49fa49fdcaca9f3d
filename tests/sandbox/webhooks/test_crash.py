"""What was written down is told, and nothing else, whatever ends the process in between."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bridge.sandbox.admin import CreatedCampaign, SandboxAdmin
from bridge.sandbox.answers import Refused
from bridge.sandbox.books import Books
from bridge.sandbox.readings import NOT_ACTIVE, Hook
from bridge.sandbox.server import Sandbox, SandboxSettings, sandbox_running
from bridge.sandbox.webhooks import endpoints
from bridge.sandbox.webhooks.announcing import announce
from bridge.sandbox.webhooks.sender import Sender
from tests.sandbox.bookkeeping import CAMPAIGN, books_open
from tests.sandbox.webhooks.receiver import (
    EARN5,
    PATIENCE,
    Gate,
    Receiver,
    by_definition,
    receiving,
)

ROOT = Path(__file__).parents[3]
TOKEN = "token-of-the-test"
EVENTS = 60
SCRIPT = """
import asyncio, sys
from bridge.sandbox.server import SandboxSettings, serve
settings = SandboxSettings.model_validate_json(sys.argv[1])
asyncio.run(serve(settings, lambda sandbox: print(sandbox.url, flush=True)))
"""


@dataclass(frozen=True, slots=True)
class Town:
    """One campaign with a receiver, in a file that outlives its sandboxes."""

    settings: SandboxSettings
    campaign: CreatedCampaign
    secret: str

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Sandbox]:
        async with asyncio.timeout(PATIENCE), sandbox_running(self.settings) as sandbox:
            yield sandbox

    @asynccontextmanager
    async def process(self) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
        """A sandbox in a process of its own, which is killed at the end."""
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            SCRIPT,
            self.settings.model_dump_json(),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        assert child.stdout is not None
        try:
            async with asyncio.timeout(2 * PATIENCE):
                yield child, (await child.stdout.readline()).decode().strip()
        finally:
            if child.returncode is None:
                child.kill()
            await child.wait()

    async def post(self, url: str, key: str) -> int:
        """Post an event; 0 stands for no answer."""
        headers = {
            "Authorization": f"Bearer {self.campaign.api_key}",
            "X-Campaign-Id": self.campaign.id,
            "Idempotency-Key": key,
        }
        try:
            async with aiohttp.request(
                "POST",
                f"{url}/api/v1/campaign/{self.campaign.id}/events",
                data=b'{"eventCode":"EARN5","userRef":"usr_1"}',
                headers=headers,
            ) as response:
                return response.status
        except aiohttp.ClientError:
            return 0


async def founded(db: Path, url: str) -> Town:
    """Make an Active campaign whose webhooks go to `url`; its start was told nobody."""
    settings = SandboxSettings(port=0, db=db, admin_token=TOKEN, job_delay=0)
    async with sandbox_running(settings) as sandbox:
        admin = SandboxAdmin(sandbox.url, TOKEN)
        made = await admin.create_campaign("Autumn", [EARN5])
        await admin.fund(made.id, Decimal(EVENTS * 5))
        await admin.add_user(made.id, "usr_1")
        async with aiohttp.request(
            "PUT",
            f"{sandbox.api_url}/v1/campaign/{made.id}/start",
            headers={"Authorization": f"Bearer {made.api_key}", "X-Campaign-Id": made.id},
        ) as response:
            assert response.status == 202
        await sandbox.settled()
        secret = await admin.set_webhook(made.id, url)
    assert secret is not None
    return Town(settings, made, secret)


@pytest.mark.parametrize("kill_at", [1, 7, 40])
async def test_a_sigkill_between_an_effect_and_its_webhook_loses_none_and_invents_none(
    tmp_path: Path, kill_at: int
) -> None:
    async with receiving() as receiver:
        town = await founded(tmp_path / "sandbox.db", receiver.url)
        async with town.process() as (child, url):

            async def kills(_: web.Request) -> web.StreamResponse:
                if len(receiver.came) == kill_at:
                    child.kill()  # it was read here, and its answer is never recorded there
                return web.Response()

            receiver.answer = kills
            posts = [town.post(url, f"key-{n}") for n in range(EVENTS)]
            accepted = list(await asyncio.gather(*posts)).count(202)
            await child.wait()
        before, receiver.answer = len(receiver.came), None
        async with town.open() as sandbox:
            await sandbox.settled()
            ledger = await SandboxAdmin(sandbox.url, TOKEN).ledger(town.campaign.id)

        assert before == kill_at
        assert accepted <= len(ledger) <= EVENTS
        assert set(_keys(receiver)) == {payout.key for payout in ledger}
        assert _keys(receiver).count(_keys(receiver)[kill_at - 1]) == 2  # the one that was cut off
        assert _all_signed(receiver, town.secret)


async def test_what_was_refused_before_a_stop_is_sent_again_after_the_next_start(
    tmp_path: Path,
) -> None:
    async with receiving() as receiver:
        town = await founded(tmp_path / "sandbox.db", receiver.url)
        receiver.statuses = [503]
        async with town.open() as sandbox:
            await town.post(sandbox.url, "key-1")
            await sandbox.settled()
        async with town.open() as again:
            await receiver.wait(2)
            await again.settled()
            (logged,) = await SandboxAdmin(again.url, TOKEN).deliveries(town.campaign.id)

        assert [attempt.status for attempt in logged.attempts] == [503, 200]
        assert receiver.came[0].body == receiver.came[1].body


async def test_a_stop_does_not_wait_for_a_receiver_that_hangs(tmp_path: Path) -> None:
    async with receiving() as receiver:
        town = await founded(tmp_path / "sandbox.db", receiver.url)
        receiver.answer = Gate()
        async with town.open() as sandbox:
            await town.post(sandbox.url, "key-1")
            await receiver.wait(1)
        receiver.answer = None
        async with town.open() as again:
            await again.settled()
            (logged,) = await SandboxAdmin(again.url, TOKEN).deliveries(town.campaign.id)

        assert len(receiver.came) == 2
        assert (logged.state, len(logged.attempts)) == ("delivered", 1)


async def test_a_transaction_that_is_undone_tells_nobody(tmp_path: Path) -> None:
    async with receiving() as receiver, books_open(tmp_path / "sandbox.db") as desk:
        await desk.do(lambda books: endpoints.configure(books, CAMPAIGN, receiver.url))

        def undone(books: Books) -> None:
            announce(books, CAMPAIGN, Hook.CAMPAIGN_STARTED, {}, None)
            raise Refused(NOT_ACTIVE)

        async with Sender(desk.keeper, (), PATIENCE) as sender:
            with pytest.raises(Refused):
                await desk.do(undone)
            await desk.do(lambda books: endpoints.test(books, CAMPAIGN))
            await sender.settled()

        assert [one.json["event"] for one in receiver.came] == ["Webhook.Test"]


def _keys(receiver: Receiver) -> Sequence[str]:
    return [one.json["data"]["metadata"]["idempotencyKey"] for one in receiver.came]


def _all_signed(receiver: Receiver, secret: str) -> bool:
    return all(one.signature == by_definition(secret, one.body) for one in receiver.came)
