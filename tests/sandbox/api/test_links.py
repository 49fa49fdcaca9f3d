"""Linking over the API: both forms of the details, and every end that a session can have."""

import json
from urllib.parse import quote

import pytest

from tests.sandbox.api.rows import Row
from tests.sandbox.api.world import JSON, World, refused, world_running
from tests.sandbox.play import HandClock, Reply

INITIATE = Row("POST", "/campaign/{c}/users/link/initiate", {"email": "player@example.com"})
LIFETIME = 15 * 60


async def begun(world: World, email: str = "player@example.com") -> Reply:
    return await world.send(INITIATE, body={"email": email})


async def decided(world: World, verb: str, session: str) -> Reply:
    body = json.dumps({"sessionKey": session}).encode()
    return await world.play.call("POST", f"/api/v1/users/link/{verb}", body)


async def removed(world: World, user_ref: str) -> Reply:
    body = json.dumps({"user_ref": user_ref}).encode()
    return await world.play.call("POST", "/api/v1/users/link/remove", body)


async def status(world: World, session: str) -> str:
    return str((await scoped(world, session)).json["status"])


async def scoped(world: World, session: str) -> Reply:
    query = f"?session={quote(session)}"
    return await world.play.call("GET", f"{world.play.path}/users/link/details{query}")


async def bare(world: World, session: str) -> Reply:
    """The global form, as the guide asks for it: without any header."""
    nothing = dict.fromkeys(world.play.headers)
    query = f"?session={quote(session)}"
    return await world.play.call("GET", f"/api/v1/users/link/details{query}", headers=nothing)


async def linked(world: World, email: str = "player@example.com") -> tuple[str, str]:
    """Link a player; return the session's key and the userRef."""
    session = (await begun(world, email)).json["sessionKey"]
    await decided(world, "approve", session)
    return session, (await scoped(world, session)).json["userRef"]


async def test_a_new_session_is_201_with_its_page_as_location(world: World) -> None:
    reply = await begun(world)
    session = reply.json["sessionKey"]

    assert (reply.status, reply.headers["Content-Type"]) == (201, JSON)
    assert reply.json == {
        "url": f"{world.play.sandbox.url}/link?session={session}",
        "sessionKey": session,
    }
    assert reply.headers["Location"] == reply.json["url"]
    assert session.startswith("session_sandbox_")


async def test_a_pending_session_is_returned_again_with_200(world: World) -> None:
    first, again = await begun(world), await begun(world)

    assert (first.status, again.status) == (201, 200)
    assert again.body == first.body
    assert "Location" not in again.headers


async def test_an_email_is_compared_without_case_and_margins(world: World) -> None:
    first, again = await begun(world), await begun(world, "\t Player@EXAMPLE.com\n")
    told = await scoped(world, first.json["sessionKey"])

    assert again.body == first.body
    assert told.json["prefilledEmail"] == "player@example.com"


@pytest.mark.parametrize("email", ["player", "@example.com", "player@", "a@b@c", "a b@c", " @ "])
async def test_what_is_no_email_is_400(world: World, email: str) -> None:
    reply = await begun(world, email)

    refused(reply, 400)
    assert reply.json["error"].startswith("Invalid request: email: ")


async def test_a_link_that_is_there_already_is_200_with_its_session(world: World) -> None:
    session, _ = await linked(world)
    again = await begun(world)

    assert (again.status, again.json["sessionKey"]) == (200, session)


async def test_the_same_key_gets_the_same_session_with_its_201_and_location(world: World) -> None:
    first = await world.send(INITIATE, key="key-1")
    again = await world.send(INITIATE, key="key-1")
    other = await world.send(INITIATE, key="key-1", body={"email": "other@example.com"})

    assert (first.status, again.status) == (201, 201)
    assert (again.body, again.headers["Location"]) == (first.body, first.headers["Location"])
    refused(other, 409, "Idempotency-Key was used before with a different request")


async def test_details_before_the_players_word_have_no_user_ref(world: World) -> None:
    session = (await begun(world)).json["sessionKey"]
    own, anybodys = await scoped(world, session), await bare(world, session)

    assert (own.status, own.headers["Content-Type"]) == (200, JSON)
    assert own.json == {
        "campaignId": world.play.campaign.id,
        "campaignName": "Autumn",
        "prefilledEmail": "player@example.com",
        "status": "pending",
    }
    assert (anybodys.status, anybodys.headers["Content-Type"]) == (200, JSON)
    assert anybodys.json == {"namespaceType": "campaign", "prefilledEmail": "player@example.com"}


async def test_details_after_approval_have_the_user_ref(world: World) -> None:
    session, user_ref = await linked(world)
    own, anybodys = await scoped(world, session), await bare(world, session)

    assert user_ref.startswith("usr_sandbox_")
    assert own.json == {
        "campaignId": world.play.campaign.id,
        "campaignName": "Autumn",
        "prefilledEmail": "player@example.com",
        "status": "approved",
        "userRef": user_ref,
    }
    assert anybodys.json == {
        "namespaceType": "campaign",
        "prefilledEmail": "player@example.com",
        "userRef": user_ref,
    }


async def test_the_global_details_take_the_usual_headers_as_well(world: World) -> None:
    session = (await begun(world)).json["sessionKey"]
    with_headers = await world.play.call("GET", f"/api/v1/users/link/details?session={session}")

    assert with_headers.body == (await bare(world, session)).body


@pytest.mark.parametrize("verb", ["approve", "decline"])
async def test_a_decision_is_200_and_stands_when_it_comes_again(world: World, verb: str) -> None:
    session = (await begun(world)).json["sessionKey"]
    replies = [await decided(world, verb, session) for _ in range(2)]

    assert [(r.status, r.headers["Content-Type"], r.json) for r in replies] == [
        (200, JSON, {"success": True})
    ] * 2
    assert await status(world, session) == {"approve": "approved", "decline": "declined"}[verb]


@pytest.mark.parametrize(
    ("first", "second", "is_"),
    [("approve", "decline", "approved"), ("decline", "approve", "declined")],
)
async def test_a_session_that_was_decided_the_other_way_is_400(
    world: World, first: str, second: str, is_: str
) -> None:
    session = (await begun(world)).json["sessionKey"]
    await decided(world, first, session)
    reply = await decided(world, second, session)

    refused(reply, 400, f"Link session can't be decided any more: it is {is_}")
    assert await status(world, session) == is_


@pytest.mark.parametrize("verb", ["approve", "decline"])
async def test_a_session_is_over_at_the_millisecond(
    world: World, clock: HandClock, verb: str
) -> None:
    early, late = [
        (await begun(world, f"{name}@example.com")).json["sessionKey"] for name in ("a", "b")
    ]
    clock.turn(LIFETIME - 0.001)
    in_time = await decided(world, verb, early)
    clock.turn(0.001)
    too_late = await decided(world, verb, late)

    assert in_time.status == 200
    refused(too_late, 400, "Link session can't be decided any more: it is expired")
    assert await status(world, late) == "expired"
    assert "userRef" not in (await bare(world, late)).json


async def test_the_setting_says_how_long_a_session_lasts(clock: HandClock) -> None:
    async with world_running(clock=clock, link_lifetime=2) as world:
        session = (await begun(world)).json["sessionKey"]
        clock.turn(1.999)
        before = await status(world, session)
        clock.turn(0.001)
        after = await status(world, session)

    assert (before, after) == ("pending", "expired")


@pytest.mark.parametrize("end", ["decline", "expire", "remove"])
async def test_after_its_end_linking_begins_anew(world: World, clock: HandClock, end: str) -> None:
    if end == "remove":
        session, user_ref = await linked(world)
        await removed(world, user_ref)
    else:
        session = (await begun(world)).json["sessionKey"]
    if end == "decline":
        await decided(world, "decline", session)
    if end == "expire":
        clock.turn(LIFETIME)
    again = await begun(world)

    assert again.status == 201
    assert again.json["sessionKey"] != session


async def test_a_removed_user_is_not_paid_and_404_until_linked_again(world: World) -> None:
    _, user_ref = await linked(world)
    event = json.dumps({"eventCode": "EARN5", "userRef": user_ref}).encode()
    before = await world.play.event("key-1", event)
    gone, gone_again = await removed(world, user_ref), await removed(world, user_ref)
    meanwhile = await world.play.event("key-2", event)
    _, again = await linked(world)
    after = await world.play.event("key-2", event)

    assert (gone.status, gone.headers["Content-Type"]) == (200, JSON)
    assert gone.json == {"success": True}
    refused(gone_again, 404, "Unknown userRef")
    refused(meanwhile, 404, "Unknown userRef")
    assert again == user_ref
    assert (before.status, after.status) == (202, 202)
    assert await world.play.paid_keys() == ["key-1", "key-2"]


async def test_a_retried_removal_is_answered_as_the_first(world: World) -> None:
    _, user_ref = await linked(world)
    body = json.dumps({"user_ref": user_ref}).encode()
    replies = [
        await world.play.call("POST", "/api/v1/users/link/remove", body, key="k") for _ in range(2)
    ]

    assert [(reply.status, reply.body) for reply in replies] == [(200, b'{"success":true}')] * 2


async def test_another_campaigns_sessions_and_users_are_unknown_here(world: World) -> None:
    session, _ = await linked(world)
    own = (await begun(world, "second@example.com")).json["sessionKey"]
    foreign = {
        "Authorization": f"Bearer {world.other.api_key}",
        "X-Campaign-Id": world.other.id,
    }
    elsewhere = f"/api/v1/campaign/{world.other.id}"
    replies = [
        await world.play.call(method, path, body, headers=foreign)
        for method, path, body in (
            ("GET", f"{elsewhere}/users/link/details?session={session}", None),
            ("POST", "/api/v1/users/link/approve", f'{{"sessionKey":"{own}"}}'.encode()),
            ("POST", "/api/v1/users/link/decline", f'{{"sessionKey":"{own}"}}'.encode()),
            ("POST", "/api/v1/users/link/remove", b'{"user_ref":"usr_1"}'),
            ("GET", f"{elsewhere}/user/usr_1", None),
        )
    ]

    assert {reply.status for reply in replies} == {404}
    assert await status(world, own) == "pending"
