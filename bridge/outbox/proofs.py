"""What proves a payout, or its failure: webhooks and rows of the history, as values.

In: nothing. Out: proofs as they come, and what became of them. What they mean is the contract's
to say.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from bridge.record import record


@record
class Payout:
    """One payout that the API tells of. `id` is its name, None where it isn't named.

    Rows of the history have a second one, `hash`; a webhook may use either, or another.
    """

    user_ref: str
    event_code: str
    id: str | None = None
    amount: Decimal | None = None
    paid_at: datetime | None = None
    hash: str | None = None


@record
class Paid:
    """A webhook says: paid, and, where it names one, under which Idempotency-Key."""

    payout: Payout
    key: UUID | None = None


@record
class Failed:
    """A webhook says: the payout under this key failed after its 202."""

    key: UUID | None
    error: str


@record
class LinkSaid:
    """A webhook says what became of a link session; `key` is that of the call that began it."""

    session_key: str | None
    key: str | None
    user_ref: str | None
    ended: str = ""


@record
class LinkGone:
    """A webhook says that a user's link has ended."""

    user_ref: str


@record
class Noted:
    """A webhook that changes nothing here."""


Proof = Paid | Failed | LinkSaid | LinkGone | Noted


@record
class Webhook:
    """One webhook, verified: the hash of its body, the body, what it proves."""

    digest: bytes
    campaign: str
    event: str
    sent_at: datetime | None
    body: bytes
    proof: Proof


class Became(StrEnum):
    """What became of a webhook."""

    CONFIRMED = "confirmed"  # it proved an entry's payout
    DEAD = "dead"  # it proved that an entry's payout failed
    LINKED = "linked"
    UNLINKED = "unlinked"
    ENDED = "ended"  # a link session came to its end without a link
    UNMATCHED = "unmatched"  # it speaks of something that isn't known here
    NOTED = "noted"  # nothing to do
    KNOWN = "known"  # the same body came before


@record
class LookTerms:
    """How accepted entries are looked for; times in seconds.

    `waits` are between looks, the last one repeats. A payout that began before an entry minus
    `skew` can't be the entry's. An unproven entry that no row shows after `absent_after` was not
    paid. What is accepted for longer than `lag` is overdue.
    """

    waits: Sequence[float]
    lag: float
    absent_after: float
    skew: float = 600.0


@record
class History:
    """A user's whole history, and when its reading began (seconds ago)."""

    campaign: str
    user_ref: str
    payouts: Sequence[Payout]
    age: float = 0.0


@record
class Found:
    """What a history showed: entries proven paid, proven unpaid, and payouts of no entry."""

    confirmed: int = 0
    unpaid: int = 0
    unknown: int = 0


@record
class Settled:
    """What our ledger held for paid before the API was asked; None where a price isn't known."""

    confirmed: Decimal | None


@record
class Balance:
    """What the API says a campaign has paid (None: it doesn't say), and pays for each event."""

    campaign: str
    paid_out: Decimal | None
    prices: Sequence[tuple[str, Decimal]] = ()
    before: Settled | None = None


@record
class Drift:
    """Our ledger against the API's paid-out total, in token units.

    `least` and `most` are what the total may be by our ledger: the confirmed, and with the
    accepted and the unproven ones. None where a price isn't known.
    """

    campaign: str
    paid_out: Decimal
    least: Decimal | None
    most: Decimal | None

    @property
    def excess(self) -> Decimal:
        """How much more was paid than our ledger can explain; 0 where it can, or can't tell."""
        return max(Decimal(0), self.paid_out - self.most) if self.most is not None else Decimal(0)

    @property
    def shortfall(self) -> Decimal:
        """How much less was paid than entries were confirmed."""
        if self.least is None:
            return Decimal(0)
        return max(Decimal(0), self.least - self.paid_out)
