"""Keeping: what intake's road ends at.

In: new entries and message ids. Out: what became of each.

```text
 new entries ─▶ nothing held against it, nobody knows it ─▶ fresh: stored many at once
          └───▶ a known key or message id, a cap ─────────▶ one by one
```
"""

from collections import Counter
from collections.abc import Sequence

from bridge.errors import OutboxError
from bridge.events import Counted, State, Taken
from bridge.outbox import life
from bridge.outbox.entry import Entry, as_millis
from bridge.outbox.ledger import braking
from bridge.outbox.ledger.book import Book, taken
from bridge.outbox.sqlite.rows.entries import NewRow, origin_row
from bridge.outbox.values import MessageId, NewEntry
from bridge.record import record

Result = Taken | Counted | OutboxError


@record
class Kept:
    """An entry that is on disk; a duplicate was there before."""

    entry: Entry
    duplicate: bool


def put_all(book: Book, entries: Sequence[NewEntry]) -> list[Result]:
    """Keep entries in order; see `put`, which this is for many, and much quicker."""
    results: list[Result] = []
    fresh = _Fresh(book)
    for new in entries:
        if new.brakes is None and fresh.takes(new):
            results.append(fresh.add(new))
        else:
            fresh.store()
            results.append(put(book, new))
    fresh.store()
    return results


def put(book: Book, new: NewEntry) -> Taken | Counted | OutboxError:
    """Keep one entry, unless its message id or its key is known, or a cap turns it away."""
    decided = recall(book, new.message_id) if new.message_id is not None else None
    if decided is not None:
        return decided
    before = book.rows.entries.by_key(new.key)
    if before is not None:
        remember(book, new.message_id, before)
        return taken(before, duplicate=True)
    entry = _insert(book, new, new.message_id)
    return entry if isinstance(entry, OutboxError) else taken(entry, duplicate=False)


def keep(book: Book, new: NewEntry) -> Kept | OutboxError:
    """Keep one entry of a deed, whose message id is remembered with all that it moves."""
    before = book.rows.entries.by_key(new.key)
    entry = before or _insert(book, new, None)
    return entry if isinstance(entry, OutboxError) else Kept(entry, before is not None)


def recall(book: Book, message_id: MessageId) -> Taken | Counted | None:
    """Return what a message id made when it was new."""
    known = book.rows.entries.message(message_id.digest)
    if known is None:
        return None
    number, content = known
    differs = content != message_id.content
    if number is None:
        return Counted(duplicate=True, differs=differs)
    return taken(book.rows.entries.by_id(number), duplicate=True, differs=differs)


class _Fresh:
    """Entries that nobody knows and nothing holds back, gathered until they are stored together."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._rows: list[NewRow] = []
        self._origins: list[tuple[object, ...]] = []
        self._keys: set[bytes] = set()
        self._digests: set[bytes] = set()
        self._next = 0

    def takes(self, new: NewEntry) -> bool:
        """Whether nobody knows its key or its message id."""
        key, said = new.key.bytes, new.message_id
        digest = None if said is None else said.digest
        if key in self._keys or digest in self._digests:
            return False
        return self._book.rows.entries.strange(key, digest)

    def add(self, new: NewEntry) -> Taken:
        """Take one more; it is stored with the others."""
        book, key, said = self._book, new.key.bytes, new.message_id
        number = self._next or book.rows.entries.next_number()
        self._next = number + 1
        ref = book.rows.links.user_ref(new.campaign, new.player)
        state, reason = (State.HELD, life.UNLINKED) if ref is None else (State.DUE, "")
        if ref is not None and (why := braking.stopped(book, new.campaign)):
            state, reason = State.HELD, why
        self._keys.add(key)
        if said is not None:
            self._digests.add(said.digest)
        self._rows.append(
            NewRow(
                number,
                key,
                new.campaign,
                new.player,
                new.event_code,
                new.feat,
                new.occurrence,
                book.rows.rules.used(new.rule),
                state.value,
                reason,
                ref,
                as_millis(new.origin.received_at),
                book.now,
                book.now if state is State.DUE else None,
                book.rows.lanes.price(new.campaign, new.event_code),
                "",
                None if said is None else said.digest,
                None if said is None else said.content,
            )
        )
        self._origins.append(origin_row(number, new.origin))
        return Taken(str(new.key), state, duplicate=False)

    def store(self) -> None:
        """Store what was gathered."""
        if self._rows:
            _store(self._book, self._rows, self._origins)
            self._rows, self._origins, self._next = [], [], 0
            self._keys.clear()
            self._digests.clear()


def _store(book: Book, rows: Sequence[NewRow], origins: Sequence[Sequence[object]]) -> None:
    book.rows.entries.insert(rows, origins)
    book.rows.history.add_first_changes(book.now, rows[0].id, rows[-1].id)
    counts: Counter[tuple[str, str, str]] = Counter()
    amounts: Counter[tuple[str, str, str]] = Counter()
    priced: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        kind = (row.campaign, row.state, row.reason)
        counts[kind] += 1
        if row.amount is not None:
            amounts[kind] += row.amount
            priced[kind] += 1
    for kind, n in counts.items():
        campaign, state, reason = kind
        unpriced = n - priced[kind]
        book.rows.lanes.add_new(campaign, State(state), reason, n, amounts[kind], unpriced)


def _insert(book: Book, new: NewEntry, message_id: MessageId | None) -> Entry | OutboxError:
    """Keep one new entry that something may hold back."""
    ref = book.rows.links.user_ref(new.campaign, new.player)
    entry = Entry(
        id=0,
        key=new.key,
        campaign=new.campaign,
        player=new.player,
        event_code=new.event_code,
        feat=new.feat,
        occurrence=new.occurrence,
        rule_id=0,
        state=State.DUE if ref is not None else State.HELD,
        reason="" if ref is not None else life.UNLINKED,
        user_ref=ref,
        created_at=as_millis(new.origin.received_at),
        updated_at=book.now,
        due_at=book.now if ref is not None else None,
        amount=book.rows.lanes.price(new.campaign, new.event_code),
    )
    admitted = braking.admit(book, entry, new)
    if isinstance(admitted, OutboxError):
        return admitted
    number, rule_id = book.rows.entries.next_number(), book.rows.rules.used(new.rule)
    kept = admitted.changed(id=number, rule_id=rule_id)
    _store(book, [_row(kept, message_id)], [origin_row(number, new.origin)])
    return kept


def _row(entry: Entry, message_id: MessageId | None) -> NewRow:
    return NewRow(
        entry.id,
        entry.key.bytes,
        entry.campaign,
        entry.player,
        entry.event_code,
        entry.feat,
        entry.occurrence,
        entry.rule_id,
        entry.state.value,
        entry.reason,
        entry.user_ref,
        entry.created_at,
        entry.updated_at,
        entry.due_at,
        entry.amount,
        entry.brakes,
        None if message_id is None else message_id.digest,
        None if message_id is None else message_id.content,
    )


def remember(book: Book, message_id: MessageId | None, entry: Entry) -> None:
    """Keep the message id also where the key was known: a rule's day may end before a resend.

    Else the resend of a duplicate would make an entry after midnight.
    """
    if message_id is not None:
        book.rows.entries.remember_message(message_id.digest, entry.id, message_id.content)


def remember_counted(book: Book, message_id: MessageId, entry: Entry | None) -> None:
    """Keep the id of a message that moved counters: it is never forgotten, or it counted twice."""
    number = None if entry is None else entry.id
    book.rows.entries.remember_counted(message_id.digest, number, message_id.content)
