"""The desk inside the running daemon, called through its control socket.

In: the calls of `bridge.control.desk.Desk`. Out: the daemon's answers, or its refusals.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bridge.cli.control import ControlSocket
from bridge.control.views import Json
from bridge.players.canonical import canonical_player


class RemoteDesk:
    """The desk inside the running daemon. The daemon takes `who` from the connection."""

    def __init__(self, control: ControlSocket) -> None:
        self._control = control

    async def status(self) -> Json:
        """Return the numbers of every campaign, and what the daemon says of itself."""
        return await self._control.call("GET", "/v1/operator/status")

    async def entries(
        self,
        campaign: str | None = None,
        player: str | None = None,
        state: str | None = None,
        limit: int = 100,
        reason: str | None = None,
    ) -> list[Json]:
        """Return entries, newest first."""
        asked = {"campaign": campaign, "player": player, "state": state, "reason": reason}
        asked["limit"] = str(limit)
        query = {name: value for name, value in asked.items() if value is not None}
        answer = await self._control.call("GET", "/v1/operator/entries", query=query)
        found: list[Json] = answer["entries"]
        return found

    async def receipt(self, key: str) -> Json:
        """Return everything that is known of one entry."""
        return await self._control.call("GET", f"/v1/achievements/{_segment(key)}")

    async def decide(self, key: str, decision: str, who: str) -> Json:
        """Carry out a decision about one entry."""
        path = f"/v1/operator/entries/{_segment(key)}/decision"
        return await self._control.call("POST", path, {"decision": decision})

    async def release(self, reason: Any, campaign: Any, who: str) -> Json:
        """Let everything go that a brake holds."""
        body = {"reason": reason, "campaign": campaign}
        return await self._control.call("POST", "/v1/operator/release", body)

    async def forget_shadow(self, who: str) -> Json:
        """Make as if shadow mode's entries had never come."""
        return await self._control.call("POST", "/v1/operator/forget-shadow", {})

    async def expire(self, older_than: Any, who: str) -> Json:
        """Discard what has waited for a link for longer than so many seconds."""
        body = {"older_than": older_than}
        return await self._control.call("POST", "/v1/operator/expire", body)

    async def prune(self, *, dry_run: bool) -> Json:
        """Let go what is older than the settings say; that may take its time."""
        body = {"dry_run": dry_run}
        return await self._control.call("POST", "/v1/operator/prune", body, patient=True)

    async def players(self) -> list[Json]:
        """Return every link."""
        answer = await self._control.call("GET", "/v1/operator/players")
        found: list[Json] = answer["players"]
        return found

    async def player(self, player: str) -> Json:
        """Return one player's links and how much is held for them."""
        return await self._control.call("GET", _player(player))

    async def player_story(self, player: str, limit: int = 50) -> Json:
        """Return everything that is known of one player."""
        path = f"/v1/operator/players/{_segment(canonical_player(player))}"
        return await self._control.call("GET", path)

    async def link(self, player: str, user_ref: Any, campaign: Any, who: str) -> Json:
        """Link a player and release what waited."""
        body = {"userRef": user_ref, "campaign": campaign}
        return await self._control.call("PUT", _player(player), body)

    async def link_many(self, links: Any, who: str) -> list[Json]:
        """Link many players; say of each what was released, or its error."""
        body = {"links": links}
        answer = await self._control.call("POST", "/v1/operator/players", body, patient=True)
        found: list[Json] = answer["results"]
        return found

    async def unlink(self, player: str, campaign: Any, who: str) -> Json:
        """Forget a player's link; what waits is held."""
        return await self._control.call("DELETE", _player(player), {"campaign": campaign})

    async def forget(self, player: str, who: str) -> Json:
        """Unlink a player everywhere, and erase addresses and names kept for it."""
        path = f"/v1/operator/players/{_segment(canonical_player(player))}"
        return await self._control.call("DELETE", path)

    async def pause(self, campaign: Any, why: Any, who: str) -> Json:
        """Send nothing of a campaign until it is resumed."""
        path = f"/v1/operator/campaigns/{_segment(str(campaign))}/pause"
        return await self._control.call("POST", path, {"why": why})

    async def resume(self, campaign: Any, who: str) -> Json:
        """Let a paused campaign go on."""
        path = f"/v1/operator/campaigns/{_segment(str(campaign))}/resume"
        return await self._control.call("POST", path, {})

    async def accept_total(self, campaign: Any, who: str) -> Json:
        """Count what was paid beside our ledger as not ours from now on."""
        path = f"/v1/operator/campaigns/{_segment(str(campaign))}/accept-total"
        return await self._control.call("POST", path, {})

    async def reconcile(self, campaign: Any) -> list[Json]:
        """Compare the ledger with the API's history; that takes a call for each user."""
        body = {"campaign": campaign}
        answer = await self._control.call("POST", "/v1/operator/reconcile", body, patient=True)
        found: list[Json] = answer["campaigns"]
        return found

    async def rules(self) -> list[Json]:
        """Return the rules that the outbox remembers, in order."""
        answer = await self._control.call("GET", "/v1/operator/rules")
        found: list[Json] = answer["rules"]
        return found

    async def accept_rules(self, definitions: Sequence[str], journal: str) -> None:
        """Remember other rules, on an operator's word."""
        body = {"definitions": list(definitions), "journal": journal}
        await self._control.call("PUT", "/v1/operator/rules", body)


def _player(player: str) -> str:
    return f"/v1/players/{_segment(canonical_player(player))}"


def _segment(text: str) -> str:
    return quote(text, safe="", errors="replace")
