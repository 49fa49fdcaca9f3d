"""The contract of every outbox: what an operator may decide, from which state, with what effect."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bridge.errors import DecisionRefused, EntryNotFound
from bridge.events import State
from bridge.outbox.values import Dead, Decision, Doubtful, Later
from bridge.rules.key import wire_key
from tests.outbox.play import (
    ALICE,
    CAMPAIGN,
    CONNECT_REFUSED,
    HORIZON,
    REFUSED,
    TIMEOUT,
    Play,
    entry,
)


async def _due(play: Play) -> None:
    await play.put()


async def _unproven(play: Play) -> None:
    await play.put()
    await play.attempt(TIMEOUT)


async def _sending(play: Play) -> None:
    await play.put()
    await play.claim()


async def _held(play: Play) -> None:
    await play.put()
    await play.attempt(REFUSED)


async def _unlinked(play: Play) -> None:
    await play.taken(entry())


async def _accepted(play: Play) -> None:
    await play.put()
    await play.accept(await play.claim())


async def _uncertain(play: Play) -> None:
    await play.put()
    await play.attempt(Doubtful("lost"))


async def _dead(play: Play) -> None:
    await play.put()
    await play.attempt(Dead("refused"))


async def _discarded(play: Play) -> None:
    await play.put()
    await play.outbox.decide(entry().key, Decision.DISCARD, "test")


Way = Callable[[Play], Awaitable[None]]
RETRY, DISCARD = Decision.RETRY, Decision.DISCARD
PAID, UNPAID, RESEND = Decision.PAID, Decision.UNPAID, Decision.RESEND
#: Each situation, and what each decision makes of it; what isn't named is refused.
TABLE: dict[Way, dict[Decision, State]] = {
    _due: {RETRY: State.DUE, DISCARD: State.DISCARDED},
    _unproven: {RETRY: State.DUE, DISCARD: State.DISCARDED},
    _sending: {},
    _held: {RETRY: State.DUE, DISCARD: State.DISCARDED},
    _unlinked: {DISCARD: State.DISCARDED},
    _accepted: {},
    _uncertain: {
        DISCARD: State.DISCARDED,
        PAID: State.ACCEPTED,
        UNPAID: State.DUE,
        RESEND: State.DUE,
    },
    _dead: {RETRY: State.DUE, DISCARD: State.DISCARDED},
    _discarded: {},
}
ALLOWED = [
    pytest.param(way, decision, state, id=f"{way.__name__[1:]}-{decision}")
    for way, allowed in TABLE.items()
    for decision, state in allowed.items()
]
REFUSALS = [
    pytest.param(way, decision, id=f"{way.__name__[1:]}-{decision}")
    for way, allowed in TABLE.items()
    for decision in Decision
    if decision not in allowed
]


@pytest.mark.parametrize(("way", "decision", "state"), ALLOWED)
async def test_a_decision_moves_an_entry_and_is_journaled(
    play: Play, way: Way, decision: Decision, state: State
) -> None:
    key = entry().key
    await way(play)
    before = await play.state(key)
    noted = len((await play.outbox.receipt(key)).journal)
    play.clock.advance(5)

    told = await play.outbox.decide(key, decision, "olga")
    *_, note = (await play.outbox.receipt(key)).journal

    assert told is state
    assert await play.state(key) is state
    assert (note.who, note.what, note.detail) == ("olga", decision, f"{before} → {state}")
    assert note.at == play.clock.now()
    assert len((await play.outbox.receipt(key)).journal) == noted + 1


@pytest.mark.parametrize(("way", "decision"), REFUSALS)
async def test_a_decision_that_the_state_does_not_allow_changes_nothing(
    play: Play, way: Way, decision: Decision
) -> None:
    key = entry().key
    await way(play)
    before = await play.outbox.receipt(key)

    with pytest.raises(DecisionRefused) as refused:
        await play.outbox.decide(key, decision, "olga")

    assert str(key) in str(refused.value)
    assert refused.value.hint
    after = await play.outbox.receipt(key)
    assert after.entry == before.entry
    assert list(after.journal) == list(before.journal)


@pytest.mark.parametrize("decision", Decision)
async def test_a_decision_needs_an_entry(play: Play, decision: Decision) -> None:
    with pytest.raises(EntryNotFound):
        await play.outbox.decide(entry().key, decision, "olga")


async def test_a_decision_may_name_any_key_that_was_on_the_wire(play: Play) -> None:
    key = await play.put()
    await play.attempt(REFUSED)
    play.clock.advance(600)
    rebound = await play.attempt(REFUSED)

    await play.outbox.decide(rebound.wire.key, DISCARD, "olga")

    assert rebound.wire.key != key
    assert await play.state(key) is State.DISCARDED


# -- retry ----------------------------------------------------------------------------------


async def test_a_retried_entry_is_due_now_and_starts_afresh(play: Play) -> None:
    await play.put()
    for _ in range(3):
        await play.attempt(REFUSED)
        play.clock.advance(600)
    await play.attempt(REFUSED)
    await play.outbox.decide(entry().key, RETRY, "olga")

    claim = await play.claim()

    assert (claim.failures, claim.refusals, claim.binding) == (0, 0, 4)


async def test_an_entry_that_waits_is_sent_at_once_when_it_is_retried(play: Play) -> None:
    await play.put()
    await play.attempt(Later(300.0, "connect_refused", unsent=True))
    await play.outbox.decide(entry().key, RETRY, "olga")

    assert (await play.claim()).binding == 0


async def test_a_dead_entry_is_retried_under_its_next_key(play: Play) -> None:
    key = await play.put()
    await play.attempt(Dead("refused"))
    await play.outbox.decide(key, RETRY, "olga")

    claim = await play.claim()

    assert (claim.binding, claim.wire.key) == (1, wire_key(key, 1))


async def test_a_retry_of_a_doubt_keeps_its_bytes_and_its_horizon(play: Play) -> None:
    await play.put()
    first = await play.attempt(Later(300.0, "timeout"))
    await play.outbox.decide(entry().key, RETRY, "olga")
    second = await play.attempt(TIMEOUT)
    play.pass_horizon()
    await play.outbox.decide(entry().key, RETRY, "olga")

    assert second.wire == first.wire
    assert not await play.claims()
    assert await play.state(entry().key) is State.UNCERTAIN


async def test_an_uncertain_entry_that_is_retried_is_told_how_to_resolve_it(play: Play) -> None:
    await _uncertain(play)

    with pytest.raises(DecisionRefused) as refused:
        await play.outbox.decide(entry().key, RETRY, "olga")

    assert "--paid|--unpaid|--resend" in refused.value.hint


@pytest.mark.parametrize("way", [_unlinked, _dead])
async def test_an_entry_without_a_link_is_not_retried(play: Play, way: Way) -> None:
    await way(play)
    await play.outbox.unlink(CAMPAIGN, ALICE, "test")

    with pytest.raises(DecisionRefused) as refused:
        await play.outbox.decide(entry().key, RETRY, "olga")

    assert "players link" in refused.value.hint


# -- discard --------------------------------------------------------------------------------


async def test_a_discarded_entry_is_in_doubt_no_more(play: Play) -> None:
    await _unproven(play)
    await play.outbox.decide(entry().key, DISCARD, "olga")
    play.pass_horizon()

    assert not await play.claims()
    assert (await play.view(entry().key)).unproven_since is None


# -- resolve --------------------------------------------------------------------------------


async def test_a_resend_keeps_key_and_bytes_and_starts_a_new_horizon(play: Play) -> None:
    key = await play.put()
    first = await play.attempt(TIMEOUT)
    play.pass_horizon()
    await play.claims()
    await play.outbox.decide(key, RESEND, "olga")
    resent_at = play.clock.now()
    play.clock.advance(HORIZON)
    second = await play.attempt(TIMEOUT)
    since = (await play.view(key)).unproven_since
    play.clock.advance(1)

    assert (second.wire, second.binding) == (first.wire, 0)
    assert since == resent_at
    assert not await play.claims()
    assert await play.state(key) is State.UNCERTAIN


async def test_a_resend_that_meets_no_server_is_in_doubt_still(play: Play) -> None:
    key = await play.put()
    await play.attempt(Doubtful("lost"))
    await play.outbox.decide(key, RESEND, "olga")
    await play.attempt(CONNECT_REFUSED)

    assert (await play.view(key)).unproven_since is not None


async def test_a_resend_goes_to_the_user_it_was_bound_to(play: Play) -> None:
    key = await play.put()
    first = await play.attempt(Doubtful("lost"))
    await play.outbox.unlink(CAMPAIGN, ALICE, "test")
    await play.outbox.decide(key, RESEND, "olga")

    assert (await play.claim()).wire == first.wire


async def test_an_unpaid_entry_is_sent_again_with_a_mark_of_its_own(play: Play) -> None:
    key = await play.put()
    first = await play.attempt(Doubtful("lost"))
    play.pass_horizon()
    await play.outbox.decide(key, UNPAID, "olga")

    second = await play.claim()

    assert second.wire == first.wire
    assert (await play.view(key)).unproven_since == play.clock.now()
    assert await play.settle(second, CONNECT_REFUSED) is State.DUE
    assert (await play.view(key)).unproven_since is None


async def test_an_unpaid_entry_whose_player_has_no_link_is_held(play: Play) -> None:
    key = await play.put()
    await play.attempt(Doubtful("lost"))
    await play.outbox.unlink(CAMPAIGN, ALICE, "test")

    assert await play.outbox.decide(key, UNPAID, "olga") is State.HELD
    assert await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "test") == 1


async def test_an_entry_that_was_paid_is_never_sent_again(play: Play) -> None:
    await _uncertain(play)
    await play.outbox.decide(entry().key, PAID, "olga")
    play.pass_horizon()

    assert not await play.claims()


async def test_conflicts_start_afresh_after_an_operator_resolved_them(play: Play) -> None:
    await play.put()
    await play.attempt(Later(0.0, "http_409", conflict=True))
    await play.attempt(Doubtful("conflicts"))
    await play.outbox.decide(entry().key, RESEND, "olga")

    assert (await play.claim()).conflicts == 0


async def test_an_uncertain_entry_shows_since_when(play: Play) -> None:
    await _uncertain(play)
    play.clock.advance(100)

    since = (await play.view(entry().key)).unproven_since

    assert since == play.clock.now() - timedelta(seconds=100)
