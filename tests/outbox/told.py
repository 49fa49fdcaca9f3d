"""What the API tells of payouts, and what an outbox makes of it.

In: webhooks, histories, totals. Out: entries' states. Knows nothing of what is tested.
"""

import hashlib
from decimal import Decimal
from uuid import UUID

from bridge.events import State
from bridge.outbox.proofs import (
    Balance,
    Became,
    Drift,
    Found,
    History,
    LookTerms,
    Paid,
    Payout,
    Proof,
    Webhook,
)
from bridge.outbox.views import Listing
from bridge.testing import START
from tests.outbox.play import (
    CAMPAIGN,
    HOUR,
    Play,
    entry,
)

USER, CODE = "usr_1", "EARN5"
DAY = 24 * HOUR
LOOKS = LookTerms([3.0, 10.0, 60.0], HOUR, DAY)
BODY = b'{"event": "Campaign.Event.Paid"}'


def paid(key: UUID | None, tx: str | None = "tx_1", ref: str = USER, code: str = CODE) -> Paid:
    return Paid(Payout(ref, code, tx, Decimal("0.25"), START), key)


async def hears(play: Play, proof: Proof, body: bytes = BODY, campaign: str = CAMPAIGN) -> Became:
    """Let a verified webhook come; another body is another webhook."""
    digest = hashlib.sha256(body + repr(proof).encode()).digest()[:16]
    return await play.outbox.receive(Webhook(digest, campaign, "Event", START, body, proof))


async def reads(play: Play, *names: str, age: float = 0.0, **payout: object) -> Found:
    """Take in a history of payouts with these names."""
    said = {"amount": Decimal("0.25"), **payout}
    rows = [Payout(USER, CODE, name, **said) for name in names]  # type: ignore[arg-type]  # fields by name
    return await play.outbox.take_history(History(CAMPAIGN, USER, rows, age), LOOKS)


async def accepted(play: Play, *numbers: int) -> list[UUID]:
    """Return the keys of entries of one fence that the API has taken, oldest first."""
    keys = [await play.put(entry(number)) for number in numbers or (1,)]
    for _ in keys:
        await play.accept(await play.claim())
    return keys


async def states(play: Play) -> list[State]:
    views = await play.outbox.listing(Listing(limit=1000))
    return [view.state for view in reversed(views)]


def misfit(drift: Drift | None) -> tuple[float, float]:
    """Return by how much too much and too little was paid."""
    assert drift is not None
    return float(drift.excess), float(drift.shortfall)


async def balance(play: Play, paid_out: int | None, **prices: int) -> Drift | None:
    told = [(code, Decimal(amount)) for code, amount in prices.items()]
    total = None if paid_out is None else Decimal(paid_out)
    return await play.outbox.take_balance(Balance(CAMPAIGN, total, told))
