"""Lanes that are paused, held or resting: what is sent meanwhile, and how they go on."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bridge.events import State
from tests.delivery import far
from tests.delivery.far import DOCUMENT, PAGE, Answer, far_end, says
from tests.delivery.rig import API_KEY, HOUR, Rig, quick, rig_in

UNREADABLE: dict[str, Answer] = {
    "a page": says(200, PAGE),
    "an error": says(500),
    "a refused key": says(401),
    "nothing there": says(404),
    "silence": far.silence,
    "a reset": far.reset,
}


# -- before anything is sent ----------------------------------------------------------------


@pytest.mark.parametrize("case", UNREADABLE)
async def test_nothing_is_sent_before_the_first_good_probe(quick_rig: Rig, case: str) -> None:
    rig = quick_rig
    rig.far.standing = UNREADABLE[case]
    key = await rig.put()
    async with rig.working():
        await rig.until(lambda: rig.sender.probes > 0)
        await rig.probed()
        claimed, sent = list(rig.watched.claims), list(rig.far.posts)
        rig.far.standing = None
        await rig.probed()
        await rig.until_state(key, State.ACCEPTED)

    assert (claimed, sent) == ([], [])
    assert len(rig.far.posts) == 1


@pytest.mark.parametrize("environment", ["live", "", "production"])
async def test_nothing_is_sent_to_another_environment(quick_rig: Rig, environment: str) -> None:
    rig = quick_rig
    rig.far.environment = environment
    key = await rig.put()
    async with rig.working() as worker:
        await rig.until_paused("environment_differs")
        await rig.probed()
        detail, claimed, sent = worker.status().detail, list(rig.watched.claims), rig.far.posts
        rig.far.environment = "test"
        await rig.probed()
        await rig.until_state(key, State.ACCEPTED)

    assert (claimed, sent) == ([], [])
    assert repr(environment) in detail


async def test_a_campaign_that_is_not_active_is_sent_nothing(quick_rig: Rig) -> None:
    rig = quick_rig
    rig.far.status = "Stopped"
    key = await rig.put()
    async with rig.working():
        await rig.until_paused("campaign_not_active")
        await rig.probed()
        sent = rig.far.posts
        rig.far.status = "Active"
        await rig.probed()
        await rig.until_state(key, State.ACCEPTED)

    assert sent == []


# -- a refused key --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_costs_nothing_however_long_it_lasts(rig: Rig, status: int) -> None:
    rig.far.always = says(status)
    keys = await rig.put_many(5)
    async with rig.working():
        await rig.until_paused("key_refused")
        rig.far.standing = says(status)
        await rig.until(lambda: len(rig.watched.settled) == len(rig.watched.claims))
        tried = len(rig.far.posts)
        for _ in range(3):
            await rig.probed()
            rig.clock.advance(20 * HOUR)
        unspent = await rig.states(keys)
        tried_meanwhile = len(rig.far.posts) - tried
        rig.far.standing = rig.far.always = None
        await rig.probed()
        for key in keys:
            await rig.until_state(key, State.ACCEPTED)

    assert unspent == {State.DUE}
    assert tried_meanwhile == 0
    assert sorted(rig.far.paid) == sorted(map(str, keys))
    assert set(rig.far.paid.values()) == {1}
    assert {(c.failures, c.refusals, c.conflicts) for c in rig.watched.claims} == {(0, 0, 0)}


async def test_a_key_that_was_refused_from_the_start_is_never_used_to_send(rig: Rig) -> None:
    rig.far.standing = rig.far.always = says(401)
    keys = await rig.put_many(3)
    async with rig.working():
        await rig.until_paused("key_refused")
        rig.clock.advance(100 * HOUR)
        await rig.probed()
        states, methods = await rig.states(keys), {call.method for call in rig.far.calls}

    assert states == {State.DUE}
    assert methods == {"GET"}


# -- what the log says ----------------------------------------------------------------------


def told(logs: list[EventDict]) -> list[tuple[str, str | None, str]]:
    """Return what was logged of lanes: the words, the reason, the level."""
    return [
        (line["event"], line["reason"], line["log_level"])
        for line in logs
        if line.get("action") in {"delivery_lane", "lane_as_set"}
    ]


async def test_each_stop_of_a_lane_and_its_end_are_warned_of_once(quick_rig: Rig) -> None:
    rig = quick_rig
    with capture_logs() as logs:
        async with rig.working():
            await rig.rest()
            rig.far.always = rig.far.standing = says(401)
            keys = await rig.put_many(2)
            await rig.until_paused("key_refused")
            for _ in range(2):
                await rig.probed()
            rig.far.always = rig.far.standing = None
            await rig.probed()
            for key in keys:
                await rig.until_state(key, State.ACCEPTED)

    assert told(logs) == [
        ("lane open", None, "info"),
        ("lane paused", "key_refused", "warning"),
        ("lane open", None, "warning"),
    ]
    (over,) = [line for line in logs if line.get("after") == "key_refused"]
    assert over["campaign"] == far.CAMPAIGN


async def test_an_operators_pause_and_resume_are_in_the_log(quick_rig: Rig) -> None:
    rig = quick_rig
    with capture_logs() as logs:
        async with rig.working():
            await rig.rest()
            await rig.outbox.pause(far.CAMPAIGN, "operator ann", "an exploit")
            await rig.until_paused("operator_pause")
            await rig.looked()
            await rig.outbox.resume(far.CAMPAIGN, "operator ann")
            await rig.looked()

    assert told(logs)[1:] == [
        ("lane paused", "operator_pause", "warning"),
        ("lane open", None, "warning"),
    ]


async def test_a_lane_of_a_ledger_in_quarantine_is_never_called_open(quick_rig: Rig) -> None:
    rig = quick_rig
    await rig.outbox.quarantine("an old copy")
    with capture_logs() as logs:
        async with rig.working():
            await rig.until_paused("quarantine")
            await rig.looked()

    assert told(logs) == [("lane paused", "quarantine", "warning")]


# -- a captive portal -----------------------------------------------------------------------


ODD: dict[str, Answer] = {
    "200 with a page": says(200, PAGE),
    "200 with success false": says(200, b'{"success": false, "error": "sorry"}'),
    "202 with nothing": says(202, b""),
    "204": says(204, b""),
}


@pytest.mark.parametrize("case", ODD)
async def test_what_looks_like_success_and_is_none_is_sent_again_when_it_is_over(
    quick_rig: Rig, case: str
) -> None:
    rig = quick_rig
    rig.far.always = ODD[case]
    key = await rig.put()
    async with rig.working():
        await rig.until_settled(1)
        rig.far.standing = ODD[case]
        await rig.probed()
        view, sent = await rig.view(key), len(rig.far.posts)
        paused = rig.worker.status().paused
        rig.far.standing = rig.far.always = None
        await rig.probed()
        await rig.until_state(key, State.ACCEPTED)

    assert (view.state, sent, paused) == (State.DUE, 1, "unexpected_answer")
    assert view.unproven_since is not None
    assert [call.key for call in rig.far.posts] == [str(key)] * 2
    assert rig.far.paid == {str(key): 1}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_and_pauses_the_lane(quick_rig: Rig, status: int) -> None:
    rig = quick_rig
    key = await rig.put()
    async with far_end() as elsewhere, rig.working():
        rig.far.answers.append(says(status, b"", Location=f"{elsewhere.url}/v1/campaign"))
        await rig.until_paused("redirected")
        await rig.until_settled(1)
        view = await rig.view(key)
        await rig.probed()
        await rig.until_state(key, State.ACCEPTED)

    assert view.unproven_since is not None
    assert elsewhere.calls == []
    assert [call.key for call in rig.far.posts] == [str(key)] * 2


# -- too fast -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("after", ["30", "Thu, 01 Jan 2026 00:00:30 GMT"])
async def test_a_crowded_api_holds_the_whole_lane_as_long_as_it_says(
    quick_rig: Rig, status: int, after: str
) -> None:
    rig = quick_rig
    rig.far.answers.append(says(status, Retry_After=after))
    first = await rig.put()
    async with rig.working() as worker:
        await rig.until_settled(1)
        others = await rig.put_many(3)
        held, limit = worker.status().waiting, worker.status().limit
        rig.turn(29.5)
        await rig.looked()
        early = len(rig.watched.claims)
        rig.turn(1)
        for key in (first, *others):
            await rig.until_state(key, State.ACCEPTED)

    assert early == 1
    assert 29 < held <= 30
    assert limit == 1
    assert worker.status().paused is None


async def test_an_absurd_retry_after_is_believed_for_an_hour(quick_rig: Rig) -> None:
    rig = quick_rig
    rig.far.answers.append(says(429, Retry_After="9" * 30))
    key = await rig.put()
    async with rig.working():
        await rig.until_settled(1)
        rig.turn(HOUR - 1)
        await rig.looked()
        early = len(rig.watched.claims)
        rig.turn(1)
        await rig.until_state(key, State.ACCEPTED)

    assert early == 1


async def test_other_answers_with_retry_after_hold_their_entry_alone(quick_rig: Rig) -> None:
    rig = quick_rig
    rig.far.answers.append(says(500, Retry_After="600"))
    first = await rig.put()
    async with rig.working():
        await rig.until_settled(1)
        (other,) = await rig.put_many(1)
        await rig.until_state(other, State.ACCEPTED)
        rig.turn(599)
        await rig.rest()
        early = (await rig.view(first)).state
        rig.turn(2)
        await rig.until_state(first, State.ACCEPTED)

    assert early is State.DUE


# -- the breaker ----------------------------------------------------------------------------


@asynccontextmanager
async def resting(rig: Rig, entries: int = 30) -> AsyncIterator[list[UUID]]:
    """Run a worker until failures have opened its breaker and nothing is in flight any more."""
    keys = await rig.put_many(entries)
    async with rig.working() as worker:
        await rig.until_paused("breaker_open")
        await rig.until(lambda: len(rig.watched.settled) == len(rig.watched.claims))
        assert worker.status().next_probe_in == 30
        yield keys


@pytest.mark.parametrize("failing", [says(500), says(502, PAGE), far.reset])
async def test_a_resting_lane_probes_by_reading_the_campaign_only(
    quick_rig: Rig, failing: Answer
) -> None:
    rig = quick_rig
    rig.far.always = failing
    async with resting(rig) as keys:
        sent, reads = len(rig.far.posts), len(rig.far.gets)
        rig.turn(29)
        await rig.looked()
        silent = len(rig.far.calls) == sent + reads
        rig.far.standing = failing
        for _ in range(3):
            await rig.probed()
        reads_later, sent_later = len(rig.far.gets), len(rig.far.posts)
        rig.far.standing = rig.far.always = None
        await rig.probed()
        await rig.until(lambda: len(rig.far.paid) == len(keys))

    assert silent
    assert sent <= 6
    assert sent_later == sent
    assert reads_later >= reads + 3


async def test_each_time_it_opens_again_it_rests_twice_as_long(quick_rig: Rig) -> None:
    rig = quick_rig
    rig.far.always = says(500)
    rests = []
    async with resting(rig):
        for _ in range(6):
            rest = rig.worker.status().next_probe_in
            assert rest is not None
            rests.append(round(rest))
            rig.turn(rest + 1)
            claimed = len(rig.watched.claims)
            await rig.until(
                lambda before=claimed: (  # type: ignore[misc]  # binds the loop's value
                    len(rig.watched.claims) >= before + 5
                    and len(rig.watched.settled) == len(rig.watched.claims)
                )
            )

    assert rests == [30, 60, 120, 240, 300, 300]


async def test_half_of_ten_failing_opens_it(quick_rig: Rig) -> None:
    rig = quick_rig
    rig.far.answers += [far.taken, says(500)] * 5
    async with resting(rig):
        status = rig.worker.status()

    assert status.outcomes["unproven"] == 5


async def test_while_it_rests_no_attempt_is_spent(quick_rig: Rig) -> None:
    rig = quick_rig
    rig.far.always = says(500)
    async with resting(rig):
        before = len(rig.watched.claims)
        rig.far.standing = says(500)
        for _ in range(5):
            await rig.probed()

    assert len(rig.watched.claims) == before


# -- how many at once -----------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 3, 8])
async def test_there_are_never_more_calls_in_flight_than_allowed(most: int) -> None:
    async with rig_in(None, quick(concurrency=most, attempt_timeout=5)) as rig:
        rig.far.always = far.silence
        keys = await rig.put_many(20)
        async with rig.working():
            await rig.until(lambda: rig.far.waiting == min(2, most))
            await rig.looked()
            first = rig.far.waiting
            rig.far.held.set()
            await rig.until(lambda: len(rig.far.paid) == len(keys))

    assert first == min(2, most)
    assert rig.far.most_waiting <= most


async def test_good_answers_open_the_window_to_its_most() -> None:
    async with rig_in(None, quick(concurrency=8, attempt_timeout=5)) as rig:
        rig.far.answers += [far.taken] * 12
        rig.far.always = far.silence
        await rig.put_many(30)
        async with rig.working() as worker:
            await rig.until(lambda: rig.far.waiting == 8)
            limit = worker.status().limit
            rig.far.held.set()
            await rig.until(lambda: len(rig.far.paid) == 30)

    assert limit == 8


# -- the key is a secret --------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 302, 400, 401, 409, 429, 500])
async def test_the_api_key_is_in_no_log_no_status_and_no_receipt(rig: Rig, status: int) -> None:
    rig.far.always = rig.far.standing = far.echoes(status)
    key = await rig.put()
    with capture_logs() as logs:
        async with rig.working() as worker:
            await rig.until(lambda: rig.sender.probes > 0)
            await rig.looked()
            paused = repr(worker.status())
            rig.far.standing = None
            await rig.probed()
            await rig.until_settled(1)
            receipt, status_then = await rig.receipt(key), repr(worker.status())

    assert "Bearer" in repr(receipt.attempts)
    for told in (paused, status_then, repr(receipt), json.dumps(logs, default=repr)):
        assert API_KEY not in told


def test_the_documents_that_the_far_end_says_are_the_apis_own_form() -> None:
    assert json.loads(DOCUMENT)["success"] is False
