"""What a campaign that can't pay does to events, under each reading, and where the money is."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sandbox.books.campaigns import Campaign
from tests.sandbox.api.world import refused
from tests.sandbox.play import Play, playing

LONG = 3600.0  # a delay that does not end within a test


async def brought(play: Play, state: str) -> None:
    """Bring a fresh draft, with one user, to a state."""
    await play.admin.add_user(play.campaign.id, "usr_1")
    if state == "Draft":
        return
    await play.admin.fund(play.campaign.id, 10)
    for step in {"Stopped": ("start", "stop"), "Withdrawn": ("start", "stop", "withdraw")}.get(
        state, ()
    ):
        await play.done(step)


async def books_of(play: Play) -> Campaign:
    """Return the campaign with what was withdrawn, which the API does not tell."""
    keeper: Bookkeeper = play.sandbox.jobs._keeper
    found = await keeper.read(lambda books: books.campaigns.find(play.campaign.id))
    assert found is not None
    return found


async def failures(play: Play) -> list[str]:
    keeper: Bookkeeper = play.sandbox.jobs._keeper
    found = await keeper.read(lambda books: books.ledger.failed(play.campaign.id, 100))
    return [one.reason for one in found]


STATES = pytest.mark.parametrize("state", ["Draft", "Funded", "Stopped", "Withdrawn"])


@STATES
async def test_an_event_while_not_active_is_400_and_leaves_nothing(state: str) -> None:
    async with playing(active=False, not_active="refuse") as play:
        await brought(play, state)
        reply = await play.event("key-1")
        status = "Draft" if state == "Funded" else state

        refused(reply, 400, f"Campaign is not Active: it is {status}")
        assert await play.paid_keys() == []
        assert await failures(play) == []


@STATES
async def test_the_switch_takes_an_event_while_not_active_and_its_payout_fails(state: str) -> None:
    async with playing(active=False, not_active="fail_in_job") as play:
        await brought(play, state)
        reply = await play.event("key-1")

        assert reply.status == 202
        assert await play.paid_keys() == []
        assert await failures(play) == ["campaign is not Active"]


@pytest.mark.parametrize(
    ("steps", "status"),
    [(["start"], "Starting"), (["stop"], "Stopping"), (["stop", "withdraw"], "Withdrawing")],
)
async def test_an_event_between_two_states_is_400_too(
    steps: list[str], status: str, tmp_path: Path
) -> None:
    db = tmp_path / "sandbox.db"
    async with playing(db=db) as quick:
        if status == "Starting":
            await quick.done("stop")
        for step in steps[:-1]:
            await quick.done(step)
    async with playing(db=db, active=False, job_delay=LONG) as slow:
        play = Play(slow.sandbox, quick.campaign, slow.http)
        assert (await play.change(steps[-1])).status == 202
        reply = await play.event("key-1")

    refused(reply, 400, f"Campaign is not Active: it is {status}")


async def test_the_switch_still_refuses_what_nobody_could_pay() -> None:
    async with playing(active=False, not_active="fail_in_job") as play:
        unknown = await play.event(body=b'{"eventCode":"EARN5","userRef":"usr_9"}')
        await play.admin.add_user(play.campaign.id, "usr_1")
        no_code = await play.event(body=b'{"eventCode":"NONE","userRef":"usr_1"}')

        refused(unknown, 404, "Unknown userRef")
        refused(no_code, 400, "Unknown eventCode: NONE")


async def test_an_event_taken_while_stopped_is_paid_if_it_is_active_again_by_then() -> None:
    async with playing(job_delay=0.2, not_active="fail_in_job") as play:
        await play.done("stop")
        await play.change("start")
        await play.event("key-1")

        assert await play.paid_keys() == ["key-1"]


async def test_an_event_that_the_campaign_can_not_pay_is_202_and_fails_afterwards() -> None:
    async with playing() as play:
        for number in range(22):
            assert (await play.event(f"key-{number}")).status == 202

        assert await play.paid_keys() == [f"key-{number}" for number in range(20)]
        assert await failures(play) == ["insufficient funds"] * 2
        assert (await play.shown())["availableToWithdraw"] == 0
        assert (await play.shown())["status"] == "Active"


@pytest.mark.parametrize("delay", [0, 0.1])
async def test_the_switch_refuses_what_can_not_be_paid_also_of_many_at_once(delay: float) -> None:
    async with playing(insufficient_funds="refuse", job_delay=delay) as play:
        replies = await asyncio.gather(*(play.event(f"key-{n}") for n in range(30)))
        too_many = [reply for reply in replies if reply.status != 202]

        assert len(too_many) == 10
        for reply in too_many:
            refused(reply, 400, "Insufficient funds")
        assert len(await play.paid_keys()) == 20
        assert await failures(play) == []


async def test_a_refused_event_is_accepted_once_there_is_money_again() -> None:
    async with playing(insufficient_funds="refuse") as play:
        for _ in range(20):
            await play.event()
        await play.sandbox.settled()
        before = await play.event("key-1")
        await play.admin.fund(play.campaign.id, 5)
        after = await play.event("key-1")

        assert (before.status, after.status) == (400, 202)
        assert len(await play.paid_keys()) == 21


async def test_a_payout_that_fails_after_its_202_costs_nothing_and_its_key_stays_used() -> None:
    async with playing() as play:
        await play.admin.set_faults({"payout_fails": 1})
        first = await play.event("key-1")
        await play.sandbox.settled()
        await play.admin.set_faults({"payout_fails": 0})
        replayed = await play.event("key-1")
        fresh = await play.event("key-2")

        assert (first.status, replayed.status, fresh.status) == (202, 202, 202)
        assert await play.paid_keys() == ["key-2"]
        assert await failures(play) == ["transaction failed"]
        assert (await play.shown())["availableToWithdraw"] == 95


async def test_the_amount_is_what_it_was_when_the_event_was_accepted() -> None:
    async with playing(job_delay=0.2) as play:
        await play.event("key-1")
        catalogue = f"/sandbox/v1/campaigns/{play.campaign.id}/catalogue"
        dearer = await play.call(
            "PUT",
            catalogue,
            b'{"code":"EARN5","name":"Seven","payoutAmount":7}',
            headers={"Authorization": f"Bearer {play.sandbox.admin_token}"},
        )
        await play.event("key-2")
        await play.sandbox.settled()
        paid = [payout.amount for payout in await play.admin.ledger(play.campaign.id)]

        assert dearer.status == 200
        assert paid == [Decimal(5), Decimal(7)]


async def test_the_ledger_balances_whenever_one_looks() -> None:
    async with playing(job_delay=0.01) as play:
        seen: list[Campaign] = []
        working = asyncio.Event()

        async def look() -> None:
            while not working.is_set():
                seen.append(await books_of(play))
                seen.append(await balanced_over_http(play))

        looking = asyncio.create_task(look())
        for number in range(6):
            await asyncio.gather(*(play.event() for _ in range(10)))
            await play.admin.fund(play.campaign.id, "7.000001")
            if number % 2:
                await play.done("stop")
                await play.done("withdraw")
                await play.admin.fund(play.campaign.id, 60)
                await play.done("start")
        working.set()
        await looking
        last = await books_of(play)
        paid = sum(payout.amount for payout in await play.admin.ledger(play.campaign.id))

    assert len({(one.paid_out, one.withdrawn, one.available) for one in seen}) > 5
    assert all(one.funded == one.paid_out + one.withdrawn + one.available for one in seen)
    assert last.withdrawn > 0
    assert Decimal(last.paid_out).scaleb(-6) == paid


async def balanced_over_http(play: Play) -> Campaign:
    """Return the books, once what the API told after them is seen to fit in between."""
    before, told, after = await books_of(play), await play.shown(), await books_of(play)
    funded, paid, left = (
        int(Decimal(told[name]).scaleb(6))
        for name in ("totalAmountFunded", "totalAmountPaidOut", "availableToWithdraw")
    )

    assert before.paid_out <= paid <= after.paid_out
    assert before.withdrawn <= funded - paid - left <= after.withdrawn
    return before
