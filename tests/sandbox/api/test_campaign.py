"""A campaign's own calls when they succeed: exact JSON, statuses, headers."""

import hashlib
from decimal import Decimal

import pytest

from tests.sandbox.api.rows import EMPTY_BODY, ROWS, Row
from tests.sandbox.api.world import JSON, World, world_running
from tests.sandbox.play import HandClock

DETAILS = ROWS[0]
GETS = [row for row in ROWS if row.method == "GET"]
#: In which each of the calls without fields finds what it needs.
ORDER = ["stop", "start", "withdraw", "pause", "resume", "revoke"]
NOON = "2026-11-23T12:00:00.000Z"


async def test_details_are_exactly_the_documented_fields(world: World) -> None:
    reply = await world.send(DETAILS)
    campaign_id = world.play.campaign.id

    assert (reply.status, reply.headers["Content-Type"]) == (200, JSON)
    assert reply.json == {
        "success": True,
        "campaign": {
            "id": campaign_id,
            "name": "Autumn",
            "environment": "test",
            "status": "Active",
            "businessId": "biz_sandbox",
            "address": "0x" + hashlib.sha256(campaign_id.encode()).hexdigest()[:40],
            "chain": "sandbox",
            "createdAt": NOON,
            "updatedAt": NOON,
            "totalAmountFunded": 100,
            "totalAmountPaidOut": 0,
            "availableToWithdraw": 100,
        },
    }


async def test_a_change_moves_updated_at_and_not_created_at(world: World, clock: HandClock) -> None:
    clock.turn(61.005)
    await world.play.done("stop")
    shown = await world.play.shown()

    assert (shown["createdAt"], shown["updatedAt"]) == (NOON, "2026-11-23T12:01:01.005Z")


async def test_amounts_are_json_numbers_with_all_their_digits(world: World) -> None:
    await world.play.admin.fund(world.play.campaign.id, "900000000000.000001")
    await world.play.event()
    await world.play.sandbox.settled()
    reply = await world.send(DETAILS)

    assert b'"totalAmountFunded":900000000100.000001,' in reply.body
    assert b'"totalAmountPaidOut":5,' in reply.body
    assert b'"availableToWithdraw":900000000095.000001}' in reply.body


async def test_a_get_takes_a_content_type_a_body_and_no_version(world: World) -> None:
    headers = {"Content-Type": "application/json", "X-Oncade-API-Version": None}
    replies = [await world.send(row, headers=headers, body=b"{}") for row in GETS]

    assert {(reply.status, reply.headers["Content-Type"]) for reply in replies} == {(200, JSON)}


async def test_a_head_says_what_a_get_would_without_a_body(world: World) -> None:
    replies = [await world.send(row, method="HEAD") for row in GETS]

    assert {(reply.status, reply.headers["Content-Type"], reply.body) for reply in replies} == {
        (200, JSON, b"")
    }


async def test_the_catalogue_is_in_the_order_it_was_made(world: World) -> None:
    reply = await world.send(Row("GET", "/campaign/{c}/events"))

    assert (reply.status, reply.headers["Content-Type"]) == (200, JSON)
    assert reply.json == {
        "success": True,
        "events": [{"code": "EARN5", "name": "EARN5", "payoutAmount": 5}],
    }


async def test_an_event_is_answered_with_oncades_own_words(world: World) -> None:
    reply = await world.play.event("key-1")

    assert (reply.status, reply.headers["Content-Type"]) == (202, JSON)
    assert reply.body == b'{"success":true,"message":"Event enqueued"}'
    assert await world.play.paid_keys() == ["key-1"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (None, None),
        (None, "application/json"),
        (b"", None),
        (b" \r\n", "application/json"),
        (b"{}", None),
        (b"{}", "application/json"),
        (b' {"anything": [1]} ', "text/plain"),
    ],
)
async def test_a_call_without_fields_takes_any_empty_body(
    world: World, body: bytes | None, content_type: str | None
) -> None:
    for row in sorted(EMPTY_BODY, key=lambda row: ORDER.index(row.path.rpartition("/")[2])):
        reply = await world.send(row, body=body, headers={"Content-Type": content_type})
        await world.play.sandbox.settled()

        assert reply.status == (200 if "{invite}" in row.path else 202), row.name
        if row.path.endswith("start"):
            await world.play.done("stop")


async def test_start_stop_and_withdraw_answer_what_they_have_enqueued() -> None:
    async with world_running(active=False) as world:
        await world.play.admin.fund(world.play.campaign.id, 10)
        said = []
        for what in ("start", "stop", "withdraw"):
            reply = await world.play.change(what)
            await world.play.sandbox.settled()
            said.append((reply.status, reply.headers["Content-Type"], reply.json))
        shown = await world.play.shown()

    assert said == [
        (202, JSON, {"success": True, "message": message})
        for message in ("Campaign start enqueued", "Campaign stop enqueued", "Withdrawal enqueued")
    ]
    assert (shown["status"], shown["availableToWithdraw"]) == ("Withdrawn", Decimal(0))
