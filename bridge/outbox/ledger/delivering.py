"""Delivering: claims and what became of them.

In: claims asked for, outcomes. Out: leave to send; entries moved on.

```text
 due ─▶ never sent, nothing in its way ──▶ claimed many at once        what ended ─▶ taken ─▶ many
  └───▶ fenced, unlinked, sent before ───▶ one by one                      └───▶ else, one by one
```
What is done one by one (`bridge.outbox.life`) is the definition; a test holds the two together.
"""

from collections.abc import Sequence
from uuid import UUID

from bridge.errors import EntryNotFound
from bridge.events import State
from bridge.outbox import life
from bridge.outbox.entry import Entry
from bridge.outbox.ledger.book import Book
from bridge.outbox.sqlite.rows.shapes import DueRow, Taken
from bridge.outbox.values import (
    Accepted,
    Answer,
    Claim,
    Claimed,
    ClaimTerms,
    Settling,
    Verdict,
    Wire,
)

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
        claims += _claim_some(book, campaign, found, terms)
    return Claimed(claims, _next_in(book, campaign))


def _claim_some(
    book: Book, campaign: str, found: Sequence[DueRow], terms: ClaimTerms
) -> list[Claim]:
    claims: list[Claim] = []
    first = _First(book, campaign, terms)
    for row in found:
        if first.takes(row):
            claims.append(first.add(row))
            continue
        first.store()
        claimed = _try(book, book.rows.entries.by_id(row.id), terms)
        if claimed is not None:
            claims.append(claimed)
            first.fence(claimed.user_ref, claimed.event_code)
    first.store()
    return claims


class _First:
    """First claims of entries that nothing stands in the way of, until they are stored together."""

    def __init__(self, book: Book, campaign: str, terms: ClaimTerms) -> None:
        self._book = book
        self._campaign = campaign
        self._terms = terms
        self._bodies: list[tuple[bytes, bytes, int]] = []
        self._amounts: list[tuple[int | None, int | None]] = []
        self._fences: set[tuple[str, str]] = set()

    def fence(self, user_ref: str, event_code: str) -> None:
        """Know that one of a fence was claimed, since the rows were looked for."""
        self._fences.add((user_ref, event_code))

    def takes(self, row: DueRow) -> bool:
        """Whether nothing stands in its way, also none that was claimed just before.

        What isn't proven by its key is looked at by itself.
        """
        if not row.first or (row.user_ref, row.event_code) in self._fences:
            return False
        said = (self._campaign, row.player, row.event_code, row.feat, row.occurrence)
        return self._terms.key_of(*said).bytes == row.key

    def add(self, row: DueRow) -> Claim:
        """Claim one more; it is stored with the others."""
        ref, terms = row.user_ref or "", self._terms
        key = UUID(bytes=row.key)
        wire = terms.write(key, 0, row.event_code, ref)
        self.fence(ref, row.event_code)
        self._bodies.append((wire.key.bytes, wire.body, row.id))
        self._amounts.append((row.amount, row.amount))
        return Claim(
            key,
            self._campaign,
            row.player,
            row.event_code,
            ref,
            0,
            wire,
            terms.owner,
            1,
            0,
            0,
            0,
            row.id,
        )

    def store(self) -> None:
        """Store what was gathered."""
        if not self._bodies:
            return
        lease_until = self._book.now + round(self._terms.lease * 1000)
        rows, owner, now = self._book.rows, self._terms.owner, self._book.now
        with rows.lanes.counted(self._campaign, State.DUE, State.SENDING, self._amounts):
            rows.entries.claim_first(self._bodies, owner, lease_until, now)
        self._bodies, self._amounts = [], []


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
    if not _proven(entry, terms):
        book.note("bridge", life.UNREADABLE, entry, "it isn't what its key was made of")
        book.move(entry, life.unreadable(entry, book.now))
        return None
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


def _proven(entry: Entry, terms: ClaimTerms) -> bool:
    """Whether an entry is what its key was made of: a flipped bit must not pay somebody else."""
    made = terms.key_of(
        entry.campaign, entry.player, entry.event_code, entry.feat, entry.occurrence
    )
    return made == entry.key


def _next_in(book: Book, campaign: str) -> float | None:
    at = book.rows.entries.next_time(campaign)
    return None if at is None else max(0, at - book.now) / 1000


def settle_all(book: Book, settlings: Sequence[Settling]) -> list[State]:
    """Record what became of attempts, in order; see `settle`, which this is for many."""
    states: list[State] = []
    taken = _Taken(book, settlings)
    for ended in settlings:
        if taken.takes(ended):
            states.append(taken.add(ended))
        else:
            taken.store()
            states.append(settle(book, ended.claim, ended.verdict, ended.answer))
    taken.store()
    return states


def settle(book: Book, claim: Claim, verdict: Verdict, answer: Answer) -> State:
    """Record what became of an attempt, and let the next one through its fence."""
    before = _claimed_entry(book, claim)
    after = life.settled(before, claim, verdict, book.now)
    book.rows.history.add_attempt(
        before.changed(attempts=claim.attempt, binding=claim.binding), answer, book.now
    )
    book.move(before, after)
    return after.state


def _claimed_entry(book: Book, claim: Claim) -> Entry:
    entry = book.rows.entries.numbered(claim.number) if claim.number else None
    if entry is None or entry.key != claim.key:
        entry = book.rows.entries.by_key(claim.key)
    if entry is None:
        raise EntryNotFound(f"there is no entry {claim.key}")
    return entry


class _Taken:
    """Entries that were being sent and that the API took, gathered until they are stored together.

    It took them whoever holds their lease by now, so nothing else about a claim matters.
    """

    def __init__(self, book: Book, settlings: Sequence[Settling]) -> None:
        self._book = book
        numbers = [ended.claim.number for ended in settlings if isinstance(ended.verdict, Accepted)]
        self._sending = book.rows.entries.sending(numbers) if len(numbers) > 1 else {}
        self._taken: list[Taken] = []
        self._attempts: list[tuple[object, ...]] = []

    def takes(self, ended: Settling) -> bool:
        """Whether it is being sent, and is now proven to be taken."""
        if not isinstance(ended.verdict, Accepted):
            return False
        row = self._sending.get(ended.claim.number)
        return row is not None and row.key == ended.claim.key.bytes

    def add(self, ended: Settling) -> State:
        """Take one more; it is stored with the others."""
        book, claim, answer = self._book, ended.claim, ended.answer
        row = self._sending.pop(claim.number)
        priced = amount = row.amount
        if amount is None:
            amount = book.rows.lanes.price(row.campaign, row.event_code)
        look_at = book.first_look(row.campaign)
        self._taken.append(
            Taken(row.id, row.campaign, row.bound_ref, row.event_code, priced, amount, look_at)
        )
        self._attempts.append(
            (
                row.id,
                claim.attempt,
                claim.binding,
                book.now,
                answer.outcome,
                answer.status,
                answer.detail,
                answer.head,
                answer.seconds,
            )
        )
        return State.ACCEPTED

    def store(self) -> None:
        """Store what was gathered, and let the next ones through their fences."""
        if not self._taken:
            return
        rows, now = self._book.rows, self._book.now
        rows.history.add_attempts(self._attempts)
        by_campaign: dict[str, list[Taken]] = {}
        for taken in self._taken:
            by_campaign.setdefault(taken.campaign, []).append(taken)
        for campaign, some in by_campaign.items():
            amounts = [(taken.priced, taken.amount) for taken in some]
            with rows.lanes.counted(campaign, State.SENDING, State.ACCEPTED, amounts):
                rows.entries.accept(some, now)
        rows.history.add_changes(now, [taken.id for taken in self._taken], State.ACCEPTED)
        fenced = {campaign: rows.entries.any_fenced(campaign) for campaign in by_campaign}
        for taken in self._taken:
            if fenced[taken.campaign]:
                self._book.let_through(taken.campaign, taken.bound_ref, taken.event_code)
        self._taken, self._attempts = [], []


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
        entry.id,
    )
