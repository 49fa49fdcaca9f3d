"""What an outbox promises, and the life of an entry.

```text
              put                 claim              202                webhook / history
 (message) ─────────▶ due ─────────────▶ sending ─────────▶ accepted ─────────────────▶ confirmed
   no link,   │        ▲                    │
   a brake    │        │ linked, released   ├── Later, or lease over ─▶ due
              │        │                    ├── Held, nothing unproven ─▶ held    (Dead ─▶ dead)
              └──▶ held┘                    ├── Held or Dead, an older attempt unproven ─▶ uncertain
                     ▲                      └── Doubtful ─▶ uncertain
             unlink  └── due                    (also at a claim past the key horizon)
                     uncertain ── history, operator ──▶ confirmed · accepted · due
                     accepted ── payout failed ──▶ dead        any ── proof of payout ──▶ confirmed
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
from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from bridge.errors import OutboxError
from bridge.events import Counted, State, Taken
from bridge.outbox.links import CodeFor, Link, Look, NewSession, Session
from bridge.outbox.proofs import (
    Balance,
    Became,
    Drift,
    Found,
    History,
    LookTerms,
    Settled,
    Webhook,
)
from bridge.outbox.remembering import Following, Remembering
from bridge.outbox.values import (
    Answer,
    Claim,
    Claimed,
    ClaimTerms,
    Decision,
    MessageId,
    Put,
    Settling,
    Turn,
    Verdict,
)
from bridge.outbox.views import (
    Change,
    EntryView,
    LaneCount,
    LaneTerms,
    Listing,
    Note,
    Pause,
    Receipt,
    SeenPayout,
    Standing,
)

# -- the contract ---------------------------------------------------------------------------


class Keeping(Protocol):
    """The side that intake's road ends at."""

    async def put(
        self, entries: Sequence[Put], turn: Turn | None = None
    ) -> Sequence[Taken | Counted | OutboxError]:
        """Keep `entries`, and what their source has come to; return one result each, in order.

        When this returns, each `Taken` survives a power cut. A known message id gets its first
        decision again; a known key makes no second entry; both are `duplicate`. An entry that
        can't be kept has its own error and spoils no other. An entry whose player has no link is
        held, as is one that a brake stops; `CapReached` where its rule refuses instead.

        A deed is kept with all that it moves, in one transaction: its own entry, else the first
        that a full counter made, is its result, else `Counted`. A counter whose entry is turned
        away stays one short. In a replay, a counter for which order matters moves only in scopes
        of a match that replays began.

        Raises:
            StoreFull: the disk is full; nothing was kept.
            StoreUnavailable: the disk failed; putting again is safe.
        """
        ...

    async def recall(self, ids: Sequence[MessageId]) -> Sequence[Taken | Counted | None]:
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

    async def settle_and_claim(
        self, settlings: Sequence[Settling], campaign: str, limit: int, terms: ClaimTerms
    ) -> Claimed:
        """Settle what has ended, in order, and then claim, all of it in one transaction.

        Each part does what `settle` and `claim` do; a `limit` of 0 claims nothing. Where this
        raises, nothing was done.
        """
        ...

    def watch(self, campaign: str) -> asyncio.Event:
        """Return the event that is set whenever an entry of `campaign` may have become due."""
        ...


class Linking(Protocol):
    """The side that knows which player is whom, and how that came about."""

    async def link(self, campaign: str, player: str, user_ref: str, via: str) -> int:
        """Link a player; return how many held entries were released, in the same transaction.

        Raises:
            LinkRefused: the userRef has all the players of this namespace that it may have.
        """
        ...

    async def unlink(self, campaign: str, player: str, via: str) -> int:
        """Forget a link; due entries of the player are held; return how many."""
        ...

    async def links(self, player: str | None = None) -> Sequence[Link]:
        """Return the links of one player, or all."""
        ...

    async def link_notes(self, player: str, limit: int = 20) -> Sequence[Note]:
        """Return who linked and unlinked a player, newest first."""
        ...

    async def forget(self, player: str, who: str) -> int:
        """Unlink a player everywhere and erase e-mail addresses and names kept for it.

        Entries and their keys stay, since they are money; return how many links there were.
        """
        ...

    async def begin_session(self, new: NewSession) -> Session:
        """Return the open session of this player and address, else a new one, starting.

        Its key is on disk before the API is asked, so that each retry asks for the same session.
        """
        ...

    async def look_at_session(self, session_id: int, found: Look, via: str) -> Session | None:
        """Take in what a look found; with a userRef the player is linked in the same transaction.

        A session that is over stays as it is; None where there is no such session.
        """
        ...

    async def forget_strangers(self, after: float) -> int:
        """Erase addresses of sessions that ended `after` seconds ago and became no player's."""
        ...

    async def sessions_due(self, limit: int) -> Sequence[Session]:
        """Return the sessions that are to be looked at now, longest waiting first."""
        ...

    async def next_session_in(self) -> float | None:
        """Return in how many seconds a session is to be looked at; None where none waits."""
        ...

    async def sessions(self, player: str, limit: int = 20) -> Sequence[Session]:
        """Return a player's sessions, newest first."""
        ...

    async def session(self, session_id: int) -> Session | None:
        """Return one session."""
        ...

    def watch_sessions(self) -> asyncio.Event:
        """Return the event that is set whenever a session may have to be looked at."""
        ...

    async def give_code(self, code: str, stands_for: CodeFor, lives: float) -> None:
        """Keep a code for so many seconds, in place of an older one; only its hash is kept."""
        ...

    async def find_code(self, code: str) -> CodeFor | None:
        """Return whom a fresh, unused code stands for."""
        ...

    async def spend_code(self, code: str) -> CodeFor | None:
        """Return whom a fresh, unused code stands for; from now on it is used."""
        ...

    async def redeem(self, code: str, player: str) -> Link:
        """Link the player who typed a code to the user that it was shown to, once.

        Raises:
            CodeRefused: the code is unknown, used or old.
            LinkRefused: the userRef is another player's.
        """
        ...


class Confirming(Protocol):
    """The side that proofs of payouts come to."""

    async def receive(self, webhook: Webhook) -> Became:
        """Keep a verified webhook and let it take effect, in one transaction, each body once.

        It may come before the answer to the call that it tells of, doubled, late or in any order.
        """
        ...

    async def to_look_for(self, campaign: str, limit: int) -> Sequence[str]:
        """Return userRefs whose payouts are to be looked for now, longest waiting first."""
        ...

    async def next_look_in(self, campaign: str) -> float | None:
        """Return in how many seconds a payout is to be looked for; None where none waits."""
        ...

    async def take_history(self, history: History, terms: LookTerms) -> Found:
        """Take in a user's whole history: each row proves at most one entry."""
        ...

    async def take_histories(
        self, histories: Sequence[History], terms: LookTerms
    ) -> Sequence[Found]:
        """Take in many users' at once; return what each proved."""
        ...

    async def look_later(self, campaign: str, user_ref: str, terms: LookTerms) -> None:
        """Look for a user's payouts again later: their history can't be read now."""
        ...

    async def settled(self, campaign: str) -> Settled:
        """Return what the ledger holds for paid; asked for before the API is asked for its total.

        Else what is confirmed while the answer is under way would look like a shortfall.
        """
        ...

    async def take_balance(self, balance: Balance) -> Drift | None:
        """Keep what a campaign has paid and pays for each event; say how it fits the ledger."""
        ...

    async def payees(self, campaign: str) -> Sequence[str]:
        """Return every userRef that was ever sent to or is linked."""
        ...

    async def was_paid_to(self, campaign: str, user_ref: str) -> bool:
        """Return whether a payout to this userRef was seen, or may come of what was sent."""
        ...

    async def unpaid(self, campaign: str, age: float, limit: int = 1000) -> Sequence[EntryView]:
        """Return entries accepted for longer than `age` seconds that nothing has confirmed."""
        ...

    async def strange_payouts(self, campaign: str, limit: int = 1000) -> Sequence[SeenPayout]:
        """Return payouts that belong to no entry: made behind our back, or twice."""
        ...


class Braking(Protocol):
    """The side that stops and lets go."""

    async def adopt_lanes(self, lanes: Sequence[LaneTerms]) -> None:
        """Take over what the settings say of each campaign."""
        ...

    async def pause(self, campaign: str, who: str, why: str = "") -> None:
        """Claim nothing of a campaign until it is resumed, across restarts; no entry changes."""
        ...

    async def resume(self, campaign: str, who: str) -> None:
        """Let a paused campaign go on."""
        ...

    async def release(self, reason: str, who: str, campaign: str | None = None) -> int:
        """Let all entries go that are held for a reason; return how many.

        `quarantine` ends the quarantine itself first.
        """
        ...

    async def forget_shadow(self, who: str) -> int:
        """Make as if the entries of shadow mode had never come, so that they can be earned."""
        ...

    async def expire(self, older_than: float, who: str) -> int:
        """Discard entries held for a link for longer than so many seconds; return how many."""
        ...

    async def quarantine(self, reason: str) -> int:
        """Hold everything that isn't final, and all that comes; return how many were held."""
        ...

    async def standing(self) -> Standing:
        """Return how the ledger itself stands."""
        ...

    async def accept_total(self, campaign: str, who: str) -> None:
        """Count what was paid beside our ledger as not ours from now on."""
        ...


class Streaming(Protocol):
    """The side that tells of changes."""

    async def changes(self, after: int, limit: int = 100) -> Sequence[Change]:
        """Return changes of states after a number, oldest first."""
        ...

    async def last_change(self) -> int:
        """Return the newest change's number; 0 where there is none."""
        ...

    def watch_changes(self) -> asyncio.Event:
        """Return the event that is set whenever something may have changed."""
        ...


class Inspecting(Protocol):
    """The side that operators look at and decide on."""

    async def receipt(self, key: UUID) -> Receipt:
        """Return all that is known of the entry with this key or wire key.

        Raises:
            EntryNotFound: there is none.
        """
        ...

    async def keys_between(self, low: UUID, high: UUID, limit: int = 20) -> Sequence[UUID]:
        """Return the keys of entries from `low` to `high`, in order."""
        ...

    async def listing(self, what: Listing) -> Sequence[EntryView]:
        """Return entries, newest first."""
        ...

    async def counts(self) -> Sequence[LaneCount]:
        """Return how many entries each campaign has, by state."""
        ...

    async def pauses(self) -> Mapping[str, Pause]:
        """Return the campaigns that an operator paused: by whom, when and why."""
        ...

    async def decide(self, key: UUID, decision: Decision, who: str) -> State:
        """Carry out and journal an operator's decision; return the new state.

        Raises:
            EntryNotFound: there is no such entry.
            DecisionRefused: its state doesn't allow it.
        """
        ...


class Outbox(
    Keeping,
    Following,
    Delivering,
    Linking,
    Confirming,
    Braking,
    Streaming,
    Inspecting,
    Remembering,
    Protocol,
):
    """All sides together."""
