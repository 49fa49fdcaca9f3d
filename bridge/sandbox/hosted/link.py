"""The page on which a player approves a link, or declines it.

In: the session's key, which is the whole capability. Out: what the session is. A player learns
which campaign asks and for which email address, nothing else.
"""

from collections.abc import Callable
from functools import partial

import jinja2
from aiohttp import web

from bridge.look.forms import Form, read_form
from bridge.look.page import render, see_other
from bridge.sandbox import campaigns, linking
from bridge.sandbox.answers import Refused
from bridge.sandbox.api.links import APPROVAL_PAGE
from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.books.sessions import LinkSession
from bridge.sandbox.hosted.visitors import Visitors
from bridge.sandbox.readings import LinkState

#: What the two buttons say.
_DECISIONS: dict[str, Callable[[Books, str], object]] = {
    "approve": linking.approve,
    "decline": linking.decline,
}

Known = tuple[Campaign, LinkSession, LinkState]


class LinkPage:
    """The handlers."""

    def __init__(self, keeper: Bookkeeper, pages: jinja2.Environment, visitors: Visitors) -> None:
        self._keeper = keeper
        self._pages = pages
        self._visitors = visitors

    def routes(self) -> list[web.RouteDef]:
        """Return the page and what its form is sent to."""
        return [web.get(APPROVAL_PAGE, self.show), web.post(APPROVAL_PAGE, self.decide)]

    async def show(self, request: web.Request) -> web.Response:
        return await self._page(request, request.query.get("session", ""))

    async def decide(self, request: web.Request) -> web.Response:
        form = await read_form(request)
        self._visitors.check(request, form)
        key = form.one("session")
        try:
            await self._keeper.write(partial(_decided, key=key, form=form))
        except Refused as refused:
            if refused.answer.status == 404:
                raise
            return await self._page(request, key, refused.answer.status)
        return see_other(f"{APPROVAL_PAGE}?session={key}")

    async def _page(self, request: web.Request, key: str, status: int = 200) -> web.Response:
        campaign, session, state = await self._keeper.read(partial(_known, key=key))
        visitor = self._visitors.known(request)
        response = render(
            self._pages,
            "hosted/link.html",
            status=status,
            campaign=campaign.name,
            email=session.email,
            session=key,
            state=state.value,
            action=APPROVAL_PAGE,
            csrf=self._visitors.token(visitor),
        )
        return self._visitors.keep(response, visitor, APPROVAL_PAGE)


def _known(books: Books, key: str) -> Known:
    """Return a session that still says something: one that was removed since is over."""
    session = linking.session(books, key)
    state = session.state_at(books.now)
    if state is LinkState.APPROVED and session.user_ref is not None:
        user = books.users.find(session.campaign_id, session.user_ref)
        if user is None or not user.linked:
            state = LinkState.EXPIRED
    return campaigns.found(books, session.campaign_id), session, state


def _decided(books: Books, key: str, form: Form) -> None:
    decide = _DECISIONS.get(form.one("decision"))
    linking.session(books, key)
    if decide is None:
        raise web.HTTPBadRequest(reason="Choose to approve or to decline")
    decide(books, key)
