"""The contract of every outbox: claims, leases and frozen bytes."""

from datetime import timedelta
from uuid import UUID

import pytest

from bridge.events import State
from bridge.outbox.values import ClaimTerms, Held, Later, Wire
from bridge.rules.key import payout_key, wire_key
from bridge.testing import START
from tests.outbox.play import (
    ALICE,
    BOB,
    CAMPAIGN,
    CONNECT_REFUSED,
    HORIZON,
    HOUR,
    LEASE,
    REFUSED,
    TIMEOUT,
    Play,
    entry,
    terms,
    written,
)


async def test_a_claim_says_all_that_is_needed_to_send(play: Play) -> None:
    key = await play.put()

    claim = await play.claim()

    assert (claim.key, claim.campaign, claim.player) == (key, CAMPAIGN, ALICE)
    assert (claim.event_code, claim.user_ref) == ("EARN5", "usr_1")
    assert (claim.binding, claim.attempt, claim.owner) == (0, 1, "one")
    assert (claim.failures, claim.refusals, claim.conflicts) == (0, 0, 0)
    assert claim.wire == written(key, 0, "EARN5", "usr_1")
    assert claim.wire.key == key


async def test_a_claimed_entry_is_sending_and_marked(play: Play) -> None:
    key = await play.put()
    play.clock.advance(5)

    await play.claim()
    view = await play.view(key)

    assert (view.state, view.attempts) == (State.SENDING, 1)
    assert view.unproven_since == START + timedelta(seconds=5)


async def test_a_claimed_entry_is_not_claimed_again_while_its_lease_lasts(play: Play) -> None:
    await play.put()
    await play.claim()
    play.clock.advance(LEASE - 1)

    assert not await play.claims()


async def test_a_claim_takes_no_more_than_its_limit(play: Play) -> None:
    for number in range(5):
        await play.put(entry(number, code=f"EARN{number}"))

    first, second = await play.claims(3), await play.claims(3)

    assert (len(first), len(second)) == (3, 2)
    assert len({claim.key for claim in (*first, *second)}) == 5


async def test_a_claim_of_nothing_takes_nothing(play: Play) -> None:
    await play.put()

    assert not await play.claims(0)
    assert len(await play.claims(1)) == 1


async def test_the_oldest_due_comes_first(play: Play) -> None:
    keys = []
    for number in (3, 1, 2):
        keys.append(await play.put(entry(number, code=f"EARN{number}")))
        play.clock.advance(1)

    assert [claim.key for claim in await play.claims()] == keys


async def test_an_entry_that_was_put_off_comes_after_those_due_before_it(play: Play) -> None:
    late = await play.put(entry(1, code="EARN1"))
    await play.attempt(Later(30.0, "timeout"))
    early = await play.put(entry(2, code="EARN2"))
    play.clock.advance(30)

    assert [claim.key for claim in await play.claims()] == [early, late]


async def test_a_claim_takes_entries_of_its_campaign_only(play: Play) -> None:
    await play.put(entry())
    other = await play.put(entry(campaign="camp_2"))

    claims = await play.claims(campaign="camp_2")

    assert [claim.key for claim in claims] == [other]


async def test_an_entry_that_is_not_due_yet_is_not_claimed(play: Play) -> None:
    await play.put()
    await play.attempt(Later(30.0, "timeout"))
    play.clock.advance(29.9)
    too_early = await play.claims()
    play.clock.advance(0.1)

    assert not too_early
    assert len(await play.claims()) == 1


async def test_bytes_are_written_once_a_binding(play: Play) -> None:
    calls: list[tuple[UUID, int, str, str]] = []

    def write(key: UUID, binding: int, event_code: str, user_ref: str) -> Wire:
        calls.append((key, binding, event_code, user_ref))
        return Wire(wire_key(key, binding), f"request {len(calls)}".encode())

    counted = ClaimTerms("one", LEASE, HORIZON, write, payout_key)
    key = await play.put()
    bodies = []
    for verdict in (TIMEOUT, TIMEOUT, CONNECT_REFUSED):
        (claim,) = (await play.outbox.claim(CAMPAIGN, 1, counted)).claims
        bodies.append(claim.wire)
        await play.settle(claim, verdict)

    assert calls == [(key, 0, "EARN5", "usr_1")]
    assert bodies == [Wire(key, b"request 1")] * 3


# -- proof ----------------------------------------------------------------------------------


def doubting() -> ClaimTerms:
    """Return terms by which no entry is what its key was made of, as after a flipped bit."""
    return ClaimTerms("one", LEASE, HORIZON, written, lambda *_: UUID(int=7))


async def test_an_entry_that_is_not_what_its_key_was_made_of_is_held_and_never_sent(
    play: Play,
) -> None:
    key = await play.put()

    claimed = await play.outbox.claim(CAMPAIGN, 10, doubting())
    receipt = await play.outbox.receipt(key)

    assert not claimed.claims
    assert (receipt.entry.state, receipt.entry.reason) == (State.HELD, "unreadable")
    assert receipt.entry.attempts == 0
    assert [note.what for note in receipt.journal] == ["unreadable"]
    assert not await play.claims()


async def test_where_an_earlier_attempt_may_have_paid_it_such_an_entry_is_uncertain(
    play: Play,
) -> None:
    key = await play.put()
    await play.attempt(TIMEOUT)

    claimed = await play.outbox.claim(CAMPAIGN, 10, doubting())

    assert not claimed.claims
    assert ((view := await play.view(key)).state, view.reason) == (State.UNCERTAIN, "unreadable")


async def test_such_an_entry_holds_up_no_other(play: Play) -> None:
    await play.put(entry(1))
    good = await play.put(entry(2, code="OTHER"))
    terms = ClaimTerms(
        "one",
        LEASE,
        HORIZON,
        written,
        lambda *texts: payout_key(*texts) if texts[2] == "OTHER" else UUID(int=7),
    )

    assert [claim.key for claim in (await play.outbox.claim(CAMPAIGN, 1, terms)).claims] == [good]


# -- leases ---------------------------------------------------------------------------------


async def test_an_entry_whose_lease_is_over_is_claimed_again_with_the_same_bytes(
    play: Play,
) -> None:
    key = await play.put()
    first = await play.claim()
    since = (await play.view(key)).unproven_since
    play.lose_lease()

    second = await play.claim()

    assert second.wire == first.wire
    assert (second.binding, second.attempt, second.failures) == (0, 2, 1)
    assert (await play.view(key)).unproven_since == since


async def test_a_lease_that_is_over_leaves_a_line_in_the_receipt(play: Play) -> None:
    key = await play.put()
    await play.claim()
    play.lose_lease()
    await play.claim()

    (lost,) = (await play.outbox.receipt(key)).attempts

    assert (lost.number, lost.binding, lost.answer.outcome) == (1, 0, "unknown")


async def test_the_lease_is_as_long_as_its_terms_say(play: Play) -> None:
    await play.put()
    await play.outbox.claim(CAMPAIGN, 1, terms(owner="one", lease=5))
    play.clock.advance(5)

    (claim,) = (await play.outbox.claim(CAMPAIGN, 1, terms(owner="two"))).claims

    assert (claim.owner, claim.attempt) == ("two", 2)


# -- when to come again ---------------------------------------------------------------------


async def test_nothing_is_due_next_where_nothing_waits(play: Play) -> None:
    await play.put()
    await play.accept(await play.claim())
    await play.outbox.put([entry(2, player=BOB)])

    assert (await play.claimed()).next_in is None


async def test_a_full_claim_says_that_more_is_due_now(play: Play) -> None:
    await play.put(entry(1, code="EARN1"))
    await play.put(entry(2, code="EARN2"))

    claimed = await play.claimed(1)

    assert (len(claimed.claims), claimed.next_in) == (1, 0)


async def test_a_claim_says_when_its_lease_will_be_over(play: Play) -> None:
    await play.put()

    assert (await play.claimed()).next_in == pytest.approx(LEASE)


@pytest.mark.parametrize("verdict", [Later(90.0, "timeout"), Held("refused", 90.0)])
async def test_a_claim_says_when_the_next_entry_will_be_due(
    play: Play, verdict: Later | Held
) -> None:
    await play.put()
    await play.attempt(verdict)
    play.clock.advance(30)

    assert (await play.claimed()).next_in == pytest.approx(60)


async def test_a_held_entry_is_due_again_when_its_time_has_come(play: Play) -> None:
    key = await play.put()
    await play.attempt(REFUSED)
    play.clock.advance(599)
    too_early = await play.claims()
    play.clock.advance(1)

    again = await play.claim()

    assert not too_early
    assert (again.key, again.refusals) == (key, 1)


async def test_an_entry_held_without_a_time_waits_for_ever(play: Play) -> None:
    await play.put()
    await play.attempt(Held("event_not_configured", None))
    play.clock.advance(1000 * HOUR)
    claimed = await play.claimed()

    assert not claimed.claims
    assert claimed.next_in is None


async def test_an_entry_that_was_never_sent_knows_no_horizon(play: Play) -> None:
    await play.put()
    play.clock.advance(10 * HORIZON)

    assert len(await play.claims()) == 1
