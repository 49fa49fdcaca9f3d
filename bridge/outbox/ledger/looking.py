"""Looking: what users' histories prove.

In: whole histories. Out: entries confirmed, or free to be sent again; when to look next.

```text
 rows that are new ─▶ of a plain event: nothing but accepted entries, and nobody told before ─▶ many
      └─────────────▶ of any other ──▶ one by one
```
What is done one by one (`bridge.outbox.ledger.confirming`) is the definition; a test holds the two
together.
"""

from collections.abc import Sequence, Set
from dataclasses import replace

from bridge.events import State
from bridge.outbox import life
from bridge.outbox.ledger.book import Book
from bridge.outbox.ledger.confirming import match
from bridge.outbox.money import millionths
from bridge.outbox.proofs import Found, History, LookTerms, Payout
from bridge.outbox.sqlite.rows.proofs import HISTORY, paid_millis
from bridge.outbox.sqlite.rows.shapes import KinRow, Paid


def take_histories(book: Book, histories: Sequence[History], terms: LookTerms) -> list[Found]:
    """Take in users' whole histories; say what each proved."""
    proven = _Proven(book)
    found = [_take(book, history, terms, proven) for history in histories]
    proven.store()
    for history in histories:
        look_later(book, history.campaign, history.user_ref, terms)
    return found


def _take(book: Book, history: History, terms: LookTerms, proven: "_Proven") -> Found:
    campaign, user_ref = history.campaign, history.user_ref
    fresh = _unseen(book, history)
    codes = {payout.event_code for payout in history.payouts}
    codes |= book.rows.entries.codes_looked_for(campaign, user_ref)
    plain = _Plain(book, history, fresh, codes, terms.skew)
    for payout in fresh:
        if payout.event_code in plain.codes:
            plain.see(payout)
        else:
            plain.store()
            _see(book, campaign, payout)
    plain.store()
    confirmed = unknown = unpaid = 0
    for code in sorted(codes):
        if code in plain.codes:
            proven.add(campaign, plain.proven[code])
            confirmed += len(plain.proven[code])
            unknown += plain.unknown[code]
            continue
        proven.store()
        confirmed += match(book, campaign, user_ref, code, terms.skew)
        unknown += len(book.rows.proofs.unmatched(campaign, user_ref, code))
        unpaid += _prove_absence(book, campaign, user_ref, code, history.age, terms)
    return Found(confirmed, unpaid, unknown)


# -- many at once -----------------------------------------------------------------------------


def _plain_codes(
    book: Book,
    history: History,
    fresh: Sequence[Payout],
    codes: Set[str],
    kin: Sequence[KinRow],
) -> Set[str]:
    """Return the events whose new rows can only prove entries that the API took, oldest first.

    Not where a webhook or an earlier look left a payout that has no entry or no row, where another
    entry could have been paid, or where a webhook has named a row before.
    """
    campaign, proofs = history.campaign, book.rows.proofs
    if book.rows.entries.any_quarantined(campaign):
        return frozenset()
    odd = proofs.codes_open(campaign, history.user_ref)
    odd |= {row.event_code for row in kin if not row.taken}
    told = proofs.any_told(campaign)
    odd |= {
        payout.event_code
        for payout in fresh
        if payout.user_ref != history.user_ref or (told and proofs.named(campaign, payout))
    }
    return codes - odd


class _Plain:
    """A user's plain events: rows that are new, gathered until they are stored together."""

    def __init__(
        self, book: Book, history: History, fresh: Sequence[Payout], codes: Set[str], skew: float
    ) -> None:
        self._book = book
        self._campaign = history.campaign
        kin = book.rows.entries.kin(history.campaign, history.user_ref)
        #: The events that are plain; all others are for somebody else.
        self.codes = _plain_codes(book, history, fresh, codes, kin)
        #: By event, the entries that new rows prove, and how many rows prove none.
        self.proven: dict[str, list[Paid]] = {code: [] for code in self.codes}
        self.unknown = dict.fromkeys(self.codes, 0)
        self._of: dict[str | None, int] = {}
        self._match(fresh, kin, skew)
        self._payouts: list[tuple[object, ...]] = []

    def _match(self, fresh: Sequence[Payout], kin: Sequence[KinRow], skew: float) -> None:
        """Give rows to entries, both oldest first; none that was made before its entry came."""
        free: dict[str, list[KinRow]] = {code: [] for code in self.codes}
        for row in kin:
            free.get(row.event_code, []).append(row)
        for payout in sorted(fresh, key=self._age):
            code, at = payout.event_code, paid_millis(payout)
            if code not in self.codes:
                continue
            may_be = (at is None or at >= row.created_at - skew * 1000 for row in free[code])
            place = next((place for place, may in enumerate(may_be) if may), None)
            if place is None:
                self.unknown[code] += 1
                continue
            row, told = free[code].pop(place), millionths(payout.amount)
            self._of[payout.id] = row.id
            self.proven[code].append(Paid(row.id, row.amount, row.amount if told is None else told))

    def _age(self, payout: Payout) -> tuple[int, str]:
        at = paid_millis(payout)
        return self._book.now if at is None else at, payout.id or ""

    def see(self, payout: Payout) -> None:
        """Keep a new row, with the entry that it proves."""
        self._payouts.append(
            (
                self._campaign,
                payout.id,
                payout.id,
                payout.hash,
                payout.user_ref,
                payout.event_code,
                millionths(payout.amount),
                paid_millis(payout),
                self._book.now,
                HISTORY,
                self._of.get(payout.id),
            )
        )

    def store(self) -> None:
        """Store the rows that were gathered."""
        if self._payouts:
            self._book.rows.proofs.add_payouts(self._payouts)
            self._payouts = []


class _Proven:
    """Accepted entries that were proven to be paid, until they are stored together."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._campaign = ""
        self._paid: list[Paid] = []

    def add(self, campaign: str, paid: Sequence[Paid]) -> None:
        """Confirm more."""
        if campaign != self._campaign:
            self.store()
            self._campaign = campaign
        self._paid += paid

    def store(self) -> None:
        """Store that those which were gathered are confirmed."""
        if not self._paid:
            return
        rows, now = self._book.rows, self._book.now
        amounts = [(paid.priced, paid.amount) for paid in self._paid]
        with rows.lanes.counted(self._campaign, State.ACCEPTED, State.CONFIRMED, amounts):
            rows.entries.confirm(self._paid, now)
        rows.history.add_changes(now, [paid.id for paid in self._paid], State.CONFIRMED)
        self._paid = []


# -- one by one -------------------------------------------------------------------------------


def _unseen(book: Book, history: History) -> list[Payout]:
    """Return the rows of a history that are new, each once."""
    names = [payout.id for payout in history.payouts if payout.id]
    shown, fresh = book.rows.proofs.shown(history.campaign, names), []
    for payout in history.payouts:
        if payout.id and payout.id not in shown:
            shown.add(payout.id)
            fresh.append(payout)
    return fresh


def _see(book: Book, campaign: str, payout: Payout) -> None:
    """Keep a row that is new, unless it shows what a webhook told of."""
    proofs = book.rows.proofs
    named = proofs.named(campaign, payout)
    if named is not None and named.row_id is not None:  # another row was taken for it
        proofs.show(named, payout)
        payout, named = replace(payout, id=named.row_id, hash=named.hash), None
    told = named or proofs.unshown(campaign, payout)
    if told is not None:
        proofs.show(told, payout)
        return
    proofs.add_payout(campaign, payout, payout.id or "", HISTORY, None, book.now)


def _prove_absence(
    book: Book, campaign: str, user_ref: str, code: str, age: float, terms: LookTerms
) -> int:
    """Send an uncertain entry again that no row shows, long after it can have been paid.

    That proves something only where every other entry of its kind has its row.
    """
    entries = book.rows.entries.unmatched_of(campaign, user_ref, code)
    if len(entries) != 1 or book.rows.proofs.unmatched(campaign, user_ref, code):
        return 0
    (entry,) = entries
    mark = entry.first_maybe_sent_at
    if entry.state is not State.UNCERTAIN or mark is None:
        return 0
    if book.now - age * 1000 - mark < terms.absent_after * 1000:
        return 0
    after = life.proven_unpaid(entry, book.now)
    book.move(entry, after)
    book.note(HISTORY, "unpaid", entry, f"{entry.state} → {after.state}: no payout in the history")
    return 1


def look_later(book: Book, campaign: str, user_ref: str, terms: LookTerms) -> None:
    """Look for a user's payouts later: those that this history shows are not looked for any more.

    Or it could not be read.
    """
    waits = [round(wait * 1000) for wait in terms.waits]
    book.rows.entries.look_again(campaign, user_ref, waits, book.now)
