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
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from bridge.errors import OutboxError
from bridge.events import State, Taken
from bridge.outbox.values import (
    Answer,
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
    Receipt,
    RememberedRule,
    Verdict,
)

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
