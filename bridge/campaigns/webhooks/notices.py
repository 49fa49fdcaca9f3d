"""What a webhook can tell: one class for each thing that it makes a difference to.

In: nothing. Out: values. Knows nothing of how they are written on the wire.
"""

from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from bridge.record import record


@record(kw_only=True)
class Told:
    """What every notice has; `digest` is the same for the same bytes, and for them alone."""

    event: str
    sent_at: datetime | None
    digest: bytes
    idempotency_key: str | None
    campaign_id: str | None


@record(kw_only=True)
class Payout(Told):
    """What became of a campaign event; nothing in it need be there."""

    user_ref: str | None
    event_code: str | None
    amount: Decimal | None
    transaction_id: str | None


@record(kw_only=True)
class Paid(Payout):
    """The user has the money."""


@record(kw_only=True)
class PayoutFailed(Payout):
    """The user won't get the money; `error` says why, fit to be printed, or is empty."""

    error: str


@record(kw_only=True)
class Link(Told):
    """What became of a link or of the session that is to make one."""

    session_key: str | None
    user_ref: str | None


@record(kw_only=True)
class LinkStarted(Link):
    """A session began; nobody is linked by it yet."""


@record(kw_only=True)
class LinkSucceeded(Link):
    """The player is linked; without a `user_ref`, the session has to be asked for it."""


@record(kw_only=True)
class LinkEnded(Link):
    """The session came to nothing: the player said no, or something else went wrong."""

    how: Literal["declined", "failed"]


@record(kw_only=True)
class LinkRemoved(Link):
    """The user is linked no more."""


@record(kw_only=True)
class CampaignChanged(Told):
    """The campaign was started, stopped or emptied."""

    how: Literal["started", "stopped", "withdrawn"]


@record(kw_only=True)
class Test(Told):
    """Somebody tried whether webhooks arrive."""


@record(kw_only=True)
class Unknown(Told):
    """A webhook that no reading names: good for a receipt, proof of nothing."""


Notice: TypeAlias = (
    Paid
    | PayoutFailed
    | LinkStarted
    | LinkSucceeded
    | LinkEnded
    | LinkRemoved
    | CampaignChanged
    | Test
    | Unknown
)
