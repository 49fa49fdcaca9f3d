"""Linking, as games ask for it: sessions begun and looked at, the URL as a QR code.

In: HTTP requests that have passed the gate. Out: where the player approves, and how far it is.
"""

import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode

from aiohttp import web

from bridge.control.asked import campaign_of, rejected
from bridge.control.bodies import json_object
from bridge.control.views import Json, when
from bridge.errors import LinkNotFound
from bridge.gate.guard import require
from bridge.gate.roles import Right
from bridge.loading import later
from bridge.outbox.links import CodeFor, Session, SessionState
from bridge.players.canonical import canonical_player

if TYPE_CHECKING:
    import segno
else:
    segno = later("segno")

_LINK = "/v1/players/{player:[^/]+}/link"


class Linking(Protocol):
    """What begins sessions; `bridge.linking.service.Linker` is one."""

    @property
    def page_url(self) -> str | None:
        """Where players find the public page, None where there is none."""
        ...

    async def begin(self, campaign: str, player: str | None, email: str) -> Session:
        """Begin a link session, or return the open one."""
        ...

    async def newest(self, player: str) -> Session | None:
        """Return a player's newest session."""
        ...

    async def hurry(self, player: str) -> None:
        """Have a player's open session looked at now: somebody waits for it."""
        ...

    async def find_code(self, code: str) -> CodeFor | None:
        """Return whom a fresh code stands for, and leave it fresh."""
        ...

    async def code_for_player(self, campaign: str, player: str) -> tuple[str, datetime]:
        """Return a fresh code for the page, and when it ends."""
        ...


def routes(linker: Linking, campaigns: Callable[[], Sequence[str]]) -> list[web.RouteDef]:
    """Return the calls; `campaigns` are the ids that are configured now."""
    calls = _Calls(linker, campaigns)
    begin, see = require(Right.LINK), require(Right.READ_PLAYERS)
    return [
        web.post(_LINK, begin(calls.begin)),
        web.get(_LINK, see(calls.look)),
        web.get(_LINK + ".svg", see(calls.picture)),
    ]


class _Calls:
    """One method a call."""

    def __init__(self, linker: Linking, campaigns: Callable[[], Sequence[str]]) -> None:
        self._linker = linker
        self._campaigns = campaigns

    async def begin(self, request: web.Request) -> web.Response:
        """Begin a session: 201 with its URL, 202 where the API could not be asked yet."""
        body = await json_object(request, {"email", "campaign"})
        player = canonical_player(request.match_info["player"])
        campaign = campaign_of(body.get("campaign"), self._campaigns())
        email = body.get("email")
        if email is None and self._linker.page_url is not None:
            return await self._by_code(campaign, player)
        if not isinstance(email, str):
            hint = "; with [link_page] a player could type it there" if email is None else ""
            raise rejected("/email", f"email is required, as text{hint}")
        session = await self._linker.begin(campaign, player, email)
        status = 202 if session.state is SessionState.STARTING else 201
        return web.json_response(session_answer(session), status=status)

    async def _by_code(self, campaign: str, player: str) -> web.Response:
        code, ends_at = await self._linker.code_for_player(campaign, player)
        answer: Json = {
            "url": self._url_of(code),
            "session": None,
            "state": "code",
            "code": code,
            "expires_at": when(ends_at),
        }
        return web.json_response(answer, status=201)

    async def look(self, request: web.Request) -> web.Response:
        """Say how far the player's newest session is, and have it looked at for the next time."""
        await self._linker.hurry(canonical_player(request.match_info["player"]))
        return web.json_response(session_answer(await self._newest(request)))

    async def picture(self, request: web.Request) -> web.Response:
        """Return a URL as a QR code: that of the player's open session, or of a `code`."""
        code = request.query.get("code")
        url = await (self._of_session(request) if code is None else self._of_code(request, code))
        picture = io.BytesIO()
        segno.make(url, error="m").save(picture, kind="svg", scale=8, border=4, light="#fff")
        headers = {"Cache-Control": "no-store"}
        return web.Response(body=picture.getvalue(), content_type="image/svg+xml", headers=headers)

    async def _of_session(self, request: web.Request) -> str:
        session = await self._newest(request)
        if session.url is None or not session.state.is_open:
            raise LinkNotFound(f"the player's newest link session is {session.state.value}")
        return session.url

    async def _of_code(self, request: web.Request, code: str) -> str:
        player = canonical_player(request.match_info["player"])
        found = await self._linker.find_code(code)
        if self._linker.page_url is None or found is None or found.player != player:
            raise LinkNotFound("this code is unknown, was used, or is too old")
        return self._url_of(code)

    def _url_of(self, code: str) -> str:
        return f"{self._linker.page_url}?{urlencode({'code': code})}"

    async def _newest(self, request: web.Request) -> Session:
        player = canonical_player(request.match_info["player"])
        session = await self._linker.newest(player)
        if session is None:
            raise LinkNotFound(f"no link session was ever begun for {player}")
        return session


def session_answer(session: Session) -> Json:
    """Return a session as a game is told of it."""
    return {
        "url": session.url if session.state.is_open else None,
        "session": str(session.id),
        "state": session.state.value,
        "detail": session.detail,
        "campaign": session.campaign,
        "expires_at": when(session.ends_at),
    }
