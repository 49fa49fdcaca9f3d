"""The whole road in one process: a real sandbox, a real daemon on real sockets and files.

In: a folder, rules, a clock. Out: calls as games and operators make them. Knows nothing of the
rooms' insides.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp

from bridge.daemon import Daemon, running
from bridge.events import Clock
from bridge.sandbox.admin import CreatedCampaign, EventDefinition, Payout, SandboxAdmin
from bridge.sandbox.server import Sandbox, SandboxSettings, sandbox_running
from bridge.settings.files import load_settings

CODES = ["first_blood", "quest_win", "EARN5"]

CONFIG = """
[http]
listen = "127.0.0.1:0"
token_file = "token"
[[tokens]]
role = "operator"
file = "operator-token"
[udp]
listen = "127.0.0.1:0"
[outbox]
url = "sqlite:///{folder}/outbox.db"
[delivery]
attempt_timeout = "500ms"
retry_base = "20ms"
retry_cap = "100ms"
refused_again = ["50ms"]
probe_every = "50ms"
breaker_open = "50ms"
shutdown = "2s"
[[campaigns]]
id = "{campaign}"
environment = "test"
api_key_file = "api-key"
base_url = "{api_url}"
"""


@dataclass(slots=True)
class Town:
    """A sandbox with an active campaign, and a folder with the bridge's configuration."""

    folder: Path
    sandbox: Sandbox
    admin: SandboxAdmin
    campaign: CreatedCampaign

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def configure(self, more: str = "") -> None:
        """Write the configuration, with `more` (rules, say) at its end."""
        text = CONFIG.format(
            folder=self.folder, campaign=self.campaign.id, api_url=self.sandbox.api_url
        )
        self.config.write_text(text + more)

    async def turn_campaign(self, verb: str, becomes: str) -> None:
        url = f"{self.sandbox.api_url}/v1/campaign/{self.campaign.id}/{verb}"
        headers = {
            "Authorization": f"Bearer {self.campaign.api_key}",
            "X-Campaign-Id": self.campaign.id,
        }
        async with aiohttp.ClientSession() as session, session.put(url, headers=headers) as answer:
            assert answer.status == 202, await answer.text()

        async def there() -> bool:
            return (await self.admin.campaigns())[0].status == becomes

        await until(there)

    async def ledger(self) -> tuple[Payout, ...]:
        return await self.admin.ledger(self.campaign.id)

    async def paid(self, number: int) -> tuple[Payout, ...]:
        """Wait until `number` payouts are in the ledger, and return it."""

        async def enough() -> bool:
            return len(await self.ledger()) >= number

        await until(enough)
        return await self.ledger()


class Road:
    """A running bridge, called as games and operators call it."""

    def __init__(self, daemon: Daemon, session: aiohttp.ClientSession) -> None:
        self.daemon = daemon
        self._session = session
        host, port = daemon.report.bound.tcp[0]
        self.url = f"http://{host}:{port}"

    async def call(
        self, method: str, path: str, body: object = None, bearer: str = "operator-token-1"
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {bearer}"}
        data = None if body is None else json.dumps(body)
        async with self._session.request(
            method, self.url + path, data=data, headers=headers
        ) as answer:
            return answer.status, await answer.json(content_type=None)

    async def post(self, player: str, achievement: str, **more: object) -> tuple[int, Any]:
        body = {"player": player, "achievement": achievement, **more}
        return await self.call("POST", "/v1/achievements", body, "game-token-1")

    async def datagram(self, **call: object) -> Any:
        """Send one acknowledged datagram and return the acknowledgement."""
        report = self.daemon.report
        assert report.udp is not None
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes] = loop.create_future()

        class Waiting(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: object) -> None:
                answer.set_result(data)

        transport, _ = await loop.create_datagram_endpoint(Waiting, remote_addr=report.udp.address)
        try:
            document = {**call, "token": "game-token-1", "ack": True}
            transport.sendto(json.dumps(document).encode())
            return json.loads(await asyncio.wait_for(answer, 5))
        finally:
            transport.close()

    async def link(self, player: str, user_ref: str) -> None:
        status, answer = await self.call("PUT", f"/v1/players/{player}", {"userRef": user_ref})
        assert status == 200, answer

    async def entries(self) -> dict[str, int]:
        _, status = await self.call("GET", "/v1/operator/status")
        found: dict[str, int] = status["campaigns"][0]["entries"] if status["campaigns"] else {}
        return found

    async def compared(self) -> None:
        """Wait until the API's total was compared: before that nothing is sent."""

        async def there() -> bool:
            _, status = await self.call("GET", "/v1/operator/status")
            return all(lane["drift"] is not None for lane in status["campaigns"])

        await until(there)

    async def settled(self, **wanted: int) -> None:
        """Wait until the entries by state are these; a confirmed one has been accepted, too."""

        async def there() -> bool:
            entries = await self.entries()
            if "confirmed" in entries and "confirmed" not in wanted:
                entries["accepted"] = entries.get("accepted", 0) + entries.pop("confirmed")
            return entries == wanted

        await until(there)


async def until(ready: Callable[[], Awaitable[bool]], seconds: float = 15) -> None:
    """Wait until `ready` says so."""
    async with asyncio.timeout(seconds):
        while not await ready():  # noqa: ASYNC110  # there is nobody who would set an event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def town_in(folder: Path, clock: Clock | None = None, **sandbox: Any) -> AsyncIterator[Town]:
    """Open a sandbox with one active campaign and the users usr_1 to usr_3."""
    settings = SandboxSettings(port=0, job_delay=0.02, **sandbox)
    async with (
        sandbox_running(settings, clock=clock) as running_sandbox,
        SandboxAdmin(running_sandbox.url, running_sandbox.admin_token) as admin,
    ):
        events = [EventDefinition(code, Decimal(1)) for code in CODES]
        campaign = await admin.create_campaign("Town", events, environment="test")
        await admin.fund(campaign.id, 1_000_000)
        for number in (1, 2, 3):
            await admin.add_user(campaign.id, f"usr_{number}")
        for name, secret in (
            ("token", "game-token-1"),
            ("operator-token", "operator-token-1"),
            ("api-key", campaign.api_key),
        ):
            (folder / name).write_text(secret)
        town = Town(folder, running_sandbox, admin, campaign)
        town.configure()
        await town.turn_campaign("start", "Active")
        yield town


@asynccontextmanager
async def road_of(town: Town, clock: Clock | None = None) -> AsyncIterator[Road]:
    """Run the bridge on the town's configuration."""
    async with (
        running(town.config, load_settings(town.config), clock) as daemon,
        aiohttp.ClientSession() as session,
    ):
        yield Road(daemon, session)
