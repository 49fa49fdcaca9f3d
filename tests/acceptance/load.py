"""A game's calls, many at once, resent until acknowledged: by HTTP and by acknowledged UDP."""

import asyncio
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

#: Seconds between two tries of one call.
PAUSE = 0.1
#: Seconds that a game plays on after a call: eight games make some 200 calls a second.
PLAY = 0.03


@dataclass(slots=True)
class Load:
    """What was posted and what was acknowledged: call id → answer."""

    players: list[str]
    codes: list[str]
    chance: random.Random
    match: str = field(default_factory=lambda: str(uuid4()))
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    resent: int = 0
    stopping: bool = False

    def next_call(self) -> dict[str, Any]:
        call = {
            "player": self.chance.choice(self.players),
            "achievement": self.chance.choice(self.codes),
            "id": f"{self.match}/{len(self.calls)}",
        }
        self.calls[call["id"]] = call
        return call

    async def by_http(self, url: str, token: str) -> None:
        """Post one call after the other until told to stop; the last one is finished."""
        headers = {"Authorization": f"Bearer {token}"}
        timeout = aiohttp.ClientTimeout(total=3)
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            while not self.stopping:
                call = self.next_call()
                while (answer := await _post(session, url, call)) is None:
                    self.resent += 1
                    await asyncio.sleep(PAUSE)
                self.acknowledged[call["id"]] = answer
                await asyncio.sleep(PLAY)

    async def by_udp(self, address: tuple[str, int], token: str) -> None:
        """Send one acknowledged datagram after the other until told to stop."""
        loop = asyncio.get_running_loop()
        transport, inbox = await loop.create_datagram_endpoint(_Inbox, remote_addr=address)
        try:
            while not self.stopping:
                call = self.next_call()
                data = json.dumps({**call, "token": token, "ack": True}).encode()
                transport.sendto(data)
                while not await inbox.acknowledged(call["id"]):
                    self.resent += 1
                    transport.sendto(data)
                self.acknowledged[call["id"]] = inbox.answers[call["id"]]
                await asyncio.sleep(PLAY)
        finally:
            transport.close()


async def _post(
    session: aiohttp.ClientSession, url: str, call: Mapping[str, Any]
) -> dict[str, Any] | None:
    try:
        async with session.post(f"{url}/v1/achievements", json=call) as answer:
            if answer.status != 202:
                assert answer.status in {429, 503}, await answer.text()
                return None
            document: dict[str, Any] = await answer.json()
            return document
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None


class _Inbox(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answers: dict[str, dict[str, Any]] = {}
        self._news = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = json.loads(data)
        assert "error" not in answer, answer
        self.answers[answer["id"]] = answer
        self._news.set()

    def error_received(self, exc: Exception) -> None:
        """The daemon is away: the datagram is sent again."""

    async def acknowledged(self, call_id: str) -> bool:
        """Wait a moment for the acknowledgement of one call."""
        try:
            async with asyncio.timeout(2 * PAUSE):
                while call_id not in self.answers:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True
