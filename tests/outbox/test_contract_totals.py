"""The contract of every outbox: how the paid-out total that the API tells fits the ledger."""

from decimal import Decimal

from bridge.events import State
from bridge.outbox.proofs import (
    Balance,
    Drift,
)
from tests.outbox.play import (
    CAMPAIGN,
    TIMEOUT,
    Play,
    entry,
)
from tests.outbox.told import CODE, accepted, balance, misfit, reads

# -- the paid-out total ---------------------------------------------------------------------


async def test_what_was_paid_before_our_time_is_nobodys_loss(play: Play) -> None:
    drift = await balance(play, 100, EARN5=2)

    assert drift == Drift(CAMPAIGN, Decimal(100), Decimal(100), Decimal(100))
    assert misfit(drift) == (0, 0)


async def test_the_total_may_be_between_what_is_confirmed_and_what_may_be_paid(
    play: Play,
) -> None:
    await balance(play, 100, EARN5=2)
    await accepted(play, 1, 2)
    await play.put(entry(3))
    await play.attempt(TIMEOUT)
    await reads(play, "tx_1", amount=None)

    drifts = [await balance(play, total, EARN5=2) for total in (101, 102, 104, 106, 107)]

    assert [misfit(drift) for drift in drifts] == [
        (0, 1),
        (0, 0),
        (0, 0),
        (0, 0),
        (1, 0),
    ]
    assert (drifts[0], drifts[4]) == (
        Drift(CAMPAIGN, Decimal(101), Decimal(102), Decimal(106)),
        Drift(CAMPAIGN, Decimal(107), Decimal(102), Decimal(106)),
    )


async def test_a_first_total_while_something_is_open_leaves_room_for_both(play: Play) -> None:
    await balance(play, None, EARN5=2)
    await accepted(play)

    drift = await balance(play, 50, EARN5=2)

    assert drift == Drift(CAMPAIGN, Decimal(50), Decimal(48), Decimal(52))


async def test_where_a_price_is_not_known_nothing_is_alarmed(play: Play) -> None:
    await balance(play, 100)
    await accepted(play)

    drift = await balance(play, 5000)

    assert drift is not None
    assert drift.most is None
    assert misfit(drift) == (0, 0)


async def test_what_is_confirmed_while_the_api_is_asked_is_no_shortfall(play: Play) -> None:
    await balance(play, 100, EARN5=2)
    await accepted(play)
    before = await play.outbox.settled(CAMPAIGN)
    await reads(play, "tx_1", amount=None)

    asked_before = Balance(CAMPAIGN, Decimal(100), [(CODE, Decimal(2))], before)
    drift = await play.outbox.take_balance(asked_before)
    later = await balance(play, 100, EARN5=2)

    assert (misfit(drift), misfit(later)) == ((0, 0), (0, 2))


async def test_a_total_that_is_not_told_is_no_drift_and_its_prices_are_kept(play: Play) -> None:
    drift = await balance(play, None, EARN5=2)
    await play.taken(entry())
    (lane,) = await play.outbox.counts()

    assert drift is None
    assert (lane.drift, lane.amounts) == (None, {State.HELD: Decimal(2)})


async def test_the_last_drift_is_shown_with_its_campaign(play: Play) -> None:
    await balance(play, 100, EARN5=2)
    drift = await balance(play, 103, EARN5=2)

    (lane,) = await play.outbox.counts()

    assert lane.drift == drift
    assert misfit(drift) == (3, 0)


async def test_an_accepted_total_is_counted_from_now_on(play: Play) -> None:
    await balance(play, 100, EARN5=2)
    await accepted(play)
    await reads(play, "tx_1", amount=None)
    drift = await balance(play, 110, EARN5=2)

    await play.outbox.accept_total(CAMPAIGN, "olga")
    (lane,) = await play.outbox.counts()
    settled = await balance(play, 110, EARN5=2)
    more = await balance(play, 111, EARN5=2)
    less = await balance(play, 109, EARN5=2)

    assert misfit(drift) == (8, 0)
    assert lane.drift == Drift(CAMPAIGN, Decimal(110), None, None)
    assert [misfit(each) for each in (settled, more, less)] == [(0, 0), (1, 0), (0, 1)]


async def test_a_total_that_was_never_told_can_not_be_accepted(play: Play) -> None:
    await balance(play, None, EARN5=2)

    await play.outbox.accept_total(CAMPAIGN, "olga")
    drift = await balance(play, 100, EARN5=2)

    assert drift == Drift(CAMPAIGN, Decimal(100), Decimal(100), Decimal(100))
