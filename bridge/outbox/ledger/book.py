"""The book that every call writes in: rows, the time, and how a change is saved.

In: entries before and after. Out: rows that hold together: fence, stream, totals. Knows nothing of
what the calls are for.
"""

from uuid import UUID

from bridge.errors import EntryNotFound
from bridge.events import State, Taken
from bridge.outbox import life
from bridge.outbox.entry import Entry
from bridge.outbox.sqlite.rows import Rows
from bridge.record import record

_LOOKED_FOR = {State.ACCEPTED, State.UNCERTAIN}


@record
class Book:
    """One transaction's view of an outbox, at the time `now` (milliseconds)."""

    rows: Rows
    now: int

    def move(self, before: Entry, after: Entry) -> None:
        """Save a change; where it opens a fence, let the oldest that waits behind it through."""
        if after == before:
            return
        if after.state is not before.state and after.state in _LOOKED_FOR:
            after = self._to_be_looked_for(after)
        self.rows.entries.save(after)
        if (before.state.told, before.reason) != (after.state.told, after.reason):
            self._tell(before, after)
        if life.opens_fence(before, after):
            self.let_through(before.campaign, before.target or "", before.event_code)

    def _to_be_looked_for(self, entry: Entry) -> Entry:
        """Say when its payout is first looked for; never where the history can't be read."""
        amount = entry.amount
        if amount is None:
            amount = self.rows.lanes.price(entry.campaign, entry.event_code)
        return entry.changed(look_at=self.first_look(entry.campaign), looks=0, amount=amount)

    def first_look(self, campaign: str) -> int | None:
        """Return when the payout of what was sent now is first looked for; None for never."""
        lane = self.rows.lanes.of(campaign)
        return self.now + lane.first_look if lane.history else None

    def _tell(self, before: Entry, after: Entry) -> None:
        """Tell the stream of what a game would notice; the reasons of retries are no news."""
        if after.state.told != before.state.told or after.state is State.HELD:
            self.rows.history.add_change(self.now, after)

    def let_through(self, campaign: str, user_ref: str, event_code: str) -> None:
        """Open a fence for the oldest entry that waits behind it."""
        waiting = self.rows.entries.next_fenced(campaign, user_ref, event_code)
        if waiting is not None:
            self.rows.entries.save(waiting.changed(fenced=False))

    def find(self, key: UUID) -> Entry:
        """Return the entry with this key or wire key.

        Raises:
            EntryNotFound: there is none.
        """
        entry = self.known(key)
        if entry is None:
            raise EntryNotFound(f"there is no entry with the key {key}")
        return entry

    def known(self, key: UUID) -> Entry | None:
        """Return the entry with this key or wire key, or None."""
        entries = self.rows.entries
        return entries.by_key(key) or entries.by_wire_key(key)

    def note(self, who: str, what: str, entry: Entry | None, detail: str) -> None:
        """Write a line into the journal."""
        number = None if entry is None else entry.id
        self.rows.history.add_note(self.now, who, what, number, detail)

    def note_link(self, who: str, what: str, player: str, detail: str) -> None:
        """Write into the journal what became of a player's link."""
        self.rows.history.add_note(self.now, who, what, None, detail, player)


def taken(
    entry: Entry, *, duplicate: bool, differs: bool = False, not_replayed: bool = False
) -> Taken:
    """Return what a game is told of an entry."""
    return Taken(entry.key, entry.state, duplicate, differs, not_replayed)
