"""The sandbox's own calls: make and fund campaigns, link users, read the ledger, set faults.

In: requests under /sandbox/v1 with the admin token. Out: JSON without a `success` wrapper, errors
in the API's envelope. Knows nothing of the API's own calls; nothing here is Oncade's.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from pydantic.alias_generators import to_camel

from bridge.sandbox.admission import bearer, key_hash, new_api_key
from bridge.sandbox.answers import Answer, Json, Refused, answer, json_object
from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sandbox.books import Books, Campaign, ConfiguredEvent
from bridge.sandbox.faults import Faults
from bridge.sandbox.money import LARGEST_MICROS, micros
from bridge.sandbox.readings import CAMPAIGN_PREFIX, UNKNOWN_CAMPAIGN, USER_PREFIX, Refusal

Handler = Callable[[web.Request], Awaitable[web.Response]]
Micros = Annotated[int, BeforeValidator(micros)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
#: An id stands in a path and in a header.
CampaignId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$")]

NO_TOKEN = Refusal(401, "Missing or malformed Authorization header")
WRONG_TOKEN = Refusal(401, "Unknown admin token")
ID_TAKEN = Refusal(409, "A campaign with this id exists")
INVALID = Refusal(400, "Invalid request")

CAMPAIGNS = "/sandbox/v1/campaigns"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class NewEvent(_Body):
    """One event of a campaign's catalogue."""

    code: Text
    name: Text
    payout_amount: Micros


class NewCampaign(_Body):
    """A campaign to be made."""

    id: CampaignId | None = None
    name: Text
    environment: Literal["test", "live"]
    events: Annotated[tuple[NewEvent, ...], Field(min_length=1)]

    @field_validator("events")
    @classmethod
    def _distinct(cls, events: tuple[NewEvent, ...]) -> tuple[NewEvent, ...]:
        if len({event.code for event in events}) < len(events):
            raise ValueError("two events have the same code")
        return events


class NewFunds(_Body):
    """Money for a campaign."""

    amount: Micros


class NewUser(_Body):
    """A user to be linked without a link session."""

    user_ref: Text | None = None
    email: Text | None = None


Body = TypeVar("Body", bound=_Body)


class Oracle:
    """The handlers of the sandbox's own calls."""

    def __init__(self, keeper: Bookkeeper, faults: Faults, token: str) -> None:
        self._keeper = keeper
        self._faults = faults
        self._token = token.encode()

    def routes(self) -> list[web.RouteDef]:
        one = f"{CAMPAIGNS}/{{campaign_id}}"
        return [
            web.post(CAMPAIGNS, self._admin(self.create)),
            web.get(CAMPAIGNS, self._admin(self.campaigns)),
            web.post(f"{one}/fund", self._admin(self.fund)),
            web.post(f"{one}/users", self._admin(self.link_user)),
            web.get(f"{one}/ledger", self._admin(self.ledger)),
            web.get("/sandbox/v1/faults", self._admin(self.faults)),
            web.put("/sandbox/v1/faults", self._admin(self.change_faults)),
        ]

    async def create(self, request: web.Request) -> web.Response:
        asked = _body(NewCampaign, await request.read())
        key = new_api_key()
        created = await self._keeper.write(lambda books: _create(books, asked, key_hash(key)))
        return answer(201, {**created.told(), "apiKey": key}).response()

    async def campaigns(self, _: web.Request) -> web.Response:
        found = await self._keeper.read(Books.campaigns)
        return answer(200, {"campaigns": [campaign.told() for campaign in found]}).response()

    async def fund(self, request: web.Request) -> web.Response:
        campaign_id = request.match_info["campaign_id"]
        amount = _body(NewFunds, await request.read()).amount
        funded = await self._keeper.write(lambda books: _fund(books, campaign_id, amount))
        return answer(200, funded.balances()).response()

    async def link_user(self, request: web.Request) -> web.Response:
        campaign_id = request.match_info["campaign_id"]
        asked = _body(NewUser, await request.read())
        linked = await self._keeper.write(lambda books: _link(books, campaign_id, asked))
        return linked.response()

    async def ledger(self, request: web.Request) -> web.Response:
        campaign_id = request.match_info["campaign_id"]
        found = await self._keeper.read(lambda books: _ledger(books, campaign_id))
        return found.response()

    async def faults(self, _: web.Request) -> web.Response:
        return answer(200, self._faults.values()).response()

    async def change_faults(self, request: web.Request) -> web.Response:
        try:
            self._faults.change(json_object(await request.read()))
        except ValueError as problem:
            raise Refused(INVALID, str(problem)) from problem
        return answer(200, self._faults.values()).response()

    def _admin(self, handler: Handler) -> Handler:
        async def checked(request: web.Request) -> web.Response:
            token = bearer(request.headers.get("Authorization"), NO_TOKEN)
            if not hmac.compare_digest(token.encode(errors="surrogateescape"), self._token):
                raise Refused(WRONG_TOKEN)
            return await handler(request)

        return checked


def _body(model: type[Body], body: bytes) -> Body:
    try:
        return model.model_validate(json_object(body, optional=True))
    except ValidationError as problem:
        raise Refused(INVALID, _sentence(problem)) from problem


def _sentence(problem: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, one['loc']))}: {one['msg'].removeprefix('Value error, ')}"
        for one in problem.errors(include_url=False, include_input=False, include_context=False)
    )


def _create(books: Books, asked: NewCampaign, api_key_hash: bytes) -> Campaign:
    campaign_id = asked.id or CAMPAIGN_PREFIX + secrets.token_hex(8)
    if books.campaign(campaign_id) is not None:
        raise Refused(ID_TAKEN)
    books.add_campaign(campaign_id, asked.name, asked.environment, api_key_hash)
    for position, event in enumerate(asked.events):
        configured = ConfiguredEvent(event.code, event.name, event.payout_amount)
        books.add_event(campaign_id, position, configured)
    return _campaign(books, campaign_id)


def _fund(books: Books, campaign_id: str, amount: int) -> Campaign:
    if _campaign(books, campaign_id).funded + amount > LARGEST_MICROS:
        raise Refused(INVALID, "amount: the campaign would hold too much")
    books.fund(campaign_id, amount)
    return _campaign(books, campaign_id)


def _link(books: Books, campaign_id: str, asked: NewUser) -> Answer:
    """Link a user once; the same userRef, or without one the same email, is the same user."""
    _campaign(books, campaign_id)
    if asked.user_ref is None and asked.email is not None:
        known = books.user_of_email(campaign_id, asked.email)
        if known is not None:
            return answer(200, known)
    user_ref = asked.user_ref or USER_PREFIX + secrets.token_hex(8)
    new = books.link_user(campaign_id, user_ref, asked.email)
    return answer(201 if new else 200, books.user(campaign_id, user_ref))


def _ledger(books: Books, campaign_id: str) -> Answer:
    _campaign(books, campaign_id)
    payouts: Json = books.payouts(campaign_id)
    return answer(200, {"payouts": payouts})


def _campaign(books: Books, campaign_id: str) -> Campaign:
    campaign = books.campaign(campaign_id)
    if campaign is None:
        raise Refused(UNKNOWN_CAMPAIGN)
    return campaign
