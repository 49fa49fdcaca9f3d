"""Arriving: entries that are accepted faster than they can be filed.

In: entries that nobody knows and nothing holds back. Out: arrivals, on disk as they came, many to
a row; later entries, filed. An arrival is as safe as an entry and as well known: it has its number,
its key and its message id. Whoever asks for entries waits until what has arrived is filed.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from uuid import UUID

from bridge.events import State
from bridge.outbox import life
from bridge.outbox.entry import Entry, as_millis
from bridge.outbox.ledger import braking
from bridge.outbox.ledger.book import Book
from bridge.outbox.sqlite.packing import Arrival
from bridge.outbox.sqlite.rows.arrivals import Batch
from bridge.outbox.sqlite.rows.shapes import NewRow
from bridge.outbox.values import NewEntry


def arrival_of(new: NewEntry, rule_id: int, held: str) -> Arrival:
    """Return an entry as it arrives, and is `held`, if it is."""
    origin, said = new.origin, new.message_id
    return Arrival(
        new.key.bytes,
        new.campaign,
        new.player,
        new.event_code,
        new.feat,
        new.occurrence,
        rule_id,
        origin.source,
        origin.peer,
        origin.adapter,
        origin.raw,
        as_millis(origin.received_at),
        origin.name,
        origin.id,
        None if origin.occurred_at is None else as_millis(origin.occurred_at),
        None if said is None else said.digest,
        None if said is None else said.content,
        held,
    )


def standing(
    book: Book, campaign: str, player: str, held: str = ""
) -> tuple[str | None, State, str]:
    """Return whom a new entry pays, and how it begins: due, or held for a reason.

    What was `held` for a brake when it came stays so.
    """
    ref = book.rows.links.user_ref(campaign, player)
    if ref is None:
        return None, State.HELD, life.UNLINKED
    why = held or braking.stopped(book, campaign)
    return (ref, State.HELD, why) if why else (ref, State.DUE, "")


# -- filing ---------------------------------------------------------------------------------


def file_some(book: Book, most: int) -> int:
    """File the oldest arrivals, at least `most` where there are so many; return how many.

    Raises:
        StoreCorrupt: they can't be read.
    """
    return sum(file_one(book, first) for first in list(_some(book, most)))


def _some(book: Book, most: int) -> Iterator[int]:
    found = 0
    for first, count in book.rows.arrivals.rows():
        yield first
        found += count
        if found >= most:
            return


def file_one(book: Book, first: int) -> int:
    """File the row of arrivals that begins with a number; return how many they were.

    Raises:
        StoreCorrupt: it can't be read.
    """
    batch = book.rows.arrivals.around(first)
    assert batch is not None  # noqa: S101  # whoever asks has seen it
    file(book, batch)
    book.rows.arrivals.drop(first)
    return len(batch.arrivals)


def file(book: Book, batch: Batch) -> None:
    """Make entries of arrivals."""
    numbered = list(enumerate(batch.arrivals, batch.first))
    rows = [_row(book, number, batch.at, arrival) for number, arrival in numbered]
    origins = [
        (
            number,
            arrival.source,
            arrival.peer,
            arrival.adapter,
            arrival.raw,
            arrival.received_at,
            arrival.name,
            arrival.id,
            arrival.occurred_at,
        )
        for number, arrival in numbered
    ]
    store(book, rows, origins)


def store(book: Book, rows: Sequence[NewRow], origins: Sequence[Sequence[object]]) -> None:
    """Store new entries with all that goes with them: origins, the stream, totals."""
    book.rows.entries.store(rows, origins)
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


def _row(book: Book, number: int, at: int, arrival: Arrival) -> NewRow:
    campaign = arrival.campaign
    ref, state, reason = standing(book, campaign, arrival.player, arrival.held)
    return NewRow(
        number,
        arrival.key,
        campaign,
        arrival.player,
        arrival.event_code,
        arrival.feat,
        arrival.occurrence,
        arrival.rule_id,
        state.value,
        reason,
        ref,
        arrival.received_at,
        at,
        at if state is State.DUE else None,
        book.rows.lanes.price(campaign, arrival.event_code),
        "",
        arrival.digest,
        arrival.content,
    )


# -- asking ---------------------------------------------------------------------------------


def by_key(book: Book, key: UUID) -> Entry | None:
    """Return the entry with this key, filed or not."""
    entry = book.rows.entries.by_key(key)
    if entry is not None:
        return entry
    for number in book.rows.entries.numbers_of_key(key.bytes):
        found = _arrival(book, number)
        if found is not None and found[1].key == key.bytes:
            return _as_entry(book, number, *found)
    return None


def numbered(book: Book, number: int) -> Entry:
    """Return the entry with this number, filed or not.

    Raises:
        EntryNotFound: there is none.
    """
    found = _arrival(book, number)
    return book.rows.entries.by_id(number) if found is None else _as_entry(book, number, *found)


def by_message(book: Book, digest: bytes) -> tuple[int | None, bytes] | None:
    """Return (entry number, content) of a known message id; no number where it only counted."""
    for number in book.rows.entries.numbers_of_digest(digest):
        found = _arrival(book, number)
        if found is not None and found[1].digest == digest:
            return number, found[1].content or b""
    return book.rows.entries.message(digest)


def _arrival(book: Book, number: int) -> tuple[int, Arrival] | None:
    batch = book.rows.arrivals.around(number)
    return None if batch is None else (batch.at, batch.arrivals[number - batch.first])


def _as_entry(book: Book, number: int, at: int, arrival: Arrival) -> Entry:
    row = _row(book, number, at, arrival)
    return Entry(
        id=number,
        key=UUID(bytes=row.key),
        campaign=row.campaign,
        player=row.player,
        event_code=row.event_code,
        feat=row.feat,
        occurrence=row.occurrence,
        rule_id=row.rule_id,
        state=State(row.state),
        reason=row.reason,
        user_ref=row.user_ref,
        created_at=row.created_at,
        updated_at=row.updated_at,
        due_at=row.due_at,
        amount=row.amount,
    )
