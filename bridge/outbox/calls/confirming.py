"""What proofs of payouts come to.

In: the contract's calls. Out: their answers. Each is one transaction on the ledger, or one look.
"""

from collections.abc import Sequence

from bridge.outbox import reading
from bridge.outbox.calls.store import Store, seconds_until
from bridge.outbox.ledger import (
    braking,
    confirming,
    deciding,
    looking,
    receiving,
)
from bridge.outbox.ledger.book import Book
from bridge.outbox.proofs import (
    Balance,
    Became,
    Drift,
    Found,
    History,
    LookTerms,
    Settled,
    Webhook,
)
from bridge.outbox.views import (
    EntryView,
    SeenPayout,
)


class Confirming(Store):
    """What proofs of payouts come to."""

    async def receive(self, webhook: Webhook) -> Became:
        """Keep a webhook and let it take effect; see the contract."""
        became = await self.change(lambda book: receiving.receive(book, webhook), grows=True)
        self._wake([webhook.campaign])
        self._sessions.set()
        return became

    async def to_look_for(self, campaign: str, limit: int) -> Sequence[str]:
        """Return userRefs whose payouts are to be looked for now."""
        now = self._clock.now()
        return await self.look(lambda rows: rows.entries.to_look_for(campaign, now, limit))

    async def next_look_in(self, campaign: str) -> float | None:
        """Return when a payout is to be looked for, in seconds."""
        now = self._clock.now()
        return seconds_until(await self.look(lambda rows: rows.entries.next_look(campaign)), now)

    async def take_history(self, history: History, terms: LookTerms) -> Found:
        """Take in a user's whole history; see the contract."""
        (found,) = await self.take_histories([history], terms)
        return found

    async def take_histories(
        self, histories: Sequence[History], terms: LookTerms
    ) -> Sequence[Found]:
        """Take in users' whole histories; see the contract."""
        found = await self.change(lambda book: looking.take_histories(book, histories, terms))
        self._wake({history.campaign for history in histories})
        return found

    async def look_later(self, campaign: str, user_ref: str, terms: LookTerms) -> None:
        """Look for a user's payouts again later."""
        await self.change(lambda book: looking.look_later(book, campaign, user_ref, terms))

    async def settled(self, campaign: str) -> Settled:
        """Return what the ledger holds for paid."""
        return await self.look(lambda rows: confirming.settled(Book(rows, 0), campaign))

    async def take_balance(self, balance: Balance) -> Drift | None:
        """Keep the paid-out total and the prices; see the contract."""
        drift = await self.change(lambda book: confirming.take_balance(book, balance))
        step = deciding.STEP
        await self.all_of(lambda book: braking.price_some(book, balance.campaign, step))
        self._wake([balance.campaign])
        return drift

    async def payees(self, campaign: str) -> Sequence[str]:
        """Return every userRef that was ever sent to or is linked."""
        return await self.look(lambda rows: rows.entries.payees(campaign))

    async def was_paid_to(self, campaign: str, user_ref: str) -> bool:
        """Return whether a payout to this userRef was seen, or may come of what was sent."""
        return await self.look(lambda rows: rows.proofs.was_paid_to(campaign, user_ref))

    async def unpaid(self, campaign: str, age: float, limit: int = 1000) -> Sequence[EntryView]:
        """Return entries accepted for longer than `age` seconds, and not confirmed."""
        before = self._clock.now() - round(age * 1000)
        return await self.look(lambda rows: reading.unpaid(rows, campaign, before, limit))

    async def strange_payouts(self, campaign: str, limit: int = 1000) -> Sequence[SeenPayout]:
        """Return payouts that belong to no entry."""
        return await self.look(lambda rows: reading.strange_payouts(rows, campaign, limit))
