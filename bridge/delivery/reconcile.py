"""Reconciling: the whole ledger of a campaign against what the API says it paid.

In: an outbox, a campaign's read-only calls. Out: a report of what is lost, paid twice, uncertain,
unknown to us, and how the paid-out total fits. History rows carry no key, so they are counted;
what they prove is kept, as always.
"""

from contextlib import suppress
from typing import Protocol

from bridge.campaigns.api import CampaignApi
from bridge.campaigns.failures import CallFailed
from bridge.errors import CampaignError
from bridge.events import State
from bridge.outbox.contract import Braking, Confirming, Inspecting
from bridge.outbox.proofs import Drift, Found
from bridge.outbox.views import Listing, Report

#: Findings of each kind that a report lists.
LISTED = 1000


class Reads(Protocol):
    """What reads histories and totals; `bridge.delivery.confirm.Confirmer` is one."""

    async def read_history(self, user_ref: str) -> Found:
        """Read a user's whole history; raises `CampaignError`."""
        ...

    async def balance(self) -> Drift | None:
        """Compare the paid-out total; None where it isn't told."""
        ...

    @property
    def confirms(self) -> bool:
        """Whether anything could tell of a payout; else what was accepted is not missed."""
        ...


class Ledger(Confirming, Inspecting, Braking, Protocol):
    """What is reconciled."""


async def reconcile(
    campaign: str, outbox: Ledger, api: CampaignApi, reads: Reads, lag: float
) -> Report:
    """Read every user's history and the paid-out total; return what doesn't fit.

    `lag` is how long a payout may take, in seconds.

    Raises:
        StoreError: the disk refused.
    """
    users = await _users(campaign, outbox, api)
    unread = []
    for user_ref in users:
        try:
            await reads.read_history(user_ref)
        except CampaignError as failure:
            if _is_unknown(failure) and not await outbox.was_paid_to(campaign, user_ref):
                continue  # a slip in a userRef: nobody there was paid, nor can have been
            unread.append(f"{user_ref}: {failure}")
    drift = await reads.balance()
    strange = await outbox.strange_payouts(campaign, LISTED)
    counts = {lane.campaign: lane.states for lane in await outbox.counts()}.get(campaign, {})
    lost = await outbox.unpaid(campaign, lag, LISTED) if reads.confirms else []
    return Report(
        campaign,
        len(users),
        counts.get(State.CONFIRMED, 0),
        counts.get(State.ACCEPTED, 0) - len(lost),
        lost,
        [payout for payout in strange if payout.twice is not None],
        await outbox.listing(Listing(campaign, state=State.UNCERTAIN, limit=LISTED)),
        [payout for payout in strange if payout.twice is None],
        drift,
        unread,
    )


def _is_unknown(failure: CampaignError) -> bool:
    """Whether the API itself, and not what stands before it, says that it knows no such user."""
    return isinstance(failure, CallFailed) and failure.status == 404 and bool(failure.words)


async def _users(campaign: str, outbox: Ledger, api: CampaignApi) -> list[str]:
    """Return whose histories to read: all that we know of, and all that the API says are linked."""
    users = set(await outbox.payees(campaign))
    with suppress(CampaignError):  # no document names the list; the total covers the others
        users |= {user.user_ref async for user in api.users.all_linked()}
    return sorted(users)
