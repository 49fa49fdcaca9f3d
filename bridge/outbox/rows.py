"""What a backend's storage must offer so that `Ledger` can work on it.

In: entries and what hangs on them. Out: the same, found again. One `Rows` lives inside one
transaction; nothing here commits. Times are milliseconds.
"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from bridge.outbox.entry import Entry
from bridge.outbox.values import Answer, Link, Origin, RememberedRule


class Rows(Protocol):
    """Storage of one outbox, inside a transaction."""

    # -- entries --

    def by_id(self, entry_id: int) -> Entry:
        """Return the entry with this number."""
        ...

    def by_key(self, key: UUID) -> Entry | None:
        """Return the entry with this key."""
        ...

    def by_wire_key(self, key: UUID) -> Entry | None:
        """Return the entry that was ever sent under this wire key."""
        ...

    def insert(self, entry: Entry, origin: Origin) -> Entry:
        """Store a new entry with where it came from; return it with its number."""
        ...

    def save(self, entry: Entry) -> None:
        """Store the entry's changed fields."""
        ...

    # -- message ids --

    def message(self, digest: bytes) -> tuple[int, bytes] | None:
        """Return (entry number, content) of a known message id."""
        ...

    def remember_message(self, digest: bytes, entry_id: int, content: bytes) -> None:
        """Keep a message id for ever."""
        ...

    # -- what a claim looks for --

    def due(self, campaign: str, now: int, limit: int) -> Sequence[Entry]:
        """Return due entries that are not fenced, oldest due first."""
        ...

    def leases_over(self, campaign: str, now: int) -> Sequence[Entry]:
        """Return sending entries whose lease is over."""
        ...

    def held_until(self, campaign: str, now: int) -> Sequence[Entry]:
        """Return held entries whose time to be tried again has come."""
        ...

    def held_unproven(self, campaign: str) -> Sequence[Entry]:
        """Return held entries that an earlier attempt may have paid."""
        ...

    def next_time(self, campaign: str) -> int | None:
        """Return the earliest time at which one of the three above has something."""
        ...

    def blocked(self, entry: Entry) -> bool:
        """Whether another entry of the same (campaign, target, event code) is unproven."""
        ...

    def next_fenced(self, campaign: str, user_ref: str, event_code: str) -> Entry | None:
        """Return the oldest entry that waits behind this fence."""
        ...

    # -- links --

    def user_ref(self, campaign: str, player: str) -> str | None:
        """Return the player's userRef."""
        ...

    def set_link(self, link: Link) -> None:
        """Keep a link in place of an older one."""
        ...

    def drop_link(self, campaign: str, player: str) -> None:
        """Forget a link."""
        ...

    def open_of(self, campaign: str, player: str) -> Sequence[Entry]:
        """Return the player's entries that are not accepted, confirmed or discarded."""
        ...

    # -- history --

    def add_attempt(self, entry: Entry, answer: Answer, at: int) -> None:
        """Keep what the entry's latest attempt met."""
        ...

    def add_binding(self, entry: Entry) -> None:
        """Keep a binding's wire key, userRef and bytes."""
        ...

    def add_note(self, at: int, who: str, what: str, entry_id: int | None, detail: str) -> None:
        """Write a line into the journal."""
        ...

    # -- rules --

    def rule_id(self, definition: str) -> int:
        """Return the number of a rule that makes an entry now, marking it used."""
        ...

    def rules(self) -> Sequence[RememberedRule]:
        """Return the rules in force, in order."""
        ...

    def set_rules(self, definitions: Sequence[str]) -> None:
        """Replace the rules in force; which ones were used stays known.

        One that stands twice keeps its first place.
        """
        ...
