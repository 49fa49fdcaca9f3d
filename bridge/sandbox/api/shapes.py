"""The JSON of the Campaigns API: what it reads and what it says, each shape declared once.

In: bodies and queries. Out: checked values; answers as exact JSON; the schemas of the OpenAPI
document. A field that is left out when a shape is made is absent from the JSON.

Sources: the API reference for the campaign, its events and the error envelope; the third-party
client for links, standings and histories; users' lists and invites are our reading.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from bridge.sandbox.answers import Answer, Json, Refused, answer, json_object
from bridge.sandbox.readings import DEFAULT_LIMIT, INVALID, LARGEST_LIMIT


class Shape(BaseModel):
    """A JSON object of the API."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore"
    )

    def told(self) -> dict[str, Json]:
        """Return what was set, under the names of the API."""
        return self.model_dump(by_alias=True, exclude_unset=True)

    def answer(self, status: int = 200) -> Answer:
        """Return the shape as an answer."""
        return answer(status, self.told())


S = TypeVar("S", bound=Shape)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")


#: Amounts are JSON numbers in whole token units.
Amount = Annotated[Decimal, WithJsonSchema({"type": "number", "minimum": 0})]
Text = Annotated[str, Field(min_length=1, max_length=200, strict=True)]
Email = Annotated[str, Field(max_length=254, strict=True, pattern=r"^\s*[^@\s]+@[^@\s]+\s*$")]
Count = Annotated[int, Field(ge=1, le=1_000_000_000, strict=True)]
Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]

# -- envelopes --------------------------------------------------------------------------------


class Failure(Shape):
    """Every refusal: the text says what is wrong."""

    success: Literal[False]
    error: str


class Done(Shape):
    """It was done."""

    success: Literal[True] = True


class Enqueued(Done):
    """It was accepted; a background job does it."""

    message: str


class Page(Shape):
    """Which part of a list this is."""

    limit: int
    offset: int
    total: int
    has_more: bool

    @classmethod
    def of(cls, asked: "PageQuery", total: int, shown: int) -> "Page":
        """Return the page that `shown` rows of `total` make."""
        more = asked.offset + shown < total
        return cls(limit=asked.limit, offset=asked.offset, total=total, has_more=more)


class PageQuery(Shape):
    """Which part of a list is wanted."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=LARGEST_LIMIT)
    offset: int = Field(0, ge=0, le=2**53)


# -- campaigns and events ---------------------------------------------------------------------


class CampaignFields(Shape):
    """A campaign: its status and its balances."""

    id: str
    name: str
    environment: Literal["test", "live"]
    status: str
    business_id: str
    address: str
    chain: str
    created_at: Moment
    updated_at: Moment
    total_amount_funded: Amount
    total_amount_paid_out: Amount
    available_to_withdraw: Amount


class CampaignTold(Done):
    """GET /campaign/{id}."""

    campaign: CampaignFields


class EventFields(Shape):
    """An event that a campaign pays for."""

    code: str
    name: str
    payout_amount: Amount


class EventsTold(Done):
    """GET /campaign/{id}/events."""

    events: list[EventFields]


class NewEvent(Shape):
    """POST /campaign/{id}/events: exactly these two."""

    event_code: Text
    user_ref: Text


class Nothing(Shape):
    """Start, stop and withdraw: no body, or an empty object."""


# -- links ------------------------------------------------------------------------------------


class NewLink(Shape):
    """Whom to link."""

    email: Email


class LinkStarted(Shape):
    """Where the player approves, and how to ask for it. Bare, as Oncade has it."""

    url: str
    session_key: str


class SessionQuery(Shape):
    """Which session."""

    session: Text


class LinkDetails(Shape):
    """The global form: linked where `userRef` is there. Bare, without a status."""

    namespace_type: Literal["campaign"]
    prefilled_email: str
    user_ref: str = Field(default="")


class CampaignLinkDetails(Shape):
    """The campaign's form, with a status. Bare."""

    campaign_id: str
    campaign_name: str
    prefilled_email: str
    status: str
    user_ref: str = Field(default="")


class Decision(Shape):
    """Which session is approved or declined."""

    session_key: Text


class Removal(Shape):
    """Whose link ends: snake_case, unlike everything else."""

    user_ref: Annotated[Text, Field(alias="user_ref")]


# -- users ------------------------------------------------------------------------------------


class Standing(Shape):
    """One user of a campaign."""

    campaign_id: str
    user_id: str
    status: str
    environment: Literal["test", "live"]


class StandingTold(Done):
    """GET /campaign/{id}/user/{userId}."""

    data: Standing


class Transaction(Shape):
    """One payout."""

    id: str
    campaign_id: str
    user_ref: str
    event_code: str
    event_name: str
    payout_amount: Amount
    transaction_hash: str
    created_at: Moment


class History(Shape):
    """One user's payouts, newest first."""

    campaign_id: str
    user_id: str
    environment: Literal["test", "live"]
    transactions: list[Transaction]
    pagination: Page


class HistoryTold(Done):
    """GET /campaign/{id}/user/{userId}/events."""

    data: History


class UserFields(Shape):
    """A linked user; `inviteId` is the invite they came by."""

    user_ref: str
    status: str
    linked_at: Moment
    invite_id: str | None


class Users(Shape):
    """Linked users, oldest first."""

    users: list[UserFields]
    pagination: Page


class UsersTold(Done):
    """GET /campaign/{id}/users."""

    data: Users


# -- invites ----------------------------------------------------------------------------------


def _millis(value: datetime) -> datetime:
    """Keep what can be written down: milliseconds, in UTC."""
    try:
        return value.astimezone(UTC).replace(microsecond=value.microsecond // 1000 * 1000)
    except OverflowError as beyond:
        raise ValueError("is no time that can be written") from beyond


def _written(value: object) -> object:
    """Take text only: a bare number could be seconds or milliseconds."""
    if not isinstance(value, str) or not _DATE.match(value):
        raise ValueError("must be a time such as 2027-01-31T12:00:00Z")
    return value


Expiry = Annotated[AwareDatetime, AfterValidator(_millis), BeforeValidator(_written)]


class NewInvite(Shape):
    """An invite to be made; without limits it lasts until it is revoked."""

    label: Text
    max_uses: Count | None = None
    expires_at: Expiry | None = None


class InviteChange(Shape):
    """What is to be different; what is left out stays. `null` takes a limit away."""

    label: Text | None = None
    max_uses: Count | None = None
    expires_at: Expiry | None = None
    paused: Annotated[bool, Field(strict=True)] | None = None


class InviteFields(Shape):
    """An invite as it is at this instant."""

    id: str
    label: str
    url: str
    state: str
    max_uses: int | None
    uses: int
    expires_at: Moment | None
    created_at: Moment
    updated_at: Moment


class OneInvite(Shape):
    """One invite."""

    invite: InviteFields


class InviteTold(Done):
    """An invite that was made, changed or asked for."""

    data: OneInvite


class Invites(Shape):
    """Invites, newest first."""

    invites: list[InviteFields]
    pagination: Page


class InvitesTold(Done):
    """GET /campaign/{id}/link-invites."""

    data: Invites


# -- reading ----------------------------------------------------------------------------------


def read_body(shape: type[S], body: bytes, *, optional: bool = False) -> S:
    """Read a body; an empty one counts as `{}` where it is optional.

    Raises:
        Refused: 400, it is no JSON object, or a field is wrong; the text says which.
    """
    return _read(shape, json_object(body, optional=optional))


def read_query(shape: type[S], query: Any) -> S:
    """Read a query; of a name that stands twice, the first counts.

    Raises:
        Refused: 400.
    """
    return _read(shape, dict(reversed(list(query.items()))))


def _read(shape: type[S], values: dict[str, Any]) -> S:
    try:
        return shape.model_validate(values)
    except ValidationError as problem:
        raise Refused(INVALID, sentence(problem)) from problem


def sentence(problem: ValidationError) -> str:
    """Say what is wrong and where, without repeating what was sent."""
    return "; ".join(
        f"{'.'.join(map(str, one['loc']))}: {one['msg'].removeprefix('Value error, ')}"
        for one in problem.errors(include_url=False, include_input=False, include_context=False)
    )
