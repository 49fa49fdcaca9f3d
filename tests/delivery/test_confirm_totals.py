"""The paid-out total and the prices: learnt, compared, and distrusted after a stop."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from aiohttp import web

from bridge.events import State
from bridge.outbox.proofs import Balance, Drift, Paid, Payout, Webhook
from tests.campaigns.host import CAMPAIGN, Host, campaign, refuses, reset, says
from tests.delivery.confirming import (
    DETAILS,
    EVENTS,
    HOUR,
    Rig,
    events,
    quiet_host,
    rig_in,
)
from tests.outbox.play import entry


@pytest.fixture
def host() -> Iterator[Host]:
    with quiet_host() as made:
        yield made


@pytest.fixture
async def rig(host: Host, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_in(tmp_path, host) as made:
        yield made


# -- totals ---------------------------------------------------------------------------------


async def test_prices_are_learnt_and_the_total_is_compared(rig: Rig, host: Host) -> None:
    host.on(DETAILS, campaign(totalAmountPaidOut="87.5"))
    host.on(EVENTS, events(EARN5="0.25"))
    confirmer = rig.confirmer()

    drift = await confirmer.balance()
    (taken,) = await rig.play.taken(entry())

    assert drift == Drift(CAMPAIGN, Decimal("87.5"), Decimal("87.5"), Decimal("87.5"))
    assert confirmer.compared.is_set()
    assert (await rig.lane()).amounts == {State.HELD: Decimal("0.25")}
    assert taken.state is State.HELD


async def test_events_that_can_not_be_read_are_learnt_next_time(rig: Rig, host: Host) -> None:
    host.on(EVENTS, refuses(500), events(EARN5="0.25"))
    confirmer = rig.confirmer()
    await rig.accepted()

    first, second = await confirmer.balance(), await confirmer.balance()

    assert first is not None
    assert second is not None
    assert (first.most, confirmer.compared.is_set()) == (None, True)
    assert (await rig.lane()).amounts == {State.ACCEPTED: Decimal("0.25")}


async def test_a_total_is_compared_again_and_again(rig: Rig) -> None:
    async with rig.working(rig.confirmer(balance_every="1h")):
        await rig.until_called(DETAILS, 1)
        for times in (2, 3):
            rig.clock.advance(HOUR)
            await rig.until_called(DETAILS, times)

    assert len(rig.called(DETAILS)) == 3


async def test_until_it_was_told_once_it_is_asked_for_each_second(rig: Rig, host: Host) -> None:
    """Nothing is sent before."""
    host.on(DETAILS, refuses(500), refuses(503), reset, campaign(totalAmountPaidOut=0))
    async with rig.working() as confirmer:
        await rig.until_called(DETAILS, 1)
        before = confirmer.compared.is_set()
        began = rig.clock.monotonic()
        async with asyncio.timeout(10):
            while not confirmer.compared.is_set():
                rig.clock.advance(0.05)
                await asyncio.sleep(0.002)

    assert not before
    assert len(rig.called(DETAILS)) == 4
    assert rig.clock.monotonic() - began >= 2


async def test_an_api_that_tells_no_total_keeps_nobody_waiting(rig: Rig, host: Host) -> None:
    told = {"success": True, "campaign": {"status": "Active", "environment": "test"}}
    host.on(DETAILS, says(200, told))
    confirmer = rig.confirmer()

    drift = await confirmer.balance()

    assert drift is None
    assert confirmer.compared.is_set()
    assert (await rig.outbox.standing()).quarantine == ""


async def test_what_does_not_fit_is_logged(
    rig: Rig, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    host.on(DETAILS, campaign(totalAmountPaidOut=10), campaign(totalAmountPaidOut=13))
    confirmer = rig.confirmer()
    await confirmer.balance()
    fits = capsys.readouterr().out

    await confirmer.balance()
    told = capsys.readouterr().out

    assert "paid_out_drift" not in fits
    assert "paid_out_drift" in told
    assert CAMPAIGN in told


async def test_what_is_confirmed_while_the_total_is_under_way_is_no_shortfall(
    rig: Rig, host: Host
) -> None:
    (key,) = await rig.accepted()
    host.on(DETAILS, campaign(totalAmountPaidOut=10))
    confirmer = rig.confirmer()
    await confirmer.balance()
    loop = asyncio.get_running_loop()

    async def while_it_is_confirmed(_: Host, request: web.Request) -> web.StreamResponse:
        proof = Paid(Payout("usr_1", "EARN5", "tx_1", Decimal(1)), key)
        webhook = Webhook(b"x" * 16, CAMPAIGN, "Event", None, b"{}", proof)
        told = asyncio.run_coroutine_threadsafe(rig.outbox.receive(webhook), loop)
        await asyncio.wrap_future(told)
        return await campaign(totalAmountPaidOut=9)(_, request)

    host.on(DETAILS, while_it_is_confirmed)
    drift = await confirmer.balance()

    assert await rig.states() == [State.CONFIRMED]
    assert drift is not None
    assert drift.shortfall == 0


# -- a ledger that doesn't know what was paid meanwhile ---------------------------------------


async def test_more_paid_than_was_known_at_the_last_stop_quarantines(rig: Rig, host: Host) -> None:
    await rig.outbox.take_balance(Balance(CAMPAIGN, Decimal(10), [("EARN5", Decimal(1))]))
    await rig.play.put(ref="usr_1")
    host.on(DETAILS, campaign(totalAmountPaidOut=12))

    await rig.confirmer().balance()
    standing = await rig.outbox.standing()

    assert f"the API has paid 2 more for campaign {CAMPAIGN}" in standing.quarantine
    assert await rig.states() == [State.HELD]
    assert not await rig.play.claims()


@pytest.mark.parametrize(("known", "told"), [(None, 50), (10, 10), (10, 7)])
async def test_else_a_start_never_does(rig: Rig, host: Host, known: int | None, told: int) -> None:
    if known is not None:
        await rig.outbox.take_balance(Balance(CAMPAIGN, Decimal(known), [("EARN5", Decimal(1))]))
    host.on(DETAILS, campaign(totalAmountPaidOut=told))

    await rig.confirmer().balance()

    assert (await rig.outbox.standing()).quarantine == ""


async def test_a_drift_that_was_known_before_the_stop_does_not_quarantine_again(
    rig: Rig, host: Host
) -> None:
    for total in (10, 13):
        told = Balance(CAMPAIGN, Decimal(total), [("EARN5", Decimal(1))])
        await rig.outbox.take_balance(told)
    host.on(DETAILS, campaign(totalAmountPaidOut=13))

    drift = await rig.confirmer().balance()

    assert drift is not None
    assert drift.excess == 3
    assert (await rig.outbox.standing()).quarantine == ""


async def test_a_drift_in_the_middle_of_a_run_alarms_and_stops_nothing(
    rig: Rig, host: Host
) -> None:
    host.on(DETAILS, campaign(totalAmountPaidOut=10), campaign(totalAmountPaidOut=20))
    confirmer = rig.confirmer()
    await confirmer.balance()

    drift = await confirmer.balance()

    assert drift is not None
    assert drift.excess == 10
    assert (await rig.outbox.standing()).quarantine == ""


async def test_a_ledger_that_has_sent_nothing_says_that_the_campaign_has_paid(
    rig: Rig, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    """Others may have paid before, or a ledger was lost: a warning, and no quarantine."""
    host.on(DETAILS, campaign(totalAmountPaidOut="41.5"))
    await rig.play.put(entry())
    confirmer = rig.confirmer()

    await confirmer.balance()
    await confirmer.balance()

    assert confirmer.status().paid_before == Decimal("41.5")
    assert capsys.readouterr().out.count("paid_before_us") == 1
    assert (await rig.outbox.standing()).quarantine == ""


async def test_where_nothing_was_paid_or_something_sent_nothing_is_said(
    rig: Rig, host: Host
) -> None:
    fresh = rig.confirmer()
    await fresh.balance()
    host.on(DETAILS, campaign(totalAmountPaidOut=1))
    await rig.accepted()
    later = rig.confirmer()
    await later.balance()

    assert (fresh.status().paid_before, later.status().paid_before) == (None, None)
