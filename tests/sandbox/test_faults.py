"""Each fault, as a real client meets it."""

import asyncio
from random import Random

import aiohttp
import pytest

from bridge.sandbox.faults import Fault, Faults, checked
from bridge.sandbox.settings import SandboxSettings
from tests.sandbox.play import EVENT, Highest, Play, playing


async def test_rate_limit_says_when_to_come_back_and_leaves_no_trace() -> None:
    async with playing(faults={"rate_limit": 1}) as play:
        reply = await play.event("key-1", EVENT.replace(b"usr_1", b"usr_2"))
        await play.admin.set_faults({"rate_limit": 0})

        assert (reply.status, reply.headers["Retry-After"]) == (429, "1")
        assert reply.json["success"] is False
        assert await play.paid_keys() == []
        assert (await play.event("key-1")).status == 202


@pytest.mark.parametrize(
    ("fault", "statuses", "content_type"),
    [
        ("error_500", {500}, "application/json; charset=utf-8"),
        ("html_error", {502}, "text/html; charset=utf-8"),
        ("redirect", {302, 307}, None),
    ],
)
async def test_an_answer_in_the_way_is_given_before_anything_is_handled(
    fault: str, statuses: set[int], content_type: str | None
) -> None:
    async with playing(faults={fault: 1}) as play:
        event, read = await play.event("key-1"), await play.call("GET", play.path)
        await play.admin.set_faults({fault: 0})

        assert event.status in statuses
        assert read.status in statuses
        assert event.headers.get("Content-Type") == content_type
        assert await play.paid_keys() == []


async def test_a_redirect_leads_nowhere() -> None:
    async with playing(faults={"redirect": 1}) as play:
        reply = await play.event("key-1")
        followed = await play.call("POST", reply.headers["Location"], EVENT)

        assert reply.headers["Location"] == f"/moved{play.path}/events"
        assert (followed.status, followed.json["success"]) == (404, False)


async def test_latency_comes_before_the_answer() -> None:
    async with playing(faults={"latency": 0.15}, random=Highest()) as play:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await play.call("GET", play.path)

        assert loop.time() - began >= 0.15


async def test_reset_before_breaks_the_connection_and_pays_nothing() -> None:
    async with playing(faults={"reset_before": 1}) as play:
        with pytest.raises(ConnectionResetError):
            await play.bare_event(b"key-1")
        await play.admin.set_faults({"reset_before": 0})

        assert await play.paid_keys() == []


async def test_reset_after_breaks_the_connection_although_it_was_handled() -> None:
    async with playing(faults={"reset_after": 1}) as play:
        with pytest.raises(ConnectionResetError):
            await play.bare_event(b"key-1")
        await play.admin.set_faults({"reset_after": 0})
        retried = await play.event("key-1")

        assert retried.status == 202
        assert await play.paid_keys() == ["key-1"]


async def test_a_lost_answer_never_comes_although_the_call_was_handled() -> None:
    async with playing(faults={"answer_lost": 1}) as play:
        waiting = asyncio.create_task(play.event("key-1"))
        await _until_paid(play)
        answered = waiting.done()
        waiting.cancel()
        await play.admin.set_faults({"answer_lost": 0})

        assert not answered
        assert await play.paid_keys() == ["key-1"]
        assert (await play.event("key-1")).status == 202
        assert await play.paid_keys() == ["key-1"]


async def test_a_lost_answers_connection_is_closed_after_a_while() -> None:
    async with playing(faults={"answer_lost": 1}, answer_lost_hold=0.1) as play:
        with pytest.raises(aiohttp.ClientConnectionError):
            await play.event("key-1")


async def test_a_request_may_arrive_after_its_retry_and_is_paid_once() -> None:
    async with playing(faults={"late_arrival": 1}, late_arrival_delay=0.2) as play:
        with pytest.raises(ConnectionResetError):
            await play.bare_event(b"key-1")
        await play.admin.set_faults({"late_arrival": 0})
        retried = await play.event("key-1")

        assert retried.status == 202
        assert await play.paid_keys() == ["key-1"]


async def test_a_late_request_without_a_retry_is_handled_all_the_same() -> None:
    async with playing(faults={"late_arrival": 1}, late_arrival_delay=0.05) as play:
        with pytest.raises(aiohttp.ClientConnectionError):
            await play.event("key-1")
        with pytest.raises(aiohttp.ClientConnectionError):
            await play.event("key-2", b"nonsense")

        assert await play.paid_keys() == ["key-1"]


async def test_a_sandbox_that_goes_down_loses_what_is_still_on_its_way() -> None:
    async with asyncio.timeout(10):
        async with playing(faults={"late_arrival": 1}, late_arrival_delay=3600) as play:
            with pytest.raises(aiohttp.ClientConnectionError):
                await play.event("key-1")


async def test_a_forgotten_key_lets_a_retry_pay_twice_and_the_ledger_shows_it() -> None:
    async with playing(faults={"forget_key": 1}) as play:
        await play.event("key-1")
        await play.event("key-1")

        assert await play.paid_keys() == ["key-1", "key-1"]


async def test_the_own_calls_never_meet_a_fault() -> None:
    async with playing(faults={"error_500": 1, "reset_before": 1}) as play:
        for _ in range(5):
            assert await play.admin.ledger(play.campaign.id) == ()


async def test_faults_can_be_changed_while_it_runs() -> None:
    async with playing() as play:
        before = await play.admin.faults()
        after = await play.admin.set_faults({"error_500": 0.5, "latency": 1.5})

        assert before == dict.fromkeys(Fault, 0.0)
        assert after == {**before, "error_500": 0.5, "latency": 1.5}
        assert await play.admin.faults() == after


@pytest.mark.parametrize(
    "body",
    [
        b'{"error_500": 1, "unknown": 1}',
        b'{"error_500": 1.1}',
        b'{"error_500": -1}',
        b'{"error_500": true}',
        b'{"error_500": "1"}',
        b'{"error_500": null}',
        b'{"error_500": 1, "latency": 61}',
        b'{"error_500": 1e999}',
        b"[]",
        b"",
    ],
)
async def test_a_change_that_makes_no_sense_is_refused_whole(body: bytes) -> None:
    async with playing() as play:
        reply = await play.call(
            "PUT",
            "/sandbox/v1/faults",
            body,
            headers={"Authorization": f"Bearer {play.sandbox.admin_token}"},
        )

        assert (reply.status, reply.json["success"]) == (400, False)
        assert (await play.admin.faults())["error_500"] == 0


def test_the_same_seed_makes_the_same_faults() -> None:
    first, second = (Faults(Random(7), {"error_500": 0.5, "latency": 2}) for _ in range(2))

    assert [_drawn(first) for _ in range(50)] == [_drawn(second) for _ in range(50)]
    assert len({_drawn(first) for _ in range(50)}) > 1


def test_settings_with_unknown_faults_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown fault 'gremlins'; known are latency, "):
        SandboxSettings(faults={"gremlins": 1})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1, 2])
def test_a_chance_beyond_its_range_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="redirect must be a number from 0 to 1"):
        checked({"redirect": value})


def _drawn(faults: Faults) -> tuple[bool, float]:
    return faults.strikes(Fault.ERROR_500), faults.wait()


async def _until_paid(play: Play) -> None:
    async with asyncio.timeout(10):
        while not await play.paid_keys():
            pass
