"""What an outbox promises, and the life of an entry.

```text
              put                 claim              202                webhook / history
 (message) ─────────▶ due ─────────────▶ sending ─────────▶ accepted ─────────────────▶ confirmed
              │        ▲                    │
   no link    │        │ linked, released   ├── Later, or lease over ─▶ due
              │        │                    ├── Held, nothing unproven ─▶ held    (Dead ─▶ dead)
              └──▶ held┘                    ├── Held or Dead, an older attempt unproven ─▶ uncertain
                     ▲                      └── Doubtful ─▶ uncertain
             unlink  └── due                    (also at a claim past the key horizon)
                     uncertain ── operator ──▶ accepted · due · dead
                     dead · held ── operator ──▶ due      any open state ── operator ──▶ discarded
```

The *mark* (`first_maybe_sent_at`) is set by a claim and means: bytes of this binding may have
reached the API. Only the attempt that set it may clear it, and only with proof that nothing was
sent or that the API itself refused. An entry with a mark is *unproven*.

The *fence*: of the entries with one (campaign, userRef, event code) at most one is unproven; the
others stay due, so that a count in the remote history can prove something.

Each backend passes `tests/outbox/test_contract.py`; that suite is the definition.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from bridge.errors import OutboxError
from bridge.events import State, Taken

# -- what goes in ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MessageId:
    """The game's own name for one deed: a known one gets its first decision again.

    `digest` is of (source, player, name, id), `content` of everything the message says; both are
    short hashes. They are kept as long as keys are.
    """

    digest: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an entry came from, for its receipt. `raw` holds no secrets."""

    source: str
    peer: str
    adapter: str
    raw: bytes
    received_at: datetime
    name: str
    id: str | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A campaign event to keep."""

    key: UUID
    campaign: str
    player: str
    event_code: str
    feat: str
    occurrence: str
    rule: str
    origin: Origin
    message_id: MessageId | None = None


# -- what comes out to be sent --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wire:
    """What goes over the wire for one binding, frozen: the Idempotency-Key and the body."""

    key: UUID
    body: bytes


@dataclass(frozen=True, slots=True)
class ClaimTerms:
    """The terms of a claim; times in seconds.

    `write(key, binding, event_code, user_ref)` is called in the claim's transaction for a new
    binding and must be pure.
    """

    owner: str
    lease: float
    horizon: float
    write: Callable[[UUID, int, str, str], Wire]


@dataclass(frozen=True, slots=True)
class Claim:
    """Leave to send one entry once, until the lease is over."""

    key: UUID
    campaign: str
    player: str
    event_code: str
    user_ref: str
    binding: int
    wire: Wire
    owner: str
    attempt: int
    failures: int
    refusals: int
    conflicts: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """The answer to a claim.

    `next_in` is when the next entry of the campaign will be due, in seconds, None where nothing
    waits for time alone.
    """

    claims: Sequence[Claim]
    next_in: float | None


# -- what became of an attempt --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted:
    """The API took it. Recorded even after the lease is over, and from any state."""


@dataclass(frozen=True, slots=True)
class Later:
    """Try again in `after` seconds with the same key and bytes.

    `unsent` says that this attempt proved that the API did nothing; `spent` that it counts for
    the growing delay; `conflict` that the API answered 409.
    """

    after: float
    reason: str
    unsent: bool = False
    spent: bool = True
    conflict: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """Refused for now: hold it for `after` seconds (None: until something changes).

    `rebind` says that sending it again needs a new binding.
    """

    reason: str
    after: float | None
    unsent: bool = True
    rebind: bool = True


@dataclass(frozen=True, slots=True)
class Dead:
    """Refused for good."""

    reason: str
    unsent: bool = True


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Whether it was paid can't be told: an operator decides."""

    reason: str


Verdict = Accepted | Later | Held | Dead | Doubtful


@dataclass(frozen=True, slots=True)
class Answer:
    """What one attempt met, for the receipt: HTTP status, words, the head of the body."""

    outcome: str
    status: int | None = None
    detail: str = ""
    head: str = ""
    seconds: float = 0.0


# -- links, decisions, receipts -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Link:
    """A player's userRef for one campaign."""

    campaign: str
    player: str
    user_ref: str
    since: datetime
    via: str


class Decision(StrEnum):
    """What an operator can decide about one entry."""

    RETRY = "retry"
    DISCARD = "discard"
    PAID = "paid"
    UNPAID = "unpaid"
    RESEND = "resend"


@dataclass(frozen=True, slots=True)
class RememberedRule:
    """A rule the outbox keeps, in order; `entries` is how many it has made."""

    definition: str
    used: bool
    entries: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of a receipt: an attempt and its answer."""

    number: int
    binding: int
    at: datetime
    answer: Answer


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the journal: a decision, by whom and when."""

    at: datetime
    who: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry as lists show it; times are None where they mean nothing."""

    key: UUID
    campaign: str
    player: str
    event_code: str
    feat: str
    occurrence: str
    state: State
    reason: str
    fenced: bool
    unproven_since: datetime | None
    user_ref: str | None
    attempts: int
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Everything that is known of one entry."""

    entry: EntryView
    rule: str
    origin: Origin
    wire_keys: Sequence[UUID]
    body: bytes | None
    attempts: Sequence[Attempt]
    journal: Sequence[Note]


@dataclass(frozen=True, slots=True)
class Listing:
    """Which entries to list: newest first, filtered where a field is given."""

    campaign: str | None = None
    player: str | None = None
    state: State | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class LaneCount:
    """One campaign's entries by state, and how old the oldest due one is, in seconds."""

    campaign: str
    states: dict[State, int] = field(default_factory=dict)
    fenced: int = 0
    oldest_due: float | None = None


# -- the contract ---------------------------------------------------------------------------


class Keeping(Protocol):
    """The side that intake's road ends at."""

    async def put(self, entries: Sequence[NewEntry]) -> Sequence[Taken | OutboxError]:
        """Keep `entries`; return one result each, in order.

        When this returns, each `Taken` survives a power cut. A known message id gets its first
        decision again; a known key makes no second entry; both are `duplicate`. An entry that
        can't be kept has its own error and spoils no other. An entry whose player has no link is
        held.

        Raises:
            StoreFull: the disk is full; nothing was kept.
            StoreUnavailable: the disk failed; putting again is safe.
        """
        ...

    async def recall(self, ids: Sequence[MessageId]) -> Sequence[Taken | None]:
        """Return the first decision of each message id, as `put` would; None for an unknown one.

        For messages that today's rules refuse: a known one was decided before.
        """
        ...


class Delivering(Protocol):
    """The side that delivery works on."""

    async def claim(self, campaign: str, limit: int, terms: ClaimTerms) -> Claimed:
        """Claim at most `limit` due entries, oldest first, never two of one fence.

        The claim, its mark and the frozen bytes are on disk when this returns. Entries whose
        lease is over are due again; unproven ones past the horizon become uncertain instead.
        """
        ...

    async def settle(self, claim: Claim, verdict: Verdict, answer: Answer) -> State:
        """Record what became of a claim; return the entry's state.

        Negative verdicts of a claim whose lease went to another change nothing.
        """
        ...

    def watch(self, campaign: str) -> asyncio.Event:
        """Return the event that is set whenever an entry of `campaign` may have become due."""
        ...


class Linking(Protocol):
    """The side that knows which player is whom."""

    async def link(self, campaign: str, player: str, user_ref: str, via: str) -> int:
        """Link a player; return how many held entries were released, in the same transaction."""
        ...

    async def unlink(self, campaign: str, player: str, via: str) -> int:
        """Forget a link; due entries of the player are held; return how many."""
        ...

    async def links(self, player: str | None = None) -> Sequence[Link]:
        """Return the links of one player, or all."""
        ...


class Inspecting(Protocol):
    """The side that operators look at and decide on."""

    async def receipt(self, key: UUID) -> Receipt:
        """Return all that is known of the entry with this key or wire key.

        Raises:
            EntryNotFound: there is none.
        """
        ...

    async def listing(self, what: Listing) -> Sequence[EntryView]:
        """Return entries, newest first."""
        ...

    async def counts(self) -> Sequence[LaneCount]:
        """Return how many entries each campaign has, by state."""
        ...

    async def decide(self, key: UUID, decision: Decision, who: str) -> State:
        """Carry out and journal an operator's decision; return the new state.

        Raises:
            EntryNotFound: there is no such entry.
            DecisionRefused: its state doesn't allow it.
        """
        ...


class Remembering(Protocol):
    """The side that keeps the rules that made entries."""

    async def remembered_rules(self) -> Sequence[RememberedRule]:
        """Return the rules last adopted, in order."""
        ...

    async def adopt_rules(self, definitions: Sequence[str], journal: str = "") -> None:
        """Remember these as the rules in force; a non-empty `journal` is noted with it."""
        ...


class Outbox(Keeping, Delivering, Linking, Inspecting, Remembering, Protocol):
    """All sides together."""
