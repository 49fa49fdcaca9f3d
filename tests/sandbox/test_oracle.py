"""The sandbox's own calls."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.play import Play, Reply, playing

ONE = {"code": "A", "name": "A deed", "payoutAmount": 1.25}
CAMPAIGN: dict[str, Any] = {"name": "Winter", "environment": "live", "events": [ONE]}

CALLS = (
    ("POST", "/campaigns"),
    ("GET", "/campaigns"),
    ("POST", "/campaigns/x/fund"),
    ("POST", "/campaigns/x/users"),
    ("GET", "/campaigns/x/ledger"),
    ("GET", "/faults"),
    ("PUT", "/faults"),
)


@pytest.fixture
async def play() -> AsyncIterator[Play]:
    async with playing() as opened:
        yield opened


async def own(play: Play, method: str, path: str, body: object = None) -> Reply:
    token = {"Authorization": f"Bearer {play.sandbox.admin_token}"}
    data = None if body is None else json.dumps(body).encode()
    return await play.call(method, f"/sandbox/v1{path}", data, headers=token)


async def test_a_campaign_is_made_with_its_key_shown_once(play: Play) -> None:
    made = await own(play, "POST", "/campaigns", {"id": "winter-1", **CAMPAIGN})
    listed = await own(play, "GET", "/campaigns")

    assert made.status == 201
    assert made.json["id"] == "winter-1"
    assert made.json["status"] == "Draft"
    assert made.json["environment"] == "live"
    assert made.json["apiKey"].startswith("sandbox_")
    assert [one["id"] for one in listed.json["campaigns"]] == [play.campaign.id, "winter-1"]
    assert b"apiKey" not in listed.body
    assert set(listed.json["campaigns"][1]) == set(made.json) - {"apiKey"}


async def test_a_key_is_not_in_the_database(tmp_path: Path) -> None:
    async with playing(db=tmp_path / "sandbox.db") as play:
        await play.event("key-1")
        await play.sandbox.settled()
        stored = _bytes(tmp_path)

        assert play.campaign.api_key.encode() not in stored
        assert play.campaign.id.encode() in stored


async def test_an_id_that_is_taken_is_a_conflict(play: Play) -> None:
    body = {"id": play.campaign.id, **CAMPAIGN}

    reply = await own(play, "POST", "/campaigns", body)

    assert (reply.status, reply.json["success"]) == (409, False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "name: "),
        ({"environment": "prod"}, "environment: "),
        ({"events": []}, "events: "),
        ({"events": [ONE, ONE]}, "events: two events have the same code"),
        ({"events": [{**ONE, "payoutAmount": 0}]}, "events.0.payoutAmount: an amount"),
        ({"events": [{**ONE, "payoutAmount": 0.0000001}]}, "events.0.payoutAmount: an amount"),
        ({"events": [{"code": "A"}]}, "events.0.payoutAmount: Field required"),
        ({"id": "../x"}, "id: "),
        ({"id": "a/b"}, "id: "),
        ({"budget": 5}, "budget: "),
        ({"name": "\ud800"}, "name: "),
    ],
)
async def test_a_campaign_that_makes_no_sense_is_refused_by_field(
    play: Play, change: dict[str, Any], said: str
) -> None:
    reply = await own(play, "POST", "/campaigns", {**CAMPAIGN, **change})

    assert (reply.status, reply.json["success"]) == (400, False)
    assert said in reply.json["error"]


@pytest.mark.parametrize("amount", [7, 7.25, "7.25", "0.000001"])
async def test_funds_arrive_as_number_or_text(play: Play, amount: object) -> None:
    reply = await own(play, "POST", f"/campaigns/{play.campaign.id}/fund", {"amount": amount})

    assert reply.status == 200
    assert set(reply.json) == {"totalAmountFunded", "totalAmountPaidOut", "availableToWithdraw"}
    assert reply.json["totalAmountFunded"] == 100 + json.loads(str(amount), parse_float=Decimal)


@pytest.mark.parametrize("amount", [0, -1, "a lot", None, True, 1e-7, 1e13, [], "999999999999"])
async def test_funds_that_make_no_sense_are_refused(play: Play, amount: object) -> None:
    if amount == "999999999999":  # fits once, not twice
        await play.admin.fund(play.campaign.id, str(amount).replace("999", "998", 1))
    reply = await own(play, "POST", f"/campaigns/{play.campaign.id}/fund", {"amount": amount})

    assert (reply.status, reply.json["success"]) == (400, False)


async def test_a_user_is_linked_once(play: Play) -> None:
    path = f"/campaigns/{play.campaign.id}/users"
    first = await own(play, "POST", path, {"userRef": "usr_7", "email": "a@example.com"})
    again = await own(play, "POST", path, {"userRef": "usr_7"})

    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json
    assert first.json["userRef"] == "usr_7"
    assert set(first.json) == {"userRef", "email", "linkedAt"}


async def test_a_user_without_a_ref_gets_one_and_keeps_it_by_email(play: Play) -> None:
    path = f"/campaigns/{play.campaign.id}/users"
    first = await own(play, "POST", path, {"email": "a@example.com"})
    again = await own(play, "POST", path, {"email": "a@example.com"})
    nobody = await own(play, "POST", path)

    assert (first.status, again.status, nobody.status) == (201, 200, 201)
    assert first.json["userRef"] == again.json["userRef"]
    assert nobody.json["userRef"] != first.json["userRef"]


async def test_the_ledger_has_the_agreed_keys(play: Play) -> None:
    await play.event("key-1")
    await play.event()
    await play.sandbox.settled()

    reply = await own(play, "GET", f"/campaigns/{play.campaign.id}/ledger")

    assert reply.status == 200
    assert set(reply.json) == {"payouts"}
    first, second = reply.json["payouts"]
    assert set(first) == {"key", "userRef", "eventCode", "amount", "createdAt"}
    assert (first["key"], second["key"]) == ("key-1", None)


@pytest.mark.parametrize(
    ("method", "what", "body"),
    [
        ("POST", "fund", {"amount": 1}),
        ("POST", "users", {"userRef": "u"}),
        ("GET", "ledger", None),
    ],
)
async def test_a_campaign_that_is_not_there_is_not_found(
    play: Play, method: str, what: str, body: object
) -> None:
    reply = await own(play, method, f"/campaigns/none/{what}", body)

    assert (reply.status, reply.json["error"]) == (404, "Campaign not found")


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic x"])
async def test_without_the_admin_token_nothing_is_done(
    play: Play, authorization: str | None
) -> None:
    headers = {"Authorization": authorization}
    replies = [
        await play.call(method, f"/sandbox/v1{path}", b"{}", headers=headers)
        for method, path in CALLS
    ]

    assert {(reply.status, reply.json["success"]) for reply in replies} == {(401, False)}


async def test_a_campaigns_key_is_no_admin_token(play: Play) -> None:
    assert (await play.call("GET", "/sandbox/v1/campaigns")).status == 401


def _bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())
