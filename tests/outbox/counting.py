"""Deeds that count, and short words for what became of them.

In: names of messages, what a counter is. Out: deeds to put, outcomes as words. Knows nothing of
what is tested.
"""

from typing import Any

from bridge.events import Counted, Taken
from bridge.outbox.entry import as_millis
from bridge.outbox.values import Counting, Deed, NewEntry, Turn
from bridge.outbox.views import Listing
from bridge.testing import START
from tests.outbox.play import ALICE, CAMPAIGN, Play, entry, message_id

REPLAY = Turn("arena", "engine", replay=True)


def counting(
    to: int = 3,
    *,
    rule: str = "wins",
    scope: str = '["alice"]',
    seconds: float = 0.0,
    made: int = 1000,
    player: str = ALICE,
    campaign: str = CAMPAIGN,
    **more: Any,
) -> Counting:
    """Return a count; its nth filling makes the entry number `made` + n, so keys tell it."""

    def make(n: int) -> NewEntry:
        return entry(made + n, player=player, campaign=campaign, rule=rule)

    given = {"times": None, "cooldown": 0, "resets": False, "ordered": False, "of_match": False}
    at = as_millis(START) + round(seconds * 1000)
    return Counting(rule, campaign, scope, to, at=at, make=make, **{**given, **more})


def deed(name: str, *countings: Counting, own: NewEntry | None = None, content: str = "") -> Deed:
    """Return the deed of the message called `name`."""
    return Deed(message_id(name, content), own, countings)


async def put(play: Play, *deeds: Deed, replay: bool = False) -> list[str]:
    """Put deeds; return what became of each, one word each."""
    return [said(result) for result in await play.outbox.put(deeds, REPLAY if replay else None)]


def said(result: object) -> str:
    """Return an outcome as words: counted, or its entry's number; + for known before."""
    match result:
        case Counted():
            word = "counted"
        case Taken():
            word = next((f"#{n}" for n in range(2000) if entry(n).key == result.key), "other")
        case _:
            return type(result).__name__
    marks = {"+": result.duplicate, "≠": result.differs, "!": result.not_replayed}
    return word + "".join(mark for mark, there in marks.items() if there)


async def made(play: Play) -> list[int]:
    """Return the numbers of all entries, oldest first."""
    views = await play.outbox.listing(Listing(limit=10_000))
    return [int(view.occurrence.split('"')[3]) for view in reversed(views)]
