"""Players at the pages of a sandbox with one active campaign."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sandbox.play import HandClock, Play, playing
from tests.support.surf import Page, Surfer, surfing

LABEL = "Discord, paid 300 to the streamer"


class Stage:
    """The campaign's owner by API, and one player with a browser."""

    def __init__(self, play: Play, clock: HandClock, player: Surfer) -> None:
        self.play = play
        self.clock = clock
        self.player = player

    async def link(self, email: str = "player@example.com") -> str:
        """Begin a link; return the address that the player opens."""
        path = f"{self.play.path}/users/link/initiate"
        reply = await self.play.call("POST", path, json.dumps({"email": email}).encode())
        assert reply.status in {200, 201}, reply.body
        return str(reply.json["url"])

    async def invite(self, **terms: Any) -> str:
        """Make an invite; return the address that players open."""
        return str((await self.invited(**terms))["url"])

    async def invited(self, **terms: Any) -> dict[str, Any]:
        path = f"{self.play.path}/link-invites"
        body = json.dumps({"label": LABEL, **terms}).encode()
        reply = await self.play.call("POST", path, body)
        assert reply.status == 201, reply.body
        made: dict[str, Any] = reply.json["data"]["invite"]
        return made

    async def decide(self, invite: dict[str, Any], verb: str) -> None:
        path = f"{self.play.path}/link-invites/{invite['id']}/{verb}"
        assert (await self.play.call("POST", path)).status == 200

    async def users(self) -> list[dict[str, Any]]:
        reply = await self.play.call("GET", f"{self.play.path}/users")
        found: list[dict[str, Any]] = reply.json["data"]["users"]
        return found

    async def join(self, url: str, email: str, player: Surfer | None = None) -> Page:
        surfer = player or self.player
        page = await surfer.get(url)
        return await surfer.send(page.forms[0], email=email)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    clock = HandClock()
    async with playing(clock=clock) as play, surfing(play.sandbox.url) as player:
        yield Stage(play, clock, player)
