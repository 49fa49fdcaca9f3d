"""An outbox in memory: the whole road in milliseconds, for tests and for trying adapters.

In: the contract's calls. Out: their answers; nothing survives the process. Knows nothing of files.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar
from uuid import UUID

from bridge.errors import OutboxError
from bridge.events import Clock, State, Taken
from bridge.outbox.clock import LedgerClock
from bridge.outbox.contract import Outbox
from bridge.outbox.entry import Entry, as_moment
from bridge.outbox.ledger import Ledger
from bridge.outbox.rows import Rows
from bridge.outbox.values import (
    Answer,
    Attempt,
    Claim,
    Claimed,
    ClaimTerms,
    Decision,
    EntryView,
    LaneCount,
    Link,
    Listing,
    MessageId,
    NewEntry,
    Note,
    Origin,
    Receipt,
    RememberedRule,
    Verdict,
)

T = TypeVar("T")

_CLOSED = {State.ACCEPTED, State.CONFIRMED, State.DISCARDED}


class MemoryRows:
    """Entries in dictionaries."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.origins: dict[int, Origin] = {}
        self.keys: dict[UUID, int] = {}
        self.messages: dict[bytes, tuple[int, bytes]] = {}
        self.linked: dict[tuple[str, str], Link] = {}
        self.attempts: dict[int, list[Attempt]] = defaultdict(list)
        self.bindings: dict[int, list[UUID]] = defaultdict(list)
        self.notes: list[tuple[int | None, Note]] = []
        self.used: dict[str, int] = {}
        self.in_force: list[str] = []

    def by_id(self, entry_id: int) -> Entry:
        return self.entries[entry_id]

    def by_key(self, key: UUID) -> Entry | None:
        return self.entries.get(self.keys.get(key, 0))

    def by_wire_key(self, key: UUID) -> Entry | None:
        owners = (number for number, keys in self.bindings.items() if key in keys)
        return self.entries.get(next(owners, 0))

    def insert(self, entry: Entry, origin: Origin) -> Entry:
        entry = entry.changed(id=len(self.entries) + 1)
        self.entries[entry.id] = entry
        self.origins[entry.id] = origin
        self.keys[entry.key] = entry.id
        return entry

    def save(self, entry: Entry) -> None:
        self.entries[entry.id] = entry

    def message(self, digest: bytes) -> tuple[int, bytes] | None:
        return self.messages.get(digest)

    def remember_message(self, digest: bytes, entry_id: int, content: bytes) -> None:
        self.messages[digest] = (entry_id, content)

    def due(self, campaign: str, now: int, limit: int) -> Sequence[Entry]:
        found = [
            e for e in self._of(campaign, State.DUE) if not e.fenced and (e.due_at or 0) <= now
        ]
        return sorted(found, key=lambda entry: (entry.due_at or 0, entry.id))[:limit]

    def leases_over(self, campaign: str, now: int) -> Sequence[Entry]:
        return [e for e in self._of(campaign, State.SENDING) if (e.lease_until or 0) <= now]

    def held_until(self, campaign: str, now: int) -> Sequence[Entry]:
        held = self._of(campaign, State.HELD)
        return [entry for entry in held if entry.due_at is not None and entry.due_at <= now]

    def held_unproven(self, campaign: str) -> Sequence[Entry]:
        held = self._of(campaign, State.HELD)
        return [entry for entry in held if entry.first_maybe_sent_at is not None]

    def next_time(self, campaign: str) -> int | None:
        times = [
            *(e.due_at for e in self._of(campaign, State.DUE) if not e.fenced),
            *(e.lease_until for e in self._of(campaign, State.SENDING)),
            *(e.due_at for e in self._of(campaign, State.HELD)),
        ]
        return min((at for at in times if at is not None), default=None)

    def blocked(self, entry: Entry) -> bool:
        return any(
            other.id != entry.id
            and other.first_maybe_sent_at is not None
            and (other.campaign, other.bound_ref, other.event_code)
            == (entry.campaign, entry.target, entry.event_code)
            for other in self.entries.values()
        )

    def next_fenced(self, campaign: str, user_ref: str, event_code: str) -> Entry | None:
        return next(
            (
                entry
                for entry in self.entries.values()
                if entry.fenced
                and (entry.campaign, entry.user_ref, entry.event_code)
                == (campaign, user_ref, event_code)
            ),
            None,
        )

    def user_ref(self, campaign: str, player: str) -> str | None:
        link = self.linked.get((player, campaign))
        return None if link is None else link.user_ref

    def set_link(self, link: Link) -> None:
        self.linked[link.player, link.campaign] = link

    def drop_link(self, campaign: str, player: str) -> None:
        self.linked.pop((player, campaign), None)

    def open_of(self, campaign: str, player: str) -> Sequence[Entry]:
        return [
            entry
            for entry in self.entries.values()
            if (entry.campaign, entry.player) == (campaign, player) and entry.state not in _CLOSED
        ]

    def add_attempt(self, entry: Entry, answer: Answer, at: int) -> None:
        attempt = Attempt(entry.attempts, entry.binding, as_moment(at), answer)
        self.attempts[entry.id].append(attempt)

    def add_binding(self, entry: Entry) -> None:
        if entry.wire_key is not None and entry.wire_key not in self.bindings[entry.id]:
            self.bindings[entry.id].append(entry.wire_key)

    def add_note(self, at: int, who: str, what: str, entry_id: int | None, detail: str) -> None:
        self.notes.append((entry_id, Note(as_moment(at), who, what, detail)))

    def rule_id(self, definition: str) -> int:
        return self.used.setdefault(definition, len(self.used) + 1)

    def rules(self) -> Sequence[RememberedRule]:
        return [
            RememberedRule(definition, definition in self.used, self._made_by(definition))
            for definition in self.in_force
        ]

    def set_rules(self, definitions: Sequence[str]) -> None:
        self.in_force = list(dict.fromkeys(definitions))

    def definition(self, rule_id: int) -> str:
        """Return the rule with this number."""
        return next(text for text, number in self.used.items() if number == rule_id)

    def _made_by(self, definition: str) -> int:
        number = self.used.get(definition)
        return sum(entry.rule_id == number for entry in self.entries.values())

    def _of(self, campaign: str, state: State) -> Iterator[Entry]:
        return (e for e in self.entries.values() if e.campaign == campaign and e.state is state)


class MemoryOutbox:
    """The contract over `MemoryRows`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = LedgerClock(clock)
        self._rows = MemoryRows()
        self._events: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def _ledger(self) -> Ledger:
        return Ledger(self._rows, self._clock.now())

    async def put(self, entries: Sequence[NewEntry]) -> Sequence[Taken | OutboxError]:
        """Keep `entries`; see the contract."""
        results = [self._ledger().put(entry) for entry in entries]
        for entry in entries:
            self._events[entry.campaign].set()
        return results

    async def recall(self, ids: Sequence[MessageId]) -> Sequence[Taken | None]:
        """Return the first decision of each message id."""
        return [self._ledger().recall(message_id) for message_id in ids]

    async def claim(self, campaign: str, limit: int, terms: ClaimTerms) -> Claimed:
        """Claim due entries; see the contract."""
        return self._ledger().claim(campaign, limit, terms)

    async def settle(self, claim: Claim, verdict: Verdict, answer: Answer) -> State:
        """Record an outcome; see the contract."""
        return self._waking(lambda ledger: ledger.settle(claim, verdict, answer))

    def watch(self, campaign: str) -> asyncio.Event:
        """Return the event that says that something may be due."""
        return self._events[campaign]

    async def link(self, campaign: str, player: str, user_ref: str, via: str) -> int:
        """Link a player; see the contract."""
        return self._waking(lambda ledger: ledger.link(campaign, player, user_ref, via))

    async def unlink(self, campaign: str, player: str, via: str) -> int:
        """Forget a link; see the contract."""
        return self._waking(lambda ledger: ledger.unlink(campaign, player, via))

    async def links(self, player: str | None = None) -> Sequence[Link]:
        """Return the links of one player, or all."""
        found = [link for link in self._rows.linked.values() if player in {None, link.player}]
        return sorted(found, key=lambda link: (link.player, link.campaign))

    async def receipt(self, key: UUID) -> Receipt:
        """Return all that is known of an entry."""
        entry = self._ledger().find(key)
        number = entry.id
        kept = self._rows.bindings[number] or ([entry.wire_key] if entry.wire_key else [])
        return Receipt(
            entry.view(),
            self._rows.definition(entry.rule_id),
            self._rows.origins[number],
            kept,
            entry.body,
            self._rows.attempts[number],
            [note for owner, note in self._rows.notes if owner == number],
        )

    async def listing(self, what: Listing) -> Sequence[EntryView]:
        """Return entries, newest first."""
        views = [entry.view() for entry in reversed(self._rows.entries.values())]
        return [
            view
            for view in views
            if what.campaign in {None, view.campaign}
            and what.player in {None, view.player}
            and what.state in {None, view.state}
        ][: what.limit]

    async def counts(self) -> Sequence[LaneCount]:
        """Return how many entries each campaign has, by state."""
        lanes: dict[str, LaneCount] = {}
        for entry in self._rows.entries.values():
            lane = lanes.setdefault(entry.campaign, LaneCount(entry.campaign))
            lane.states[entry.state] = lane.states.get(entry.state, 0) + 1
        return [self._aged(lane) for _, lane in sorted(lanes.items())]

    def _aged(self, lane: LaneCount) -> LaneCount:
        mine = [e for e in self._rows.entries.values() if e.campaign == lane.campaign]
        due = [entry.due_at or 0 for entry in mine if entry.state is State.DUE]
        oldest = max(0, self._clock.now() - min(due)) / 1000 if due else None
        return LaneCount(lane.campaign, lane.states, sum(e.fenced for e in mine), oldest)

    async def decide(self, key: UUID, decision: Decision, who: str) -> State:
        """Carry out an operator's decision."""
        return self._waking(lambda ledger: ledger.decide(key, decision, who))

    async def remembered_rules(self) -> Sequence[RememberedRule]:
        """Return the rules last adopted."""
        return self._rows.rules()

    async def adopt_rules(self, definitions: Sequence[str], journal: str = "") -> None:
        """Remember the rules in force."""
        self._rows.set_rules(definitions)
        if journal:
            self._rows.add_note(self._clock.now(), "operator", "rules", None, journal)

    def _waking(self, call: Callable[[Ledger], T]) -> T:
        result = call(self._ledger())
        for event in self._events.values():
            event.set()
        return result


_: type[Outbox] = MemoryOutbox
_fits: type[Rows] = MemoryRows
