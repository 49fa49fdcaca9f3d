"""Idempotency over the API: one key, one effect, one answer, on every call that takes one."""

import asyncio
from pathlib import Path

import pytest

from tests.sandbox.api.rows import READING, Row
from tests.sandbox.api.world import World, refused, world_running
from tests.sandbox.play import EVENT, HandClock, Play, playing

EVENTS = "/campaign/{c}/events"
OTHER = EVENT.replace(b"usr_1", b"usr_2")
REUSED = "Idempotency-Key was used before with a different request"
DAY = 24 * 3600


async def ready_for(world: World, row: Row) -> None:
    """Bring the campaign to where the row is accepted."""
    if row.path.endswith(("start", "withdraw")):
        await world.play.done("stop")


@pytest.mark.parametrize("row", READING, ids=lambda row: row.name)
async def test_fifty_at_once_with_one_key_have_one_effect_and_one_answer(
    world: World, row: Row
) -> None:
    await ready_for(world, row)
    replies = await asyncio.gather(*(world.send(row, key="key-1") for _ in range(50)))
    await world.play.sandbox.settled()
    after = await world.everything()
    again = await world.send(row, key="key-1")

    assert replies[0].status in {200, 201, 202}
    assert {(reply.status, reply.body) for reply in (*replies, again)} == {
        (replies[0].status, replies[0].body)
    }
    assert await world.everything() == after
    assert len(await world.play.paid_keys()) == (row.path == EVENTS)


@pytest.mark.parametrize("row", READING, ids=lambda row: row.name)
async def test_the_same_key_with_other_bytes_is_409_on_every_call(world: World, row: Row) -> None:
    await ready_for(world, row)
    first = await world.send(row, key="key-1")
    await world.play.sandbox.settled()
    after = await world.everything()
    conflict = await world.send(row, key="key-1", body={**(row.body or {}), "more": 1})

    assert first.status in {200, 201, 202}
    refused(conflict, 409, REUSED)
    assert await world.everything() == after


async def test_a_race_of_two_bodies_under_one_key_has_one_winner(world: World) -> None:
    replies = await asyncio.gather(
        *(world.play.event("key-1", EVENT if n % 2 else OTHER) for n in range(40))
    )

    assert sorted(reply.status for reply in replies) == [202] * 20 + [409] * 20
    assert await world.play.paid_keys() == ["key-1"]


async def test_a_key_is_its_campaigns_and_its_calls_own(world: World) -> None:
    foreign = {"Authorization": f"Bearer {world.other.api_key}", "X-Campaign-Id": world.other.id}
    await world.play.admin.fund(world.other.id, 5)
    await world.play.admin.add_user(world.other.id, "usr_1")
    elsewhere = f"/api/v1/campaign/{world.other.id}"
    started = await world.play.call("PUT", f"{elsewhere}/start", headers=foreign, key="key-1")
    await world.play.sandbox.settled()
    there = await world.play.call(
        "POST",
        f"{elsewhere}/events",
        b'{"eventCode":"A","userRef":"usr_1"}',
        headers=foreign,
        key="key-1",
    )
    here = await world.play.event("key-1")
    paused = await world.send(Row("POST", "/campaign/{c}/link-invites/{invite}/pause"), key="key-1")

    assert [r.status for r in (started, there, here, paused)] == [202, 202, 202, 200]
    assert await world.play.paid_keys() == ["key-1"]
    assert len(await world.play.admin.ledger(world.other.id)) == 1


@pytest.mark.parametrize("setting", [{}, {"idempotency_retention": 5}])
async def test_a_key_is_kept_until_the_millisecond_that_the_setting_says(
    clock: HandClock, setting: dict[str, float]
) -> None:
    async with world_running(clock=clock, **setting) as world:
        first = await world.play.event("key-1")
        clock.turn(setting.get("idempotency_retention", DAY) - 0.001)
        kept = [await world.play.event("key-1"), await world.play.event("key-1", OTHER)]
        paid_within = await world.play.paid_keys()
        clock.turn(0.001)
        forgotten = await world.play.event("key-1", OTHER)

        assert (first.status, [reply.status for reply in kept]) == (202, [202, 409])
        assert paid_within == ["key-1"]
        assert forgotten.status == 202
        assert await world.play.paid_keys() == ["key-1", "key-1"]


async def test_a_retry_does_not_make_a_key_last_longer(clock: HandClock) -> None:
    async with world_running(clock=clock, idempotency_retention=10) as world:
        await world.play.event("key-1")
        clock.turn(9)
        await world.play.event("key-1")
        clock.turn(1)
        await world.play.event("key-1")

        assert await world.play.paid_keys() == ["key-1", "key-1"]


async def test_a_retention_of_nothing_forgets_every_key_at_once(clock: HandClock) -> None:
    async with world_running(clock=clock, idempotency_retention=0) as world:
        await world.play.event("key-1")
        await world.play.event("key-1", OTHER)

        assert await world.play.paid_keys() == ["key-1", "key-1"]


async def test_the_fault_forgets_a_key_that_is_still_kept(world: World) -> None:
    await world.play.event("key-1")
    await world.play.admin.set_faults({"forget_key": 1})
    forgotten = await world.play.event("key-1", OTHER)
    await world.play.admin.set_faults({"forget_key": 0})
    remembered = await world.play.event("key-1", OTHER)

    assert (forgotten.status, remembered.status) == (202, 202)
    assert await world.play.paid_keys() == ["key-1", "key-1"]


async def test_a_kept_answer_is_bytes_and_outlives_a_restart(tmp_path: Path) -> None:
    db = tmp_path / "sandbox.db"
    row = Row("POST", "/campaign/{c}/link-invites", {"label": "once"})
    async with world_running(db=db) as world:
        first = await world.send(row, key="key-1")
    async with playing(db=db, active=False) as reopened:
        play = Play(reopened.sandbox, world.play.campaign, reopened.http)
        again = await play.call(
            "POST", f"{play.path}/link-invites", b'{"label": "once"}', key="key-1"
        )

    assert (again.status, again.body) == (first.status, first.body)
