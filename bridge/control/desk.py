"""The operator's desk: what is asked of an outbox and decided about it, as plain values.

In: questions and decisions. Out: JSON-like answers. One piece of code serves the HTTP calls of
the running daemon and the command line where none runs.
"""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from bridge.control.views import Json, entry_view, lane_count_view, receipt_view
from bridge.errors import EntryNotFound, FieldProblem, MessageRejected
from bridge.events import State
from bridge.outbox.contract import Outbox
from bridge.outbox.links import Link
from bridge.outbox.values import Decision
from bridge.outbox.views import Listing
from bridge.players.canonical import canonical_player
from bridge.rules.book import Rule

MOST_LISTED = 10_000
_LONGEST_REF = 200


class Desk:
    """`campaigns` are the configured ids; `facts` adds what only a running daemon knows."""

    def __init__(
        self,
        outbox: Outbox,
        campaigns: Sequence[str],
        facts: Callable[[], Json] = dict,
    ) -> None:
        self._outbox = outbox
        self.campaigns = tuple(campaigns)
        self._facts = facts

    async def status(self) -> Json:
        """Return the numbers of every campaign, and what the daemon says of itself."""
        counted = [
            {**lane_count_view(lane), "configured": lane.campaign in self.campaigns}
            for lane in await self._outbox.counts()
        ]
        return {**self._facts(), "campaigns": counted}

    async def entries(
        self,
        campaign: str | None = None,
        player: str | None = None,
        state: str | None = None,
        limit: int = 100,
    ) -> list[Json]:
        """Return entries, newest first.

        Raises:
            MessageRejected: a filter can't be understood.
        """
        what = Listing(
            campaign,
            None if player is None else canonical_player(player),
            None if state is None else _state(state),
            max(1, min(limit, MOST_LISTED)),
        )
        return [entry_view(entry) for entry in await self._outbox.listing(what)]

    async def receipt(self, key: str) -> Json:
        """Return everything that is known of one entry; raises `EntryNotFound`."""
        return receipt_view(await self._outbox.receipt(_key(key)))

    async def decide(self, key: str, decision: str, who: str) -> Json:
        """Carry out a decision about one entry.

        Raises:
            EntryNotFound, DecisionRefused, MessageRejected: nothing was changed.
        """
        state = await self._outbox.decide(_key(key), _decision(decision), who)
        return {"key": str(_key(key)), "entry_state": state.value, "state": state.told}

    # -- players ----------------------------------------------------------------------------

    async def players(self) -> list[Json]:
        """Return every link."""
        return [{"player": link.player, **_link(link)} for link in await self._outbox.links()]

    async def player(self, player: str) -> Json:
        """Return one player's links and how much is held for them."""
        canonical = canonical_player(player)
        links = await self._outbox.links(canonical)
        held = await self._outbox.listing(Listing(None, canonical, State.HELD, MOST_LISTED))
        return {
            "player": canonical,
            "links": [_link(link) for link in links],
            "held": len(held),
        }

    async def link(self, player: str, user_ref: Any, campaign: Any, who: str) -> Json:
        """Link a player and release what waited; `campaign` may be None where there is one."""
        released = await self._outbox.link(
            self._campaign(campaign), canonical_player(player), _user_ref(user_ref), who
        )
        return {**await self.player(player), "released": released}

    async def unlink(self, player: str, campaign: Any, who: str) -> Json:
        """Forget a player's link; what waits is held."""
        chosen = self._campaign(campaign)
        await self._outbox.unlink(chosen, canonical_player(player), who)
        return await self.player(player)

    def _campaign(self, campaign: Any) -> str:
        if campaign is None and len(self.campaigns) == 1:
            return self.campaigns[0]
        if campaign not in self.campaigns:
            known = ", ".join(self.campaigns)
            detail = "is required" if campaign is None else "is not configured"
            raise rejected("/campaign", f"campaign {detail}; configured are: {known}")
        return str(campaign)

    # -- rules ------------------------------------------------------------------------------

    async def rules(self) -> list[Json]:
        """Return the rules that the outbox remembers, in order."""
        return [
            {"definition": rule.definition, "used": rule.used, "entries": rule.entries}
            for rule in await self._outbox.remembered_rules()
        ]

    async def accept_rules(self, definitions: Sequence[str], journal: Any) -> None:
        """Remember other rules, on an operator's word.

        Raises:
            MessageRejected: a definition is none, and no bridge could start with it.
        """
        for definition in definitions:
            _check_definition(definition)
        await self._outbox.adopt_rules(definitions, _journal(journal))


def _link(link: Link) -> Json:
    return {"campaign": link.campaign, "userRef": link.user_ref, "state": "linked"}


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as bad:
        raise EntryNotFound(f"{text[:60]!r} is no key; keys look like UUIDs") from bad


def _state(text: str) -> State:
    try:
        return State(text)
    except ValueError as bad:
        raise rejected("/state", f"state must be one of {', '.join(State)}") from bad


def _decision(text: str) -> Decision:
    try:
        return Decision(text)
    except ValueError as bad:
        raise rejected("/decision", f"decision must be one of {', '.join(Decision)}") from bad


def _check_definition(text: str) -> None:
    """Refuse what isn't a definition to the letter: by its text a rule is known to have been used.

    The same rule in another spelling would pass for one that has made no entries.
    """
    try:
        known = Rule.from_definition(text).definition == text
    except (ValueError, TypeError, KeyError, RecursionError) as bad:
        raise _no_definition(text) from bad
    if not known:
        raise _no_definition(text)


def _no_definition(text: str) -> MessageRejected:
    return rejected("/definitions", f"{text[:80]!r} is no rule's definition")


def _journal(value: Any) -> str:
    if not isinstance(value, str) or any("\ud800" <= char <= "\udfff" for char in value):
        raise rejected("/journal", "journal must be the text that is to be noted")
    return value


def _user_ref(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise rejected("/userRef", "userRef must be the text that the Campaigns API gave")
    if len(value) > _LONGEST_REF:
        raise rejected("/userRef", f"userRef is longer than {_LONGEST_REF} characters")
    return value


def rejected(pointer: str, detail: str) -> MessageRejected:
    """Return the refusal of one field."""
    return MessageRejected(detail, fields=[FieldProblem(pointer, detail)])
