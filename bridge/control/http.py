"""The calls beside the achievements: players, receipts and the operator's own.

In: HTTP requests that have passed the gate. Out: JSON from the desk. Knows nothing of SQL.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from bridge.control.bodies import json_object
from bridge.control.desk import Desk, rejected
from bridge.control.views import Json
from bridge.gate.guard import ROLE, require
from bridge.gate.roles import Right
from bridge.players.canonical import canonical_player

Reload = Callable[[], Awaitable[Json]]
Hurry = Callable[[str], Awaitable[None]]

#: A name may hold braces, which a plain {player} would not match.
_PLAYER = "/v1/players/{player:[^/]+}"
_PLAYER_STORY = "/v1/operator/players/{player:[^/]+}"
_LANE = "/v1/operator/campaigns/{campaign:[^/]+}"
_LONGEST_NUMBER = 9


def routes(desk: Desk, reload: Reload, hurry: Hurry | None = None) -> list[web.RouteDef]:
    """Return the calls for games and operators; `hurry` hears of players whose link is awaited."""
    calls = Calls(desk, reload, hurry)
    see, read, decide = require(Right.READ_PLAYERS), require(Right.READ), require(Right.DECIDE)
    return [
        web.get("/v1/achievements/{key}", see(calls.receipt)),
        web.get(_PLAYER, see(calls.player)),
        web.put(_PLAYER, decide(calls.link)),
        web.delete(_PLAYER, decide(calls.unlink)),
        web.get("/v1/operator/status", read(calls.status)),
        web.get("/v1/operator/entries", read(calls.entries)),
        web.post("/v1/operator/entries/{key}/decision", decide(calls.decide)),
        web.post("/v1/operator/release", decide(calls.release)),
        web.post("/v1/operator/forget-shadow", decide(calls.forget_shadow)),
        web.post("/v1/operator/expire", decide(calls.expire)),
        web.post("/v1/operator/prune", decide(calls.prune)),
        web.get("/v1/operator/players", read(calls.players)),
        web.post("/v1/operator/players", decide(calls.link_many)),
        web.get(_PLAYER_STORY, read(calls.player_story)),
        web.delete(_PLAYER_STORY, decide(calls.forget)),
        web.post(f"{_LANE}/pause", decide(calls.pause)),
        web.post(f"{_LANE}/resume", decide(calls.resume)),
        web.post(f"{_LANE}/accept-total", decide(calls.accept_total)),
        web.post("/v1/operator/reconcile", decide(calls.reconcile)),
        web.get("/v1/operator/rules", read(calls.rules)),
        web.put("/v1/operator/rules", decide(calls.accept_rules)),
        web.post("/v1/operator/reload", decide(calls.reload)),
    ]


class Calls:
    """One method a call."""

    def __init__(self, desk: Desk, reload: Reload, hurry: Hurry | None) -> None:
        self._desk = desk
        self._reload = reload
        self._hurry = hurry

    async def receipt(self, request: web.Request) -> web.Response:
        return web.json_response(await self._desk.receipt(request.match_info["key"]))

    async def player(self, request: web.Request) -> web.Response:
        player = canonical_player(request.match_info["player"])
        if self._hurry is not None:
            await self._hurry(player)
        return web.json_response(await self._desk.player(player))

    async def link(self, request: web.Request) -> web.Response:
        body = await json_object(request, {"userRef", "campaign"})
        answer = await self._desk.link(
            request.match_info["player"], body.get("userRef"), body.get("campaign"), _who(request)
        )
        return web.json_response(answer)

    async def unlink(self, request: web.Request) -> web.Response:
        body = await json_object(request, {"campaign"})
        campaign = body.get("campaign", request.query.get("campaign"))
        answer = await self._desk.unlink(request.match_info["player"], campaign, _who(request))
        return web.json_response(answer)

    async def status(self, request: web.Request) -> web.Response:
        return web.json_response(await self._desk.status())

    async def entries(self, request: web.Request) -> web.Response:
        asked = request.query
        limit = asked.get("limit", "100")
        if not limit.isdecimal() or len(limit) > _LONGEST_NUMBER:
            raise rejected("/limit", "limit must be a number")
        found = await self._desk.entries(
            asked.get("campaign"),
            asked.get("player"),
            asked.get("state"),
            int(limit),
            asked.get("reason"),
        )
        return web.json_response({"entries": found})

    async def decide(self, request: web.Request) -> web.Response:
        body = await json_object(request, {"decision"})
        answer = await self._desk.decide(
            request.match_info["key"], str(body.get("decision")), _who(request)
        )
        return web.json_response(answer)

    async def release(self, request: web.Request) -> web.Response:
        body = await json_object(request, {"reason", "campaign"})
        answer = await self._desk.release(body.get("reason"), body.get("campaign"), _who(request))
        return web.json_response(answer)

    async def forget_shadow(self, request: web.Request) -> web.Response:
        await json_object(request, set())
        return web.json_response(await self._desk.forget_shadow(_who(request)))

    async def expire(self, request: web.Request) -> web.Response:
        body = await json_object(request, {"older_than"})
        return web.json_response(await self._desk.expire(body.get("older_than"), _who(request)))

    async def prune(self, request: web.Request) -> web.Response:
        body = await json_object(request, {"dry_run"})
        dry_run = body.get("dry_run", False)
        if not isinstance(dry_run, bool):
            raise rejected("/dry_run", "dry_run must be true or false")
        return web.json_response(await self._desk.prune(dry_run=dry_run))

    async def player_story(self, request: web.Request) -> web.Response:
        return web.json_response(await self._desk.player_story(request.match_info["player"]))

    async def forget(self, request: web.Request) -> web.Response:
        player = request.match_info["player"]
        return web.json_response(await self._desk.forget(player, _who(request)))

    async def pause(self, request: web.Request) -> web.Response:
        body = await json_object(request, {"why"})
        campaign = request.match_info["campaign"]
        return web.json_response(await self._desk.pause(campaign, body.get("why"), _who(request)))

    async def resume(self, request: web.Request) -> web.Response:
        await json_object(request, set())
        answer = await self._desk.resume(request.match_info["campaign"], _who(request))
        return web.json_response(answer)

    async def accept_total(self, request: web.Request) -> web.Response:
        await json_object(request, set())
        answer = await self._desk.accept_total(request.match_info["campaign"], _who(request))
        return web.json_response(answer)

    async def reconcile(self, request: web.Request) -> web.Response:
        body = await json_object(request, {"campaign"})
        return web.json_response({"campaigns": await self._desk.reconcile(body.get("campaign"))})

    async def link_many(self, request: web.Request) -> web.Response:
        body = await json_object(request, {"links"})
        results = await self._desk.link_many(body.get("links"), _who(request))
        return web.json_response({"results": results})

    async def players(self, request: web.Request) -> web.Response:
        return web.json_response({"players": await self._desk.players()})

    async def rules(self, request: web.Request) -> web.Response:
        return web.json_response({"rules": await self._desk.rules()})

    async def accept_rules(self, request: web.Request) -> web.Response:
        body = await json_object(request, {"definitions", "journal"})
        definitions = body.get("definitions")
        if not isinstance(definitions, list) or not all(isinstance(d, str) for d in definitions):
            raise rejected("/definitions", "definitions must be a list of rules as JSON text")
        await self._desk.accept_rules(definitions, body.get("journal", ""))
        return web.json_response({"rules": len(definitions)})

    async def reload(self, request: web.Request) -> web.Response:
        return web.json_response(await self._reload())


def _who(request: web.Request) -> str:
    """Return whom the journal names: the role, and a unix peer's user name where it says one."""
    given = request.headers.get("X-Operator", "")
    name = given if given.isprintable() and 0 < len(given) <= 64 else ""
    return f"{request[ROLE]} {name}".strip()
