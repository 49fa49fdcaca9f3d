"""The contract of every outbox: what became of an attempt, and the mark of what may be paid."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from bridge.errors import EntryNotFound
from bridge.events import State
from bridge.outbox.values import Claim, Dead, Decision, Doubtful, Held, Later, Verdict
from bridge.rules.key import wire_key
from bridge.testing import START
from tests.outbox.play import (
    ALICE,
    CAMPAIGN,
    CONNECT_REFUSED,
    REFUSED,
    TIMEOUT,
    Play,
    entry,
)


async def test_a_202_makes_it_accepted_and_proven(play: Play) -> None:
    key = await play.put()

    told = await play.accept(await play.claim())
    view = await play.view(key)

    assert told is State.ACCEPTED
    assert (view.state, view.unproven_since, view.due_at) == (State.ACCEPTED, None, None)


async def test_later_makes_it_due_after_its_wait(play: Play) -> None:
    key = await play.put()

    told = await play.settle(await play.claim(), Later(90.0, "http_500"))
    view = await play.view(key)

    assert told is State.DUE
    assert (view.state, view.reason) == (State.DUE, "http_500")
    assert view.due_at == START + timedelta(seconds=90)


async def test_only_spent_attempts_count_for_the_growing_delay(play: Play) -> None:
    await play.put()
    await play.attempt(Later(0.0, "timeout"))
    await play.attempt(Later(0.0, "lane_paused", spent=False))
    await play.attempt(Later(0.0, "timeout"))

    assert (await play.claim()).failures == 2


async def test_days_without_a_known_user_are_no_refusals(play: Play) -> None:
    await play.put()
    await play.attempt(Held("user_unknown", 0.0, counts=False))
    await play.attempt(Held("refused", 0.0))
    await play.attempt(Held("user_unknown", 0.0, counts=False))

    assert (await play.claim()).refusals == 1


async def test_conflicts_are_counted(play: Play) -> None:
    await play.put()
    await play.attempt(Later(0.0, "http_409", conflict=True))
    await play.attempt(Later(0.0, "timeout"))
    await play.attempt(Later(0.0, "http_409", conflict=True))

    assert (await play.claim()).conflicts == 2


async def test_a_refused_entry_is_held_and_sent_again_under_its_next_key(play: Play) -> None:
    key = await play.put()
    await play.attempt(REFUSED)
    held = await play.view(key)
    play.clock.advance(600)

    again = await play.claim()

    assert (held.state, held.reason, held.unproven_since) == (State.HELD, "refused", None)
    assert held.due_at == START + timedelta(seconds=600)
    assert (again.binding, again.refusals, again.failures) == (1, 1, 0)
    assert again.wire.key == wire_key(key, 1) != key


async def test_a_hold_without_rebinding_keeps_its_key_and_bytes(play: Play) -> None:
    await play.put()
    first = await play.attempt(Held("lane", 10.0, rebind=False))
    play.clock.advance(10)

    again = await play.claim()

    assert (again.wire, again.binding) == (first.wire, 0)


async def test_refusals_are_counted_over_bindings(play: Play) -> None:
    await play.put()
    bindings = []
    for _ in range(3):
        bindings.append((await play.attempt(REFUSED)).binding)
        play.clock.advance(600)

    assert bindings == [0, 1, 2]
    assert (await play.claim()).refusals == 3


async def test_a_new_binding_starts_without_conflicts(play: Play) -> None:
    await play.put()
    await play.attempt(Later(0.0, "http_409", conflict=True, unsent=True))
    await play.attempt(REFUSED)
    play.clock.advance(600)

    assert (await play.claim()).conflicts == 0


async def test_a_dead_entry_is_never_claimed(play: Play) -> None:
    key = await play.put()
    await play.attempt(Dead("refused five times"))
    play.pass_horizon()

    assert (await play.view(key)).reason == "refused five times"
    assert await play.state(key) is State.DEAD
    assert not await play.claims()


async def test_a_doubtful_outcome_is_left_to_an_operator(play: Play) -> None:
    key = await play.put()
    await play.attempt(Doubtful("conflicts"))
    play.pass_horizon()

    view = await play.view(key)

    assert (view.state, view.reason) == (State.UNCERTAIN, "conflicts")
    assert view.unproven_since == START
    assert not await play.claims()


async def test_a_claim_of_an_unknown_entry_can_not_be_settled(play: Play) -> None:
    await play.put()
    stranger = replace(await play.claim(), key=entry(99).key)

    with pytest.raises(EntryNotFound):
        await play.accept(stranger)


# -- answers that come late -----------------------------------------------------------------


async def _due(play: Play, key: UUID) -> None:
    await play.claims(0)


async def _due_unlinked(play: Play, key: UUID) -> None:
    await _due(play, key)
    await play.outbox.unlink(CAMPAIGN, ALICE, "test")


async def _sending(play: Play, key: UUID) -> None:
    await play.claim()


async def _uncertain(play: Play, key: UUID) -> None:
    await play.attempt(Doubtful("lost"))


async def _held(play: Play, key: UUID) -> None:
    await _uncertain(play, key)
    await play.outbox.decide(key, Decision.UNPAID, "olga")
    await play.attempt(REFUSED)


async def _dead(play: Play, key: UUID) -> None:
    await _uncertain(play, key)
    await play.outbox.decide(key, Decision.UNPAID, "olga")
    await play.attempt(Dead("refused"))


async def _discarded(play: Play, key: UUID) -> None:
    await _due(play, key)
    await play.outbox.decide(key, Decision.DISCARD, "olga")


async def _accepted(play: Play, key: UUID) -> None:
    await play.accept(await play.claim())


MOVES: dict[State, Callable[[Play, UUID], Awaitable[None]]] = {
    State.DUE: _due,
    State.SENDING: _sending,
    State.UNCERTAIN: _uncertain,
    State.HELD: _held,
    State.DEAD: _dead,
    State.DISCARDED: _discarded,
    State.ACCEPTED: _accepted,
}
PROXYS_PAGE = Held("refused", 600.0, unsent=False)
LATE: tuple[Verdict, ...] = (
    TIMEOUT,
    CONNECT_REFUSED,
    Later(0.0, "http_409", conflict=True),
    REFUSED,
    Dead("refused"),
    Doubtful("conflicts"),
)


async def _lost_claim(play: Play, state: State) -> tuple[UUID, Claim]:
    """Return an entry in `state`, and a claim of it that lost its lease before."""
    key = await play.put()
    claim = await play.claim()
    play.lose_lease()
    await MOVES[state](play, key)
    assert await play.state(key) is state
    return key, claim


@pytest.mark.parametrize("state", MOVES)
async def test_a_late_202_is_recorded_from_every_state(play: Play, state: State) -> None:
    key, lost = await _lost_claim(play, state)

    told = await play.accept(lost)
    view = await play.view(key)

    assert told is State.ACCEPTED
    assert (view.state, view.unproven_since, view.fenced) == (State.ACCEPTED, None, False)
    play.pass_horizon()
    assert not await play.claims()


async def test_a_late_202_is_recorded_while_an_unlinked_player_is_held(play: Play) -> None:
    key = await play.put()
    lost = await play.claim()
    play.lose_lease()
    await _due_unlinked(play, key)

    assert await play.state(key) is State.HELD
    assert await play.accept(lost) is State.ACCEPTED


@pytest.mark.parametrize("late", LATE, ids=lambda verdict: type(verdict).__name__)
@pytest.mark.parametrize("state", MOVES)
async def test_a_negative_answer_after_the_lease_was_lost_changes_nothing(
    play: Play, state: State, late: Verdict
) -> None:
    key, lost = await _lost_claim(play, state)
    before = await play.view(key)

    told = await play.settle(lost, late)

    assert told is state
    assert await play.view(key) == before


async def test_a_late_answer_stands_in_the_receipt_all_the_same(play: Play) -> None:
    key, lost = await _lost_claim(play, State.SENDING)
    await play.settle(lost, TIMEOUT)

    attempts = (await play.outbox.receipt(key)).attempts

    assert [(line.number, line.answer.outcome) for line in attempts] == [
        (1, "unknown"),
        (1, "Later"),
    ]


async def test_an_answer_that_is_told_twice_counts_once(play: Play) -> None:
    await play.put()
    claim = await play.attempt(TIMEOUT)

    await play.settle(claim, TIMEOUT)

    assert (await play.claim()).failures == 1


async def test_an_answer_in_time_but_after_the_lease_is_taken_while_nobody_else_claimed(
    play: Play,
) -> None:
    key = await play.put()
    claim = await play.claim()
    play.lose_lease()

    assert await play.settle(claim, REFUSED) is State.HELD
    assert (await play.view(key)).unproven_since is None


# -- the mark -------------------------------------------------------------------------------


async def test_proof_that_nothing_was_sent_clears_the_mark(play: Play) -> None:
    key = await play.put()
    await play.attempt(CONNECT_REFUSED)

    assert (await play.view(key)).unproven_since is None


async def test_an_outcome_that_is_not_proven_keeps_the_mark_and_the_bytes(play: Play) -> None:
    key = await play.put()
    first = await play.attempt(TIMEOUT)
    play.clock.advance(100)

    second = await play.claim()

    assert second.wire == first.wire
    assert (await play.view(key)).unproven_since == START


async def test_a_later_attempt_does_not_clear_the_mark_of_an_earlier_one(play: Play) -> None:
    key = await play.put()
    await play.attempt(TIMEOUT)
    await play.attempt(CONNECT_REFUSED)
    doubt = (await play.view(key)).unproven_since
    play.pass_horizon()
    claims = await play.claims()

    assert doubt == START
    assert not claims
    assert (await play.view(key)).reason == "past_key_horizon"
    assert await play.state(key) is State.UNCERTAIN


@pytest.mark.parametrize("verdict", [REFUSED, Dead("refused"), Held("user_unknown", None)])
async def test_a_refusal_proves_nothing_of_an_older_attempt(play: Play, verdict: Held) -> None:
    key = await play.put()
    await play.attempt(TIMEOUT)

    claim = await play.claim()

    assert await play.settle(claim, verdict) is State.UNCERTAIN
    assert (await play.view(key)).unproven_since == START


async def test_a_refusal_after_a_lost_lease_proves_nothing_of_the_lost_attempt(play: Play) -> None:
    await play.put()
    await play.claim()
    play.lose_lease()

    assert await play.settle(await play.claim(), REFUSED) is State.UNCERTAIN


async def test_a_refusal_that_is_not_the_apis_own_is_held_in_doubt(play: Play) -> None:
    key = await play.put()
    first = await play.attempt(PROXYS_PAGE)
    held = await play.view(key)
    play.clock.advance(600)

    again = await play.claim()

    assert (held.state, held.unproven_since) == (State.HELD, START)
    assert (again.wire, again.binding) == (first.wire, 0)


async def test_a_refusal_that_is_not_the_apis_own_takes_no_new_key_once_it_is_unpaid(
    play: Play,
) -> None:
    key = await play.put()
    first = await play.attempt(PROXYS_PAGE)
    play.pass_horizon()
    await play.claims()
    await play.outbox.decide(key, Decision.UNPAID, "olga")

    assert (await play.claim()).wire == first.wire


async def test_a_final_refusal_that_is_not_the_apis_own_is_doubtful(play: Play) -> None:
    await play.put()

    assert await play.settle(await play.claim(), Dead("x", unsent=False)) is State.UNCERTAIN


async def test_an_attempt_after_the_mark_was_cleared_starts_a_new_horizon(play: Play) -> None:
    key = await play.put()
    await play.attempt(CONNECT_REFUSED)
    play.pass_horizon()
    await play.attempt(TIMEOUT)
    at_the_horizon = await play.view(key)
    play.pass_horizon()

    assert at_the_horizon.unproven_since == play.clock.now() - timedelta(hours=20, seconds=1)
    assert not await play.claims()
    assert await play.state(key) is State.UNCERTAIN


async def test_the_horizon_counts_from_the_first_doubt_not_from_the_last(play: Play) -> None:
    key = await play.put()
    for _ in range(5):
        await play.attempt(TIMEOUT)
        play.clock.advance(4 * 3600)
    last = await play.attempt(TIMEOUT)  # to the second at the horizon: the key is still known
    play.clock.advance(0.001)

    assert last.attempt == 6
    assert not await play.claims()
    assert await play.state(key) is State.UNCERTAIN


async def test_a_lease_that_ends_past_the_horizon_leaves_it_uncertain(play: Play) -> None:
    key = await play.put()
    await play.claim()
    play.pass_horizon()

    assert not await play.claims()
    assert await play.state(key) is State.UNCERTAIN


async def test_a_held_entry_in_doubt_is_uncertain_past_the_horizon(play: Play) -> None:
    key = await play.put()
    await play.attempt(TIMEOUT)
    await play.outbox.unlink(CAMPAIGN, ALICE, "test")
    before = await play.state(key)
    play.pass_horizon()
    await play.claims()

    assert before is State.HELD
    assert await play.state(key) is State.UNCERTAIN


async def test_a_wall_clock_that_jumps_back_does_not_make_a_doubt_young(play: Play) -> None:
    key = await play.put()
    await play.attempt(TIMEOUT)
    play.clock.jump(-30 * 24 * 3600)
    play.pass_horizon()

    assert not await play.claims()
    assert await play.state(key) is State.UNCERTAIN


async def test_a_wall_clock_that_jumps_back_holds_no_entry_up(play: Play) -> None:
    await play.put()
    await play.attempt(Later(60.0, "timeout"))
    play.clock.jump(-30 * 24 * 3600)
    play.clock.advance(60)

    assert len(await play.claims()) == 1
