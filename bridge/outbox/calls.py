"""The contract's calls: each is one transaction on the ledger, or one look at its rows.

In: the contract's calls. Out: their answers. Knows nothing of files, threads or commits: a store
supplies `change` and `look`.
"""

import asyncio
import weakref
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar
from uuid import UUID

from bridge.errors import OutboxError
from bridge.events import State, Taken
from bridge.outbox import life, reading
from bridge.outbox.clock import LedgerClock
from bridge.outbox.ledger import (
    braking,
    confirming,
    deciding,
    delivering,
    keeping,
    linking,
    receiving,
)
from bridge.outbox.ledger.book import Book
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
from bridge.outbox.sqlite.rows import Rows
from bridge.outbox.values import (
    Answer,
    Claim,
    Claimed,
    ClaimTerms,
    Decision,
    MessageId,
    NewEntry,
    Verdict,
)
from bridge.outbox.views import (
    Change,
    EntryView,
    LaneCount,
    LaneTerms,
    Listing,
    Note,
    Receipt,
    RememberedRule,
    SeenPayout,
    Standing,
)

T = TypeVar("T")


class Calls(ABC):
    """Every side of the contract, over any store of the rows."""

    def __init__(self, clock: LedgerClock) -> None:
        self._clock = clock
        self._lanes: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._sessions = asyncio.Event()
        self._streams: weakref.WeakSet[asyncio.Event] = weakref.WeakSet()

    @abstractmethod
    async def change(self, call: Callable[[Book], T], *, grows: bool = False) -> T:
        """Run a call in a transaction; what it changed is on disk when this returns."""

    @abstractmethod
    async def look(self, call: Callable[[Rows], T]) -> T:
        """Run a call that changes nothing."""

    def _wake(self, campaigns: Iterable[str] | None = None) -> None:
        """Wake who waits for work of these campaigns, None for all; and the streams."""
        for campaign in list(self._lanes) if campaigns is None else campaigns:
            self._lanes[campaign].set()
        for stream in self._streams:
            stream.set()

    # -- keeping ----------------------------------------------------------------------------

    async def put(self, entries: Sequence[NewEntry]) -> Sequence[Taken | OutboxError]:
        """Keep `entries`; see the contract."""
        results = await self.change(lambda book: self.put_all(book, entries), grows=True)
        self._wake({entry.campaign for entry in entries})
        return results

    def put_all(self, book: Book, entries: Sequence[NewEntry]) -> list[Taken | OutboxError]:
        """Keep `entries` in one transaction."""
        return [keeping.put(book, entry) for entry in entries]

    async def recall(self, ids: Sequence[MessageId]) -> Sequence[Taken | None]:
        """Return the first decision of each message id; see the contract."""
        return await self.look(
            lambda rows: [keeping.recall(Book(rows, 0), message_id) for message_id in ids]
        )

    # -- delivering -------------------------------------------------------------------------

    async def claim(self, campaign: str, limit: int, terms: ClaimTerms) -> Claimed:
        """Claim due entries; see the contract."""
        return await self.change(lambda book: delivering.claim(book, campaign, limit, terms))

    async def settle(self, claim: Claim, verdict: Verdict, answer: Answer) -> State:
        """Record an outcome; see the contract."""
        state = await self.change(lambda book: delivering.settle(book, claim, verdict, answer))
        self._wake([claim.campaign])
        return state

    def watch(self, campaign: str) -> asyncio.Event:
        """Return the event that says that something may be due."""
        return self._lanes[campaign]

    # -- linking ----------------------------------------------------------------------------

    async def link(self, campaign: str, player: str, user_ref: str, via: str) -> int:
        """Link a player and release what waited; see the contract."""
        released = await self.change(
            lambda book: linking.link(book, campaign, player, user_ref, via)
        )
        self._wake([campaign])
        return released

    async def unlink(self, campaign: str, player: str, via: str) -> int:
        """Forget a link and hold what waits; see the contract."""
        held = await self.change(lambda book: linking.unlink(book, campaign, player, via))
        self._wake([campaign])  # it may have let others through a fence
        return held

    async def links(self, player: str | None = None) -> Sequence[Link]:
        """Return the links of one player, or all."""
        return await self.look(lambda rows: reading.links(rows, player))

    async def link_notes(self, player: str, limit: int = 20) -> Sequence[Note]:
        """Return what became of a player's links, newest first."""
        return await self.look(lambda rows: reading.link_notes(rows, player, limit))

    async def forget(self, player: str, who: str) -> int:
        """Unlink a player and erase what names a person; see the contract."""
        forgotten = await self.change(lambda book: linking.forget(book, player, who))
        self._wake()
        return forgotten

    async def begin_session(self, new: NewSession) -> Session:
        """Return the open session, else a new one; see the contract."""
        session = await self.change(lambda book: linking.begin(book, new), grows=True)
        self._sessions.set()
        return session

    async def look_at_session(self, session_id: int, found: Look, via: str) -> Session | None:
        """Take in what a look found; see the contract."""
        session = await self.change(lambda book: linking.look(book, session_id, found, via))
        if session is not None:
            self._wake([session.campaign])
        self._sessions.set()
        return session

    async def sessions_due(self, limit: int) -> Sequence[Session]:
        """Return the sessions to be looked at now."""
        now = self._clock.now()
        return await self.look(lambda rows: rows.links.sessions_due(now, limit))

    async def next_session_in(self) -> float | None:
        """Return when a session is to be looked at, in seconds."""
        now = self._clock.now()
        return _seconds_until(await self.look(lambda rows: rows.links.next_session_look()), now)

    async def sessions(self, player: str, limit: int = 20) -> Sequence[Session]:
        """Return a player's sessions, newest first."""
        return await self.look(lambda rows: rows.links.sessions_of(player, limit))

    async def session(self, session_id: int) -> Session | None:
        """Return one session."""
        return await self.look(lambda rows: rows.links.session(session_id))

    def watch_sessions(self) -> asyncio.Event:
        """Return the event that says that a session may have to be looked at."""
        return self._sessions

    async def give_code(self, code: str, stands_for: CodeFor, lives: float) -> None:
        """Keep a code for a while; see the contract."""
        await self.change(lambda book: linking.give_code(book, code, stands_for, lives), grows=True)

    async def find_code(self, code: str) -> CodeFor | None:
        """Return whom a fresh code stands for."""
        now = self._clock.now()
        return await self.look(lambda rows: linking.find_code(Book(rows, now), code))

    async def spend_code(self, code: str) -> CodeFor | None:
        """Return whom a fresh code stands for, and end it."""
        return await self.change(lambda book: linking.spend_code(book, code))

    async def redeem(self, code: str, player: str) -> Link:
        """Link the player who typed a code; see the contract."""
        link = await self.change(lambda book: linking.redeem(book, code, player))
        self._wake([link.campaign])
        return link

    # -- confirming -------------------------------------------------------------------------

    async def receive(self, webhook: Webhook) -> Became:
        """Keep a webhook and let it take effect; see the contract."""
        became = await self.change(lambda book: receiving.receive(book, webhook), grows=True)
        self._wake([webhook.campaign])
        self._sessions.set()
        return became

    async def to_look_for(self, campaign: str, limit: int) -> Sequence[str]:
        """Return userRefs whose payouts are to be looked for now."""
        now = self._clock.now()
        return await self.look(lambda rows: rows.entries.to_look_for(campaign, now, limit))

    async def next_look_in(self, campaign: str) -> float | None:
        """Return when a payout is to be looked for, in seconds."""
        now = self._clock.now()
        return _seconds_until(await self.look(lambda rows: rows.entries.next_look(campaign)), now)

    async def take_history(self, history: History, terms: LookTerms) -> Found:
        """Take in a user's whole history; see the contract."""
        found = await self.change(lambda book: confirming.take_history(book, history, terms))
        self._wake([history.campaign])
        return found

    async def look_later(self, campaign: str, user_ref: str, terms: LookTerms) -> None:
        """Look for a user's payouts again later."""
        await self.change(lambda book: confirming.look_later(book, campaign, user_ref, terms))

    async def settled(self, campaign: str) -> Settled:
        """Return what the ledger holds for paid."""
        return await self.look(lambda rows: confirming.settled(Book(rows, 0), campaign))

    async def take_balance(self, balance: Balance) -> Drift | None:
        """Keep the paid-out total and the prices; see the contract."""
        drift = await self.change(lambda book: confirming.take_balance(book, balance))
        step = deciding.STEP
        await self._all_of(lambda book: braking.price_some(book, balance.campaign, step))
        self._wake([balance.campaign])
        return drift

    async def payees(self, campaign: str) -> Sequence[str]:
        """Return every userRef that was ever sent to or is linked."""
        return await self.look(lambda rows: rows.entries.payees(campaign))

    async def unpaid(self, campaign: str, age: float, limit: int = 1000) -> Sequence[EntryView]:
        """Return entries accepted for longer than `age` seconds, and not confirmed."""
        before = self._clock.now() - round(age * 1000)
        return await self.look(lambda rows: reading.unpaid(rows, campaign, before, limit))

    async def strange_payouts(self, campaign: str, limit: int = 1000) -> Sequence[SeenPayout]:
        """Return payouts that belong to no entry."""
        return await self.look(lambda rows: reading.strange_payouts(rows, campaign, limit))

    # -- braking ----------------------------------------------------------------------------

    async def adopt_lanes(self, lanes: Sequence[LaneTerms]) -> None:
        """Take over what the settings say of each campaign."""

        def adopt(book: Book) -> None:
            for terms in lanes:
                book.rows.lanes.adopt(terms)
            braking.forget_old(book)

        await self.change(adopt)
        self._wake()

    async def pause(self, campaign: str, who: str, why: str = "") -> None:
        """Claim nothing of a campaign until it is resumed."""
        await self.change(lambda book: deciding.pause(book, campaign, who, why))
        self._wake([campaign])

    async def resume(self, campaign: str, who: str) -> None:
        """Let a paused campaign go on."""
        await self.change(lambda book: deciding.resume(book, campaign, who))
        self._wake([campaign])

    async def release(self, reason: str, who: str, campaign: str | None = None) -> int:
        """Let all entries go that are held for a reason; see the contract."""
        if reason == life.QUARANTINE:
            await self.change(lambda book: deciding.end_quarantine(book, who))
            self._wake()  # where it held nothing, the lanes would not notice
        campaigns = (
            [campaign] if campaign is not None else await self.look(lambda rows: rows.lanes.names())
        )
        released = 0
        for name in campaigns:
            some = partial(deciding.release_some, reason=reason, who=who, campaign=name)
            released += await self._all_of(some)
        return released

    async def forget_shadow(self, who: str) -> int:
        """Make as if the entries of shadow mode had never come."""
        return await self.change(lambda book: deciding.forget_shadow(book, who))

    async def expire(self, older_than: float, who: str) -> int:
        """Discard entries held for a link for too long."""
        return await self._all_of(lambda book: deciding.expire_some(book, older_than, who))

    async def _all_of(self, some: Callable[[Book], int]) -> int:
        """Run a call that does a part of the work until there is none left."""
        done = 0
        while moved := await self.change(some):
            done += moved
            self._wake()
        return done

    async def quarantine(self, reason: str) -> int:
        """Hold everything that isn't final, and all that comes."""
        held = await self.change(lambda book: deciding.quarantine(book, reason))
        self._wake()
        return held

    async def standing(self) -> Standing:
        """Return how the ledger itself stands."""
        return await self.look(lambda rows: rows.ledger.standing())

    async def accept_total(self, campaign: str, who: str) -> None:
        """Count what was paid beside our ledger as not ours from now on."""
        await self.change(lambda book: confirming.accept_total(book, campaign, who))

    # -- streaming --------------------------------------------------------------------------

    async def changes(self, after: int, limit: int = 100) -> Sequence[Change]:
        """Return changes of states after a number, oldest first."""
        return await self.look(lambda rows: reading.changes(rows, after, limit))

    async def last_change(self) -> int:
        """Return the newest change's number."""
        return await self.look(lambda rows: rows.history.last_change())

    def watch_changes(self) -> asyncio.Event:
        """Return an event of one's own that is set whenever something may have changed."""
        event = asyncio.Event()
        self._streams.add(event)
        return event

    # -- inspecting -------------------------------------------------------------------------

    async def receipt(self, key: UUID) -> Receipt:
        """Return all that is known of an entry; see the contract."""
        return await self.look(lambda rows: reading.receipt(rows, key))

    async def listing(self, what: Listing) -> Sequence[EntryView]:
        """Return entries, newest first."""
        return await self.look(lambda rows: reading.listing(rows, what))

    async def counts(self) -> Sequence[LaneCount]:
        """Return how many entries each campaign has, by state."""
        now = self._clock.now()
        return await self.look(lambda rows: reading.counts(rows, now))

    async def decide(self, key: UUID, decision: Decision, who: str) -> State:
        """Carry out an operator's decision; see the contract."""
        state = await self.change(lambda book: deciding.decide(book, key, decision, who))
        self._wake()
        return state

    # -- remembering ------------------------------------------------------------------------

    async def remembered_rules(self) -> Sequence[RememberedRule]:
        """Return the rules last adopted, in order."""
        return await self.look(lambda rows: rows.rules.in_force())

    async def adopt_rules(self, definitions: Sequence[str], journal: str = "") -> None:
        """Remember the rules in force; see the contract."""

        def adopt(book: Book) -> None:
            book.rows.rules.set(definitions)
            if journal:
                book.note("operator", "rules", None, journal)

        await self.change(adopt)


def _seconds_until(at: int | None, now: int) -> float | None:
    return None if at is None else max(0, at - now) / 1000
