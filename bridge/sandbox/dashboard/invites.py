"""Link invites: made, limited, paused, resumed, revoked; and who came by each.

In: forms. Out: invites with the address that players open.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

from aiohttp import web
from pydantic import ValidationError

from bridge.look.forms import Form
from bridge.look.page import see_other
from bridge.sandbox import campaigns, inviting
from bridge.sandbox.answers import Refused
from bridge.sandbox.api.invites import INVITE_PAGE
from bridge.sandbox.api.shapes import NewInvite, PageQuery, read_query
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.books.invites import Invite
from bridge.sandbox.books.page import as_text
from bridge.sandbox.books.sessions import LinkSession
from bridge.sandbox.dashboard.door import Door
from bridge.sandbox.dashboard.frame import Frame, address, paging
from bridge.sandbox.dashboard.routes import CAMPAIGN, campaign_of
from bridge.sandbox.dashboard.visits import Flash, Visit
from bridge.sandbox.hosted.forms import problems
from bridge.sandbox.inviting import Terms

INVITES: Final = "/invites"
_ONE: Final = f"{CAMPAIGN}{INVITES}/{{invite_id:[A-Za-z0-9_-]{{1,100}}}}"
_FIELDS: Final = ("label", "maxUses", "expiresAt")
_SAYINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "maxUses": "Write a whole number from 1 to 1,000,000,000, or nothing for no limit.",
        "expiresAt": "Write a time such as 2027-01-31T12:00, or nothing for no end.",
    }
)
_DECISIONS: Final[Mapping[str, tuple[Callable[[Books, Invite], Invite], str]]] = MappingProxyType(
    {
        "pause": (inviting.pause, "The invite is paused: nobody can join by it."),
        "resume": (inviting.resume, "The invite can be used again, within its limits."),
        "revoke": (inviting.revoke, "The invite was revoked for good."),
    }
)

State = tuple[Invite, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """One invite, and the enrolments that it brought."""

    campaign: Campaign
    invite: Invite
    state: str
    enrolled: list[LinkSession]
    total: int


class InvitePages:
    """The handlers."""

    def __init__(self, frame: Frame, door: Door) -> None:
        self._frame = frame
        self._door = door

    def routes(self) -> list[web.RouteDef]:
        """Return the pages and their forms."""
        return [
            web.get(CAMPAIGN + INVITES, self._door.seen(self.listing)),
            web.post(CAMPAIGN + INVITES, self._door.posted(self.create)),
            web.get(_ONE, self._door.seen(self.show)),
            web.post(_ONE, self._door.posted(self.update)),
            web.post(f"{_ONE}/{{verb:{'|'.join(_DECISIONS)}}}", self._door.posted(self.decide)),
        ]

    async def listing(self, request: web.Request, visit: Visit) -> web.Response:
        return await self._list(request, visit)

    async def create(self, request: web.Request, visit: Visit, form: Form) -> web.Response:
        campaign_id = campaign_of(request)
        try:
            terms = _terms(form)
        except ValidationError as found:
            return await self._list(request, visit, 422, form, problems(found, _SAYINGS))
        made = await self._frame.change(
            campaign_id, lambda books: inviting.create(books, campaign_id, terms)
        )
        visit.say("good", "The invite was made: give its address to players.")
        return see_other(address(campaign_id, f"{INVITES}/{made.id}"))

    async def show(self, request: web.Request, visit: Visit) -> web.Response:
        return await self._one(request, visit)

    async def update(self, request: web.Request, visit: Visit, form: Form) -> web.Response:
        try:
            terms = _terms(form)
        except ValidationError as found:
            return await self._one(request, visit, 422, form, problems(found, _SAYINGS))
        change = partial(inviting.update, terms=terms)
        return await self._changed(request, visit, change, "The invite was changed.", form)

    async def decide(self, request: web.Request, visit: Visit, _: Form) -> web.Response:
        change, told = _DECISIONS[request.match_info["verb"]]
        return await self._changed(request, visit, change, told)

    async def _changed(
        self,
        request: web.Request,
        visit: Visit,
        change: Callable[[Books, Invite], Invite],
        told: str,
        form: Form | None = None,
    ) -> web.Response:
        campaign_id, invite_id = campaign_of(request), request.match_info["invite_id"]

        def work(books: Books) -> None:
            change(books, inviting.invite(books, campaign_id, invite_id))

        try:
            await self._frame.change(campaign_id, work)
        except Refused as refused:
            say = ("bad", f"Refused with {refused.answer.status}: {refused}.")
            return await self._one(request, visit, refused.answer.status, form, say=say)
        visit.say("good", told)
        return see_other(address(campaign_id, f"{INVITES}/{invite_id}"))

    async def _list(
        self,
        request: web.Request,
        visit: Visit,
        status: int = 200,
        form: Form | None = None,
        errors: Mapping[str, str] | None = None,
    ) -> web.Response:
        asked = read_query(PageQuery, request.query)
        campaign, invites, total = await self._frame.keeper.read(
            partial(_listed, campaign_id=campaign_of(request), asked=asked)
        )
        return self._frame.campaign_page(
            visit,
            "dashboard/invites.html",
            campaign,
            "Invites",
            status,
            invites=invites,
            values={name: form.one(name) if form else "" for name in _FIELDS},
            errors=errors or {},
            pages=paging(request, asked, total, len(invites)),
        )

    async def _one(
        self,
        request: web.Request,
        visit: Visit,
        status: int = 200,
        form: Form | None = None,
        errors: Mapping[str, str] | None = None,
        say: Flash | None = None,
    ) -> web.Response:
        asked = read_query(PageQuery, request.query)
        work = partial(
            _seen,
            campaign_id=campaign_of(request),
            invite_id=request.match_info["invite_id"],
            asked=asked,
        )
        seen = await self._frame.keeper.read(work)
        typed = {name: form.one(name) for name in _FIELDS} if form else None
        return self._frame.campaign_page(
            visit,
            "dashboard/invite.html",
            seen.campaign,
            "Invites",
            status,
            say=say,
            seen=seen,
            url=f"{self._frame.url()}{INVITE_PAGE}{seen.invite.token}",
            values=typed or _values(seen.invite),
            errors=errors or {},
            pages=paging(request, asked, seen.total, len(seen.enrolled)),
        )


def _terms(form: Form) -> Terms:
    """Read the limits; a time is UTC, as the form says.

    Raises:
        ValidationError: a field is wrong.
    """
    uses, expires = form.one("maxUses"), form.one("expiresAt")
    whole = int(uses) if uses.isascii() and uses.isdigit() and len(uses) < 18 else uses
    asked = NewInvite.model_validate(
        {
            "label": form.one("label"),
            "maxUses": None if uses == "" else whole,
            "expiresAt": f"{expires.removesuffix('Z')}Z" if expires else None,
        }
    )
    ends = asked.expires_at
    return Terms(asked.label, asked.max_uses, None if ends is None else as_text(ends))


def _values(invite: Invite) -> dict[str, str]:
    """Return an invite's terms as its form has them."""
    return {
        "label": invite.label,
        "maxUses": "" if invite.max_uses is None else str(invite.max_uses),
        "expiresAt": (invite.expires_at or "").removesuffix("Z"),
    }


def _listed(books: Books, campaign_id: str, asked: PageQuery) -> tuple[Campaign, list[State], int]:
    campaign = campaigns.found(books, campaign_id)
    found = books.invites.listing(campaign_id, asked.limit, asked.offset)
    states = [(invite, invite.state_at(books.now).value) for invite in found]
    return campaign, states, books.invites.count(campaign_id)


def _seen(books: Books, campaign_id: str, invite_id: str, asked: PageQuery) -> Seen:
    campaign = campaigns.found(books, campaign_id)
    invite = inviting.invite(books, campaign_id, invite_id)
    enrolled = books.sessions.of_invite(invite_id, asked.limit, asked.offset)
    state = invite.state_at(books.now).value
    return Seen(campaign, invite, state, enrolled, books.sessions.count_of_invite(invite_id))
