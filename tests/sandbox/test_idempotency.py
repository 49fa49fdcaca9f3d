"""One key, one effect, one answer."""

import asyncio
from pathlib import Path

import pytest

from tests.sandbox.play import EVENT, HandClock, playing

OTHER = EVENT.replace(b"usr_1", b"usr_2")


async def test_fifty_calls_at_once_with_one_key_pay_once_and_answer_alike() -> None:
    async with playing() as play:
        replies = await asyncio.gather(*(play.event("key-1") for _ in range(50)))

        assert {(reply.status, reply.body) for reply in replies} == {
            (202, b'{"success":true,"message":"Event enqueued"}')
        }
        assert await play.paid_keys() == ["key-1"]


async def test_the_stored_answer_comes_after_the_campaign_has_stopped_too() -> None:
    async with playing() as play:
        first = await play.event("key-1")
        await play.done("stop")
        again = await play.event("key-1")

        assert (again.status, again.body) == (first.status, first.body)
        assert await play.paid_keys() == ["key-1"]


async def test_a_key_with_another_body_is_a_conflict_and_changes_nothing() -> None:
    async with playing() as play:
        await play.event("key-1")
        conflict = await play.event("key-1", OTHER)
        again = await play.event("key-1")

        assert (conflict.status, conflict.json["success"]) == (409, False)
        assert again.status == 202
        assert await play.paid_keys() == ["key-1"]


@pytest.mark.parametrize(
    "refused",
    [b"{}", EVENT.replace(b"usr_1", b"usr_9"), EVENT.replace(b"EARN5", b"NONE")],
)
async def test_a_refused_call_leaves_no_trace_of_its_key(refused: bytes) -> None:
    async with playing() as play:
        assert (await play.event("key-1", refused)).status in {400, 404}

        assert (await play.event("key-1")).status == 202
        assert await play.paid_keys() == ["key-1"]


async def test_a_call_without_the_right_key_leaves_no_trace() -> None:
    async with playing() as play:
        stranger = {"Authorization": "Bearer sandbox_wrong"}
        await play.call("POST", f"{play.path}/events", OTHER, key="key-1", headers=stranger)

        assert (await play.event("key-1")).status == 202


async def test_the_switch_stores_refusals_too() -> None:
    async with playing(store_errors=True) as play:
        unknown = EVENT.replace(b"usr_1", b"usr_9")
        first = await play.event("key-1", unknown)
        await play.admin.add_user(play.campaign.id, "usr_9")
        again = await play.event("key-1", unknown)
        other = await play.event("key-1")
        without = await play.event(None, unknown)

        assert (first.status, again.status) == (404, 404)
        assert again.body == first.body
        assert other.status == 409
        assert without.status == 202


async def test_the_switch_does_not_store_who_was_not_let_in() -> None:
    async with playing(store_errors=True) as play:
        await play.call(
            "POST", f"{play.path}/events", OTHER, key="key-1", headers={"X-Campaign-Id": None}
        )

        assert (await play.event("key-1")).status == 202


async def test_after_the_retention_a_key_is_new_again() -> None:
    clock = HandClock()
    async with playing(clock=clock, idempotency_retention=3600) as play:
        await play.event("key-1")
        await play.sandbox.settled()
        clock.turn(3599)
        within = await play.event("key-1")
        paid_within = await play.paid_keys()
        clock.turn(1)
        after = await play.event("key-1", OTHER)

        assert (within.status, after.status) == (202, 202)
        assert paid_within == ["key-1"]
        assert await play.paid_keys() == ["key-1", "key-1"]


async def test_a_key_is_unique_within_one_call_only() -> None:
    async with playing() as play:
        stopped = await play.change("stop", key="key-1")
        again = await play.change("stop", key="key-1")
        await play.sandbox.settled()
        started = await play.change("start", key="key-1")
        await play.sandbox.settled()
        event = await play.event("key-1")

        assert [r.status for r in (stopped, again, started, event)] == [202, 202, 202, 202]
        assert again.body == stopped.body
        assert (await play.shown())["status"] == "Active"


async def test_an_empty_key_is_no_key() -> None:
    async with playing() as play:
        await play.event("")
        await play.event("")

        assert await play.paid_keys() == [None, None]


async def test_stored_answers_survive_a_restart(tmp_path: Path) -> None:
    db = tmp_path / "sandbox.db"
    async with playing(db=db) as first:
        await first.event("key-1")
    async with playing(db=db, active=False) as second:
        first.sandbox = second.sandbox
        first.http = second.http
        first.admin = type(first.admin)(second.sandbox.url, second.sandbox.admin_token)
        again = await first.event("key-1")

        assert again.status == 202
        assert await first.paid_keys() == ["key-1"]
