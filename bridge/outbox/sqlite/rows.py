"""Entries as rows of SQLite: each call one named statement of `queries.sql`.

In: the calls of `Rows`. Out: entries and facts. Knows nothing of transactions or threads.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from uuid import UUID

from bridge.errors import EntryNotFound
from bridge.events import State
from bridge.outbox.entry import Entry, as_millis
from bridge.outbox.rows import Rows
from bridge.outbox.values import Answer, Link, Origin, RememberedRule
from bridge.sqlite.scripts import load_queries

_FIELDS = tuple(field.name for field in fields(Entry))


@cache
def queries() -> Mapping[str, str]:
    """Return the named statements."""
    return load_queries("bridge.outbox.sqlite")


class SqliteRows:
    """The rows of one connection, inside its transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._sql = queries()

    def _run(self, statement: str, /, **values: object) -> sqlite3.Cursor:
        return self._db.execute(self._sql[statement], values)

    def _one(self, name: str, /, **values: object) -> Entry | None:
        row = self._run(name, **values).fetchone()
        return None if row is None else entry_from(row)

    def _many(self, name: str, /, **values: object) -> list[Entry]:
        return [entry_from(row) for row in self._run(name, **values)]

    # -- entries --

    def by_id(self, entry_id: int) -> Entry:
        entry = self._one("by_id", id=entry_id)
        if entry is None:
            raise EntryNotFound(f"there is no entry number {entry_id}")
        return entry

    def by_key(self, key: UUID) -> Entry | None:
        return self._one("by_key", key=key.bytes)

    def by_wire_key(self, key: UUID) -> Entry | None:
        return self._one("by_wire_key", key=key.bytes)

    def insert(self, entry: Entry, origin: Origin) -> Entry:
        cursor = self._run("insert", **values_of(entry))
        number = cursor.lastrowid or 0
        self._run(
            "insert_origin",
            entry_id=number,
            source=origin.source,
            peer=origin.peer,
            adapter=origin.adapter,
            raw=origin.raw,
            received_at=as_millis(origin.received_at),
            name=origin.name,
            id=origin.id,
            occurred_at=None if origin.occurred_at is None else as_millis(origin.occurred_at),
        )
        return entry.changed(id=number)

    def save(self, entry: Entry) -> None:
        self._run("save", **values_of(entry))

    # -- message ids --

    def message(self, digest: bytes) -> tuple[int, bytes] | None:
        row = self._run("message", digest=digest).fetchone()
        return None if row is None else (row["entry_id"], row["content"])

    def remember_message(self, digest: bytes, entry_id: int, content: bytes) -> None:
        self._run("remember_message", digest=digest, entry_id=entry_id, content=content)

    # -- what a claim looks for --

    def due(self, campaign: str, now: int, limit: int) -> Sequence[Entry]:
        return self._many("due", campaign=campaign, now=now, limit=limit)

    def leases_over(self, campaign: str, now: int) -> Sequence[Entry]:
        return self._many("leases_over", campaign=campaign, now=now)

    def held_until(self, campaign: str, now: int) -> Sequence[Entry]:
        return self._many("held_until", campaign=campaign, now=now)

    def held_unproven(self, campaign: str) -> Sequence[Entry]:
        return self._many("held_unproven", campaign=campaign)

    def next_time(self, campaign: str) -> int | None:
        at: int | None = self._run("next_time", campaign=campaign).fetchone()[0]
        return at

    def blocked(self, entry: Entry) -> bool:
        found = self._run(
            "blocked",
            campaign=entry.campaign,
            target=entry.target,
            event_code=entry.event_code,
            id=entry.id,
        )
        return found.fetchone() is not None

    def next_fenced(self, campaign: str, user_ref: str, event_code: str) -> Entry | None:
        return self._one("next_fenced", campaign=campaign, user_ref=user_ref, event_code=event_code)

    # -- links --

    def user_ref(self, campaign: str, player: str) -> str | None:
        row = self._run("user_ref", campaign=campaign, player=player).fetchone()
        return None if row is None else row["user_ref"]

    def set_link(self, link: Link) -> None:
        self._run(
            "set_link",
            campaign=link.campaign,
            player=link.player,
            user_ref=link.user_ref,
            since=as_millis(link.since),
            via=link.via,
        )

    def drop_link(self, campaign: str, player: str) -> None:
        self._run("drop_link", campaign=campaign, player=player)

    def open_of(self, campaign: str, player: str) -> Sequence[Entry]:
        return self._many("open_of", campaign=campaign, player=player)

    # -- history --

    def add_attempt(self, entry: Entry, answer: Answer, at: int) -> None:
        self._run(
            "add_attempt",
            entry_id=entry.id,
            number=entry.attempts,
            binding=entry.binding,
            at=at,
            outcome=answer.outcome,
            status=answer.status,
            detail=answer.detail,
            head=answer.head,
            seconds=answer.seconds,
        )

    def add_binding(self, entry: Entry) -> None:
        self._run("add_binding", **values_of(entry))

    def add_note(self, at: int, who: str, what: str, entry_id: int | None, detail: str) -> None:
        self._run("add_note", at=at, who=who, what=what, entry_id=entry_id, detail=detail)

    # -- rules --

    def rule_id(self, definition: str) -> int:
        number: int = self._run("use_rule", definition=definition).fetchone()[0]
        return number

    def rules(self) -> Sequence[RememberedRule]:
        return [
            RememberedRule(row["definition"], bool(row["used"]), row["entries"])
            for row in self._run("rules")
        ]

    def set_rules(self, definitions: Sequence[str]) -> None:
        self._run("clear_rules")
        for place, definition in enumerate(definitions):
            self._run("place_rule", definition=definition, place=place)


def entry_from(row: sqlite3.Row) -> Entry:
    """Read a row of `entries`."""
    values = dict(zip(row.keys(), row, strict=True))
    values["key"] = UUID(bytes=values["key"])
    values["wire_key"] = None if values["wire_key"] is None else UUID(bytes=values["wire_key"])
    values["state"] = State(values["state"])
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


_: type[Rows] = SqliteRows
