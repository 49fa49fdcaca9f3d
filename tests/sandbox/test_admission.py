"""Who is let in, and what the others are told."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from bridge.sandbox.admin import EventDefinition
from tests.sandbox.play import Play, playing

CALLS = (
    ("GET", ""),
    ("GET", "/events"),
    ("POST", "/events"),
    ("PUT", "/start"),
    ("PUT", "/stop"),
    ("POST", "/withdraw"),
)


@pytest.fixture
async def play() -> AsyncIterator[Play]:
    async with playing() as opened:
        yield opened


@pytest.mark.parametrize(
    ("headers", "status", "error"),
    [
        ({"Authorization": None}, 401, "Missing or malformed Authorization header"),
        ({"Authorization": "Basic abc"}, 401, "Missing or malformed Authorization header"),
        ({"Authorization": "Bearer "}, 401, "Missing or malformed Authorization header"),
        ({"Authorization": "Bearer sandbox_wrong"}, 401, "Unknown API key"),
        ({"X-Oncade-API-Version": "v2"}, 400, "Unsupported X-Oncade-API-Version; use v1"),
        ({"X-Campaign-Id": None}, 400, "X-Campaign-Id header is required"),
        (
            {"X-Campaign-Id": "another"},
            403,
            "X-Campaign-Id does not match the campaign in the path",
        ),
    ],
)
async def test_a_bad_header_is_refused_on_every_call(
    play: Play, headers: dict[str, str], status: int, error: str
) -> None:
    replies = [await play.call(method, play.path + what, headers=headers) for method, what in CALLS]

    assert [(reply.status, reply.json) for reply in replies] == [
        (status, {"success": False, "error": error})
    ] * len(CALLS)
    for reply in replies:
        assert (reply.headers.get("WWW-Authenticate") == "Bearer") == (status == 401)


async def test_a_key_that_is_no_text_is_an_unknown_key(play: Play) -> None:
    answered = await play.bare_event(b"key-1", authorization=b"Bearer \xff")

    assert answered.startswith(b"HTTP/1.1 401 ")


async def test_the_version_header_may_be_absent(play: Play) -> None:
    reply = await play.call("GET", play.path, headers={"X-Oncade-API-Version": None})

    assert reply.status == 200


async def test_a_key_of_another_campaign_is_forbidden(play: Play) -> None:
    other = await play.admin.create_campaign("Other", [EventDefinition("A", Decimal(1))])

    reply = await play.call(
        "GET", f"/api/v1/campaign/{other.id}", headers={"X-Campaign-Id": other.id}
    )

    assert reply.status == 403
    assert reply.json["error"] == "API key does not belong to this campaign"


async def test_a_campaign_that_is_not_there_is_not_found(play: Play) -> None:
    reply = await play.call("GET", "/api/v1/campaign/none", headers={"X-Campaign-Id": "none"})

    assert (reply.status, reply.json["error"]) == (404, "Campaign not found")


async def test_a_key_is_marked_as_the_sandboxs_own(play: Play) -> None:
    assert play.campaign.api_key.startswith("sandbox_")
