"""The shapes in which entries go into rows and come out of them.

In: entries, rows. Out: the one made of the other. Knows no statement.
"""

import sqlite3
from dataclasses import fields
from typing import NamedTuple
from uuid import UUID

from bridge.errors import StoreCorrupt
from bridge.events import State
from bridge.outbox.entry import Entry, as_millis
from bridge.outbox.values import Origin

_FIELDS = tuple(field.name for field in fields(Entry))


class NewRow(NamedTuple):
    """A new entry as it is stored; the fields of `insert`, in order."""

    id: int
    key: bytes
    campaign: str
    player: str
    event_code: str
    feat: str
    occurrence: str
    rule_id: int
    state: str
    reason: str
    user_ref: str | None
    created_at: int
    updated_at: int
    due_at: int | None
    amount: int | None
    brakes: str
    digest: bytes | None
    content: bytes | None


class DueRow(NamedTuple):
    """An entry that is due; `first` where it was never sent and nothing stands in its way."""

    id: int
    key: bytes
    player: str
    event_code: str
    feat: str
    occurrence: str
    user_ref: str | None
    amount: int | None
    first: int


class SendingRow(NamedTuple):
    """An entry that is being sent, unproven."""

    id: int
    key: bytes
    campaign: str
    bound_ref: str
    event_code: str
    amount: int | None


class Taken(NamedTuple):
    """An entry that the API took: its fence, when its payout is looked for.

    `priced` is what it was to pay by what was known before, `amount` by what is now.
    """

    id: int
    campaign: str
    bound_ref: str
    event_code: str
    priced: int | None
    amount: int | None
    look_at: int | None


class KinRow(NamedTuple):
    """An entry that a payout may belong to, and that has none; `taken` where the API took it."""

    id: int
    event_code: str
    created_at: int
    amount: int | None
    taken: int


class Paid(NamedTuple):
    """An entry that a payout proves; what it was to pay, and what it has paid."""

    id: int
    priced: int | None
    amount: int | None


def origin_row(number: int, origin: Origin) -> tuple[object, ...]:
    """Return where an entry came from, as it is stored."""
    return (
        number,
        origin.source,
        origin.peer,
        origin.adapter,
        origin.raw,
        as_millis(origin.received_at),
        origin.name,
        origin.id,
        None if origin.occurred_at is None else as_millis(origin.occurred_at),
    )


def entry_from(row: sqlite3.Row) -> Entry:
    """Read a row of `entries`.

    Raises:
        StoreCorrupt: no ledger has written it so.
    """
    values = {name: row[name] for name in _FIELDS}
    try:
        values["key"] = UUID(bytes=values["key"])
        values["wire_key"] = None if values["wire_key"] is None else UUID(bytes=values["wire_key"])
        values["state"] = State(values["state"])
    except (ValueError, TypeError) as failure:
        raise StoreCorrupt(f"entry number {row['id']} is damaged: {failure}") from failure
    values["rebind"] = bool(values["rebind"])
    values["fenced"] = bool(values["fenced"])
    return Entry(**values)


def values_of(entry: Entry) -> dict[str, object]:
    """Return an entry's fields as SQLite stores them."""
    values: dict[str, object] = {name: getattr(entry, name) for name in _FIELDS}
    values["key"] = entry.key.bytes
    values["wire_key"] = None if entry.wire_key is None else entry.wire_key.bytes
    values["state"] = entry.state.value
    return values
