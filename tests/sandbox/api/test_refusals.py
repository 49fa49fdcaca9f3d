"""What every row refuses, and that a refused call changes nothing."""

import gzip
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
import pytest_asyncio

from bridge.sandbox.readings import BODY_LIMIT
from tests.sandbox.api.rows import (
    EMPTY_BODY,
    OF_A_CAMPAIGN,
    OPEN,
    PAGED,
    READING,
    ROWS,
    WITH_FIELDS,
    Row,
)
from tests.sandbox.api.world import World, refused, world_running

pytestmark = pytest.mark.asyncio(loop_scope="module")

every_row = pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
every_row_of_a_campaign = pytest.mark.parametrize(
    "row", OF_A_CAMPAIGN, ids=[row.name for row in OF_A_CAMPAIGN]
)
every_row_that_reads = pytest.mark.parametrize("row", READING, ids=[row.name for row in READING])
every_field = pytest.mark.parametrize(
    ("row", "field"), WITH_FIELDS, ids=[f"{row.name} {field}" for row, field in WITH_FIELDS]
)
every_page = pytest.mark.parametrize("row", PAGED, ids=[row.name for row in PAGED])

MALFORMED = "Missing or malformed Authorization header"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    async with world_running() as running:
        before = await running.everything()
        yield running
        after = await running.everything()

    assert after == before


# -- keys and headers --------------------------------------------------------------------------


@every_row
@pytest.mark.parametrize(
    ("given", "error"),
    [
        (None, MALFORMED),
        ("", MALFORMED),
        ("Bearer", MALFORMED),
        ("Bearer ", MALFORMED),
        ("Basic dXNlcjpwdw==", MALFORMED),
        ("sandbox_without_a_scheme", MALFORMED),
        ("Bearer sandbox_wrong", "Unknown API key"),
    ],
)
async def test_a_call_without_a_known_key_is_401(
    world: World, row: Row, given: str | None, error: str
) -> None:
    reply = await world.send(row, headers={"Authorization": given}, key="k")

    refused(reply, 401, error)


@every_row
async def test_the_admin_token_is_no_api_key(world: World, row: Row) -> None:
    token = {"Authorization": f"Bearer {world.play.sandbox.admin_token}"}

    refused(await world.send(row, headers=token), 401, "Unknown API key")


@every_row
@pytest.mark.parametrize("version", ["v2", "V1", "1", ""])
async def test_another_version_is_400(world: World, row: Row, version: str) -> None:
    reply = await world.send(row, headers={"X-Oncade-API-Version": version})

    refused(reply, 400, "Unsupported X-Oncade-API-Version; use v1")


@every_row
@pytest.mark.parametrize("header", [None, ""])
async def test_a_call_without_its_campaign_header_is_400(
    world: World, row: Row, header: str | None
) -> None:
    reply = await world.send(row, headers={"X-Campaign-Id": header})

    refused(reply, 400, "X-Campaign-Id header is required")


@every_row_of_a_campaign
async def test_a_header_that_names_another_campaign_than_the_path_is_403(
    world: World, row: Row
) -> None:
    reply = await world.send(row, headers={"X-Campaign-Id": world.other.id})

    refused(reply, 403, "X-Campaign-Id does not match the campaign in the path")


@every_row_of_a_campaign
async def test_a_path_that_names_another_campaign_than_the_header_is_403(
    world: World, row: Row
) -> None:
    reply = await world.send(row, campaign=world.other.id)

    refused(reply, 403, "X-Campaign-Id does not match the campaign in the path")


@every_row
async def test_a_key_of_another_campaign_is_403(world: World, row: Row) -> None:
    reply = await world.send(
        row, headers={"X-Campaign-Id": world.other.id}, campaign=world.other.id
    )

    refused(reply, 403, "API key does not belong to this campaign")


@every_row
async def test_a_campaign_that_is_not_there_is_404(world: World, row: Row) -> None:
    reply = await world.send(row, headers={"X-Campaign-Id": "nowhere"}, campaign="nowhere")

    refused(reply, 404, "Campaign not found")


@every_row
async def test_a_campaign_header_that_is_no_text_is_400(world: World, row: Row) -> None:
    answered = await world.bare(row, b"X-Campaign-Id: \xff")

    assert answered.startswith(b"HTTP/1.1 400 ")
    assert answered.endswith(b'{"success":false,"error":"X-Campaign-Id is not UTF-8 text"}')


@every_row_that_reads
async def test_an_idempotency_key_that_is_no_text_is_400(world: World, row: Row) -> None:
    own = f"X-Campaign-Id: {world.play.campaign.id}".encode()
    answered = await world.bare(row, own, b"Idempotency-Key: \xff")

    assert answered.startswith(b"HTTP/1.1 400 ")
    assert answered.endswith(b'{"success":false,"error":"Idempotency-Key is not UTF-8 text"}')


# -- bodies ------------------------------------------------------------------------------------


@every_row_that_reads
@pytest.mark.parametrize(
    "body", [b"nonsense", b"{", b"[]", b'"text"', b"1", b"null", b"\xff\xfe", b'{"a": NaN}']
)
async def test_a_body_that_is_no_json_object_is_400(world: World, row: Row, body: bytes) -> None:
    refused(await world.send(row, body=body), 400, "Request body must be a JSON object")


@every_row_that_reads
async def test_a_body_nested_beyond_all_depth_is_400(world: World, row: Row) -> None:
    refused(await world.send(row, body=b'{"a":' * 100_000), 400)


@pytest.mark.parametrize("body", [None, b"", b"  "])
@pytest.mark.parametrize("row", [r for r in READING if r not in EMPTY_BODY], ids=lambda r: r.name)
async def test_a_call_with_fields_needs_a_body(world: World, row: Row, body: bytes | None) -> None:
    refused(await world.send(row, body=body), 400, "Request body must be a JSON object")


@every_field
async def test_a_field_that_is_missing_is_400_and_named(world: World, row: Row, field: str) -> None:
    left = {name: value for name, value in (row.body or {}).items() if name != field}

    refused(await world.send(row, body=left), 400, f"Invalid request: {field}: Field required")


@every_field
@pytest.mark.parametrize("value", [5, 5.5, True, None, [], {}, ["usr_1"]])
async def test_a_field_of_another_type_is_400_and_named(
    world: World, row: Row, field: str, value: Any
) -> None:
    reply = await world.send(row, body={**(row.body or {}), field: value})

    refused(reply, 400, f"Invalid request: {field}: Input should be a valid string")


@every_field
@pytest.mark.parametrize("value", ["", "x" * 255 + "@example.com"])
async def test_a_text_that_is_empty_or_too_long_is_400_and_named(
    world: World, row: Row, field: str, value: str
) -> None:
    reply = await world.send(row, body={**(row.body or {}), field: value})

    refused(reply, 400)
    assert reply.json["error"].startswith(f"Invalid request: {field}: String should ")


@every_field
async def test_half_a_character_is_400_and_named(world: World, row: Row, field: str) -> None:
    reply = await world.send(row, body={**(row.body or {}), field: "a\ud800@b"})

    refused(reply, 400)
    assert reply.json["error"].startswith(f"Invalid request: {field}: Input should be a valid ")


@every_row_that_reads
async def test_a_body_that_is_too_long_is_413(world: World, row: Row) -> None:
    refused(await world.send(row, body=BytesIO(b'{"a":"' + b"x" * BODY_LIMIT + b'"}')), 413)


@every_row_that_reads
@pytest.mark.parametrize(
    # Without mtime the id of the test would hold the second in which it was collected.
    "body",
    [b"no gzip at all", gzip.compress(b"{}", mtime=0)],
    ids=["not gzip", "gzip"],
)
async def test_a_compressed_body_is_no_json_object_and_400(
    world: World, row: Row, body: bytes
) -> None:
    reply = await world.send(row, headers={"Content-Encoding": "gzip"}, body=body)

    refused(reply, 400, "Request body must be a JSON object")


# -- what is not there -------------------------------------------------------------------------


@pytest.mark.parametrize("row", [*ROWS, OPEN], ids=lambda row: row.name)
@pytest.mark.parametrize("method", ["DELETE", "OPTIONS"])
async def test_a_method_that_is_not_there_is_405_and_says_which_are(
    world: World, row: Row, method: str
) -> None:
    reply = await world.send(row, method=method)

    refused(reply, 405, "Method Not Allowed")
    assert row.method in reply.headers["Allow"].split(",")


@pytest.mark.parametrize(
    "path", ["/api/v1/campaigns", "/api/v1/campaign", "/api/v2/campaign/c", "/v1/campaign/c", "/x"]
)
async def test_a_path_that_is_not_there_is_404(world: World, path: str) -> None:
    refused(await world.play.call("GET", path), 404, "Not Found")


@pytest.mark.parametrize("row", [r for r in ROWS if "{user}" in r.path], ids=lambda row: row.name)
async def test_a_user_who_is_not_there_is_404(world: World, row: Row) -> None:
    unknown = Row(row.method, row.path.replace("{user}", "usr_nobody"))

    refused(await world.send(unknown), 404, "Unknown userRef")


@pytest.mark.parametrize("row", [r for r in ROWS if "{invite}" in r.path], ids=lambda row: row.name)
async def test_an_invite_that_is_not_there_is_404(world: World, row: Row) -> None:
    unknown = Row(row.method, row.path.replace("{invite}", "inv_none"), row.body)

    refused(await world.send(unknown), 404, "Unknown link invite")


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (Row("POST", "/campaign/{c}/events", {"eventCode": "EARN5", "userRef": "usr_9"}), None),
        (Row("POST", "/users/link/remove", {"user_ref": "usr_9"}), None),
        (Row("POST", "/users/link/approve", {"sessionKey": "none"}), "Unknown link session"),
        (Row("POST", "/users/link/decline", {"sessionKey": "none"}), "Unknown link session"),
        (
            Row("GET", "/campaign/{c}/users/link/details", query="?session=none"),
            "Unknown link session",
        ),
        (Row("GET", "/users/link/details", query="?session=none"), "Unknown link session"),
    ],
    ids=lambda given: given.name if isinstance(given, Row) else "",
)
async def test_a_user_or_session_that_a_call_names_in_vain_is_404(
    world: World, row: Row, error: str | None
) -> None:
    refused(await world.send(row, key="k"), 404, error or "Unknown userRef")


async def test_an_unknown_event_code_is_400_and_codes_know_upper_and_lower_case(
    world: World,
) -> None:
    row = Row("POST", "/campaign/{c}/events", {"eventCode": "earn5", "userRef": "usr_1"})

    refused(await world.send(row), 400, "Unknown eventCode: earn5")


# -- queries -----------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?session="])
@pytest.mark.parametrize("path", ["/users/link/details", "/campaign/{c}/users/link/details"])
async def test_link_details_without_a_session_are_400(world: World, path: str, query: str) -> None:
    reply = await world.send(Row("GET", path, query=query))

    refused(reply, 400)
    assert reply.json["error"].startswith("Invalid request: session: ")


@every_page
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?limit=0", "limit"),
        ("?limit=-1", "limit"),
        ("?limit=101", "limit"),
        ("?limit=ten", "limit"),
        ("?limit=", "limit"),
        ("?limit=1.5", "limit"),
        (f"?limit={'9' * 5000}", "limit"),
        ("?offset=-1", "offset"),
        ("?offset=x", "offset"),
        (f"?offset={2**63}", "offset"),
    ],
)
async def test_a_page_that_can_not_be_is_400(
    world: World, row: Row, query: str, field: str
) -> None:
    reply = await world.send(Row("GET", row.path, query=query))

    refused(reply, 400)
    assert reply.json["error"].startswith(f"Invalid request: {field}: ")
