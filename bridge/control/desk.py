"""The operator's desk: what is asked of an outbox and decided about it, as plain values.

In: questions and decisions. Out: JSON-like answers. One piece of code serves the HTTP calls of
the running daemon and the command line where none runs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from bridge.control import views
from bridge.control.asked import (
    MOST_LINKED,
    MOST_LISTED,
    brake_of,
    campaign_of,
    check_definition,
    decision_of,
    key_of,
    range_of,
    rejected,
    seconds_of,
    state_of,
    text_of,
    user_ref_of,
    words_of,
)
from bridge.control.stopped import stopped
from bridge.control.views import Json
from bridge.errors import CommandError, EntryNotFound, LinkRefused, MessageRejected
from bridge.events import State
from bridge.outbox.archive.pruning import Pruned
from bridge.outbox.contract import Outbox
from bridge.outbox.views import Listing, Pause
from bridge.players.canonical import canonical_player

__all__ = ["Desk", "Reconcile", "rejected"]

#: Compares one campaign's ledger with the API's history; None means every campaign.
Reconcile = Callable[[str | None], Awaitable[list[Json]]]


class Prune(Protocol):
    """Lets go what is older than the settings say, or only counts it."""

    async def __call__(self, *, dry_run: bool) -> Pruned:
        """Do it; return how much went, or would."""
        ...


#: Returns the daemon's lanes as `status` tells them.
Lanes = Callable[[], Sequence[Json]]


class Telling:
    """Entries as they are told: with why their campaign sends nothing, where it doesn't."""

    def __init__(self, outbox: Outbox, lanes: Lanes = tuple) -> None:
        self._outbox = outbox
        self._lanes = lanes

    async def _told(self, entries: Sequence[Json]) -> list[Json]:
        """Say of each entry that is due what stops its lane; its `reason` says so in a word."""
        if not any(entry["entry_state"] == State.DUE for entry in entries):
            return [{**entry, "lane": None} for entry in entries]
        pauses = await self._outbox.pauses()
        lanes = {lane["campaign"]: lane for lane in self._lanes()}
        return [_with_lane(entry, pauses, lanes) for entry in entries]


def _with_lane(entry: Json, pauses: Mapping[str, Pause], lanes: Mapping[str, Json]) -> Json:
    campaign = entry["campaign"]
    lane = stopped(pauses.get(campaign), lanes.get(campaign))
    if lane is None or entry["entry_state"] != State.DUE:
        return {**entry, "lane": None}
    return {**entry, "reason": entry["reason"] or lane["reason"], "lane": lane}


class EntryDesk(Telling):
    """Entries: looked at, and decided about."""

    async def entries(
        self,
        campaign: str | None = None,
        player: str | None = None,
        state: str | None = None,
        limit: int = 100,
        reason: str | None = None,
    ) -> list[Json]:
        """Return entries, newest first.

        Raises:
            MessageRejected: a filter can't be understood.
        """
        what = Listing(
            campaign,
            None if player is None else canonical_player(player),
            None if state is None else state_of(state),
            max(1, min(limit, MOST_LISTED)),
            reason,
        )
        found = await self._outbox.listing(what)
        return await self._told([views.entry_view(entry) for entry in found])

    async def receipt(self, key: str) -> Json:
        """Return everything that is known of one entry; the beginning of its key will do.

        Raises:
            EntryNotFound: there is none, or more than one begins so; it names them.
        """
        found = await self._outbox.receipt(await self._whole(key))
        return (await self._told([views.receipt_view(found)]))[0]

    async def _whole(self, key: str) -> UUID:
        """Return the one key that begins so; a whole key is itself, known or not."""
        within = range_of(key)
        if within is None:
            return key_of(key)
        found = await self._outbox.keys_between(*within)
        if len(found) > 1:
            listed = "\n  ".join(map(str, found))
            raise EntryNotFound(
                f"several keys begin with {key}:\n  {listed}", hint="Give more of the key."
            )
        if not found:
            raise EntryNotFound(f"no key begins with {key}")
        return found[0]

    async def decide(self, key: str, decision: str, who: str) -> Json:
        """Carry out a decision about one entry; the beginning of its key will do.

        Raises:
            EntryNotFound, DecisionRefused, MessageRejected: nothing was changed.
        """
        whole = await self._whole(key)
        state = await self._outbox.decide(whole, decision_of(decision), who)
        lane = (await self.receipt(str(whole)))["lane"] if state is State.DUE else None
        return {
            "key": str(whole),
            "entry_state": state.value,
            "state": state.told,
            "lane": lane,
        }

    async def release(self, reason: Any, campaign: Any, who: str) -> Json:
        """Let everything go that a brake holds; `quarantine` ends the quarantine."""
        chosen = None if campaign is None else str(campaign)
        return {"released": await self._outbox.release(brake_of(reason), who, chosen)}

    async def forget_shadow(self, who: str) -> Json:
        """Make as if shadow mode's entries had never come."""
        return {"forgotten": await self._outbox.forget_shadow(who)}

    async def expire(self, older_than: Any, who: str) -> Json:
        """Discard what has waited for a link for longer than so many seconds."""
        seconds = seconds_of(older_than, "/older_than")
        return {"discarded": await self._outbox.expire(seconds, who)}


class PlayerDesk(Telling):
    """Players: their links, their sessions, what waits for them."""

    campaigns: tuple[str, ...]

    async def players(self) -> list[Json]:
        """Return every link."""
        return [
            {"player": link.player, **views.link_view(link)} for link in await self._outbox.links()
        ]

    async def player(self, player: str) -> Json:
        """Return one player's links and how much is held for them."""
        canonical = canonical_player(player)
        links = await self._outbox.links(canonical)
        held = await self._outbox.listing(Listing(None, canonical, State.HELD, MOST_LISTED))
        return {
            "player": canonical,
            "links": [views.link_view(link) for link in links],
            "held": len(held),
        }

    async def player_story(self, player: str, limit: int = 50) -> Json:
        """Return all that is known of one player: links, what became of them, newest entries."""
        canonical = canonical_player(player)
        links = await self._outbox.links(canonical)
        sessions = await self._outbox.sessions(canonical)
        notes = await self._outbox.link_notes(canonical)
        entries = await self._outbox.listing(Listing(None, canonical, None, limit))
        return {
            "player": canonical,
            "links": [views.link_story(link) for link in links],
            "sessions": [views.session_view(session) for session in sessions],
            "journal": [views.note_view(note) for note in notes],
            "entries": await self._told([views.entry_view(entry) for entry in entries]),
        }

    async def link(self, player: str, user_ref: Any, campaign: Any, who: str) -> Json:
        """Link a player and release what waited; `campaign` may be None where there is one.

        Raises:
            LinkRefused: the userRef is another player's.
            MessageRejected: a field can't be understood.
        """
        chosen = campaign_of(campaign, self.campaigns)
        released = await self._outbox.link(
            chosen, canonical_player(player), user_ref_of(user_ref), who
        )
        return {**await self.player(player), "released": released}

    async def link_many(self, links: Any, who: str) -> list[Json]:
        """Link many players, in one commit or few; say of each what was released, or its error.

        `links` are {"player", "userRef", "campaign"?}; one that is refused stops no other.

        Raises:
            MessageRejected: `links` is no list, or a longer one than `MOST_LINKED`.
        """
        if not isinstance(links, list) or len(links) > MOST_LINKED:
            raise rejected("/links", f"links must be a list of at most {MOST_LINKED}")
        return list(await asyncio.gather(*(self._linked(link, who) for link in links)))

    async def _linked(self, link: Any, who: str) -> Json:
        try:
            if not isinstance(link, dict):
                raise rejected("/links", "each link must be a JSON object")
            chosen = campaign_of(link.get("campaign"), self.campaigns)
            player = canonical_player(text_of(link.get("player"), "/player"))
            user_ref = user_ref_of(link.get("userRef"))
            return {"released": await self._outbox.link(chosen, player, user_ref, who)}
        except (LinkRefused, MessageRejected) as refused:
            return {"error": str(refused)}

    async def unlink(self, player: str, campaign: Any, who: str) -> Json:
        """Forget a player's link; what waits is held."""
        chosen = campaign_of(campaign, self.campaigns)
        await self._outbox.unlink(chosen, canonical_player(player), who)
        return await self.player(player)

    async def forget(self, player: str, who: str) -> Json:
        """Unlink a player everywhere, and erase addresses and names kept for it."""
        forgotten = await self._outbox.forget(canonical_player(player), who)
        return {**await self.player(player), "forgotten": forgotten}


class LaneDesk:
    """Campaigns as a whole: stopped, let go, compared."""

    _outbox: Outbox
    campaigns: tuple[str, ...]

    async def pause(self, campaign: Any, why: Any, who: str) -> Json:
        """Send nothing of a campaign until it is resumed."""
        chosen = campaign_of(campaign, self.campaigns)
        await self._outbox.pause(chosen, who, words_of("" if why is None else why, "/why"))
        return {"campaign": chosen, "paused": True}

    async def resume(self, campaign: Any, who: str) -> Json:
        """Let a paused campaign go on."""
        chosen = campaign_of(campaign, self.campaigns)
        await self._outbox.resume(chosen, who)
        return {"campaign": chosen, "paused": False}

    async def accept_total(self, campaign: Any, who: str) -> Json:
        """Count what was paid beside our ledger as not ours from now on."""
        chosen = campaign_of(campaign, self.campaigns)
        await self._outbox.accept_total(chosen, who)
        return {"campaign": chosen, "accepted": True}


class RuleDesk:
    """The rules that the outbox remembers."""

    _outbox: Outbox

    async def rules(self) -> list[Json]:
        """Return the rules that the outbox remembers, in order."""
        return [
            {"definition": rule.definition, "used": rule.used, "entries": rule.entries}
            for rule in await self._outbox.remembered_rules(counted=True)
        ]

    async def accept_rules(self, definitions: Sequence[str], journal: Any) -> None:
        """Remember other rules, on an operator's word.

        Raises:
            MessageRejected: a definition is none, and no bridge could start with it.
        """
        for definition in definitions:
            check_definition(definition)
        await self._outbox.adopt_rules(definitions, words_of(journal, "/journal"))


class Desk(EntryDesk, PlayerDesk, LaneDesk, RuleDesk):
    """The whole desk.

    `campaigns` are the configured ids; `facts` adds what only a running daemon knows, `lanes` are
    its lanes, `reconcile` asks the API, `prune` lets old bytes go.
    """

    def __init__(
        self,
        outbox: Outbox,
        campaigns: Sequence[str],
        facts: Callable[[], Json] = dict,
        reconcile: Reconcile | None = None,
        lanes: Lanes = tuple,
        prune: Prune | None = None,
    ) -> None:
        super().__init__(outbox, lanes)
        self._prune = prune
        self.campaigns = tuple(campaigns)
        self._facts = facts
        self._reconcile = reconcile

    async def status(self) -> Json:
        """Return the numbers of every campaign, and what the daemon says of itself."""
        facts = self._facts()
        own = facts.pop("by_campaign", {})
        counted = [
            {
                **views.lane_count_view(lane),
                "configured": lane.campaign in self.campaigns,
                **own.get(lane.campaign, {}),
            }
            for lane in await self._outbox.counts()
        ]
        ledger = views.standing_view(await self._outbox.standing())
        return {**facts, "ledger": ledger, "campaigns": counted}

    async def prune(self, *, dry_run: bool) -> Json:
        """Let go what is older than the settings say; with `dry_run` only count it."""
        if self._prune is None:
            raise CommandError("this desk has no outbox in a file")
        return views.pruned_view(await self._prune(dry_run=dry_run))

    async def reconcile(self, campaign: Any) -> list[Json]:
        """Compare the ledger with the API's history: one campaign's, or (None) every one's."""
        if self._reconcile is None:
            raise CommandError("this desk has no way to the Campaigns API")
        chosen = None if campaign is None else campaign_of(campaign, self.campaigns)
        return await self._reconcile(chosen)
