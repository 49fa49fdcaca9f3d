"""Delivering: claims and what became of them.

In: claims asked for, outcomes. Out: leave to send; entries moved on.
"""

from bridge.errors import EntryNotFound
from bridge.events import State
from bridge.outbox import life
from bridge.outbox.entry import Entry
from bridge.outbox.ledger.book import Book
from bridge.outbox.values import Answer, Claim, Claimed, ClaimTerms, Verdict, Wire

#: Most entries that one claim moves out of the way, so that the writer serves others in between.
_SWEEP = 500

_LOST = Answer("unknown", detail="the daemon stopped, or the answer came after the lease")

PAUSED = "paused"


def claim(book: Book, campaign: str, limit: int, terms: ClaimTerms) -> Claimed:
    """Claim due entries; move those out of the way that can't be sent now."""
    stopped = stopped_by(book, campaign)
    if stopped:
        return Claimed((), None, stopped)
    _wake(book, campaign, terms)
    claims: list[Claim] = []
    swept = 0
    while len(claims) < limit and swept < _SWEEP:
        found = book.rows.entries.due(campaign, book.now, limit - len(claims))
        if not found:
            break
        swept += len(found)
        claims += [claimed for entry in found if (claimed := _try(book, entry, terms)) is not None]
    return Claimed(claims, _next_in(book, campaign))


def stopped_by(book: Book, campaign: str) -> str:
    """Return why nothing of a campaign may be sent, or ""."""
    if book.rows.ledger.quarantined():
        return life.QUARANTINE
    lane = book.rows.lanes.of(campaign)
    if lane.paused:
        return PAUSED
    return life.SHADOW if lane.shadow else ""


def _wake(book: Book, campaign: str, terms: ClaimTerms) -> None:
    entries, now = book.rows.entries, book.now
    for entry in entries.leases_over(campaign, now):
        book.rows.history.add_attempt(entry, _LOST, now)
        book.move(entry, life.lease_over(entry, now))
    for entry in entries.held_unproven(campaign):
        if life.past_horizon(entry, terms.horizon, now):
            _doubt(book, entry)
    for entry in entries.held_until(campaign, now):
        book.move(entry, life.due_again(entry, now))


def _doubt(book: Book, entry: Entry) -> None:
    book.move(entry, life.doubted(entry, life.PAST_HORIZON, book.now))


def _try(book: Book, entry: Entry, terms: ClaimTerms) -> Claim | None:
    """Claim one due entry, or set it aside: fenced, held or uncertain."""
    if life.past_horizon(entry, terms.horizon, book.now):
        _doubt(book, entry)
        return None
    if entry.target is None:
        book.move(entry, life.held_unlinked(entry, book.now))
        return None
    if entry.first_maybe_sent_at is None and book.rows.entries.blocked(entry):
        book.rows.entries.save(entry.changed(fenced=True))  # whoever blocks it lowers the fence
        return None
    after = life.claimed(entry, terms, book.now)
    if after.binding != entry.binding:
        if after.binding == 1:  # the first one is kept with the entry only, until now
            book.rows.history.add_binding(entry)
        book.rows.history.add_binding(after)
    book.move(entry, after)
    return _claim(after, terms.owner)


def _next_in(book: Book, campaign: str) -> float | None:
    at = book.rows.entries.next_time(campaign)
    return None if at is None else max(0, at - book.now) / 1000


def settle(book: Book, claim: Claim, verdict: Verdict, answer: Answer) -> State:
    """Record what became of an attempt, and let the next one through its fence."""
    before = book.rows.entries.by_key(claim.key)
    if before is None:
        raise EntryNotFound(f"there is no entry {claim.key}")
    after = life.settled(before, claim, verdict, book.now)
    book.rows.history.add_attempt(
        before.changed(attempts=claim.attempt, binding=claim.binding), answer, book.now
    )
    book.move(before, after)
    return after.state


def _claim(entry: Entry, owner: str) -> Claim:
    from_wire = entry.wire_key or entry.key
    return Claim(
        entry.key,
        entry.campaign,
        entry.player,
        entry.event_code,
        entry.bound_ref or "",
        entry.binding,
        Wire(from_wire, entry.body or b""),
        owner,
        entry.attempts,
        entry.failures,
        entry.refusals,
        entry.conflicts,
    )
