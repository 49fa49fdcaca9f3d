"""A running sandbox with one campaign in it, and a caller that holds the campaign's key.

In: settings. Out: real HTTP answers. Knows nothing of the sandbox's insides.
"""

import asyncio
import json
import resource
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from random import Random
from typing import Any

import aiohttp

from bridge.events import Clock
from bridge.sandbox.admin import CreatedCampaign, EventDefinition, SandboxAdmin
from bridge.sandbox.server import Sandbox, SandboxSettings, sandbox_running

EVENT = b'{"eventCode":"EARN5","userRef":"usr_1"}'


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_float=Decimal)


class HandClock:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def turn(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Highest(Random):
    """Chance at its worst: whatever can happen happens, and takes as long as it can."""

    def random(self) -> float:
        return 0.0

    def uniform(self, a: float, b: float) -> float:
        return b


class Play:
    """One campaign, funded with 100, paying 5 for EARN5, with the users usr_1 and usr_2."""

    def __init__(
        self, sandbox: Sandbox, campaign: CreatedCampaign, http: aiohttp.ClientSession
    ) -> None:
        self.sandbox = sandbox
        self.admin = SandboxAdmin(sandbox.url, sandbox.admin_token)
        self.campaign = campaign
        self.http = http
        self.path = f"/api/v1/campaign/{campaign.id}"
        self.headers = {
            "Authorization": f"Bearer {campaign.api_key}",
            "X-Oncade-API-Version": "v1",
            "X-Campaign-Id": campaign.id,
        }

    async def call(
        self,
        method: str,
        path: str,
        body: bytes | BytesIO | None = None,
        *,
        headers: Mapping[str, str | None] | None = None,
        key: str | None = None,
        within: float = 20,
    ) -> Reply:
        """Call with the campaign's headers; None takes a header away."""
        sent = {**self.headers, "Idempotency-Key": key, **(headers or {})}
        async with self.http.request(
            method,
            self.sandbox.url + path,
            data=body,
            headers={name: value for name, value in sent.items() if value is not None},
            timeout=aiohttp.ClientTimeout(total=within),
            allow_redirects=False,
            skip_auto_headers=("Content-Type",),
        ) as response:
            return Reply(response.status, response.headers, await response.read())

    async def event(self, key: str | None = None, body: bytes = EVENT, within: float = 20) -> Reply:
        return await self.call("POST", f"{self.path}/events", body, key=key, within=within)

    async def bare_event(self, key: bytes, **changed: bytes) -> bytes:
        """Post an event over a bare socket: headers as bytes, and a reset stays a reset."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.sandbox.port)
        lines = [
            f"POST {self.path}/events HTTP/1.1\r\nHost: localhost\r\nConnection: close".encode(),
            b"Authorization: " + changed.get("authorization", self._authorization()),
            f"X-Campaign-Id: {self.campaign.id}\r\nContent-Length: {len(EVENT)}".encode(),
            b"Idempotency-Key: " + key,
        ]
        writer.write(b"\r\n".join([*lines, b"", b""]) + EVENT)
        try:
            return await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()

    def _authorization(self) -> bytes:
        return self.headers["Authorization"].encode()

    async def change(self, what: str, key: str | None = None) -> Reply:
        """Start, stop or withdraw as the guide does: without any body."""
        method = "POST" if what == "withdraw" else "PUT"
        return await self.call(method, f"{self.path}/{what}", key=key)

    async def done(self, what: str) -> None:
        reply = await self.change(what)
        assert reply.status == 202, reply.body
        await self.sandbox.settled()

    async def shown(self) -> dict[str, Any]:
        reply = await self.call("GET", self.path)
        assert reply.status == 200, reply.body
        campaign: dict[str, Any] = reply.json["campaign"]
        return campaign

    async def paid_keys(self) -> list[str | None]:
        await self.sandbox.settled()
        return [payout.key for payout in await self.admin.ledger(self.campaign.id)]


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file of this process grow: the nearest thing to a full disk without root."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@asynccontextmanager
async def playing(
    *,
    clock: Clock | None = None,
    random: Random | None = None,
    active: bool = True,
    **settings: Any,
) -> AsyncIterator[Play]:
    """Run a sandbox with one campaign; `active=False` leaves it an unfunded draft."""
    asked = SandboxSettings(**{"port": 0, "job_delay": 0, **settings})
    async with (
        sandbox_running(asked, clock=clock, random=random) as sandbox,
        aiohttp.ClientSession() as http,
    ):
        admin = SandboxAdmin(sandbox.url, sandbox.admin_token)
        campaign = await admin.create_campaign("Autumn", [EventDefinition("EARN5", Decimal(5))])
        play = Play(sandbox, campaign, http)
        if active:
            await admin.fund(campaign.id, 100)
            await admin.add_user(campaign.id, "usr_1")
            await admin.add_user(campaign.id, "usr_2")
            await _start(play)
        yield play


async def _start(play: Play) -> None:
    faults = await play.admin.faults()
    await play.admin.set_faults(dict.fromkeys(faults, 0.0))
    await play.done("start")
    await play.admin.set_faults(faults)
