"""Keeping: what intake's road ends at.

In: new entries and message ids. Out: what became of each.

```text
 new entries ─▶ nobody knows it, no cap looks at it ─▶ fresh, many at once ─▶ filed
          │                                                    └─ too many ─▶ arrived, filed later
          └───▶ a known key or message id, a cap ────▶ one by one
```
"""

from collections.abc import Sequence
from itertools import islice

from bridge.errors import OutboxError
from bridge.events import Counted, State, Taken
from bridge.outbox import life
from bridge.outbox.entry import Entry, as_millis
from bridge.outbox.ledger import arriving, braking
from bridge.outbox.ledger.arriving import arrival_of, standing
from bridge.outbox.ledger.book import Book, taken
from bridge.outbox.sqlite.packing import Arrival
from bridge.outbox.sqlite.rows.arrivals import Batch
from bridge.outbox.sqlite.rows.shapes import NewRow, origin_row
from bridge.outbox.values import MessageId, NewEntry
from bridge.record import record

Result = Taken | Counted | OutboxError


@record
class Kept:
    """An entry that is on disk; a duplicate was there before."""

    entry: Entry
    duplicate: bool


def put_all(book: Book, entries: Sequence[NewEntry], *, later: bool = False) -> list[Result]:
    """Keep entries in order; see `put`, which this is for many, and much quicker.

    They may be filed `later` where there are many: they are kept as they arrived.
    """
    results: list[Result] = []
    while len(results) < len(entries):
        results += _put_fresh(book, entries, len(results), later=later)
        if len(results) < len(entries):
            results.append(put(book, entries[len(results)]))
    return results


def _put_fresh(book: Book, entries: Sequence[NewEntry], begin: int, *, later: bool) -> list[Taken]:
    """Keep entries from one on, up to the first that somebody may know or that a cap looks at."""
    first = number = book.rows.entries.next_number()
    take, rule_of = book.rows.entries.take, book.rows.rules.used
    arrivals: list[Arrival] = []
    taken: list[Taken] = []
    for new in islice(entries, begin, None):
        key, said = new.key, new.message_id
        digest = None if said is None else said.digest
        if new.brakes is not None or not take(number, key.bytes, digest, new.player):
            break
        _, state, reason = standing(book, new.campaign, new.player)
        held = "" if reason == life.UNLINKED else reason
        arrivals.append(arrival_of(new, rule_of(new.rule), held))
        taken.append(Taken(key, state, duplicate=False))
        number += 1
    if arrivals and later:
        book.rows.arrivals.add(first, book.now, arrivals)
    elif arrivals:
        arriving.file(book, Batch(first, book.now, arrivals))
    return taken


def put(book: Book, new: NewEntry) -> Taken | Counted | OutboxError:
    """Keep one entry, unless its message id or its key is known, or a cap turns it away."""
    decided = recall(book, new.message_id) if new.message_id is not None else None
    if decided is not None:
        return decided
    before = arriving.by_key(book, new.key)
    if before is not None:
        remember(book, new.message_id, before)
        return taken(before, duplicate=True)
    entry = _insert(book, new, new.message_id)
    return entry if isinstance(entry, OutboxError) else taken(entry, duplicate=False)


def keep(book: Book, new: NewEntry) -> Kept | OutboxError:
    """Keep one entry of a deed, whose message id is remembered with all that it moves."""
    before = arriving.by_key(book, new.key)
    entry = before or _insert(book, new, None)
    return entry if isinstance(entry, OutboxError) else Kept(entry, before is not None)


def recall(book: Book, message_id: MessageId) -> Taken | Counted | None:
    """Return what a message id made when it was new."""
    known = arriving.by_message(book, message_id.digest)
    if known is None:
        return None
    number, content = known
    differs = content != message_id.content
    if number is None:
        return Counted(duplicate=True, differs=differs)
    return taken(arriving.numbered(book, number), duplicate=True, differs=differs)


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
    row = _row(kept, message_id)
    book.rows.entries.know(row)
    arriving.store(book, [row], [origin_row(number, new.origin)])
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
