"""Keeping: what intake's road ends at.

In: new entries and message ids. Out: what became of each.
"""

from dataclasses import dataclass

from bridge.errors import OutboxError
from bridge.events import Counted, State, Taken
from bridge.outbox import life
from bridge.outbox.entry import Entry, as_millis
from bridge.outbox.ledger import braking
from bridge.outbox.ledger.book import Book, taken
from bridge.outbox.values import MessageId, NewEntry


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry that is on disk; a duplicate was there before."""

    entry: Entry
    duplicate: bool


def put(book: Book, new: NewEntry) -> Taken | Counted | OutboxError:
    """Keep one entry, unless its message id or its key is known, or a cap turns it away."""
    decided = recall(book, new.message_id) if new.message_id is not None else None
    if decided is not None:
        return decided
    before = book.rows.entries.by_key(new.key)
    entry = before or _insert(book, new)
    if isinstance(entry, OutboxError):
        return entry
    remember(book, new.message_id, entry)
    return taken(entry, duplicate=before is not None)


def keep(book: Book, new: NewEntry) -> Kept | OutboxError:
    """Keep one entry of a deed, whose message id is remembered with all that it moves."""
    before = book.rows.entries.by_key(new.key)
    entry = before or _insert(book, new)
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


def _insert(book: Book, new: NewEntry) -> Entry | OutboxError:
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
    admitted = admitted.changed(rule_id=book.rows.rules.used(new.rule))
    kept = book.rows.entries.insert(admitted, new.origin)
    book.rows.history.add_change(book.now, kept)
    return kept


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
