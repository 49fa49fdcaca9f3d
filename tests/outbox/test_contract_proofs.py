"""The contract of every outbox: what proves that an entry was paid, or was not."""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from bridge.events import State
from bridge.outbox.proofs import (
    Became,
    Failed,
    Found,
    Noted,
    Proof,
)
from bridge.outbox.values import Accepted, Dead, Decision, Doubtful
from bridge.rules.key import wire_key
from tests.outbox.play import (
    ALICE,
    CAMPAIGN,
    REFUSED,
    TIMEOUT,
    Play,
    entry,
    written,
)
from tests.outbox.told import CODE, DAY, USER, accepted, hears, paid, reads, states

# -- webhooks -------------------------------------------------------------------------------


async def never_sent(play: Play) -> None:
    pass


async def sending(play: Play) -> None:
    await play.claim()


async def taken(play: Play) -> None:
    await play.accept(await play.claim())


async def lost(play: Play) -> None:
    await play.attempt(TIMEOUT)


async def held(play: Play) -> None:
    await play.attempt(REFUSED)


async def dead(play: Play) -> None:
    await play.attempt(Dead("refused"))


async def doubtful(play: Play) -> None:
    await play.attempt(Doubtful("lost"))


async def discarded(play: Play) -> None:
    await play.outbox.decide(entry().key, Decision.DISCARD, "olga")


async def unlinked(play: Play) -> None:
    await play.attempt(TIMEOUT)
    await play.outbox.unlink(CAMPAIGN, ALICE, "test")


PASTS: Sequence[Callable[[Play], Awaitable[None]]] = (
    never_sent,
    sending,
    taken,
    lost,
    held,
    dead,
    doubtful,
    discarded,
    unlinked,
)


@pytest.mark.parametrize("past", PASTS)
async def test_a_payout_under_its_key_confirms_an_entry_from_any_state(
    play: Play, past: Callable[[Play], Awaitable[None]]
) -> None:
    key = await play.put()
    await past(play)

    became = await hears(play, paid(key))
    view = await play.view(key)
    play.clock.advance(2 * DAY)

    assert became is Became.CONFIRMED
    assert (view.state, view.amount, view.unproven_since) == (
        State.CONFIRMED,
        Decimal("0.25"),
        None,
    )
    assert not await play.claims()


async def test_a_webhook_may_come_before_our_own_202(play: Play) -> None:
    key = await play.put()
    claim = await play.claim()

    await hears(play, paid(key))
    after = await play.settle(claim, Accepted())

    assert after is State.CONFIRMED
    assert await play.state(key) is State.CONFIRMED


@pytest.mark.parametrize("late", [TIMEOUT, REFUSED, Dead("refused"), Doubtful("lost")])
async def test_no_answer_undoes_a_proof(play: Play, late: Dead | Doubtful) -> None:
    key = await play.put()
    claim = await play.claim()
    await hears(play, paid(key))

    assert await play.settle(claim, late) is State.CONFIRMED


async def test_each_body_counts_once(play: Play) -> None:
    (key,) = await accepted(play)

    became = [await hears(play, paid(key)) for _ in range(3)]
    receipt = await play.outbox.receipt(key)

    assert became == [Became.CONFIRMED, Became.KNOWN, Became.KNOWN]
    assert [(seen.event, seen.became) for seen in receipt.webhooks] == [("Event", "confirmed")]


@pytest.mark.parametrize("first", ["webhook", "history"])
@pytest.mark.parametrize("names", [(None, None), (None, "hook_1"), ("hook_1", None)])
async def test_what_a_webhook_tells_without_a_name_is_the_payout_that_is_known_under_its_key(
    play: Play, first: str, names: tuple[str | None, str | None]
) -> None:
    """Whether the history has shown that by then, or not."""
    (key,) = await accepted(play)
    if first == "history":
        await reads(play, "tx_1")
    await hears(play, paid(key, names[0]))
    if first == "webhook":
        await reads(play, "tx_1")

    became = await hears(play, paid(key, names[1]), b"the same news in other bytes")

    assert became is Became.CONFIRMED
    assert await play.outbox.strange_payouts(CAMPAIGN) == []


async def test_a_row_that_was_taken_for_another_s_payout_is_that_of_a_webhook_without_a_name(
    play: Play,
) -> None:
    one, two = await accepted(play, 1, 2)
    await hears(play, paid(two, "tx_2"))
    await hears(play, paid(one, None))

    found = await reads(play, "tx_1", "tx_2")
    shown = [(await play.outbox.receipt(key)).payout for key in (one, two)]

    assert found == Found()
    assert [None if seen is None else seen.id for seen in shown] == ["tx_1", "tx_2"]


async def test_what_was_confirmed_by_a_row_that_a_key_says_is_another_s_waits_for_its_own(
    play: Play,
) -> None:
    """Confirmed for good it would hide that its own payout failed, or never came."""
    one, two = await accepted(play, 1, 2)
    await reads(play, "tx_1")
    counted = await states(play)

    became = await hears(play, paid(two, "tx_1"))
    told = await states(play)
    play.clock.advance(3)
    looked_for = list(await play.outbox.to_look_for(CAMPAIGN, 10))
    found = await reads(play, "tx_1", "tx_2")
    journal = (await play.outbox.receipt(one)).journal

    assert counted == [State.CONFIRMED, State.ACCEPTED]
    assert (became, told) == (Became.CONFIRMED, [State.ACCEPTED, State.CONFIRMED])
    assert (looked_for, found) == ([USER], Found(1, 0, 0))
    assert [(note.who, note.what, note.detail) for note in journal] == [
        ("webhook", "unpaid", "confirmed → accepted: tx_1 was another's")
    ]
    assert await states(play) == [State.CONFIRMED] * 2


async def test_or_it_gets_a_payout_that_belongs_to_no_entry_yet(play: Play) -> None:
    await accepted(play, 1)
    await reads(play, "tx_1", "tx_2")
    (two,) = await accepted(play, 2)

    await hears(play, paid(two, "tx_1"))

    assert await states(play) == [State.CONFIRMED] * 2
    assert await play.outbox.strange_payouts(CAMPAIGN) == []


async def test_what_its_own_key_proved_stays_confirmed_whatever_row_was_taken_for_it(
    play: Play,
) -> None:
    one, two = await accepted(play, 1, 2)
    await hears(play, paid(one, None))
    await reads(play, "tx_2")

    await hears(play, paid(two, "tx_2"))
    told = await states(play)
    found = await reads(play, "tx_1", "tx_2")

    assert (told, found) == ([State.CONFIRMED] * 2, Found())
    assert (await play.outbox.receipt(one)).payout is not None


async def test_the_failure_of_what_was_counted_wrong_is_heard(play: Play) -> None:
    one, two = await accepted(play, 1, 2)
    await reads(play, "tx_1")
    await hears(play, paid(two, "tx_1"))

    assert await hears(play, Failed(one, "no funds left")) is Became.DEAD
    assert await states(play) == [State.DEAD, State.CONFIRMED]


async def test_a_receipt_shows_the_payout_that_proved_it(play: Play) -> None:
    (key,) = await accepted(play)
    await hears(play, paid(key))

    payout = (await play.outbox.receipt(key)).payout

    assert payout is not None
    assert (payout.id, payout.key, payout.amount, payout.via) == (
        "tx_1",
        key,
        Decimal("0.25"),
        "webhook",
    )


async def test_a_payout_is_matched_by_every_key_that_was_on_the_wire(play: Play) -> None:
    key = await play.put()
    await play.attempt(REFUSED)
    play.clock.advance(600)
    claim = await play.claim()

    became = await hears(play, paid(key))

    assert claim.wire.key == wire_key(key, 1)
    assert became is Became.CONFIRMED
    assert await play.state(key) is State.CONFIRMED


@pytest.mark.parametrize(
    ("campaign", "ref", "code"),
    [("camp_2", USER, CODE), (CAMPAIGN, "usr_2", CODE), (CAMPAIGN, USER, "EARN9")],
)
async def test_a_key_alone_proves_nothing(play: Play, campaign: str, ref: str, code: str) -> None:
    """Another campaign's secret, or another user's payout, must not confirm an entry."""
    (key,) = await accepted(play)

    became = await hears(play, paid(key, "tx_1", ref, code), campaign=campaign)

    assert became is Became.UNMATCHED
    assert await play.state(key) is State.ACCEPTED
    assert [seen.id for seen in await play.outbox.strange_payouts(campaign)] == ["tx_1"]


async def test_a_payout_under_a_key_of_another_is_none_of_ours(play: Play) -> None:
    """Not when the history shows it either: it was said whose it is."""
    await accepted(play, 1, 2)

    became = await hears(play, paid(uuid4()))
    found = await reads(play, "tx_1")

    assert (became, found) == (Became.UNMATCHED, Found(0, 0, 1))
    assert await states(play) == [State.ACCEPTED] * 2


async def test_news_that_says_nothing_is_kept_and_changes_nothing(play: Play) -> None:
    (key,) = await accepted(play)

    became = [await hears(play, Noted()) for _ in range(2)]

    assert became == [Became.NOTED, Became.KNOWN]
    assert await play.state(key) is State.ACCEPTED


# -- payouts that failed --------------------------------------------------------------------


async def test_a_failed_payout_is_dead_for_the_operator_with_its_reason(play: Play) -> None:
    (key,) = await accepted(play)

    became = await hears(play, Failed(key, "no funds left"))
    receipt = await play.outbox.receipt(key)

    assert became is Became.DEAD
    assert (receipt.entry.state, receipt.entry.reason) == (State.DEAD, "payout_failed")
    assert [(note.who, note.what, note.detail) for note in receipt.journal] == [
        ("webhook", "failed", "no funds left")
    ]
    assert not await play.claims()


async def test_the_retry_of_a_failed_payout_has_a_key_of_its_own(play: Play) -> None:
    """Under the old one the API would only say 202 once more."""
    (key,) = await accepted(play)
    await hears(play, Failed(key, "no funds left"))
    await play.outbox.decide(key, Decision.RETRY, "olga")

    claim = await play.claim()
    again = await hears(play, Failed(key, "no funds left"), b"the same news in other bytes")
    in_flight = await play.state(key)
    await play.accept(claim)
    second = await hears(play, Failed(wire_key(key, 1), "still none"))

    assert claim.wire == written(key, 1, CODE, USER)
    assert (again, in_flight) == (Became.NOTED, State.SENDING)
    assert (second, await play.state(key)) == (Became.DEAD, State.DEAD)


async def test_news_of_a_binding_that_is_over_changes_nothing(play: Play) -> None:
    (key,) = await accepted(play)
    await hears(play, Failed(key, "no funds left"))
    await play.outbox.decide(key, Decision.RETRY, "olga")
    await play.accept(await play.claim())

    late = await hears(play, Failed(key, "the same in other words"))

    assert late is Became.NOTED
    assert await play.state(key) is State.ACCEPTED


@pytest.mark.parametrize("order", ["failed, paid", "paid, failed"])
async def test_paid_is_paid_in_whatever_order_it_is_told(play: Play, order: str) -> None:
    (key,) = await accepted(play)
    news: dict[str, Proof] = {"failed": Failed(key, "a first try"), "paid": paid(key)}

    for name in order.split(", "):
        await hears(play, news[name])

    assert await play.state(key) is State.CONFIRMED


async def test_our_own_202_after_the_failure_does_not_hide_it(play: Play) -> None:
    key = await play.put()
    claim = await play.claim()
    await hears(play, Failed(key, "no funds left"))

    after = await play.settle(claim, Accepted())

    assert after is State.DEAD
    assert (await play.view(key)).reason == "payout_failed"


@pytest.mark.parametrize("key", [None, UUID(int=7)])
async def test_a_failure_of_nothing_of_ours_is_unmatched(play: Play, key: UUID | None) -> None:
    await accepted(play)

    assert await hears(play, Failed(key, "no funds left")) is Became.UNMATCHED
    assert await hears(play, Failed(entry().key, "no"), campaign="camp_2") is Became.UNMATCHED
    assert await states(play) == [State.ACCEPTED]
