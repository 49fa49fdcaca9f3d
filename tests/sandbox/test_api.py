"""The documented calls: statuses, exact keys, bodies that callers really send."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.play import EVENT, Play, playing


@pytest.fixture
async def play() -> AsyncIterator[Play]:
    async with playing() as opened:
        yield opened


async def test_details_carry_every_documented_field(play: Play) -> None:
    reply = await play.call("GET", play.path)

    assert reply.status == 200
    assert set(reply.json) == {"success", "campaign"}
    assert set(reply.json["campaign"]) == {
        "id",
        "name",
        "environment",
        "status",
        "businessId",
        "address",
        "chain",
        "createdAt",
        "updatedAt",
        "totalAmountFunded",
        "totalAmountPaidOut",
        "availableToWithdraw",
    }
    assert reply.json["campaign"]["createdAt"].endswith("Z")


async def test_amounts_are_exact_json_numbers(play: Play) -> None:
    await play.admin.fund(play.campaign.id, "900000000000.000001")

    reply = await play.call("GET", play.path)

    assert b'"totalAmountFunded":900000000100.000001,' in reply.body
    assert b'"totalAmountPaidOut":0,' in reply.body


async def test_configured_events_are_a_catalogue(play: Play) -> None:
    reply = await play.call("GET", f"{play.path}/events")

    assert reply.status == 200
    assert reply.json == {
        "success": True,
        "events": [{"code": "EARN5", "name": "EARN5", "payoutAmount": 5}],
    }


async def test_an_event_is_enqueued_and_then_paid(play: Play) -> None:
    reply = await play.event("key-1")

    assert reply.status == 202
    assert reply.json == {"success": True, "message": "Event enqueued"}
    assert await play.paid_keys() == ["key-1"]
    assert (await play.shown())["totalAmountPaidOut"] == 5


async def test_the_same_event_without_a_key_is_paid_each_time(play: Play) -> None:
    for _ in range(3):
        assert (await play.event()).status == 202

    assert await play.paid_keys() == [None, None, None]


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"", 400, "Request body must be a JSON object"),
        (b"nonsense", 400, "Request body must be a JSON object"),
        (b"[]", 400, "Request body must be a JSON object"),
        (b"{}", 400, "Invalid request: eventCode: Field required; userRef: Field required"),
        (
            b'{"eventCode": "EARN5"}',
            400,
            "Invalid request: userRef: Field required",
        ),
        (
            b'{"eventCode": 5, "userRef": "usr_1"}',
            400,
            "Invalid request: eventCode: Input should be a valid string",
        ),
        (
            b'{"eventCode": "\\ud800", "userRef": "usr_1"}',
            400,
            (
                "Invalid request: eventCode: Input should be a valid string, "
                "unable to parse raw data as a unicode string"
            ),
        ),
        (b'{"eventCode": "earn5", "userRef": "usr_1"}', 400, "Unknown eventCode: earn5"),
        (b'{"eventCode": "EARN5", "userRef": "usr_9"}', 404, "Unknown userRef"),
    ],
)
async def test_an_event_that_makes_no_sense_is_refused_and_not_paid(
    play: Play, body: bytes, status: int, error: str
) -> None:
    reply = await play.event("key-1", body)

    assert (reply.status, reply.json) == (status, {"success": False, "error": error})
    assert await play.paid_keys() == []


async def test_unknown_fields_of_an_event_are_ignored(play: Play) -> None:
    reply = await play.event(body=EVENT[:-1] + b',"amount":1e6}')

    assert reply.status == 202
    assert await play.paid_keys() == [None]
    assert (await play.shown())["totalAmountPaidOut"] == 5


@pytest.mark.parametrize("body", [None, b"", b"{}", b' {"anything": 1} '])
@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain"])
async def test_lifecycle_calls_take_any_empty_body(
    play: Play, body: bytes | None, content_type: str | None
) -> None:
    reply = await play.call(
        "PUT", f"{play.path}/stop", body, headers={"Content-Type": content_type}
    )

    assert reply.status == 202


async def test_a_lifecycle_call_with_a_broken_body_is_refused(play: Play) -> None:
    reply = await play.call("PUT", f"{play.path}/stop", b"{")

    assert reply.status == 400
    assert (await play.shown())["status"] == "Active"


async def test_a_content_type_on_a_get_is_taken(play: Play) -> None:
    reply = await play.call("GET", play.path, headers={"Content-Type": "application/json"})

    assert reply.status == 200


async def test_a_key_that_is_no_text_is_refused(play: Play) -> None:
    answered = await play.bare_event(b"\xff")

    assert answered.startswith(b"HTTP/1.1 400 ")
    assert await play.paid_keys() == []
