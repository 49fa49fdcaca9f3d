"""Links of users: initiate, details in both forms, approve, decline, remove.

In: requests. Out: answers without the `success` wrapper where Oncade has none. Sources: API
reference and account-linking guide (initiate, details), the third-party client (the rest).
"""

from collections.abc import Callable

from aiohttp import web

from bridge.sandbox import linking
from bridge.sandbox.answers import Answer
from bridge.sandbox.api import shapes
from bridge.sandbox.api.calls import Calls
from bridge.sandbox.api.campaign import CAMPAIGN, REFUSALS
from bridge.sandbox.api.operation import Operation
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.books.sessions import LinkSession
from bridge.sandbox.lifecycle import Accepted

LINKS = "/api/v1/users/link"
TAG = "Linking users"
#: The page that a player approves on; `session` is in its query.
APPROVAL_PAGE = "/link"


class LinkCalls:
    """The handlers; `url` is the sandbox's own, in front of what players open."""

    def __init__(self, calls: Calls, url: Callable[[], str], lifetime: float) -> None:
        self._calls = calls
        self._url = url
        self._lifetime = lifetime

    def operations(self) -> list[Operation]:
        """Return the calls."""
        refused = (*REFUSALS, 409)
        location = {201: {"Location": "The page on which the player approves"}}
        return [
            Operation(
                "POST",
                f"{CAMPAIGN}/users/link/initiate",
                self.initiate,
                "Start linking by email; 200 where a session is there already",
                TAG,
                {201: shapes.LinkStarted, 200: shapes.LinkStarted},
                refused,
                shapes.NewLink,
                idempotent=True,
                headers=location,
            ),
            Operation(
                "GET",
                f"{CAMPAIGN}/users/link/details",
                self.campaign_details,
                "A link session, with its status",
                TAG,
                {200: shapes.CampaignLinkDetails},
                REFUSALS,
                query=shapes.SessionQuery,
            ),
            Operation(
                "GET",
                f"{LINKS}/details",
                self.details,
                "A link session, for whoever has its key",
                TAG,
                {200: shapes.LinkDetails},
                (400, 404, 503),
                query=shapes.SessionQuery,
                who="anybody",
            ),
            self._decision("approve", self.approve, "Approve a link in the player's stead"),
            self._decision("decline", self.decline, "Decline a link in the player's stead"),
            Operation(
                "POST",
                f"{LINKS}/remove",
                self.remove,
                "End a link",
                TAG,
                {200: shapes.Done},
                refused,
                shapes.Removal,
                idempotent=True,
            ),
        ]

    def _decision(self, verb: str, handler: Callable[..., object], summary: str) -> Operation:
        return Operation(
            "POST",
            f"{LINKS}/{verb}",
            handler,  # type: ignore[arg-type]  # one of the two methods below
            summary,
            TAG,
            {200: shapes.Done},
            (*REFUSALS, 409),
            shapes.Decision,
            idempotent=True,
        )

    async def initiate(self, request: web.Request) -> web.Response:
        body = await request.read()

        def effect(books: Books, campaign: Campaign, key: str | None) -> Accepted:
            email = shapes.read_body(shapes.NewLink, body).email
            session, new = linking.initiate(books, campaign.id, email, key, self._lifetime)
            started = shapes.LinkStarted(
                url=self._approval(session), session_key=session.session_key
            )
            return Accepted(started.answer(201 if new else 200), None)

        answer = await self._calls.carried_out(request, effect)
        response = answer.response()
        if answer.status == 201:
            response.headers["Location"] = shapes.LinkStarted.model_validate_json(answer.body).url
        return response

    async def campaign_details(self, request: web.Request) -> web.Response:
        key = shapes.read_query(shapes.SessionQuery, request.query).session
        return await self._calls.told(
            request, lambda books, campaign: _with_status(books, campaign, key)
        )

    async def details(self, request: web.Request) -> web.Response:
        key = shapes.read_query(shapes.SessionQuery, request.query).session
        found = await self._calls.keeper.read(lambda books: _bare(linking.session(books, key)))
        return found.response()

    async def approve(self, request: web.Request) -> web.Response:
        return await self._decided(request, linking.approve)

    async def decline(self, request: web.Request) -> web.Response:
        return await self._decided(request, linking.decline)

    async def remove(self, request: web.Request) -> web.Response:
        body = await request.read()

        def effect(books: Books, campaign: Campaign, key: str | None) -> Accepted:
            user_ref = shapes.read_body(shapes.Removal, body).user_ref
            linking.remove(books, campaign.id, user_ref, key)
            return Accepted(shapes.Done(success=True).answer(), None)

        return (await self._calls.carried_out(request, effect)).response()

    async def _decided(
        self, request: web.Request, decide: Callable[[Books, str], object]
    ) -> web.Response:
        body = await request.read()

        def effect(books: Books, campaign: Campaign, _: str | None) -> Accepted:
            session_key = shapes.read_body(shapes.Decision, body).session_key
            _of(books, campaign, session_key)
            decide(books, session_key)
            return Accepted(shapes.Done(success=True).answer(), None)

        return (await self._calls.carried_out(request, effect)).response()

    def _approval(self, session: LinkSession) -> str:
        return f"{self._url()}{APPROVAL_PAGE}?session={session.session_key}"


def _of(books: Books, campaign: Campaign, session_key: str) -> LinkSession:
    """Return a session of this campaign; one of another is as unknown as none."""
    session = linking.session(books, session_key)
    return session if session.campaign_id == campaign.id else linking.session(books, "")


def _with_status(books: Books, campaign: Campaign, session_key: str) -> Answer:
    session = _of(books, campaign, session_key)
    linked = {} if session.user_ref is None else {"user_ref": session.user_ref}
    return shapes.CampaignLinkDetails(
        campaign_id=campaign.id,
        campaign_name=campaign.name,
        prefilled_email=session.email,
        status=session.state_at(books.now).value,
        **linked,
    ).answer()


def _bare(session: LinkSession) -> Answer:
    linked = {} if session.user_ref is None else {"user_ref": session.user_ref}
    return shapes.LinkDetails(
        namespace_type="campaign", prefilled_email=session.email, **linked
    ).answer()
