"""Looking into the outbox: receipts, lists and counts, on a connection that only reads.

In: a connection and what is asked. Out: the contract's views. Changes nothing.
"""

import sqlite3
from collections.abc import Sequence
from uuid import UUID

from bridge.events import State
from bridge.outbox.entry import Entry, as_moment, moment
from bridge.outbox.ledger import Ledger
from bridge.outbox.sqlite.rows import SqliteRows, entry_from, queries
from bridge.outbox.values import (
    Answer,
    Attempt,
    EntryView,
    LaneCount,
    Link,
    Listing,
    Note,
    Origin,
    Receipt,
)


def receipt(db: sqlite3.Connection, key: UUID) -> Receipt:
    """Return all that is known of the entry with this key or wire key."""
    entry = Ledger(SqliteRows(db), 0).find(key)
    rule: str = _rows(db, "rule", id=entry.rule_id)[0]["definition"]
    return Receipt(
        entry.view(),
        rule,
        _origin(_rows(db, "origin", id=entry.id)[0]),
        _wire_keys(db, entry),
        entry.body,
        [_attempt(row) for row in _rows(db, "attempts", id=entry.id)],
        [_note(row) for row in _rows(db, "journal", id=entry.id)],
    )


def listing(db: sqlite3.Connection, what: Listing) -> Sequence[EntryView]:
    """Return entries, newest first."""
    name = "listing" if what.player is None else "listing_of_player"
    state = None if what.state is None else what.state.value
    found = _rows(
        db, name, campaign=what.campaign, player=what.player, state=state, limit=what.limit
    )
    return [entry_from(row).view() for row in found]


def counts(db: sqlite3.Connection, now: int) -> Sequence[LaneCount]:
    """Return how many entries each campaign has, by state."""
    oldest = {row["campaign"]: row["at"] for row in _rows(db, "oldest_due")}
    states: dict[str, dict[State, int]] = {}
    fenced: dict[str, int] = {}
    for row in _rows(db, "counts"):
        states.setdefault(row["campaign"], {})[State(row["state"])] = row["n"]
        fenced[row["campaign"]] = fenced.get(row["campaign"], 0) + row["fenced"]
    return [
        LaneCount(campaign, by_state, fenced[campaign], _age(oldest.get(campaign), now))
        for campaign, by_state in sorted(states.items())
    ]


def links(db: sqlite3.Connection, player: str | None) -> Sequence[Link]:
    """Return the links of one player, or all."""
    return [
        Link(row["campaign"], row["player"], row["user_ref"], as_moment(row["since"]), row["via"])
        for row in _rows(db, "links", player=player)
    ]


def _rows(db: sqlite3.Connection, name: str, **values: object) -> list[sqlite3.Row]:
    return db.execute(queries()[name], values).fetchall()


def _age(since: int | None, now: int) -> float | None:
    return None if since is None else max(0, now - since) / 1000


def _wire_keys(db: sqlite3.Connection, entry: Entry) -> list[UUID]:
    kept = [UUID(bytes=row["wire_key"]) for row in _rows(db, "wire_keys", id=entry.id)]
    return kept or ([entry.wire_key] if entry.wire_key else [])


def _origin(row: sqlite3.Row) -> Origin:
    return Origin(
        row["source"],
        row["peer"],
        row["adapter"],
        row["raw"],
        as_moment(row["received_at"]),
        row["name"],
        row["id"],
        moment(row["occurred_at"]),
    )


def _attempt(row: sqlite3.Row) -> Attempt:
    answer = Answer(row["outcome"], row["status"], row["detail"], row["head"], row["seconds"])
    return Attempt(row["number"], row["binding"], as_moment(row["at"]), answer)


def _note(row: sqlite3.Row) -> Note:
    return Note(as_moment(row["at"]), row["who"], row["what"], row["detail"])
