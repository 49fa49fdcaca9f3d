"""A campaign's users: who is linked, who was asked, what one of them was paid.

In: forms. Out: link sessions with the address that a player opens; links that end.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

from aiohttp import web
from pydantic import ValidationError

from bridge.look.forms import Form
from bridge.look.page import see_other
from bridge.sandbox import campaigns, linking
from bridge.sandbox.answers import Refused
from bridge.sandbox.api.links import APPROVAL_PAGE
from bridge.sandbox.api.shapes import NewLink, PageQuery, read_query
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.books.ledger import Payout
from bridge.sandbox.books.sessions import LinkSession
from bridge.sandbox.books.users import User
from bridge.sandbox.dashboard.door import Door
from bridge.sandbox.dashboard.frame import Frame, address, paging
from bridge.sandbox.dashboard.routes import CAMPAIGN, campaign_of
from bridge.sandbox.dashboard.visits import Visit
from bridge.sandbox.hosted.forms import NO_EMAIL, problems
from bridge.sandbox.readings import UNKNOWN_USER, LinkState

USERS: Final = "/users"
#: Link sessions that are shown, newest first.
SESSIONS: Final = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """What the list shows; each session with the state that it has now."""

    campaign: Campaign
    users: list[User]
    total: int
    labels: dict[str, str]
    sessions: list[tuple[LinkSession, str]]


class UserPages:
    """The handlers; `lifetime` is how long a player may take to approve (seconds)."""

    def __init__(self, frame: Frame, door: Door, lifetime: float) -> None:
        self._frame = frame
        self._door = door
        self._lifetime = lifetime

    def routes(self) -> list[web.RouteDef]:
        """Return the pages; a userRef can be any text, so it stands in the query."""
        return [
            web.get(CAMPAIGN + USERS, self._door.seen(self.show)),
            web.get(f"{CAMPAIGN}{USERS}/history", self._door.seen(self.history)),
            web.post(f"{CAMPAIGN}{USERS}/link", self._door.posted(self.link)),
            web.post(f"{CAMPAIGN}{USERS}/remove", self._door.posted(self.remove)),
        ]

    async def show(self, request: web.Request, visit: Visit) -> web.Response:
        return await self._page(request, visit)

    async def history(self, request: web.Request, visit: Visit) -> web.Response:
        user_ref = request.query.get("ref", "")
        asked = read_query(PageQuery, request.query)
        campaign, user, paid, total = await self._frame.keeper.read(
            partial(_history, campaign_id=campaign_of(request), user_ref=user_ref, asked=asked)
        )
        return self._frame.campaign_page(
            visit,
            "dashboard/history.html",
            campaign,
            "Users",
            user=user,
            paid=paid,
            total=total,
            pages=paging(request, asked, total, len(paid)),
        )

    async def link(self, request: web.Request, visit: Visit, form: Form) -> web.Response:
        campaign_id, email = campaign_of(request), form.one("email")
        try:
            asked = NewLink(email=email)
        except ValidationError as found:
            error = problems(found, {"email": NO_EMAIL})["email"]
            return await self._page(request, visit, 422, email, error)

        def work(books: Books) -> tuple[LinkSession, bool]:
            return linking.initiate(books, campaign_id, asked.email, None, self._lifetime)

        session, new = await self._frame.change(campaign_id, work)
        visit.say("good" if new else "info", _told(session, new))
        return see_other(address(campaign_id, USERS))

    async def remove(self, request: web.Request, visit: Visit, form: Form) -> web.Response:
        campaign_id, user_ref = campaign_of(request), form.one("ref")
        try:
            await self._frame.change(
                campaign_id, lambda books: linking.remove(books, campaign_id, user_ref, None)
            )
            visit.say("good", f"{user_ref[:60]} is no longer linked.")
        except Refused as refused:
            if str(refused) != UNKNOWN_USER.error:
                raise
            visit.say("warning", "That user was not linked any more.")
        return see_other(address(campaign_id, USERS))

    async def _page(
        self,
        request: web.Request,
        visit: Visit,
        status: int = 200,
        email: str = "",
        error: str | None = None,
    ) -> web.Response:
        asked = read_query(PageQuery, request.query)
        seen = await self._frame.keeper.read(
            partial(_seen, campaign_id=campaign_of(request), asked=asked)
        )
        return self._frame.campaign_page(
            visit,
            "dashboard/users.html",
            seen.campaign,
            "Users",
            status,
            seen=seen,
            email=email,
            error=error,
            approval=f"{self._frame.url()}{APPROVAL_PAGE}?session=",
            pages=paging(request, asked, seen.total, len(seen.users)),
        )


def _told(session: LinkSession, new: bool) -> str:
    if new:
        return f"A link for {session.email[:80]} has begun: give its address to the player."
    if session.state is LinkState.APPROVED:
        return f"{session.email[:80]} is linked already."
    return f"A link for {session.email[:80]} is on its way already."


def _seen(books: Books, campaign_id: str, asked: PageQuery) -> Seen:
    campaign = campaigns.found(books, campaign_id)
    users = books.users.listing(campaign_id, asked.limit, asked.offset)
    came_by = {user.invite_id for user in users if user.invite_id is not None}
    invites = [books.invites.find(campaign_id, invite_id) for invite_id in came_by]
    sessions = books.sessions.of_campaign(campaign_id, SESSIONS)
    return Seen(
        campaign,
        users,
        books.users.count(campaign_id),
        {invite.id: invite.label for invite in invites if invite is not None},
        [(one, one.state_at(books.now).value) for one in sessions if one.invite_id is None],
    )


def _history(
    books: Books, campaign_id: str, user_ref: str, asked: PageQuery
) -> tuple[Campaign, User, list[Payout], int]:
    campaign = campaigns.found(books, campaign_id)
    user = linking.known_user(books, campaign_id, user_ref)
    paid = books.ledger.of_user(campaign_id, user_ref, asked.limit, asked.offset)
    return campaign, user, paid, books.ledger.count_of_user(campaign_id, user_ref)
