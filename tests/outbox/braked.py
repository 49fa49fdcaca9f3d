"""Entries of rules with brakes, and what became of them.

In: numbers, caps. Out: entries to put; states and reasons. Knows nothing of what is tested.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from bridge.events import State
from bridge.outbox.proofs import Balance
from bridge.outbox.values import Brakes, NewEntry
from bridge.outbox.views import LaneCount, LaneTerms, Listing
from tests.outbox.play import (
    ALICE,
    CAMPAIGN,
    Play,
    entry,
    received,
)

DAY, NEXT_DAY = "2026-01-01", "2026-01-02"
Caps = dict[str, Any]
CAROL = "steam:76561197960265731"
OTHER = "camp_2"
SHADOW = LaneTerms(CAMPAIGN, shadow=True)
LIVE = LaneTerms(CAMPAIGN)
FREE = LaneTerms(CAMPAIGN, per_user=0)
HELD = (State.HELD, "over_cap")
GOES = (State.DUE, "")


def braked(number: int, *, player: str = ALICE, code: str = "EARN5", **terms: Any) -> NewEntry:
    """Return an entry of a rule with brakes."""
    new = entry(number, player=player, code=code)
    return replace(new, brakes=Brakes(**{"rule": "rule one", "day": DAY, **terms}))


def of_source(new: NewEntry, source: str, seconds: float = 0.0) -> NewEntry:
    """Return the entry as if a source had made it so many seconds after the start."""
    return received(replace(new, origin=replace(new.origin, source=source)), seconds)


async def kept(play: Play, *entries: NewEntry) -> list[tuple[State, str]]:
    """Put entries; return each one's state and reason."""
    taken = await play.taken(*entries)
    views = [await play.view(result.key) for result in taken]
    return [(view.state, view.reason) for view in views]


async def prices(play: Play, **amounts: int) -> None:
    """Let the API say what its events pay."""
    told = [(code, Decimal(amount)) for code, amount in amounts.items()]
    await play.outbox.take_balance(Balance(CAMPAIGN, None, told))


async def lane(play: Play, campaign: str = CAMPAIGN) -> LaneCount:
    (found,) = [each for each in await play.outbox.counts() if each.campaign == campaign]
    return found


async def reasons(play: Play) -> list[tuple[State, str]]:
    """Return the state and reason of every entry, oldest first."""
    views = await play.outbox.listing(Listing(limit=10_000))
    return [(view.state, view.reason) for view in reversed(views)]
