"""Link invites over the API: all of it is our reading (reading 14)."""

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bridge.sandbox import inviting
from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sqlite.database import Database
from bridge.sqlite.scripts import load_migrations, load_queries
from tests.sandbox.api.rows import Row
from tests.sandbox.api.world import JSON, World, refused, world_running
from tests.sandbox.play import HandClock, Play, Reply, playing

CREATE = Row("POST", "/campaign/{c}/link-invites")
INVITE = "/campaign/{c}/link-invites/{invite}"
SHOW = Row("GET", INVITE)
PATCH = Row("PATCH", INVITE)
NOON = "2026-11-23T12:00:00.000Z"
LATER = "2026-11-23T12:00:10.500Z"


async def patched(world: World, body: object, **more: Any) -> Reply:
    return await world.send(PATCH, body=body, **more)


async def decided(world: World, verb: str) -> Reply:
    return await world.send(Row("POST", f"{INVITE}/{verb}"), body=b"")


async def shown(world: World) -> dict[str, Any]:
    invite: dict[str, Any] = (await world.send(SHOW)).json["data"]["invite"]
    return invite


async def test_an_invite_is_made_with_201_and_shown_alike(world: World) -> None:
    body = {"label": "forum", "maxUses": 3, "expiresAt": "2026-11-23T14:00:10.500+02:00"}
    made = await world.send(CREATE, body=body)
    invite = made.json["data"]["invite"]
    alone = await world.play.call("GET", f"{world.play.path}/link-invites/{invite['id']}")

    assert (made.status, made.headers["Content-Type"]) == (201, JSON)
    assert made.json == {
        "success": True,
        "data": {
            "invite": {
                "id": invite["id"],
                "label": "forum",
                "url": invite["url"],
                "state": "active",
                "maxUses": 3,
                "uses": 0,
                "expiresAt": LATER,
                "createdAt": NOON,
                "updatedAt": NOON,
            }
        },
    }
    assert invite["id"].startswith("inv_sandbox_")
    assert invite["url"].startswith(f"{world.play.sandbox.url}/invite/")
    assert invite["id"] not in invite["url"]
    assert (alone.status, alone.headers["Content-Type"], alone.body) == (200, JSON, made.body)


@pytest.mark.parametrize("limits", [{}, {"maxUses": None, "expiresAt": None}])
async def test_an_invite_without_limits_shows_none(world: World, limits: dict[str, None]) -> None:
    invite = (await world.send(CREATE, body={"label": "x", **limits})).json["data"]["invite"]

    assert (invite["maxUses"], invite["expiresAt"]) == (None, None)


BAD_TERMS = pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"maxUses": 0}, "maxUses"),
        ({"maxUses": -1}, "maxUses"),
        ({"maxUses": 1.5}, "maxUses"),
        ({"maxUses": "5"}, "maxUses"),
        ({"maxUses": True}, "maxUses"),
        ({"maxUses": 10**9 + 1}, "maxUses"),
        ({"maxUses": 10**30}, "maxUses"),
        ({"expiresAt": ""}, "expiresAt"),
        ({"expiresAt": "tomorrow"}, "expiresAt"),
        ({"expiresAt": "2027-01-01"}, "expiresAt"),
        ({"expiresAt": "2027-01-01T00:00:00"}, "expiresAt"),
        ({"expiresAt": "2027-13-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "0001-01-01T00:00:00+14:00"}, "expiresAt"),
        ({"expiresAt": "1764000000"}, "expiresAt"),
        ({"expiresAt": 1764000000}, "expiresAt"),
        ({"expiresAt": 1764000000.5}, "expiresAt"),
        ({"expiresAt": True}, "expiresAt"),
        ({"label": ""}, "label"),
        ({"label": "x" * 201}, "label"),
        ({"label": 5}, "label"),
    ],
)


@BAD_TERMS
async def test_an_invite_with_terms_that_make_no_sense_is_not_made(
    world: World, terms: dict[str, Any], field: str
) -> None:
    reply = await world.send(CREATE, body={"label": "x", **terms})

    refused(reply, 400)
    assert reply.json["error"].startswith(f"Invalid request: {field}: ")
    assert len((await world.send(Row("GET", CREATE.path))).json["data"]["invites"]) == 1


@BAD_TERMS
async def test_a_change_that_makes_no_sense_changes_nothing(
    world: World, terms: dict[str, Any], field: str
) -> None:
    before = await shown(world)
    reply = await patched(world, terms)

    refused(reply, 400)
    assert reply.json["error"].startswith(f"Invalid request: {field}: ")
    assert await shown(world) == before


@pytest.mark.parametrize("paused", ["true", 1, 0, []])
async def test_paused_is_true_or_false(world: World, paused: object) -> None:
    refused(await patched(world, {"paused": paused}), 400)


@pytest.mark.parametrize(
    "moment", ["5000-01-01T00:00:00.001Z", "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z"]
)
async def test_an_expiry_comes_back_to_the_millisecond(world: World, moment: str) -> None:
    reply = await patched(world, {"expiresAt": moment})

    assert reply.json["data"]["invite"]["expiresAt"] == moment


async def test_what_is_left_out_of_a_change_stays_and_null_takes_a_limit_away(
    world: World, clock: HandClock
) -> None:
    clock.turn(1)
    seen = []
    for change in (
        {"maxUses": 3, "expiresAt": LATER, "paused": True},
        {"label": "discord"},
        {},
        {"maxUses": None},
        {"expiresAt": None, "paused": False},
        {"label": None, "paused": None},
    ):
        reply = await patched(world, change)
        assert (reply.status, reply.headers["Content-Type"]) == (200, JSON)
        assert await shown(world) == reply.json["data"]["invite"]
        seen.append(reply.json["data"]["invite"])

    names = ("label", "maxUses", "expiresAt", "state")
    assert [tuple(invite[name] for name in names) for invite in seen] == [
        ("forum", 3, LATER, "paused"),
        ("discord", 3, LATER, "paused"),
        ("discord", 3, LATER, "paused"),
        ("discord", None, LATER, "paused"),
        ("discord", None, None, "active"),
        ("discord", None, None, "active"),
    ]
    assert {invite["createdAt"] for invite in seen} == {NOON}
    assert {invite["updatedAt"] for invite in seen} == {"2026-11-23T12:00:01.000Z"}


async def test_pause_resume_and_revoke_answer_the_invite_as_it_is_then(world: World) -> None:
    seen = []
    for verb in ("pause", "pause", "resume", "resume", "pause", "revoke", "revoke"):
        reply = await decided(world, verb)
        assert (reply.status, reply.headers["Content-Type"]) == (200, JSON)
        assert await shown(world) == reply.json["data"]["invite"]
        seen.append(reply.json["data"]["invite"]["state"])

    assert seen == ["paused", "paused", "active", "active", "paused", "revoked", "revoked"]


@pytest.mark.parametrize("change", [{}, {"label": "x"}, {"paused": True}, {"maxUses": 5}])
async def test_a_revoked_invite_can_not_be_changed(world: World, change: dict[str, Any]) -> None:
    await decided(world, "revoke")
    before = await shown(world)
    reply = await patched(world, change)

    refused(reply, 400, "The invite can't be changed so: it was revoked")
    assert await shown(world) == before


@pytest.mark.parametrize("verb", ["pause", "resume"])
async def test_a_revoked_invite_is_neither_paused_nor_resumed(world: World, verb: str) -> None:
    await decided(world, "revoke")

    refused(await decided(world, verb), 400, "The invite can't be changed so: it was revoked")


async def test_an_invite_expires_at_the_millisecond_and_lives_on_when_it_is_extended(
    world: World, clock: HandClock
) -> None:
    await patched(world, {"expiresAt": LATER})
    clock.turn(10.499)
    before = (await shown(world))["state"]
    clock.turn(0.001)
    after = (await shown(world))["state"]
    paused = (await decided(world, "pause")).json["data"]["invite"]["state"]
    await decided(world, "resume")
    extended = (await patched(world, {"expiresAt": None})).json["data"]["invite"]["state"]

    assert (before, after, paused, extended) == ("active", "expired", "expired", "active")


async def test_the_list_is_newest_first_and_comes_in_pages(world: World) -> None:
    for label in ("second", "third"):
        await world.send(CREATE, body={"label": label})
    listed = await world.send(Row("GET", CREATE.path))
    middle = await world.send(Row("GET", CREATE.path, query="?limit=1&offset=1"))
    labels = [invite["label"] for invite in listed.json["data"]["invites"]]

    assert (listed.status, listed.headers["Content-Type"]) == (200, JSON)
    assert set(listed.json) == {"success", "data"}
    assert set(listed.json["data"]) == {"invites", "pagination"}
    assert labels == ["third", "second", "forum"]
    assert listed.json["data"]["invites"][2] == await shown(world)
    assert listed.json["data"]["pagination"] == {
        "limit": 50,
        "offset": 0,
        "total": 3,
        "hasMore": False,
    }
    assert middle.json["data"] == {
        "invites": [listed.json["data"]["invites"][1]],
        "pagination": {"limit": 1, "offset": 1, "total": 3, "hasMore": True},
    }


async def test_an_invite_of_another_campaign_is_unknown(world: World) -> None:
    foreign = {"Authorization": f"Bearer {world.other.api_key}", "X-Campaign-Id": world.other.id}
    at = f"/api/v1/campaign/{world.other.id}/link-invites/{world.invite}"
    replies = [
        await world.play.call(method, at + more, b"{}", headers=foreign)
        for method, more in (("GET", ""), ("PATCH", ""), ("POST", "/pause"), ("POST", "/revoke"))
    ]

    for reply in replies:
        refused(reply, 404, "Unknown link invite")
    assert (await shown(world))["state"] == "active"


async def test_a_retried_creation_makes_one_invite(world: World) -> None:
    replies = await asyncio.gather(
        *(world.send(CREATE, body={"label": "once"}, key="key-1") for _ in range(20))
    )
    other = await world.send(CREATE, body={"label": "twice"}, key="key-1")
    labels = [
        invite["label"]
        for invite in (await world.send(Row("GET", CREATE.path))).json["data"]["invites"]
    ]

    assert {(reply.status, reply.body) for reply in replies} == {(201, replies[0].body)}
    refused(other, 409, "Idempotency-Key was used before with a different request")
    assert labels == ["once", "forum"]


async def test_uses_and_their_attribution_show_once_players_have_enrolled(
    tmp_path: Path,
) -> None:
    db = tmp_path / "sandbox.db"
    async with world_running(db=db) as world:
        created = await world.send(CREATE, body={"label": "stream", "maxUses": 2})
        invite = created.json["data"]["invite"]
    await _used(db, invite["url"].rpartition("/")[2], "a@example.com", "b@example.com")
    async with playing(db=db, active=False) as reopened:
        play = Play(reopened.sandbox, world.play.campaign, reopened.http)
        at = f"{play.path}/link-invites/{invite['id']}"
        exhausted = (await play.call("GET", at)).json["data"]["invite"]
        users = (await play.call("GET", f"{play.path}/users?offset=2")).json["data"]["users"]
        too_low = await play.call("PATCH", at, json.dumps({"maxUses": 1}).encode())
        unchanged = (await play.call("GET", at)).json["data"]["invite"]
        raised = await play.call("PATCH", at, json.dumps({"maxUses": 3}).encode())

    assert (exhausted["uses"], exhausted["state"]) == (2, "exhausted")
    assert [user["inviteId"] for user in users] == [invite["id"]] * 2
    refused(too_low, 400, "The invite can't be changed so: it was used 2 times already")
    assert unchanged == exhausted
    assert raised.json["data"]["invite"]["state"] == "active"


async def _used(db: Path, token: str, *emails: str) -> None:
    """Have players use an invite, in the books themselves."""
    async with Database(db, load_migrations("bridge.sandbox.books.migrations")) as database:
        keeper = Bookkeeper(database, load_queries("bridge.sandbox.books"), HandClock())
        for email in emails:
            await keeper.write(partial(inviting.use, token=token, email=email))
