"""Confirming: what proves that an entry was paid, or was not.

In: histories and webhooks. Out: entries confirmed, dead, or free to be sent again.

History rows carry no key, so they are counted: of one (campaign, userRef, event code) a payout
that belongs to no entry yet is given to the oldest entry that has none: first to the accepted
ones, then to the one that is unproven (the fence lets there be only one), then to those that a
restored ledger holds in quarantine. Which of several like entries gets which row means nothing;
that each row proves one entry, and none twice, means everything. What is left over was paid
behind our back, or twice.

A payout is told of by a webhook and shown by the history, and the two need not name it alike. So a
row that can't be told from what a webhook told of is taken for that, and the other way round: of
each user and event, payouts are never more than the larger of both counts. Nor can what
a webhook tells without a name be told from what is known under its key: a key pays once.
"""

from dataclasses import replace
from uuid import UUID

from bridge.events import State
from bridge.outbox import life
from bridge.outbox.entry import Entry
from bridge.outbox.ledger.book import Book
from bridge.outbox.money import millionths, token_units, tokens
from bridge.outbox.proofs import Balance, Drift, LookTerms, Payout, Settled
from bridge.outbox.sqlite.rows.lanes import PaidRow
from bridge.outbox.sqlite.rows.proofs import WEBHOOK, PayoutRow
from bridge.record import record

#: How far the API's clock may be behind ours, for what we never sent (seconds).
NEVER_SENT_SKEW = 60.0

# -- counting ---------------------------------------------------------------------------------


def match(book: Book, campaign: str, user_ref: str, code: str, skew: float) -> int:
    """Give payouts to the entries they prove; return how many entries were confirmed by it."""
    payouts = book.rows.proofs.unmatched(campaign, user_ref, code)
    if not payouts:
        return 0
    entries = [
        *book.rows.entries.unmatched_of(campaign, user_ref, code),
        *book.rows.entries.quarantined_of(campaign, user_ref, code),
    ]
    confirmed = 0
    for payout in payouts:
        if payout.wire_key is not None:  # a webhook has said whose it is, and it was none of these
            continue
        entry = next((entry for entry in entries if _may_be(book, payout, entry, skew)), None)
        if entry is None:
            continue
        entries.remove(entry)
        confirmed += entry.state is not State.CONFIRMED
        _confirm(book, entry, payout)
    return confirmed


def _may_be(book: Book, payout: PayoutRow, entry: Entry, skew: float) -> bool:
    """Whether a payout can be an entry's: not where it was made before the entry came.

    Of an entry that we never sent, a restored ledger's, only the time tells whether a lost past
    did: when it occurred, where somebody said so. There the two clocks are believed.
    """
    came = entry.created_at
    if entry.first_maybe_sent_at is None and entry.state is State.HELD:
        skew = min(skew, NEVER_SENT_SKEW)
        came = book.rows.entries.occurred_at(entry.id) or came
    return payout.paid_at is None or payout.paid_at >= came - skew * 1000


def _confirm(book: Book, entry: Entry, payout: PayoutRow) -> None:
    book.rows.proofs.match(payout, entry.id)
    if entry.state is State.CONFIRMED:
        return
    book.move(entry, life.confirmed(entry, payout.amount, book.now))
    if entry.state in {State.UNCERTAIN, State.DEAD, State.DISCARDED}:
        book.note(payout.via, "paid", entry, f"{entry.state} → confirmed by payout {payout.id}")


def _look_now(book: Book, campaign: str, user_ref: str) -> None:
    for entry in book.rows.entries.looked_for(campaign, user_ref):
        book.rows.entries.save(entry.changed(look_at=book.now))


# -- webhooks -------------------------------------------------------------------------------


def paid(book: Book, campaign: str, payout: Payout, key: UUID | None, name: str) -> Entry | None:
    """Take in that a payout was made; return the entry that it proves, if one is known.

    `name` stands in for a transaction that the webhook doesn't name. One that names neither that
    nor a key proves nothing, since it may be another's second time: it has the history looked at.
    """
    if key is None and not payout.id:
        _look_now(book, campaign, payout.user_ref)
        return None
    entry = None if key is None else book.known(key)
    if entry is not None and not _fits(entry, campaign, payout):
        entry = None
    if entry is not None:
        payout = replace(payout, user_ref=_paid_ref(entry), event_code=entry.event_code)
    row = _noted(book, campaign, payout, key, name, entry)
    if entry is None:
        match(book, campaign, payout.user_ref, payout.event_code, LookTerms((), 0, 0).skew)
        number = book.rows.proofs.entry_of(row)
        return None if number is None else book.rows.entries.by_id(number)
    if row.entry_id != entry.id:
        _give(book, row, entry)
    return book.rows.entries.by_id(entry.id)


def _fits(entry: Entry, campaign: str, payout: Payout) -> bool:
    """Whether a payout under an entry's key is of that entry: a key alone proves nothing."""
    refs = {entry.bound_ref, entry.user_ref, ""}
    return (
        entry.campaign == campaign
        and payout.user_ref in refs
        and payout.event_code in {entry.event_code, ""}
    )


def _paid_ref(entry: Entry) -> str:
    return entry.bound_ref or entry.user_ref or ""


def _noted(  # what a webhook says
    book: Book, campaign: str, payout: Payout, key: UUID | None, name: str, entry: Entry | None
) -> PayoutRow:
    """Keep that a webhook told of a payout: of a new one, if it can be none that is known."""
    proofs, name = book.rows.proofs, payout.id or name
    known = proofs.payout(campaign, name) or proofs.keyed(campaign, payout, key)
    if known is None:
        known = proofs.untold(campaign, payout, None if entry is None else entry.id)
    if known is None:
        return proofs.add_payout(campaign, payout, name, WEBHOOK, key, book.now)
    proofs.prove(known, key, name)
    return known


def _give(book: Book, payout: PayoutRow, entry: Entry) -> None:
    """Give a payout to the entry whose key it was made under.

    Where counting gave the entry another's row, or the row to another entry, they change places;
    where there is no row to change for, nothing proves the other entry any more. A second payout
    under the entry's own keys stays without an entry: it was paid twice.
    """
    proofs = book.rows.proofs
    held = proofs.payout_of(entry.id)
    if held is not None and held.via == WEBHOOK and held.wire_key is not None:
        return
    before = payout.entry_id
    if held is not None:
        proofs.match(held, None)
    proofs.match(payout, None)
    _confirm(book, entry, payout)
    if held is not None and before is not None:
        proofs.match(held, before)
    elif held is not None:
        match(book, held.campaign, held.user_ref, held.event_code, LookTerms((), 0, 0).skew)
    elif before is not None and payout.wire_key is None:  # what its own key proved stays proven
        _take_back(book, book.rows.entries.by_id(before), payout)


def _take_back(book: Book, entry: Entry, payout: PayoutRow) -> None:
    """Wait for a payout of the entry's own, or give it one that is left over.

    The one that was counted for it was another's.
    """
    match(book, payout.campaign, payout.user_ref, payout.event_code, LookTerms((), 0, 0).skew)
    if book.rows.proofs.payout_of(entry.id) is not None:
        return
    after = life.counted_wrong(entry, book.now)
    book.move(entry, after)
    book.note(WEBHOOK, "unpaid", entry, f"{entry.state} → {after.state}: {payout.id} was another's")


def failed(book: Book, campaign: str, key: UUID | None, error: str) -> Entry | None:
    """Take in that a payout failed after its 202; return the entry that it was of, if known."""
    entry = None if key is None else book.known(key)
    if entry is None or entry.campaign != campaign:
        return None
    current = entry.wire_key in {None, key}
    if not current or entry.state in {State.CONFIRMED, State.DISCARDED, State.DEAD}:
        return entry
    after = life.payout_failed(entry, book.now)
    book.move(entry, after)
    book.note(WEBHOOK, "failed", entry, error)
    return after


# -- the paid-out total ---------------------------------------------------------------------


def settled(book: Book, campaign: str) -> Settled:
    """Return what our ledger says was paid, before the API is asked for its total."""
    lanes = book.rows.lanes
    confirmed = lanes.total(campaign, State.CONFIRMED)
    return Settled(None if confirmed.unpriced else tokens(confirmed.amount))


def take_balance(book: Book, balance: Balance) -> Drift | None:
    """Keep the paid-out total and the prices; say how the total fits our ledger.

    What was paid before our first entry is nobody's loss: it is the base that is counted from.
    """
    campaign = balance.campaign
    _set_prices(book, balance)
    paid_out = millionths(balance.paid_out)
    if paid_out is None:
        return None
    lane = book.rows.lanes.of(campaign)
    bounds = _ours(book, campaign)
    base, base_most = lane.paid_base, lane.base_most
    if base is None or base_most is None:
        base, base_most = bounds.base_of(paid_out)
    before = bounds.confirmed if balance.before is None else millionths(balance.before.confirmed)
    least = most = None
    if base is not None and before is not None and bounds.confirmed is not None:
        least = base + min(before, bounds.confirmed)
    if base_most is not None and bounds.with_open is not None:
        most = base_most + bounds.with_open
    paid = PaidRow(base, base_most, paid_out, least, most)
    book.rows.lanes.set_paid(campaign, paid, book.now)
    return Drift(campaign, tokens(paid_out), token_units(least), token_units(most))


def _set_prices(book: Book, balance: Balance) -> None:
    prices = [
        (code, kept) for code, amount in balance.prices if (kept := millionths(amount)) is not None
    ]
    if prices:
        book.rows.lanes.set_prices(balance.campaign, prices)
        book.rows.lanes.fill_prices(balance.campaign, life.PRICE_UNKNOWN)


@record
class _Ours:
    """What our ledger knows: the confirmed, and with what may have been paid; in millionths."""

    confirmed: int | None
    with_open: int | None

    def base_of(self, paid_out: int) -> tuple[int | None, int | None]:
        """Return what of a total can't be ours, at least and at most."""
        if self.confirmed is None or self.with_open is None:
            return None, None
        return paid_out - self.with_open, paid_out - self.confirmed


def _ours(book: Book, campaign: str) -> _Ours:
    lanes = book.rows.lanes
    confirmed = lanes.total(campaign, State.CONFIRMED)
    if confirmed.unpriced:
        return _Ours(None, None)
    open_ones = (lanes.total(campaign, State.ACCEPTED), lanes.unproven(campaign))
    if any(total.unpriced for total in open_ones):
        return _Ours(confirmed.amount, None)
    return _Ours(confirmed.amount, confirmed.amount + sum(total.amount for total in open_ones))


def accept_total(book: Book, campaign: str, who: str) -> None:
    """Count what was paid beside our ledger as not ours, on an operator's word."""
    lane = book.rows.lanes.of(campaign)
    beside = book.rows.proofs.accept_unmatched(campaign)
    if lane.paid_out is None:
        return
    base, most = _ours(book, campaign).base_of(lane.paid_out)
    paid = PaidRow(base, most, lane.paid_out, None, None)
    book.rows.lanes.set_paid(campaign, paid, book.now)
    words = "unknown: a price isn't known" if most is None else f"{tokens(most)} of the total"
    book.note(
        who, "accept_total", None, f"{campaign}: not ours: {words}; payouts of no entry: {beside}"
    )
