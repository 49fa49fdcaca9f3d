"""Every page of the dashboard is behind this door: signed in, and forms only from pages of ours.

In: requests. Out: what handlers make of them, given the visit; else the way to sign in, or a
refusal. Knows nothing of what the pages show.
"""

import hmac
import math
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlencode, urlsplit

import jinja2
from aiohttp import web

from bridge.look.forms import Form, read_form
from bridge.look.page import SECURITY_HEADERS, render, see_other
from bridge.sandbox.dashboard.visits import LIFETIME, Tries, Visit, Visits
from bridge.sandbox.hosted.failures import DASHBOARD
from bridge.sandbox.hosted.visitors import STALE, Visitors
from bridge.sandbox.oracle.admission import Admins

SIGN_IN: Final = "/dashboard/sign-in"
SIGN_OUT: Final = "/dashboard/sign-out"
#: The cookies are sent to the dashboard only, not to the API or to a player's page.
PATH: Final = "/dashboard"
#: A form's own number: sent twice, it counts once.
ONCE: Final = "once"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Show = Callable[[web.Request, Visit], Awaitable[web.Response]]
Act = Callable[[web.Request, Visit, Form], Awaitable[web.Response]]


class Door:
    """Signing in and out, and the wrapping of handlers."""

    def __init__(
        self,
        visits: Visits,
        admins: Admins,
        tries: Tries,
        pages: jinja2.Environment,
        url: Callable[[], str],
    ) -> None:
        self._visits = visits
        self._admins = admins
        self._tries = tries
        self._pages = pages
        self._url = url
        self._strangers = Visitors("sandbox-stranger", url)

    def seen(self, show: Show) -> Handler:
        """Return `show` for those who are signed in."""

        async def handler(request: web.Request) -> web.StreamResponse:
            visit = self._visit(request)
            if visit is None:
                return _to_sign_in(request, request.path_qs)
            return await show(request, visit)

        return handler

    def posted(self, act: Act) -> Handler:
        """Return `act` for those who are signed in and sent a form of ours; once each."""

        async def handler(request: web.Request) -> web.StreamResponse:
            visit = self._visit(request)
            if visit is None:
                return _to_sign_in(request, "")
            form = await read_form(request)
            _check(form, visit)
            async with visit.turn:
                led_to = visit.sent(form.one(ONCE))
                if led_to is not None:
                    return see_other(led_to)
                response = await act(request, visit, form)
                if response.status == 303 and form.one(ONCE):
                    visit.remember(form.one(ONCE), response.headers["Location"])
                return response

        return handler

    def routes(self) -> list[web.RouteDef]:
        """Return the pages of the door itself."""
        return [
            web.get(SIGN_IN, self.ask),
            web.post(SIGN_IN, self.sign_in),
            web.post(SIGN_OUT, self.posted(self.sign_out)),
        ]

    async def ask(self, request: web.Request) -> web.Response:
        """Show the form; a code in the address is only used up by sending it."""
        onwards, code = _onwards(request.query.get("next", "")), request.query.get("code", "")
        if self._visit(request) is not None:
            return see_other(onwards)
        usable = code if self._visits.usable(code) else ""
        return self._form(request, onwards, code=usable, used=bool(code) and not usable)

    async def sign_in(self, request: web.Request) -> web.Response:
        form = await read_form(request)
        self._strangers.check(request, form)
        onwards = _onwards(form.one("next"))
        if (wait := self._tries.wait()) > 0:
            return self._form(request, onwards, 429, f"Wait {math.ceil(wait)} s, then try again.")
        code, token = form.one("code"), form.one("token")
        if self._visits.redeem(code) if code else self._admins.may(token):
            response = see_other(onwards)
            self._keep(response, self._visits.begin(), int(LIFETIME))
            return response
        self._tries.wrong()
        if code:
            return self._form(request, onwards, 403, used=True)
        return self._form(request, onwards, 403, "This is not the admin token.")

    async def sign_out(self, request: web.Request, _: Visit, __: Form) -> web.Response:
        self._visits.end(request.cookies.get(self._cookie(), ""))
        response = see_other(SIGN_IN)
        self._keep(response, "", 0)
        return response

    def _form(
        self,
        request: web.Request,
        onwards: str,
        status: int = 200,
        error: str | None = None,
        *,
        code: str = "",
        used: bool = False,
    ) -> web.Response:
        stranger = self._strangers.known(request)
        response = render(
            self._pages,
            "dashboard/sign_in.html",
            status=status,
            action=SIGN_IN,
            csrf=self._strangers.token(stranger),
            onwards=onwards,
            error=error,
            code=code,
            used=used,
        )
        if status == 429:
            response.headers["Retry-After"] = str(math.ceil(self._tries.wait()))
        return self._strangers.keep(response, stranger, SIGN_IN)

    def _visit(self, request: web.Request) -> Visit | None:
        return self._visits.find(request.cookies.get(self._cookie(), ""))

    def _keep(self, response: web.Response, name: str, seconds: int) -> None:
        response.set_cookie(
            self._cookie(), name, max_age=seconds, path=PATH, httponly=True, samesite="Strict"
        )

    def _cookie(self) -> str:
        return f"sandbox-visit-{urlsplit(self._url()).port}"  # cookies know no port


def _check(form: Form, visit: Visit) -> None:
    """Refuse a form that no page of this visit gave out."""
    token = form.one("csrf").encode(errors="replace")
    if not hmac.compare_digest(token, visit.csrf.encode()):
        raise web.HTTPForbidden(reason=STALE)


def _onwards(asked: str) -> str:
    """Return where to go after signing in: a page of the dashboard, whatever was asked."""
    ours = asked.startswith(f"{PATH}/") and asked.isprintable() and asked.isascii()
    return asked if ours and not asked.startswith(SIGN_IN) else DASHBOARD


def _to_sign_in(request: web.Request, onwards: str) -> web.Response:
    address = f"{SIGN_IN}?{urlencode({'next': onwards})}" if onwards else SIGN_IN
    if request.headers.get("HX-Request") != "true":
        return see_other(address)
    # htmx would follow a redirect and put the form in the place of what it refreshes.
    return web.Response(headers={**SECURITY_HEADERS, "HX-Redirect": SIGN_IN})
