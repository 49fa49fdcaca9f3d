"""Every side of the contract: keeping, delivering and deciding here, the others beside it.

In: the contract's calls. Out: their answers. Each is one transaction on the ledger, or one look.
"""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import TypeVar
from uuid import UUID

from bridge.errors import OutboxError
from bridge.events import Counted, State, Taken
from bridge.outbox import life, reading
from bridge.outbox.calls.confirming import Confirming
from bridge.outbox.calls.following import Following
from bridge.outbox.calls.linking import Linking
from bridge.outbox.ledger import (
    braking,
    confirming,
    counting,
    deciding,
    delivering,
    following,
    keeping,
)
from bridge.outbox.ledger.book import Book
from bridge.outbox.values import (
    Answer,
    Claim,
    Claimed,
    ClaimTerms,
    Decision,
    Deed,
    MessageId,
    NewEntry,
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
    Pause,
    Receipt,
    RememberedRule,
    Standing,
)

T = TypeVar("T")


class Calls(Following, Linking, Confirming):
    """Every side of the contract, over any store of the rows."""

    # -- keeping ----------------------------------------------------------------------------

    async def put(
        self, entries: Sequence[Put], turn: Turn | None = None
    ) -> Sequence[Taken | Counted | OutboxError]:
        """Keep `entries` and deeds, and what their source has come to; see the contract."""
        replay = turn is not None and turn.replay

        def keep(book: Book) -> list[Taken | Counted | OutboxError]:
            results = self.put_all(book, entries, replay=replay)
            if turn is not None:
                following.keep(book, turn, entries)
            return results

        results = await self.change(keep, grows=True, at_once=True)
        if entries:
            self._wake(campaigns_of(entries, results))
        return results

    def put_all(
        self, book: Book, entries: Sequence[Put], *, replay: bool, later: bool = False
    ) -> list[Taken | Counted | OutboxError]:
        """Keep `entries` and deeds in one transaction; entries may be filed `later`."""
        results: list[Taken | Counted | OutboxError] = []
        for alone, run in groupby(entries, lambda entry: isinstance(entry, NewEntry)):
            if alone:
                some = [entry for entry in run if isinstance(entry, NewEntry)]
                results += keeping.put_all(book, some, later=later)
            else:
                results += [counting.put(book, entry, replay=replay) for entry in run]
        return results

    async def recall(self, ids: Sequence[MessageId]) -> Sequence[Taken | Counted | None]:
        """Return the first decision of each message id; see the contract."""
        return await self.look(
            lambda rows: [keeping.recall(Book(rows, 0), message_id) for message_id in ids],
            at_once=True,
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

    async def settle_and_claim(
        self, settlings: Sequence[Settling], campaign: str, limit: int, terms: ClaimTerms
    ) -> Claimed:
        """Settle what has ended, then claim; see the contract."""

        def turn(book: Book) -> Claimed:
            delivering.settle_all(book, settlings)
            return delivering.claim(book, campaign, limit, terms) if limit else Claimed((), None)

        claimed = await self.change(turn)
        self._wake({ended.claim.campaign for ended in settlings} - {campaign})
        return claimed

    def watch(self, campaign: str) -> asyncio.Event:
        """Return the event that says that something may be due."""
        return self._lanes[campaign]

    # -- braking ----------------------------------------------------------------------------

    async def adopt_lanes(self, lanes: Sequence[LaneTerms]) -> None:
        """Take over what the settings say of each campaign."""

        def adopt(book: Book) -> None:
            for terms in lanes:
                book.rows.lanes.adopt(terms)
            braking.forget_old(book)

        await self.change(adopt, at_once=True)
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
            released += await self.all_of(some)
        return released

    async def forget_shadow(self, who: str) -> int:
        """Make as if the entries of shadow mode had never come."""
        return await self.change(lambda book: deciding.forget_shadow(book, who))

    async def expire(self, older_than: float, who: str) -> int:
        """Discard entries held for a link for too long."""
        return await self.all_of(lambda book: deciding.expire_some(book, older_than, who))

    async def quarantine(self, reason: str) -> int:
        """Hold everything that isn't final, and all that comes."""
        held = await self.change(lambda book: deciding.quarantine(book, reason))
        self._wake()
        return held

    async def standing(self) -> Standing:
        """Return how the ledger itself stands."""
        return await self.look(lambda rows: rows.ledger.standing(), at_once=True)

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

    async def keys_between(self, low: UUID, high: UUID, limit: int = 20) -> Sequence[UUID]:
        """Return the keys of entries from `low` to `high`, in order."""
        return await self.look(lambda rows: rows.entries.keys_between(low, high, limit))

    async def listing(self, what: Listing) -> Sequence[EntryView]:
        """Return entries, newest first."""
        return await self.look(lambda rows: reading.listing(rows, what))

    async def counts(self) -> Sequence[LaneCount]:
        """Return how many entries each campaign has, by state."""
        now = self._clock.now()
        return await self.look(lambda rows: reading.counts(rows, now))

    async def pauses(self) -> Mapping[str, Pause]:
        """Return the campaigns that an operator paused: by whom, when and why."""
        return await self.look(reading.pauses, at_once=True)

    async def decide(self, key: UUID, decision: Decision, who: str) -> State:
        """Carry out an operator's decision; see the contract."""
        state = await self.change(lambda book: deciding.decide(book, key, decision, who))
        self._wake()
        return state

    # -- remembering ------------------------------------------------------------------------

    async def remembered_rules(self, *, counted: bool = False) -> Sequence[RememberedRule]:
        """Return the rules last adopted; see the contract."""
        return await self.look(
            lambda rows: rows.rules.in_force(counted=counted), at_once=not counted
        )

    async def adopt_rules(self, definitions: Sequence[str], journal: str = "") -> None:
        """Remember the rules in force; see the contract."""

        def adopt(book: Book) -> None:
            book.rows.rules.set(definitions)
            if journal:
                book.note("operator", "rules", None, journal)

        await self.change(adopt, at_once=True)

    async def adopt_settings(
        self,
        definitions: Sequence[str] | None,
        scopes: Mapping[str, str],
        lanes: Sequence[LaneTerms],
    ) -> None:
        """Take over what the settings say, all of it or nothing; see the contract."""

        def adopt(book: Book) -> None:
            if definitions is not None:
                book.rows.rules.set(definitions)
            following.adopt(book, scopes)
            for terms in lanes:
                book.rows.lanes.adopt(terms)
            braking.forget_old(book)

        await self.change(adopt, at_once=True)
        self._wake()


def campaigns_of(
    entries: Sequence[Put], results: Sequence[Taken | Counted | OutboxError]
) -> set[str]:
    """Return the campaigns in which something may be due now."""
    alone = {
        entry.campaign
        for entry, result in zip(entries, results, strict=True)
        if isinstance(entry, NewEntry)
        and not (isinstance(result, Taken) and result.state is State.HELD)
    }
    return alone.union(*(deed.campaigns for deed in entries if isinstance(deed, Deed)))


def _is_held(result: Taken | Counted | OutboxError) -> bool:
    return isinstance(result, Taken) and result.state is State.HELD
