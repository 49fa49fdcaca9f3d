"""Users over the API: standing, history and list, with their pages."""

import json
from typing import Any

import pytest

from tests.sandbox.api.rows import Row
from tests.sandbox.api.world import JSON, World, refused
from tests.sandbox.play import HandClock

NOON = "2026-11-23T12:00:00.000Z"
HISTORY = "/campaign/{c}/user/{user}/events"
USERS = "/campaign/{c}/users"


async def page(world: World, path: str, query: str = "") -> dict[str, Any]:
    reply = await world.send(Row("GET", path, query=query))
    assert (reply.status, reply.headers["Content-Type"]) == (200, JSON)
    assert set(reply.json) == {"success", "data"}
    data: dict[str, Any] = reply.json["data"]
    return data


async def removed(world: World, user_ref: str) -> None:
    body = json.dumps({"user_ref": user_ref}).encode()
    assert (await world.play.call("POST", "/api/v1/users/link/remove", body)).status == 200


async def paid(world: World, times: int) -> None:
    for _ in range(times):
        assert (await world.play.event()).status == 202
    await world.play.sandbox.settled()


async def test_a_users_standing_is_linked_and_removed_after_a_removal(world: World) -> None:
    row = Row("GET", "/campaign/{c}/user/{user}")
    before = await world.send(row)
    await removed(world, "usr_1")
    after = await world.send(row)

    assert (before.status, before.headers["Content-Type"]) == (200, JSON)
    assert before.json == {
        "success": True,
        "data": {
            "campaignId": world.play.campaign.id,
            "userId": "usr_1",
            "status": "linked",
            "environment": "test",
        },
    }
    assert after.json["data"] == {**before.json["data"], "status": "removed"}


async def test_a_user_ref_may_hold_whatever_a_path_can_carry(world: World) -> None:
    await world.play.admin.add_user(world.play.campaign.id, "a/b c%2F?ä")
    reply = await world.send(Row("GET", "/campaign/{c}/user/a%2Fb%20c%252F%3F%C3%A4"))

    assert reply.json["data"]["userId"] == "a/b c%2F?ä"


async def test_a_payout_shows_in_the_history_with_its_hash(world: World, clock: HandClock) -> None:
    clock.turn(1.5)
    await paid(world, 1)
    (transaction,) = (await page(world, HISTORY))["transactions"]

    assert transaction == {
        "id": transaction["id"],
        "campaignId": world.play.campaign.id,
        "userRef": "usr_1",
        "eventCode": "EARN5",
        "eventName": "EARN5",
        "payoutAmount": 5,
        "transactionHash": transaction["transactionHash"],
        "createdAt": "2026-11-23T12:00:01.500Z",
    }
    assert transaction["id"].startswith("txn_sandbox_")
    assert len(bytes.fromhex(transaction["transactionHash"].removeprefix("0x"))) == 32


async def test_an_empty_history_is_a_page_too(world: World) -> None:
    assert await page(world, HISTORY) == {
        "campaignId": world.play.campaign.id,
        "userId": "usr_1",
        "environment": "test",
        "transactions": [],
        "pagination": {"limit": 50, "offset": 0, "total": 0, "hasMore": False},
    }


async def test_an_enqueued_event_is_not_in_the_history_until_it_is_paid(world: World) -> None:
    await world.play.admin.set_faults({"payout_fails": 1})
    await paid(world, 1)

    assert (await page(world, HISTORY))["transactions"] == []


async def test_a_history_is_the_users_own_newest_first_and_stays_after_a_removal(
    world: World, clock: HandClock
) -> None:
    for _ in range(3):
        clock.turn(1)
        await paid(world, 1)
    await world.play.event(body=b'{"eventCode":"EARN5","userRef":"usr_2"}')
    await world.play.sandbox.settled()
    await removed(world, "usr_1")
    data = await page(world, HISTORY)

    assert [one["createdAt"] for one in data["transactions"]] == [
        f"2026-11-23T12:00:0{second}.000Z" for second in (3, 2, 1)
    ]
    assert {one["userRef"] for one in data["transactions"]} == {"usr_1"}


async def test_histories_and_hashes_of_one_millisecond_stay_apart(world: World) -> None:
    await paid(world, 5)
    found = (await page(world, HISTORY))["transactions"]

    assert len({one["transactionHash"] for one in found}) == 5
    assert len({one["id"] for one in found}) == 5


PAGES = pytest.mark.parametrize(
    ("query", "limit", "offset", "shown", "more"),
    [
        ("", 50, 0, range(5), False),
        ("?limit=2", 2, 0, range(2), True),
        ("?limit=2&offset=2", 2, 2, range(2, 4), True),
        ("?limit=2&offset=4", 2, 4, range(4, 5), False),
        ("?limit=5", 5, 0, range(5), False),
        ("?limit=4", 4, 0, range(4), True),
        ("?limit=1", 1, 0, range(1), True),
        ("?limit=100", 100, 0, range(5), False),
        ("?offset=5", 50, 5, range(0), False),
        (f"?offset={2**53}", 50, 2**53, range(0), False),
        ("?page=3&limit=3", 3, 0, range(3), True),
    ],
)


@PAGES
async def test_a_history_comes_in_pages(
    world: World, query: str, limit: int, offset: int, shown: range, more: bool
) -> None:
    await paid(world, 5)
    everything = (await page(world, HISTORY))["transactions"]
    data = await page(world, HISTORY, query)

    assert data["transactions"] == [everything[number] for number in shown]
    assert data["pagination"] == {"limit": limit, "offset": offset, "total": 5, "hasMore": more}


async def test_the_list_has_who_is_linked_since_when_and_by_which_invite(
    world: World, clock: HandClock
) -> None:
    clock.turn(1)
    await world.play.admin.add_user(world.play.campaign.id, "usr_3")
    await removed(world, "usr_2")
    data = await page(world, USERS)

    assert data == {
        "users": [
            {"userRef": "usr_1", "status": "linked", "linkedAt": NOON, "inviteId": None},
            {
                "userRef": "usr_3",
                "status": "linked",
                "linkedAt": "2026-11-23T12:00:01.000Z",
                "inviteId": None,
            },
        ],
        "pagination": {"limit": 50, "offset": 0, "total": 2, "hasMore": False},
    }


@PAGES
async def test_the_list_comes_in_pages(
    world: World, query: str, limit: int, offset: int, shown: range, more: bool
) -> None:
    for number in (3, 4, 5):
        await world.play.admin.add_user(world.play.campaign.id, f"usr_{number}")
    data = await page(world, USERS, query)

    assert [user["userRef"] for user in data["users"]] == [f"usr_{n + 1}" for n in shown]
    assert data["pagination"] == {"limit": limit, "offset": offset, "total": 5, "hasMore": more}


async def test_somebody_who_is_linked_to_another_campaign_only_is_unknown(world: World) -> None:
    await world.play.admin.add_user(world.other.id, "usr_elsewhere")

    for path in ("/campaign/{c}/user/usr_elsewhere", "/campaign/{c}/user/usr_elsewhere/events"):
        refused(await world.send(Row("GET", path)), 404, "Unknown userRef")
