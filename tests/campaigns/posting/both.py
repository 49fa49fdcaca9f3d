"""The two ways an event can go out: over kept connections, and by the general client.

In: what a host answers, byte by byte. Out: what each of the two clients makes of it. The general
client is the definition.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from bridge.campaigns.client import CampaignClient, campaign_client
from bridge.campaigns.outcomes import Retry, Sent
from bridge.campaigns.posting.connection import Reply
from bridge.campaigns.transport import Transport, transport
from bridge.settings.models import DeliverySettings
from bridge.testing import FakeClock
from tests.campaigns.play import BODY, KEY
from tests.delivery.far import CAMPAIGN
from tests.delivery.rig import API_KEY, campaign_at, quick

#: How a host ends after what it said.
CLOSES, RESETS, STAYS = "closes", "resets", "stays"


def general_carrier(wire: Transport) -> Callable[[UUID, bytes], Awaitable[Reply]]:
    """Carry events as every other call is made."""

    async def carry(key: UUID, body: bytes) -> Reply:
        headers = {"Idempotency-Key": str(key), "Content-Type": "application/json"}
        answer = await wire.call("POST", f"{wire.campaign}/events", headers=headers, data=body)
        named: dict[bytes, bytes] = {}
        for name, text in answer.headers.items():
            named.setdefault(name.lower().encode(), text.encode(errors="surrogateescape"))
        return Reply(answer.status, named, answer.body)

    return carry


@asynccontextmanager
async def general(url: str, delivery: DeliverySettings) -> AsyncIterator[CampaignClient]:
    async with transport(url, CAMPAIGN, API_KEY, delivery) as wire:
        yield CampaignClient(wire, general_carrier(wire), FakeClock())


@asynccontextmanager
async def kept(url: str, delivery: DeliverySettings) -> AsyncIterator[CampaignClient]:
    async with campaign_client(campaign_at(url), API_KEY, delivery, FakeClock()) as client:
        yield client


class Speaker(asyncio.Protocol):
    """Says its pieces once a whole request has come, and ends."""

    def __init__(self, pieces: Sequence[bytes], end: str) -> None:
        self._pieces = pieces
        self._end = end
        self._got = b""
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert hasattr(transport, "write")  # uvloop's say of themselves that they are none
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        if self._got.endswith(BODY) and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._speak())

    def connection_lost(self, error: Exception | None) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _speak(self) -> None:
        for piece in self._pieces:
            self._transport.write(piece)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        if self._end == CLOSES:
            self._transport.close()
        elif self._end == RESETS:
            lingering = struct.pack("ii", 1, 0)
            connection = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, lingering)
            self._transport.abort()


def said_of(sent: Sent) -> tuple[object, ...]:
    """Return what a client says of an answer; of one that was lost, that it was sent."""
    if isinstance(sent.outcome, Retry) and not sent.outcome.answered:
        return ("lost", sent.outcome.maybe_sent, sent.status, sent.head)
    return (sent.outcome, sent.status, sent.detail, sent.head)


async def both(
    pieces: Sequence[bytes], end: str = CLOSES, *, times: int = 1, patience: float = 1.0
) -> tuple[list[Sent], list[Sent]]:
    """Return what the general client makes of a host's words, and what ours does."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Speaker(pieces, end), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api"
    made = []
    async with server:
        for opened in (general, kept):
            async with opened(url, quick(attempt_timeout=patience)) as client:
                made.append([await client.send_event(KEY, BODY, "EARN5") for _ in range(times)])
    return made[0], made[1]
