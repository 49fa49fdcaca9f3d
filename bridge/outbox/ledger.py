"""What an outbox does, written once: put, claim, settle, link, decide, over any `Rows`.

In: the contract's calls, inside one transaction. Out: their answers. Knows nothing of threads,
SQL or commits; a backend runs each call in a transaction of its own.
"""

from collections.abc import Callable
from uuid import UUID

from bridge.errors import EntryNotFound
from bridge.events import State, Taken
from bridge.outbox import life
from bridge.outbox.entry import Entry, as_millis, as_moment
from bridge.outbox.rows import Rows
from bridge.outbox.values import (
    Answer,
    Claim,
    Claimed,
    ClaimTerms,
    Decision,
    Link,
    MessageId,
    NewEntry,
    Verdict,
    Wire,
)

#: Most entries that one claim moves out of the way, so that the writer serves others in between.
_SWEEP = 500

_LOST = Answer("unknown", detail="the daemon stopped, or the answer came after the lease")


class Ledger:
    """One transaction's view of an outbox, at the time `now` (milliseconds)."""

    def __init__(self, rows: Rows, now: int) -> None:
        self._rows = rows
        self._now = now

    # -- put --------------------------------------------------------------------------------

    def put(self, new: NewEntry) -> Taken:
        """Keep one entry, unless its message id or its key is known."""
        decided = self.recall(new.message_id) if new.message_id is not None else None
        if decided is not None:
            return decided
        entry_before = self._rows.by_key(new.key)
        entry = entry_before or self._insert(new)
        self._remember(new.message_id, entry)
        return _taken(entry, duplicate=entry_before is not None)

    def recall(self, message_id: MessageId) -> Taken | None:
        """Return what a message id made when it was new."""
        known = self._rows.message(message_id.digest)
        if known is None:
            return None
        number, content = known
        entry = self._rows.by_id(number)
        return _taken(entry, duplicate=True, differs=content != message_id.content)

    def _insert(self, new: NewEntry) -> Entry:
        ref = self._rows.user_ref(new.campaign, new.player)
        entry = Entry(
            id=0,
            key=new.key,
            campaign=new.campaign,
            player=new.player,
            event_code=new.event_code,
            feat=new.feat,
            occurrence=new.occurrence,
            rule_id=self._rows.rule_id(new.rule),
            state=State.DUE if ref is not None else State.HELD,
            reason="" if ref is not None else life.UNLINKED,
            user_ref=ref,
            created_at=as_millis(new.origin.received_at),
            updated_at=self._now,
            due_at=self._now if ref is not None else None,
        )
        return self._rows.insert(entry, new.origin)

    def _remember(self, message_id: MessageId | None, entry: Entry) -> None:
        """Keep the message id also where the key was known: a rule's day may end before a resend.

        Else the resend of a duplicate would make an entry after midnight.
        """
        if message_id is not None:
            self._rows.remember_message(message_id.digest, entry.id, message_id.content)

    # -- claim ------------------------------------------------------------------------------

    def claim(self, campaign: str, limit: int, terms: ClaimTerms) -> Claimed:
        """Claim due entries; move those out of the way that can't be sent now."""
        self._wake(campaign, terms)
        claims: list[Claim] = []
        swept = 0
        while len(claims) < limit and swept < _SWEEP:
            found = self._rows.due(campaign, self._now, limit - len(claims))
            if not found:
                break
            swept += len(found)
            claims += [claim for entry in found if (claim := self._try(entry, terms)) is not None]
        return Claimed(claims, self._next_in(campaign))

    def _wake(self, campaign: str, terms: ClaimTerms) -> None:
        for entry in self._rows.leases_over(campaign, self._now):
            self._rows.add_attempt(entry, _LOST, self._now)
            self._move(entry, life.lease_over(entry, self._now))
        for entry in self._rows.held_unproven(campaign):
            if life.past_horizon(entry, terms.horizon, self._now):
                self._move(entry, life.doubted(entry, life.PAST_HORIZON, self._now))
        for entry in self._rows.held_until(campaign, self._now):
            self._move(entry, life.due_again(entry, self._now))

    def _try(self, entry: Entry, terms: ClaimTerms) -> Claim | None:
        """Claim one due entry, or set it aside: fenced, held or uncertain."""
        if life.past_horizon(entry, terms.horizon, self._now):
            self._move(entry, life.doubted(entry, life.PAST_HORIZON, self._now))
            return None
        if entry.target is None:
            self._move(entry, life.held_unlinked(entry, self._now))
            return None
        if entry.first_maybe_sent_at is None and self._rows.blocked(entry):
            self._rows.save(entry.changed(fenced=True))  # whoever blocks it lowers the fence
            return None
        after = life.claimed(entry, terms, self._now)
        if after.binding != entry.binding:
            if after.binding == 1:  # the first one is kept with the entry only, until now
                self._rows.add_binding(entry)
            self._rows.add_binding(after)
        self._move(entry, after)
        return _claim(after, terms.owner)

    def _next_in(self, campaign: str) -> float | None:
        at = self._rows.next_time(campaign)
        return None if at is None else max(0, at - self._now) / 1000

    # -- settle -----------------------------------------------------------------------------

    def settle(self, claim: Claim, verdict: Verdict, answer: Answer) -> State:
        """Record what became of an attempt, and let the next one through its fence."""
        before = self._rows.by_key(claim.key)
        if before is None:
            raise EntryNotFound(f"there is no entry {claim.key}")
        after = life.settled(before, claim, verdict, self._now)
        self._rows.add_attempt(
            before.changed(attempts=claim.attempt, binding=claim.binding), answer, self._now
        )
        self._move(before, after)
        return after.state

    def _move(self, before: Entry, after: Entry) -> None:
        """Save a change; where it opens a fence, let the oldest that waits behind it through."""
        if after == before:
            return
        self._rows.save(after)
        if not life.opens_fence(before, after):
            return
        ref = before.target or ""
        waiting = self._rows.next_fenced(before.campaign, ref, before.event_code)
        if waiting is not None:
            self._rows.save(waiting.changed(fenced=False))

    # -- links and decisions ----------------------------------------------------------------

    def link(self, campaign: str, player: str, user_ref: str, via: str) -> int:
        """Link a player and release what waited for it."""
        self._rows.set_link(Link(campaign, player, user_ref, as_moment(self._now), via))
        released = self._move_open(
            campaign, player, lambda entry: life.linked(entry, user_ref, self._now)
        )
        self._rows.add_note(self._now, via, "link", None, f"{campaign} {player} {user_ref}")
        return released

    def unlink(self, campaign: str, player: str, via: str) -> int:
        """Forget a link and hold what would have been sent by it."""
        self._rows.drop_link(campaign, player)
        held = self._move_open(campaign, player, lambda entry: life.unlinked(entry, self._now))
        self._rows.add_note(self._now, via, "unlink", None, f"{campaign} {player}")
        return held

    def _move_open(self, campaign: str, player: str, change: Callable[[Entry], Entry]) -> int:
        """Change a player's open entries; return how many were released or held by it.

        Each is read again: the one before may have let it through their fence.
        """
        moved = 0
        for found in self._rows.open_of(campaign, player):
            before = self._rows.by_id(found.id)
            after = change(before)
            self._move(before, after)
            moved += (before.state, before.reason) != (after.state, after.reason)
        return moved

    def decide(self, key: UUID, decision: Decision, who: str) -> State:
        """Carry out and journal an operator's decision."""
        before = self.find(key)
        after = life.decided(before, decision, self._now)
        self._move(before, after)
        detail = f"{before.state} → {after.state}"
        self._rows.add_note(self._now, who, decision.value, before.id, detail)
        return after.state

    def find(self, key: UUID) -> Entry:
        """Return the entry with this key or wire key.

        Raises:
            EntryNotFound: there is none.
        """
        entry = self._rows.by_key(key) or self._rows.by_wire_key(key)
        if entry is None:
            raise EntryNotFound(f"there is no entry with the key {key}")
        return entry


def _taken(entry: Entry, *, duplicate: bool, differs: bool = False) -> Taken:
    return Taken(str(entry.key), entry.state, duplicate, differs)


def _claim(entry: Entry, owner: str) -> Claim:
    from_wire = entry.wire_key or entry.key
    return Claim(
        entry.key,
        entry.campaign,
        entry.player,
        entry.event_code,
        entry.bound_ref or "",
        entry.binding,
        Wire(from_wire, entry.body or b""),
        owner,
        entry.attempts,
        entry.failures,
        entry.refusals,
        entry.conflicts,
    )
