"""Entries and message ids as rows.

In: entries. Out: the same, found again. Decides nothing.
"""

import json
from collections.abc import Iterator, Sequence
from uuid import UUID

from bridge.errors import EntryNotFound
from bridge.outbox.entry import Entry
from bridge.outbox.sqlite.known import Known
from bridge.outbox.sqlite.memo import Memo
from bridge.outbox.sqlite.rows.shapes import (
    DueRow,
    KinRow,
    NewRow,
    Paid,
    SendingRow,
    Taken,
    entry_from,
    values_of,
)
from bridge.outbox.sqlite.statements import Statements


class Entries:
    """The rows of `entries`, `origins` and `message_ids`, and what is known of keys."""

    def __init__(self, sql: Statements, known: Known, memo: Memo) -> None:
        self._sql = sql
        self._known = known
        self._memo = memo

    def _one(self, name: str, /, **values: object) -> Entry | None:
        row = self._sql.one(name, **values)
        return None if row is None else entry_from(row)

    def _many(self, name: str, /, **values: object) -> list[Entry]:
        return [entry_from(row) for row in self._sql.run(name, **values)]

    def by_id(self, entry_id: int) -> Entry:
        """Return the entry with this number."""
        entry = self.numbered(entry_id)
        if entry is None:
            raise EntryNotFound(f"there is no entry number {entry_id}")
        return entry

    def numbered(self, entry_id: int) -> Entry | None:
        """Return the entry with this number, if there is one."""
        return self._one("by_id", id=entry_id)

    def by_key(self, key: UUID) -> Entry | None:
        """Return the entry with this key."""
        for number in self._known.by_key(self._sql.db, key.bytes):
            entry = self._one("by_id", id=number)
            if entry is not None and entry.key == key:
                return entry
        return None

    def numbers_of_key(self, key: bytes) -> Iterator[int]:
        """Yield the numbers that an entry with this key may have, filed or not."""
        return self._known.by_key(self._sql.db, key)

    def numbers_of_digest(self, digest: bytes) -> Iterator[int]:
        """Yield the numbers that an entry made by this message id may have, filed or not."""
        return self._known.by_digest(self._sql.db, digest)

    def take(self, number: int, key: bytes, digest: bytes | None, player: str) -> bool:
        """Know a new entry by its key and its message id, unless somebody may know them already."""
        if digest is not None and self._other_message(digest) is not None:
            return False
        return self._known.take(self._sql.db, number, key, digest, player)

    def know(self, row: NewRow) -> None:
        """Know a new entry."""
        self._known.add(row.id, row.key, row.digest, row.player)

    def keys_between(self, low: UUID, high: UUID, limit: int) -> list[UUID]:
        """Return keys from `low` to `high`, in order."""
        found = self._sql.many("keys_between", low=low.bytes, high=high.bytes, limit=limit)
        return [UUID(bytes=row["key"]) for row in found]

    def by_wire_key(self, key: UUID) -> Entry | None:
        """Return the entry that was ever sent under this wire key of a later binding."""
        return self._one("by_wire_key", key=key.bytes)

    def next_number(self) -> int:
        """Return the number of the next new entry."""
        return self._known.next_number(self._sql.db)

    def insert(self, new: Sequence[NewRow], origins: Sequence[Sequence[object]]) -> None:
        """Store new entries that nobody knows, numbered without a gap from `next_number`."""
        for row in new:
            self.know(row)
        self.store(new, origins)

    def store(self, new: Sequence[NewRow], origins: Sequence[Sequence[object]]) -> None:
        """Store entries that are known already, numbered without a gap, with their origins."""
        self._sql.each("insert", new)
        self._sql.each("insert_origin", origins)
        self._known.seal(self._sql.db)

    def seal(self) -> None:
        """Write what is known of the newest entries as well, however few they are."""
        self._known.seal(self._sql.db, least=1)

    def save(self, entry: Entry) -> None:
        """Store the entry's changed fields."""
        self._sql.run("save", **values_of(entry))

    # -- message ids --

    def message(self, digest: bytes) -> tuple[int | None, bytes] | None:
        """Return (entry number, content) of a known message id; no number where it only counted."""
        for number in self._known.by_digest(self._sql.db, digest):
            row = self._sql.one("made_by_message", id=number)
            if row is not None and row["digest"] == digest:
                return number, row["content"]
        return self._other_message(digest)

    def _other_message(self, digest: bytes) -> tuple[int | None, bytes] | None:
        if self._memo.other_messages is None:
            self._memo.other_messages = self._sql.one("any_message") is not None
        if not self._memo.other_messages:
            return None
        row = self._sql.one("message", digest=digest)
        return None if row is None else (row["entry_id"], row["content"])

    def remember_message(self, digest: bytes, entry_id: int, content: bytes) -> None:
        """Keep the id of a message that made no entry, since its feat was known, for ever."""
        self._memo.other_messages = True
        self._sql.run("remember_message", digest=digest, entry_id=entry_id, content=content)

    def remember_counted(self, digest: bytes, entry_id: int | None, content: bytes) -> None:
        """Keep the id of a message that moved counters, and may have made an entry."""
        self._memo.other_messages = True
        self._sql.run("remember_counted", digest=digest, entry_id=entry_id, content=content)

    # -- what a claim looks for --

    def due(self, campaign: str, now: int, limit: int) -> list[DueRow]:
        """Return due entries that are not fenced, oldest due first."""
        found = self._sql.run("due", campaign=campaign, now=now, limit=limit)
        return [DueRow(*row) for row in found]

    def claim_first(
        self, bodies: Sequence[tuple[bytes, bytes, int]], owner: str, lease_until: int, now: int
    ) -> None:
        """Store first claims, each with its wire key, its body and its number."""
        self._sql.each(
            "claim_first",
            [(key, body, owner, lease_until, now, now, id_) for key, body, id_ in bodies],
        )

    def sending(self, numbers: Sequence[int]) -> dict[int, SendingRow]:
        """Return by number which of these entries are being sent, unproven."""
        found = self._sql.run("sending", numbers=json.dumps(numbers))
        return {row[0]: SendingRow(*row) for row in found}

    def accept(self, taken: Sequence[Taken], now: int) -> None:
        """Store that the API took entries that were being sent."""
        self._sql.each("accept", [(now, now, row.amount, row.look_at, row.id) for row in taken])

    def any_fenced(self, campaign: str) -> bool:
        """Whether an entry of a campaign waits behind a fence."""
        return self._sql.one("any_fenced", campaign=campaign) is not None

    def leases_over(self, campaign: str, now: int) -> list[Entry]:
        """Return sending entries whose lease is over."""
        return self._many("leases_over", campaign=campaign, now=now)

    def held_until(self, campaign: str, now: int) -> list[Entry]:
        """Return held entries whose time to be tried again has come."""
        return self._many("held_until", campaign=campaign, now=now)

    def held_unproven(self, campaign: str) -> list[Entry]:
        """Return held entries that an earlier attempt may have paid."""
        return self._many("held_unproven", campaign=campaign)

    def next_time(self, campaign: str) -> int | None:
        """Return the earliest time at which one of the above has something."""
        at: int | None = self._sql.run("next_time", campaign=campaign).fetchone()[0]
        return at

    def blocked(self, entry: Entry) -> bool:
        """Whether another entry of the same (campaign, target, event code) is unproven."""
        found = self._sql.one(
            "blocked",
            campaign=entry.campaign,
            target=entry.target,
            event_code=entry.event_code,
            id=entry.id,
        )
        return found is not None

    def next_fenced(self, campaign: str, user_ref: str, event_code: str) -> Entry | None:
        """Return the oldest entry that waits behind this fence."""
        return self._one("next_fenced", campaign=campaign, user_ref=user_ref, event_code=event_code)

    # -- by player, by user, by reason --

    def open_of(self, campaign: str, player: str) -> list[Entry]:
        """Return the player's entries that are not accepted, confirmed or discarded."""
        tail = self._known.of_player(self._sql.db, player)
        return self._many("open_of", campaign=campaign, player=player, tail=tail)

    def unmatched_of(self, campaign: str, user_ref: str, event_code: str) -> list[Entry]:
        """Return the user's entries that a payout could belong to and that have none, oldest first.

        Those are accepted, confirmed without a payout that is known by name, or unproven.
        """
        return self._many(
            "unmatched_of", campaign=campaign, user_ref=user_ref, event_code=event_code
        )

    def kin(self, campaign: str, user_ref: str) -> list[KinRow]:
        """Return the same of all events."""
        found = self._sql.run("kin", campaign=campaign, user_ref=user_ref)
        return [KinRow(*row) for row in found]

    def confirm(self, paid: Sequence[Paid], now: int) -> None:
        """Store that accepted entries were paid."""
        self._sql.each("confirm", [(row.amount, now, row.id) for row in paid])

    def any_quarantined(self, campaign: str) -> bool:
        """Whether entries of a campaign are held by a quarantine."""
        return self._sql.one("any_quarantined", campaign=campaign) is not None

    def quarantined_of(self, campaign: str, user_ref: str, event_code: str) -> list[Entry]:
        """Return the user's entries in quarantine, which may have been paid in a lost past."""
        return self._many(
            "quarantined_of", campaign=campaign, user_ref=user_ref, event_code=event_code
        )

    def occurred_at(self, number: int) -> int | None:
        """Return when an entry's deed occurred, where its message said so."""
        row = self._sql.one("origin", id=number)
        return None if row is None else row["occurred_at"]

    def any_of(self, campaign: str, user_ref: str, event_code: str) -> Entry | None:
        """Return the user's newest entry of this event that was ever sent."""
        return self._one("any_of", campaign=campaign, user_ref=user_ref, event_code=event_code)

    def to_look_for(self, campaign: str, now: int, limit: int) -> list[str]:
        """Return userRefs whose payouts are to be looked for now, longest waiting first."""
        users: dict[str, None] = {}
        for (user_ref,) in self._sql.run("to_look_for", campaign=campaign, now=now):
            users[user_ref] = None
            if len(users) >= limit:
                break
        return list(users)

    def next_look(self, campaign: str) -> int | None:
        """Return when a payout is to be looked for next."""
        at: int | None = self._sql.run("next_look", campaign=campaign).fetchone()[0]
        return at

    def payees(self, campaign: str) -> list[str]:
        """Return every userRef that was ever sent to, is linked, or was paid behind our back."""
        return [row["user_ref"] for row in self._sql.many("payees", campaign=campaign)]

    def looked_for(self, campaign: str, user_ref: str) -> list[Entry]:
        """Return the user's entries that are being looked for."""
        return self._many("looked_for", campaign=campaign, user_ref=user_ref)

    def codes_looked_for(self, campaign: str, user_ref: str) -> set[str]:
        """Return the events of the user's entries that are being looked for."""
        found = self._sql.run("codes_looked_for", campaign=campaign, user_ref=user_ref)
        return {row[0] for row in found}

    def look_again(self, campaign: str, user_ref: str, waits: Sequence[int], now: int) -> None:
        """Look for the user's entries again, after the wait (milliseconds) of so many looks."""
        told = json.dumps(waits)
        self._sql.run("look_again", campaign=campaign, user_ref=user_ref, waits=told, now=now)

    def held_for(self, reason: str, limit: int, campaign: str | None = None) -> list[Entry]:
        """Return entries held for a reason, oldest first."""
        return self._many("held_for", reason=reason, limit=limit, campaign=campaign)

    def held_and_priced(self, reason: str, campaign: str, limit: int) -> list[Entry]:
        """Return entries held for a reason whose event's price is known."""
        return self._many("held_and_priced", reason=reason, campaign=campaign, limit=limit)

    def held_before(self, reason: str, before: int, limit: int) -> list[Entry]:
        """Return entries that have been held for a reason since before a time."""
        return self._many("held_before", reason=reason, before=before, limit=limit)

    def forget_held(self, reason: str) -> int:
        """Delete what is held for a reason and was never sent, as if it had never come."""
        for what in ("messages", "decisions", "origins", "notes", "changes", "once"):
            self._sql.run(f"forget_{what}", reason=reason)
        return self._sql.run("forget_entries", reason=reason).rowcount

    def quarantine(self, reason: str, now: int) -> int:
        """Hold everything that waits to be sent or is being sent; return how many."""
        self._sql.run("note_quarantined", reason=reason, now=now)
        return self._sql.run("quarantine_entries", reason=reason, now=now).rowcount
