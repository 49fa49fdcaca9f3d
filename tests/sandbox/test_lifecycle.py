"""Draft to Withdrawn, with jobs in between, and what is refused on the way."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.sandbox.play import Play, playing

LONG = 3600.0  # a delay that does not end within a test


async def test_a_campaign_goes_through_every_status_by_its_jobs() -> None:
    async with playing(active=False) as play:
        seen = [(await play.shown())["status"]]
        await play.admin.fund(play.campaign.id, 10)
        for what in ("start", "stop", "start", "stop", "withdraw"):
            await play.done(what)
            seen.append((await play.shown())["status"])

    assert seen == ["Draft", "Active", "Stopped", "Active", "Stopped", "Withdrawn"]


async def test_the_answer_comes_before_the_effect() -> None:
    async with playing(active=False, job_delay=LONG) as play:
        await play.admin.fund(play.campaign.id, 10)

        reply = await play.change("start")

        assert reply.status == 202
        assert set(reply.json) == {"success", "message"}
        assert (await play.shown())["status"] == "Starting"


@pytest.mark.parametrize(
    ("before", "what", "between", "after"),
    [
        ([], "start", "Starting", "Active"),
        (["start"], "stop", "Stopping", "Stopped"),
        (["start", "stop"], "withdraw", "Withdrawing", "Withdrawn"),
    ],
)
async def test_a_job_cut_short_by_a_stop_is_carried_out_at_the_next_start(
    tmp_path: Path, before: list[str], what: str, between: str, after: str
) -> None:
    db = tmp_path / "sandbox.db"
    async with playing(active=False, db=db) as first:
        await first.admin.fund(first.campaign.id, 10)
        for done in before:
            await first.done(done)
    async with AsyncExitStack() as later:
        slow = await _again(later, first, db, job_delay=LONG)
        await slow.change(what)
        status_between = (await slow.shown())["status"]
    async with AsyncExitStack() as latest:
        quick = await _again(latest, first, db, job_delay=0)
        await quick.sandbox.settled()
        status_after = (await quick.shown())["status"]

    assert (status_between, status_after) == (between, after)


async def test_withdrawing_empties_the_campaign_and_keeps_the_totals() -> None:
    async with playing() as play:
        await play.event()
        await play.done("stop")
        await play.done("withdraw")
        shown = await play.shown()

    assert shown["totalAmountFunded"] == 100
    assert shown["totalAmountPaidOut"] == 5
    assert shown["availableToWithdraw"] == 0


async def test_a_withdrawn_campaign_runs_again_once_it_is_funded_again() -> None:
    async with playing() as play:
        await play.done("stop")
        await play.done("withdraw")
        empty = await play.change("start")
        await play.admin.fund(play.campaign.id, "7.5")
        await play.done("start")
        shown = await play.shown()

    assert (empty.status, empty.json["error"]) == (400, "Campaign is not funded")
    assert (shown["status"], shown["availableToWithdraw"]) == ("Active", 7.5)


@pytest.mark.parametrize(
    ("done", "what", "error"),
    [
        ([], "stop", "Campaign can't be stopped: it is Draft"),
        ([], "withdraw", "Funds can't be withdrawn: it is Draft"),
        (["start"], "start", "Campaign can't be started: it is Active"),
        (["start"], "withdraw", "Funds can't be withdrawn: it is Active"),
        (["start", "stop"], "stop", "Campaign can't be stopped: it is Stopped"),
        (
            ["start", "stop", "withdraw"],
            "withdraw",
            "Funds can't be withdrawn: it is Withdrawn",
        ),
    ],
)
async def test_a_call_in_the_wrong_status_is_refused(
    done: list[str], what: str, error: str
) -> None:
    async with playing(active=False) as play:
        await play.admin.fund(play.campaign.id, 10)
        for step in done:
            await play.done(step)

        reply = await play.change(what)

    assert (reply.status, reply.json) == (400, {"success": False, "error": error})


async def test_an_unfunded_campaign_can_not_be_started() -> None:
    async with playing(active=False) as play:
        reply = await play.change("start")

        assert (reply.status, reply.json["error"]) == (400, "Campaign is not funded")
        assert (await play.shown())["status"] == "Draft"


async def test_the_switch_makes_a_second_start_a_202_without_effect() -> None:
    async with playing(start_when_active="202") as play:
        reply = await play.change("start")
        await play.sandbox.settled()

        assert reply.status == 202
        assert (await play.shown())["status"] == "Active"


@pytest.mark.parametrize("done", [[], ["start", "stop"], ["start", "stop", "withdraw"]])
async def test_events_are_refused_while_not_active(done: list[str]) -> None:
    async with playing(active=False) as play:
        await play.admin.fund(play.campaign.id, 10)
        await play.admin.add_user(play.campaign.id, "usr_1")
        for step in done:
            await play.done(step)

        reply = await play.event("key-1")

        assert reply.status == 400
        assert reply.json["error"].startswith("Campaign is not Active: it is ")
        assert await play.paid_keys() == []


async def test_events_accepted_before_a_stop_are_paid_before_the_funds_go() -> None:
    async with playing(job_delay=0.05) as play:
        for _ in range(20):
            await play.event()
        await play.done("stop")
        await play.done("withdraw")
        shown = await play.shown()

    assert shown["totalAmountPaidOut"] == 100


async def _again(rooms: AsyncExitStack, first: Play, db: Path, job_delay: float) -> Play:
    """Open the same books once more, calling with the first campaign's key."""
    opened = await rooms.enter_async_context(playing(active=False, db=db, job_delay=job_delay))
    return Play(opened.sandbox, first.campaign, opened.http)
