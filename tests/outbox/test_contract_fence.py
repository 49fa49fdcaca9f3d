"""The contract of every outbox: the fence, and that nothing else makes an entry wait."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

import pytest

from bridge.events import State
from bridge.outbox.memory import MemoryOutbox
from bridge.outbox.values import Dead, Decision, Doubtful, Held, NewEntry, Verdict
from tests.outbox.play import (
    ALICE,
    BOB,
    CAMPAIGN,
    CONNECT_REFUSED,
    REFUSED,
    TIMEOUT,
    USER_UNKNOWN,
    Play,
    entry,
)


async def _siblings(play: Play, count: int, player: str = ALICE) -> list[UUID]:
    """Put entries of one fence, in order; all pay usr_1."""
    first = 1 if player == ALICE else 100
    return [await play.put(entry(first + number, player=player)) for number in range(count)]


async def _keys(play: Play) -> list[UUID]:
    return [claim.key for claim in await play.claims()]


async def test_of_one_fence_one_is_sent_and_the_others_wait(play: Play) -> None:
    first, second, third = await _siblings(play, 3)

    claimed = await _keys(play)
    views = [await play.view(key) for key in (first, second, third)]

    assert claimed == [first]
    assert [view.state for view in views] == [State.SENDING, State.DUE, State.DUE]
    assert [view.fenced for view in views] == [False, True, True]


@pytest.mark.parametrize(
    "other",
    [entry(9, code="EARN9"), entry(9, campaign="camp_2")],
    ids=["event code", "campaign"],
)
async def test_another_event_code_or_campaign_is_another_fence(play: Play, other: NewEntry) -> None:
    await play.put()
    await play.claim()
    await play.put(other)

    assert [claim.key for claim in await play.claims(campaign=other.campaign)] == [other.key]


async def test_another_user_is_another_fence(play: Play) -> None:
    await play.put()
    await play.claim()
    key = await play.put(entry(player=BOB), ref="usr_2")

    assert await _keys(play) == [key]


async def test_two_players_who_are_one_user_share_a_fence(play: Play) -> None:
    await _siblings(play, 1)
    (bobs,) = await _siblings(play, 1, BOB)
    await play.claims()

    assert (await play.view(bobs)).fenced


async def test_siblings_go_through_one_by_one_in_order(play: Play) -> None:
    keys = await _siblings(play, 5)
    sent = []
    while claims := await play.claims():
        (claim,) = claims
        sent.append(claim.key)
        await play.accept(claim)

    assert sent == keys


@pytest.mark.parametrize("verdict", [TIMEOUT, Doubtful("lost")])
async def test_a_doubt_keeps_its_siblings_waiting(play: Play, verdict: Verdict) -> None:
    first, second = await _siblings(play, 2)
    (claim,) = await play.claims()
    await play.settle(claim, replace(verdict, after=600) if verdict is TIMEOUT else verdict)

    assert await _keys(play) == []
    assert (await play.view(second)).fenced
    assert (await play.view(first)).unproven_since is not None


async def test_a_lease_that_is_over_keeps_its_siblings_waiting(play: Play) -> None:
    first, _ = await _siblings(play, 2)
    await play.claims()
    play.lose_lease()

    assert await _keys(play) == [first]


@pytest.mark.parametrize("decision", [Decision.PAID, Decision.DISCARD])
async def test_an_operator_who_settles_a_doubt_lets_the_next_one_through(
    play: Play, decision: Decision
) -> None:
    first, second, _ = await _siblings(play, 3)
    (claim,) = await play.claims()
    await play.settle(claim, Doubtful("lost"))
    await play.outbox.decide(first, decision, "olga")

    assert await _keys(play) == [second]


async def test_a_resent_doubt_goes_before_its_siblings(play: Play) -> None:
    first, _ = await _siblings(play, 2)
    (claim,) = await play.claims()
    await play.settle(claim, Doubtful("lost"))
    await play.outbox.decide(first, Decision.RESEND, "olga")

    assert await _keys(play) == [first]


@pytest.mark.parametrize("verdict", [REFUSED, USER_UNKNOWN, Held("x", None), Dead("refused")])
async def test_a_refused_entry_lets_the_next_one_through(play: Play, verdict: Verdict) -> None:
    _, second, third = await _siblings(play, 3)
    (claim,) = await play.claims()
    await play.settle(claim, verdict)

    assert await _keys(play) == [second]
    assert (await play.view(third)).fenced


async def test_an_entry_that_proved_unsent_holds_up_nobody_while_it_waits(play: Play) -> None:
    first, second = await _siblings(play, 2)
    (claim,) = await play.claims()
    await play.settle(claim, replace(CONNECT_REFUSED, after=300))
    goes_on = await play.claims()
    play.clock.advance(300)
    meanwhile = await play.view(first)
    await play.accept(goes_on[0])

    assert [claim.key for claim in goes_on] == [second]
    assert meanwhile.state is State.DUE
    assert await _keys(play) == [first]


# -- never a deadlock -----------------------------------------------------------------------


async def _discarded(play: Play, key: UUID) -> None:
    await play.outbox.decide(key, Decision.DISCARD, "olga")


async def _unlinked(play: Play, _: UUID) -> None:
    await play.outbox.unlink(CAMPAIGN, ALICE, "olga")


async def _relinked(play: Play, _: UUID) -> None:
    await play.outbox.link(CAMPAIGN, ALICE, "usr_9", "olga")


async def _unlinked_and_relinked(play: Play, key: UUID) -> None:
    await _unlinked(play, key)
    await _relinked(play, key)


async def _held(play: Play, _: UUID) -> None:
    (claim,) = await play.claims()
    await play.settle(claim, REFUSED)


async def _retried(play: Play, key: UUID) -> None:
    await play.outbox.decide(key, Decision.RETRY, "olga")
    await _discarded(play, key)


@pytest.mark.parametrize("alices", [1, 2, 3])
@pytest.mark.parametrize(
    "leaves", [_discarded, _unlinked, _relinked, _unlinked_and_relinked, _held, _retried]
)
async def test_the_next_one_in_line_leaves_and_the_line_goes_on(
    play: Play, alices: int, leaves: Callable[[Play, UUID], Awaitable[None]]
) -> None:
    """Bob, who is the same user as Alice, waits behind as many entries of hers."""
    first, *hers = await _siblings(play, 1 + alices)
    (bobs,) = await _siblings(play, 1, BOB)
    (claim,) = await play.claims()
    await play.accept(claim)  # the first of hers is next in line now

    await leaves(play, hers[0])

    assert bobs in await _drained(play)
    assert await play.state(first) is State.ACCEPTED
    assert not (await play.view(bobs)).fenced


async def _drained(play: Play) -> list[UUID]:
    """Deliver all that can be delivered; return the keys in order."""
    sent = []
    while claims := await play.claims():
        for claim in claims:
            sent.append(claim.key)
            await play.accept(claim)
    return sent


async def test_bytes_in_doubt_of_a_relinked_player_fence_the_old_user_only(play: Play) -> None:
    first, second = await _siblings(play, 2)
    (claim,) = await play.claims()
    await play.settle(claim, replace(TIMEOUT, after=600))
    await play.outbox.link(CAMPAIGN, ALICE, "usr_9", "olga")
    (bobs,) = await _siblings(play, 1, BOB)

    claims = await play.claims()

    assert [(claim.key, claim.user_ref) for claim in claims] == [(second, "usr_9")]
    assert (await play.view(bobs)).fenced
    assert (await play.view(first)).user_ref == "usr_1"


async def test_a_late_202_for_a_fenced_entry_breaks_no_line(play: Play) -> None:
    first, second, third = await _siblings(play, 3)
    (lost,) = await play.claims()
    await play.settle(lost, REFUSED)
    (claim,) = await play.claims()
    play.clock.advance(600)
    await play.claims()  # the first one is due again, and fenced now
    fenced = (await play.view(first)).fenced
    await play.accept(lost)
    await play.accept(claim)

    assert claim.key == second
    assert fenced
    assert await _drained(play) == [third]


# -- nobody waits behind another's failure --------------------------------------------------


async def test_a_poisoned_entry_holds_up_nobody_else(play: Play) -> None:
    await play.put(entry(1, code="POISON"))
    await play.attempt(replace(TIMEOUT, after=300))
    key = await play.put(entry(2))

    assert await _keys(play) == [key]


async def test_thousands_of_fenced_siblings_hold_up_nobody_else(play: Play) -> None:
    count = 1_000 if isinstance(play.outbox, MemoryOutbox) else 10_000
    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")
    await play.outbox.put([entry(number) for number in range(count)])
    play.clock.advance(1)
    other = await play.put(entry(player=BOB), ref="usr_2")
    claims = 0
    while other not in await _keys(play):
        claims += 1
        assert claims < 25

    (lane,) = await play.outbox.counts()

    assert lane.fenced == count - 1
    assert lane.states == {State.DUE: count - 1, State.SENDING: 2}
