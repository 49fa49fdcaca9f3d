"""The demo's players: half are linked beforehand, by hand; the others by the URLs of their game.

In: the stage, the sandbox's own calls. Out: links, and each player's userRef for the audit.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from bridge.cli.stage import Stage, until
from bridge.errors import CommandError
from bridge.sandbox.admin import CreatedCampaign, SandboxAdmin

#: Where the sample game makes up its players' addresses.
DOMAIN: Final = "players.example.com"
#: Seconds for a session to have its URL, and for an approval to go through the faults.
_PATIENCE: Final = 20.0


@dataclass(slots=True)
class Crowd:
    """Who plays, and whom the API knows each of them as, as far as they are linked."""

    stage: Stage
    admin: SandboxAdmin
    session: aiohttp.ClientSession
    campaign: CreatedCampaign
    players: Sequence[str]
    refs: dict[str, str] = field(default_factory=dict)

    async def link_by_hand(self) -> int:
        """Link the first half, as an operator does; return how many that are."""
        chosen = self.players[::2]
        for number, player in enumerate(chosen):
            self.refs[player] = await self.admin.add_user(self.campaign.id, f"usr_demo_{number}")
            answer = await self._call("PUT", f"/v1/players/{player}", self.refs[player])
            if answer.get("links") is None:
                raise CommandError(f"linking {player} was refused: {answer}")
        return len(chosen)

    async def link_by_url(self) -> int:
        """Approve what the game showed to the other half; return how many that are."""
        chosen = self.players[1::2]
        await asyncio.gather(*(self._approve(player) for player in chosen))
        for player in chosen:
            self.refs[player] = await self.admin.add_user(self.campaign.id, email=email_of(player))
        return len(chosen)

    async def _approve(self, player: str) -> None:
        """Do what a player does who opens the URL and says yes."""
        url = ""

        async def shown() -> bool:
            nonlocal url
            answer = await self._call("GET", f"/v1/players/{player}/link")
            url = answer.get("url") or ""
            return bool(url) or answer.get("state") == "linked"

        async def approved() -> bool:
            return await self._say_yes(url.partition("session=")[2])

        await until(shown, _PATIENCE, f"the game got no URL for {player}")
        if url:
            await until(approved, _PATIENCE, f"the link of {player} could not be approved")

    async def _say_yes(self, session_key: str) -> bool:
        url = f"{self.stage.sandbox_url}/api/v1/users/link/approve"
        headers = {
            "Authorization": f"Bearer {self.campaign.api_key}",
            "X-Campaign-Id": self.campaign.id,
        }
        timeout = aiohttp.ClientTimeout(total=2)
        try:
            async with self.session.post(
                url, json={"sessionKey": session_key}, headers=headers, timeout=timeout
            ) as answer:
                return answer.status < 300
        except (aiohttp.ClientError, OSError, TimeoutError):  # one of the demo's faults
            return False

    async def _call(self, method: str, path: str, user_ref: str | None = None) -> dict[str, Any]:
        """Call the daemon as an operator; nothing comes back while it is away."""
        body = None if user_ref is None else {"userRef": user_ref}
        headers = {"Authorization": f"Bearer {self.stage.secret('operator-token')}"}
        try:
            async with self.session.request(
                method, self.stage.bridge_url + path, json=body, headers=headers
            ) as answer:
                found: dict[str, Any] = await answer.json(content_type=None)
                return found
        except (aiohttp.ClientError, OSError):
            return {}


def email_of(player: str) -> str:
    """Return the address that the sample game makes up for a player."""
    return f"{player.rpartition(':')[2]}@{DOMAIN}"
