"""The worker itself: leases, stops, a disk that fails, and failures that nobody foresaw."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bridge.events import State
from bridge.outbox.values import Accepted, Answer
from tests.delivery import far
from tests.delivery.far import CAMPAIGN, Far, says
from tests.delivery.rig import HOUR, Rig, quick, rig_in
from tests.outbox.play import ALICE

LEASE = 2 * 5 + 2.0


@pytest.fixture
async def patient() -> AsyncIterator[Rig]:
    """A rig whose calls may take long, so that they are in flight when a test wants it."""
    async with rig_in(None, quick(attempt_timeout=5, connect_timeout=2)) as made:
        yield made


# -- leases ---------------------------------------------------------------------------------


async def test_a_worker_that_was_killed_is_followed_only_after_its_lease(patient: Rig) -> None:
    rig = patient
    rig.settings = quick(attempt_timeout=5, shutdown=0.01)
    rig.far.always = far.silence
    key = await rig.put()
    async with rig.working():
        await rig.until(lambda: rig.far.waiting == 1)
    rig.far.always = None
    async with rig.working():
        rig.turn(LEASE - 1)
        await rig.rest()
        early, state = len(rig.watched.claims), (await rig.view(key)).state
        rig.turn(1)
        await rig.until_state(key, State.ACCEPTED)
    first, second = rig.watched.claims
    attempts = (await rig.receipt(key)).attempts

    assert (early, state) == (1, State.SENDING)
    assert first.owner != second.owner
    assert first.wire == second.wire
    assert [call.key for call in rig.far.posts] == [str(key)] * 2
    assert len({call.body for call in rig.far.posts}) == 1
    assert [attempt.answer.outcome for attempt in attempts] == ["unknown", "accepted"]


async def test_a_late_acceptance_is_recorded_though_another_holds_the_lease(patient: Rig) -> None:
    rig = patient
    rig.settings = quick(attempt_timeout=5, shutdown=0.01)
    rig.far.always = far.silence
    key = await rig.put()
    async with rig.working():
        await rig.until(lambda: rig.far.waiting == 1)
    async with rig.working():
        rig.turn(LEASE)
        await rig.until(lambda: len(rig.far.posts) == 2)
        await rig.outbox.settle(rig.watched.claims[0], Accepted(), Answer("accepted", 202))
        state = (await rig.view(key)).state

    assert state is State.ACCEPTED


@pytest.mark.parametrize("answer", [202, 500])
async def test_a_clock_that_jumps_puts_no_second_request_beside_the_first(
    patient: Rig, answer: int
) -> None:
    rig = patient
    rig.far.answers.append(far.silence if answer == 202 else failing_after_silence)
    key = await rig.put()
    async with rig.working():
        await rig.until(lambda: rig.far.waiting == 1)
        rig.clock.jump(HOUR)  # a sleeping machine wakes up, or the time is set right
        await rig.looked()
        beside = len(rig.far.posts)
        rig.far.held.set()
        await rig.until_settled(1)
        then = (await rig.view(key)).state
        rig.turn(100)
        await rig.until_state(key, State.ACCEPTED)

    assert beside == 1
    assert then is (State.ACCEPTED if answer == 202 else State.DUE)
    assert len(rig.far.posts) == (1 if answer == 202 else 2)


async def failing_after_silence(there: Far, request: web.Request) -> web.StreamResponse:
    await far.silence(there, request)
    there.paid.clear()
    return await says(500)(there, request)


# -- no entry waits behind another's failure ------------------------------------------------


async def test_nothing_waits_behind_refused_unknown_unproven_or_fenced_entries(rig: Rig) -> None:
    async def by_user(there: Far, request: web.Request) -> web.StreamResponse:
        match json.loads(await request.read())["userRef"]:
            case "usr_0":
                return await says(400)(there, request)
            case "usr_1":
                return await says(404)(there, request)
            case "usr_2":
                return await says(409)(there, request)
            case "usr_3":
                return await far.reset(there, request)
            case _:
                return await far.taken(there, request)

    rig.far.always = by_user
    bad = (await rig.put_many(4))[:4]
    fenced = await rig.put(100, "steam:76561197960266003", "usr_3")
    unlinked = await rig.put(101, "steam:76561197960269999", ref=None)
    good = (await rig.put_many(40))[4:]
    async with rig.working():
        for key in good:
            await rig.until_state(key, State.ACCEPTED)
        await rig.rest()
        found = [(await rig.view(key)).state for key in (*bad, fenced, unlinked)]
        is_fenced = (await rig.view(fenced)).fenced

    assert found == [State.HELD, State.HELD, State.DUE, State.DUE, State.DUE, State.HELD]
    assert is_fenced


async def test_of_one_fence_one_is_sent_and_the_next_follows_its_proof(patient: Rig) -> None:
    rig = patient
    rig.far.always = far.silence
    keys = [await rig.put(number) for number in range(4)]
    async with rig.working():
        await rig.until(lambda: rig.far.waiting == 1)
        await rig.looked()
        at_first = len(rig.far.posts)
        rig.far.held.set()
        for key in keys:
            await rig.until_state(key, State.ACCEPTED)

    assert at_first == 1
    assert [call.key for call in rig.far.posts] == [str(key) for key in keys]
    assert rig.far.most_waiting == 1


# -- stopping -------------------------------------------------------------------------------


async def test_a_stop_waits_for_the_calls_in_flight_and_records_them(patient: Rig) -> None:
    rig = patient
    rig.far.always = far.silence
    keys = await rig.put_many(5)

    async def stopped() -> None:
        async with rig.working():
            await rig.until(lambda: rig.far.waiting == 2)

    stopping = asyncio.create_task(stopped())
    await rig.until(lambda: rig.far.waiting == 2)
    await asyncio.sleep(0)  # the worker is told to stop
    rig.outbox.watch(CAMPAIGN).set()
    rig.far.held.set()
    await asyncio.wait_for(stopping, 5)
    states = [(await rig.view(key)).state for key in keys]

    assert states == [State.ACCEPTED] * 2 + [State.DUE] * 3
    assert len(rig.far.posts) == 2


async def test_what_is_too_slow_for_a_stop_is_cut_and_stays_unproven(patient: Rig) -> None:
    rig = patient
    rig.settings = quick(attempt_timeout=5, shutdown=0.05)
    rig.far.always = far.silence
    keys = await rig.put_many(3)
    async with rig.working():
        await rig.until(lambda: rig.far.waiting == 2)
    views = [await rig.view(key) for key in keys]
    rig.far.always = None
    rig.turn(LEASE)
    async with rig.working():
        for key in keys:
            await rig.until_state(key, State.ACCEPTED)

    assert [view.state for view in views] == [State.SENDING] * 2 + [State.DUE]
    assert [view.unproven_since is not None for view in views] == [True, True, False]
    assert sorted(call.key for call in rig.far.posts) == sorted(map(str, [*keys, *keys[:2]]))


async def test_a_stop_that_comes_with_news_still_stops(quick_rig: Rig) -> None:
    rig = quick_rig
    await rig.put()
    for _ in range(20):
        async with asyncio.timeout(5), rig.working():
            await rig.rest()
            rig.outbox.watch(CAMPAIGN).set()  # and in the same turn of the loop it is cancelled


async def test_a_stop_with_nothing_in_flight_is_immediate(quick_rig: Rig) -> None:
    rig = quick_rig
    async with asyncio.timeout(1), rig.working():
        pass

    assert rig.deaths == []


# -- a disk that fails ----------------------------------------------------------------------


def filling_the_disk(rig: Rig) -> far.Answer:
    """Return an acceptance that comes when the disk has just become full."""

    async def taken(there: Far, request: web.Request) -> web.StreamResponse:
        rig.watched.disk_full = True
        return await far.taken(there, request)

    return taken


async def test_an_outcome_that_can_not_be_recorded_is_recorded_later_and_not_sent_again(
    rig: Rig,
) -> None:
    rig.far.answers.append(filling_the_disk(rig))
    key = await rig.put()
    with capture_logs() as logs:
        async with rig.working():
            await rig.until(lambda: rig.watched.refused >= 1)
            before = (await rig.view(key)).state
            rig.watched.disk_full = False
            await rig.until_state(key, State.ACCEPTED)

    assert before is State.SENDING
    assert len(rig.far.posts) == 1
    assert "delivery_record_failed" in {entry["action"] for entry in logs}


async def test_nor_is_it_sent_again_when_its_lease_is_over_by_then(rig: Rig) -> None:
    rig.far.answers.append(filling_the_disk(rig))
    key = await rig.put()
    async with rig.working():
        await rig.until(lambda: rig.watched.refused >= 1)
        rig.turn(HOUR)
        rig.watched.disk_full = False
        rig.outbox.watch(CAMPAIGN).set()
        await rig.until_state(key, State.ACCEPTED)
        await rig.rest()

    assert len(rig.watched.claims) == 1  # what has ended is recorded before anything is claimed
    assert [call.key for call in rig.far.posts] == [str(key)]


async def test_an_outcome_that_nobody_can_record_spoils_no_other(patient: Rig) -> None:
    rig = patient
    rig.far.always = far.silence
    keys = await rig.put_many(2)
    with capture_logs() as logs:
        async with rig.working():
            await rig.until(lambda: rig.far.waiting == 2)
            rig.watched.spoiled.add(keys[0])
            rig.far.held.set()
            await rig.until_state(keys[1], State.ACCEPTED)
            await rig.rest()
            spoiled = (await rig.view(keys[0])).state
    (report,) = [entry for entry in logs if entry["action"] == "delivery_failed"]

    assert spoiled is State.SENDING  # until its lease is over
    assert "nobody foresaw this" in report["error"]
    assert rig.deaths == []


async def test_a_disk_that_can_not_be_claimed_from_is_tried_again(rig: Rig) -> None:
    rig.watched.disk_full = True
    key = await rig.put()
    with capture_logs() as logs:
        async with rig.working():
            await rig.until(lambda: rig.watched.refused >= 1)
            rig.watched.disk_full = False
            rig.outbox.watch(CAMPAIGN).set()
            await rig.until_state(key, State.ACCEPTED)

    assert rig.deaths == []
    assert "delivery_claim_failed" in {entry["action"] for entry in logs}


# -- what nobody foresaw --------------------------------------------------------------------


async def test_a_failure_inside_a_delivery_is_reported_and_stops_no_other(rig: Rig) -> None:
    with capture_logs() as logs:
        async with rig.working():
            await rig.rest()
            rig.sender.broken.append(ZeroDivisionError("nobody foresaw this"))
            broken = await rig.put(ref="usr_broken")
            await rig.until(lambda: len(rig.watched.claims) == 1)
            others = await rig.put_many(3)
            for key in others:
                await rig.until_state(key, State.ACCEPTED)
            # The broken delivery has left the lane, too: it holds no place for ever.
            await rig.rest()
            rig.turn(HOUR)
            await rig.until_state(broken, State.ACCEPTED)
    (report,) = [entry for entry in logs if entry["action"] == "delivery_failed"]

    assert "nobody foresaw this" in report["error"]
    assert report["log_level"] == "error"
    assert rig.deaths == []


async def test_a_worker_that_dies_says_of_what(rig: Rig) -> None:
    async with rig.working():
        await rig.rest()
        rig.watched.broken = ZeroDivisionError("the worker itself")
        await rig.put(player=ALICE)
        async with asyncio.timeout(5):
            while not rig.deaths:  # noqa: ASYNC110  # the task's end is told to nobody else
                await asyncio.sleep(0)

    assert repr(rig.deaths) == "[ZeroDivisionError('the worker itself')]"


async def test_its_status_tells_of_its_lane(rig: Rig) -> None:
    async with rig.working() as worker:
        key = await rig.put()
        await rig.until_state(key, State.ACCEPTED)
        await rig.rest()
        status = worker.status()

    assert (status.campaign, status.paused, status.in_flight) == (CAMPAIGN, None, 0)
    assert status.outcomes == {"accepted": 1}
    assert status.standing is not None


async def test_its_progress_moves_with_every_look(rig: Rig) -> None:
    async with rig.working() as worker:
        await rig.rest()
        before = worker.progress
        rig.turn(10)
        await rig.rest()

    assert worker.progress == before + 10
