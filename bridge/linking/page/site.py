"""The public page: an e-mail address in, the campaign's own approval, a code out.

In: requests of browsers on the open internet. Out: pages. Two ways lead through it:

- the player comes by a browser: address, approval, and then a code that they type in the game;
- the player comes from the game, whose URL has a code: address, approval, done.

It never says whether an address is known, and works without JavaScript.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from bridge.errors import MessageRejected
from bridge.events import Clock
from bridge.linking.page.failures import as_pages
from bridge.linking.page.limits import Limits, address_of
from bridge.linking.page.visitors import Visitor, Visitors
from bridge.linking.service import Linker
from bridge.look.assets import static_routes
from bridge.look.forms import read_form
from bridge.look.page import environment, render, see_other
from bridge.outbox.links import Session, SessionState
from bridge.settings.models import LinkPageSettings

#: A form of two short fields.
_LONGEST_FORM: Final = 8 * 1024
#: Codes that are remembered as shown; beyond it a page that is looked at again gets a fresh one.
_REMEMBERED: Final = 10_000

_NO_EMAIL: Final = "Write one e-mail address, such as player@example.com."
_NO_CODE: Final = "This code is unknown, was used, or is too old. Get a new one in the game."


class LinkSite:
    """The handlers; `campaign` is whose users players become."""

    def __init__(
        self, linker: Linker, settings: LinkPageSettings, campaign: str, key: bytes, clock: Clock
    ) -> None:
        public = urlsplit(settings.public_url or "")
        self._linker = linker
        self._campaign = campaign
        self._clock = clock
        self._behind_proxy = settings.behind_proxy
        self._limits = Limits(clock, settings.per_minute)
        self._prefix = public.path.rstrip("/")
        self._at = f"{self._prefix}/link"
        secure = public.scheme == "https"
        self._visitors = Visitors(key, secure=secure, path=self._at)
        self._shown: OrderedDict[int, tuple[str, datetime]] = OrderedDict()
        self.pages = environment("bridge.linking.page", static=f"{self._prefix}/look")
        self.pages.globals.update(product="Link your account", at=self._at)

    def routes(self) -> list[web.RouteDef]:
        """Return the page at its public path, and at the plain one, as a proxy may have it."""
        found: list[web.RouteDef] = []
        for prefix in sorted({"", self._prefix}):
            found += [
                web.get(f"{prefix}/", self.home),
                web.get(f"{prefix}/link", self.show),
                web.post(f"{prefix}/link", self.begin),
                *static_routes(f"{prefix}/look"),
            ]
        return found

    async def home(self, request: web.Request) -> web.Response:
        """Send those on who left the path out."""
        return see_other(self._at)

    async def show(self, request: web.Request) -> web.Response:
        """Show how far this browser's session is, or ask for an address."""
        self._limits.look(address_of(request, behind_proxy=self._behind_proxy))
        visitor, code = self._visitors.of(request), request.query.get("code", "")
        session = None
        if visitor.session_id is not None and not code:
            session = await self._linker.session(visitor.session_id)
        if session is None:
            return self._ask(visitor, code)
        return await self._progress(visitor, session)

    async def begin(self, request: web.Request) -> web.Response:
        """Begin a session with what the form says."""
        form = await read_form(request)
        visitor = self._visitors.check(request, form)
        if form.has("again"):
            return self._visitors.keep(see_other(self._at), Visitor(visitor.name))
        email, code = form.one("email"), form.one("code")
        address = address_of(request, behind_proxy=self._behind_proxy)
        self._limits.attempt(address, with_code=bool(code))
        try:
            session = await self._begin(email, code)
        except MessageRejected:
            return self._ask(visitor, code, email, _NO_EMAIL, status=422)
        if session is None:
            self._limits.wrong_code()
            return self._ask(visitor, code, email, code_error=_NO_CODE, status=422)
        return self._visitors.keep(see_other(self._at), Visitor(visitor.name, session.id))

    async def _begin(self, email: str, code: str) -> Session | None:
        if code:
            return await self._linker.begin_by_code(code, email)
        return await self._linker.begin(self._campaign, None, email)

    def _ask(
        self,
        visitor: Visitor,
        code: str,
        email: str = "",
        error: str | None = None,
        code_error: str | None = None,
        status: int = 200,
    ) -> web.Response:
        response = render(
            self.pages,
            "link/ask.html",
            status=status,
            code=code,
            email=email,
            error=error,
            code_error=code_error,
            csrf=self._visitors.csrf(visitor),
        )
        return self._visitors.keep(response, visitor)

    async def _progress(self, visitor: Visitor, session: Session) -> web.Response:
        code = None
        if session.state is SessionState.LINKED and session.player is None:
            code = await self._code(session)
        response = render(
            self.pages,
            "link/progress.html",
            state=session.state.value,
            email=session.email,
            player=session.player,
            url=session.url,
            code=code,
            csrf=self._visitors.csrf(visitor),
        )
        return self._visitors.keep(response, visitor)

    async def _code(self, session: Session) -> str:
        """Return the code that is shown for a session, the same until it ends."""
        code, ends_at = self._shown.pop(session.id, ("", self._clock.now()))
        if ends_at <= self._clock.now():
            code, ends_at = await self._linker.code_for_session(session)
        self._shown[session.id] = code, ends_at
        if len(self._shown) > _REMEMBERED:
            self._shown.popitem(last=False)
        return code


def page_application(site: LinkSite, more: Sequence[web.RouteDef]) -> web.Application:
    """Return the application of the page's own listener; `more` is what else it answers."""
    app = web.Application(middlewares=[as_pages(site.pages)], client_max_size=_LONGEST_FORM)
    app.add_routes([*site.routes(), *more])
    return app
