"""The JSON of the sandbox's own calls.

In: bodies. Out: checked values and answers. A field that isn't known is refused: these are ours.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, RootModel, WithJsonSchema, field_validator

from bridge.sandbox.api import shapes
from bridge.sandbox.api.shapes import Amount, Moment, Shape, Text
from bridge.sandbox.books.campaigns import ConfiguredEvent
from bridge.sandbox.money import micros

Micros = Annotated[int, BeforeValidator(micros), WithJsonSchema({"type": ["number", "string"]})]
#: An id stands in a path and in a header.
CampaignId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$")]


class _Body(Shape):
    model_config = ConfigDict(extra="forbid")


class EventToBe(_Body):
    """One event of a campaign's catalogue."""

    code: Text
    name: Text
    payout_amount: Micros

    def configured(self) -> ConfiguredEvent:
        """Return it as the books have it."""
        return ConfiguredEvent(self.code, self.name, self.payout_amount)


class CampaignToBe(_Body):
    """A campaign to be made."""

    id: CampaignId | None = None
    name: Text
    environment: Literal["test", "live"]
    events: Annotated[tuple[EventToBe, ...], Field(min_length=1, max_length=1000)]

    @field_validator("events")
    @classmethod
    def _distinct(cls, events: tuple[EventToBe, ...]) -> tuple[EventToBe, ...]:
        if len({event.code for event in events}) < len(events):
            raise ValueError("two events have the same code")
        return events


class Funds(_Body):
    """Money for a campaign."""

    amount: Micros


class UserToBe(_Body):
    """A user to be linked without a link session."""

    user_ref: Text | None = None
    email: Text | None = None


class WebhookToBe(_Body):
    """Where webhooks are to go."""

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    enabled: bool = True


class Chances(RootModel[dict[str, float]]):
    """Faults by name: probabilities, latency in seconds."""


class MadeCampaign(shapes.CampaignFields):
    """A campaign with its first API key, which is told this once."""

    api_key: str


class CampaignList(Shape):
    """All campaigns, oldest first."""

    campaigns: list[shapes.CampaignFields]


class Balances(Shape):
    """What a campaign has."""

    total_amount_funded: Amount
    total_amount_paid_out: Amount
    available_to_withdraw: Amount


class LinkedUser(Shape):
    """A user who is linked."""

    user_ref: str
    email: str | None
    linked_at: Moment


class LedgerLine(Shape):
    """One payout; `key` is the Idempotency-Key its event came with."""

    key: str | None
    user_ref: str
    event_code: str
    amount: Amount
    created_at: Moment


class LedgerTold(Shape):
    """Every payout, in the order of payment."""

    payouts: list[LedgerLine]


class WebhookSet(Shape):
    """Where webhooks go; a secret that was made is told this once."""

    url: str
    enabled: bool
    secret: str | None


class NewSecret(Shape):
    """What webhooks are signed with from now on; the one before is valid for a while."""

    secret: str


class Sent(Shape):
    """A webhook that is on its way."""

    delivery: int


class LoggedAttempt(Shape):
    """One line of the delivery log; `status` is null where no answer came."""

    number: int
    at: Moment
    url: str
    signature: str
    status: int | None
    response: str
    seconds: float


class LoggedDelivery(Shape):
    """One webhook."""

    id: int
    event: str
    body: str
    state: str
    created_at: Moment
    attempts: list[LoggedAttempt]


class DeliveryLog(Shape):
    """A page of webhooks, newest first."""

    deliveries: list[LoggedDelivery]
    pagination: shapes.Page
