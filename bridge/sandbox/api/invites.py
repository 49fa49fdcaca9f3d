"""Link invites: create, list, show, update, pause, resume, revoke. Wholly our reading.

In: requests. Out: answers in a `data` wrapper. Oncade documents the feature, not its calls; no
part of the bridge depends on these.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from aiohttp import web

from bridge.sandbox import inviting
from bridge.sandbox.answers import Answer
from bridge.sandbox.api import shapes
from bridge.sandbox.api.calls import Calls
from bridge.sandbox.api.campaign import CAMPAIGN, REFUSALS
from bridge.sandbox.api.operation import Handler, Operation
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.books.invites import Invite
from bridge.sandbox.books.page import as_text
from bridge.sandbox.inviting import Terms
from bridge.sandbox.lifecycle import Accepted

TAG = "Link invites (our reading)"
INVITES = f"{CAMPAIGN}/link-invites"
INVITE = f"{INVITES}/{{invite_id}}"
#: The page of a player; the invite's token follows.
INVITE_PAGE = "/invite/"

Change = Callable[[Books, Invite], Invite]


class InviteCalls:
    """The handlers; `url` is the sandbox's own, in front of what players open."""

    def __init__(self, calls: Calls, url: Callable[[], str]) -> None:
        self._calls = calls
        self._url = url

    def operations(self) -> list[Operation]:
        """Return the calls."""
        listed, refused = {200: shapes.InvitesTold}, (*REFUSALS, 409)
        return [
            Operation(
                "POST",
                INVITES,
                self.create,
                "Make an invite",
                TAG,
                {201: shapes.InviteTold},
                refused,
                shapes.NewInvite,
                idempotent=True,
            ),
            Operation(
                "GET",
                INVITES,
                self.listing,
                "Invites, newest first",
                TAG,
                listed,
                REFUSALS,
                query=shapes.PageQuery,
            ),
            Operation(
                "GET", INVITE, self.show, "One invite", TAG, {200: shapes.InviteTold}, REFUSALS
            ),
            Operation(
                "PATCH",
                INVITE,
                self.update,
                "Change label, limits, or whether it is paused",
                TAG,
                {200: shapes.InviteTold},
                refused,
                shapes.InviteChange,
                idempotent=True,
            ),
            self._decision("pause", inviting.pause, "Let nobody use it for a while"),
            self._decision("resume", inviting.resume, "Let players use it again"),
            self._decision("revoke", inviting.revoke, "End it for good"),
        ]

    def _decision(self, verb: str, change: Change, summary: str) -> Operation:
        handler: Handler = partial(self._decided, change=change)
        return Operation(
            "POST",
            f"{INVITE}/{verb}",
            handler,
            summary,
            TAG,
            {200: shapes.InviteTold},
            (*REFUSALS, 409),
            shapes.Nothing,
            body_required=False,
            idempotent=True,
        )

    async def create(self, request: web.Request) -> web.Response:
        body = await request.read()

        def effect(books: Books, campaign: Campaign, _: str | None) -> Accepted:
            asked = shapes.read_body(shapes.NewInvite, body)
            terms = Terms(asked.label, asked.max_uses, _text(asked.expires_at))
            made = inviting.create(books, campaign.id, terms)
            return Accepted(self._one(books, made).answer(201), None)

        return (await self._calls.carried_out(request, effect)).response()

    async def listing(self, request: web.Request) -> web.Response:
        asked = shapes.read_query(shapes.PageQuery, request.query)
        return await self._calls.told(
            request, lambda books, campaign: self._listed(books, campaign, asked)
        )

    async def show(self, request: web.Request) -> web.Response:
        invite_id = request.match_info["invite_id"]
        return await self._calls.told(
            request,
            lambda books, campaign: self._one(
                books, inviting.invite(books, campaign.id, invite_id)
            ).answer(),
        )

    async def update(self, request: web.Request) -> web.Response:
        body = await request.read()

        def change(books: Books, known: Invite) -> Invite:
            return _updated(books, known, shapes.read_body(shapes.InviteChange, body))

        return await self._changed(request, change)

    async def _decided(self, request: web.Request, change: Change) -> web.Response:
        body = await request.read()

        def without_fields(books: Books, known: Invite) -> Invite:
            shapes.read_body(shapes.Nothing, body, optional=True)
            return change(books, known)

        return await self._changed(request, without_fields)

    async def _changed(self, request: web.Request, change: Change) -> web.Response:
        invite_id = request.match_info["invite_id"]

        def effect(books: Books, campaign: Campaign, _: str | None) -> Accepted:
            changed = change(books, inviting.invite(books, campaign.id, invite_id))
            return Accepted(self._one(books, changed).answer(), None)

        return (await self._calls.carried_out(request, effect)).response()

    def _one(self, books: Books, invite: Invite) -> shapes.InviteTold:
        one = shapes.OneInvite(invite=self._fields(books, invite))
        return shapes.InviteTold(success=True, data=one)

    def _listed(self, books: Books, campaign: Campaign, asked: shapes.PageQuery) -> Answer:
        found = books.invites.listing(campaign.id, asked.limit, asked.offset)
        pagination = shapes.Page.of(asked, books.invites.count(campaign.id), len(found))
        invites = [self._fields(books, invite) for invite in found]
        data = shapes.Invites(invites=invites, pagination=pagination)
        return shapes.InvitesTold(success=True, data=data).answer()

    def _fields(self, books: Books, invite: Invite) -> shapes.InviteFields:
        return shapes.InviteFields(
            id=invite.id,
            label=invite.label,
            url=f"{self._url()}{INVITE_PAGE}{invite.token}",
            state=invite.state_at(books.now).value,
            max_uses=invite.max_uses,
            uses=invite.uses,
            expires_at=invite.expires_at,
            created_at=invite.created_at,
            updated_at=invite.updated_at,
        )


def _updated(books: Books, known: Invite, asked: shapes.InviteChange) -> Invite:
    given = asked.model_fields_set
    terms = Terms(
        asked.label if asked.label is not None else known.label,
        asked.max_uses if "max_uses" in given else known.max_uses,
        _text(asked.expires_at) if "expires_at" in given else known.expires_at,
    )
    changed = inviting.update(books, known, terms)
    if asked.paused is None:
        return changed
    return (inviting.pause if asked.paused else inviting.resume)(books, changed)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else as_text(moment)
