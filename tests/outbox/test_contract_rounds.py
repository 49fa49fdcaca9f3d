"""The contract of every outbox: what has ended is settled, and more is claimed, at once."""

from dataclasses import replace
from uuid import UUID

import pytest

from bridge.errors import EntryNotFound
from bridge.events import State
from bridge.outbox.values import Accepted, Answer, Claim, Claimed, Later, Settling, Verdict
from tests.outbox.play import ALICE, BOB, CAMPAIGN, Play, entry, terms


def ended(claim: Claim, verdict: Verdict) -> Settling:
    return Settling(claim, verdict, Answer(type(verdict).__name__))


async def test_what_is_settled_makes_room_for_what_it_held_back(play: Play) -> None:
    first = await play.put(entry(1))
    second = await play.put(entry(2))
    (claim,) = await play.claims()
    settlings = [ended(claim, Accepted())]
    claimed = await play.outbox.settle_and_claim(settlings, CAMPAIGN, 5, terms())

    assert claim.key == first
    assert [claim.key for claim in claimed.claims] == [second]
    assert await play.state(first) is State.ACCEPTED


async def test_without_room_nothing_is_claimed(play: Play) -> None:
    first = await play.put(entry(1))
    claim = await play.claim()
    second = await play.put(entry(2, player=BOB), ref="usr_2")
    settlings = [ended(claim, Later(0.0, "http_500"))]
    claimed = await play.outbox.settle_and_claim(settlings, CAMPAIGN, 0, terms())

    assert claimed == Claimed((), None)
    assert [(await play.view(key)).state for key in (first, second)] == [State.DUE] * 2
    assert (await play.view(second)).attempts == 0


async def test_where_one_can_not_be_settled_nothing_is_done(play: Play) -> None:
    keys = [
        await play.put(entry(1, player=ALICE)),
        await play.put(entry(2, player=BOB), ref="usr_2"),
    ]
    claims = await play.claims()
    keys.append(await play.put(entry(3, player="name:Carol"), ref="usr_3"))
    settlings = [
        ended(claims[1], Accepted()),
        ended(replace(claims[0], key=UUID(int=1)), Accepted()),
    ]
    with pytest.raises(EntryNotFound):
        await play.outbox.settle_and_claim(settlings, CAMPAIGN, 5, terms())

    assert [await play.state(key) for key in keys] == [State.SENDING, State.SENDING, State.DUE]
