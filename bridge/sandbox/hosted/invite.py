"""The page of an invite: a player types an email address and is linked.

In: the invite's token. Out: pages. A player never learns the invite's label, how many came, or
whether somebody else is linked: a closed invite says the same to everybody.
"""

from functools import partial

import jinja2
from aiohttp import web
from pydantic import ValidationError

from bridge.look.forms import read_form
from bridge.look.page import render, see_other
from bridge.sandbox import campaigns, inviting
from bridge.sandbox.answers import Refused
from bridge.sandbox.api.invites import INVITE_PAGE
from bridge.sandbox.api.shapes import NewLink
from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.books.invites import Invite
from bridge.sandbox.hosted.forms import NO_EMAIL, problems
from bridge.sandbox.hosted.visitors import Visitors
from bridge.sandbox.readings import INVITE_CLOSED, InviteState

JOINED = "joined"


class InvitePage:
    """The handlers."""

    def __init__(self, keeper: Bookkeeper, pages: jinja2.Environment, visitors: Visitors) -> None:
        self._keeper = keeper
        self._pages = pages
        self._visitors = visitors

    def routes(self) -> list[web.RouteDef]:
        """Return the page and what its form is sent to."""
        page = f"{INVITE_PAGE}{{token}}"
        return [web.get(page, self.show), web.post(page, self.join)]

    async def show(self, request: web.Request) -> web.Response:
        return await self._page(request)

    async def join(self, request: web.Request) -> web.Response:
        form = await read_form(request)
        visitor = self._visitors.check(request, form)
        email, token = form.one("email"), request.match_info["token"]
        try:
            asked = NewLink(email=email)
        except ValidationError as found:
            error = problems(found, {"email": NO_EMAIL})["email"]
            return await self._page(request, 422, email, error)
        try:
            work = partial(self._joined, token=token, visitor=visitor, email=asked.email)
            invite_id, user_ref = await self._keeper.write(work)
        except Refused as refused:
            if refused.answer.status == 404:
                raise
            return await self._page(request, refused.answer.status)
        self._visitors.remember(visitor, invite_id, user_ref)
        return see_other(f"{INVITE_PAGE}{token}")

    async def _page(
        self, request: web.Request, status: int = 0, email: str = "", error: str | None = None
    ) -> web.Response:
        visitor, token = self._visitors.known(request), request.match_info["token"]
        look = partial(self._seen, token=token, visitor=visitor)
        campaign, state = await self._keeper.read(look)
        closed = state not in {JOINED, InviteState.ACTIVE}
        response = render(
            self._pages,
            "hosted/invite.html",
            status=status or (INVITE_CLOSED.status if closed else 200),
            campaign=campaign.name,
            state=state,
            email=email,
            error=error,
            action=f"{INVITE_PAGE}{token}",
            csrf=self._visitors.token(visitor),
        )
        return self._visitors.keep(response, visitor, INVITE_PAGE.rstrip("/"))

    def _seen(self, books: Books, token: str, visitor: str) -> tuple[Campaign, str]:
        known = inviting.of_token(books, token)
        linked = self._linked(books, known, visitor)
        state = known.state_at(books.now).value if linked is None else JOINED
        return campaigns.found(books, known.campaign_id), state

    def _joined(self, books: Books, token: str, visitor: str, email: str) -> tuple[str, str]:
        """Link a player; a closed invite answers before anybody's email address is looked up."""
        known = inviting.of_token(books, token)
        linked = self._linked(books, known, visitor)
        if linked is not None:
            return known.id, linked
        state = known.state_at(books.now)
        if state is not InviteState.ACTIVE:
            raise Refused(INVITE_CLOSED, f"it is {state}")
        return known.id, inviting.use(books, token, email)

    def _linked(self, books: Books, known: Invite, visitor: str) -> str | None:
        """Return the userRef that this browser got by this invite, and still has."""
        user_ref = self._visitors.joined(visitor, known.id)
        user = user_ref and books.users.find(known.campaign_id, user_ref)
        return user.user_ref if user and user.linked else None
