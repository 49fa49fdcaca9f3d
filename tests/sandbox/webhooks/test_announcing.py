"""Every kind of webhook, as it arrives: headers, envelope, data, signature."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from bridge.sandbox.admin import EventDefinition
from bridge.sandbox.readings import Hook
from tests.sandbox.webhooks.receiver import EARN5, Came, Scene, by_definition, scene

Told = dict[str, Any]
EMAIL = b'{"email":"player@example.com"}'


def metadata(key: str) -> Told:
    return {"metadata": {"idempotencyKey": key}}


async def called(scene: Scene, method: str, path: str, body: bytes | None, key: str | None) -> Any:
    reply = await scene.play.call(method, path, body, key=key)
    assert reply.status < 300, reply.body
    await scene.settled()
    return reply.json


async def begun(scene: Scene, key: str | None = "link-1") -> str:
    path = f"{scene.play.path}/users/link/initiate"
    return str((await called(scene, "POST", path, EMAIL, key))["sessionKey"])


async def decided(scene: Scene, verb: str, session: str) -> None:
    body = f'{{"sessionKey":"{session}"}}'.encode()
    await called(scene, "POST", f"/api/v1/users/link/{verb}", body, f"{verb}-1")


async def user_ref(scene: Scene, session: str) -> str:
    path = f"/api/v1/users/link/details?session={session}"
    return str((await called(scene, "GET", path, None, None))["userRef"])


# -- each returns the data that the webhook must have ------------------------------------------


async def started(scene: Scene) -> Told:
    await called(scene, "PUT", f"{scene.play.path}/stop", None, None)
    await called(scene, "PUT", f"{scene.play.path}/start", None, "start-1")
    return {"campaignId": scene.id, "status": "Active", **metadata("start-1")}


async def stopped(scene: Scene) -> Told:
    await called(scene, "PUT", f"{scene.play.path}/stop", b"{}", None)
    return {"campaignId": scene.id, "status": "Stopped"}


async def withdrawn(scene: Scene) -> Told:
    await called(scene, "PUT", f"{scene.play.path}/stop", None, None)
    await called(scene, "POST", f"{scene.play.path}/withdraw", None, "withdraw-1")
    return {"campaignId": scene.id, "status": "Withdrawn", **metadata("withdraw-1")}


async def paid(scene: Scene) -> Told:
    await scene.play.event("event-Zoë-1")
    await scene.settled()
    path = f"{scene.play.path}/user/usr_1/events"
    history = await called(scene, "GET", path, None, None)
    return {
        "campaignId": scene.id,
        "user_ref": "usr_1",
        "eventCode": "EARN5",
        "payoutAmount": 5,
        "transactionId": history["data"]["transactions"][0]["transactionHash"],
        **metadata("event-Zoë-1"),
    }


async def failed(scene: Scene) -> Told:
    await scene.play.admin.set_faults({"payout_fails": 1})
    await scene.play.event("event-2")
    await scene.settled()
    return {
        "campaignId": scene.id,
        "user_ref": "usr_1",
        "eventCode": "EARN5",
        "payoutAmount": 5,
        "error": "transaction failed",
        **metadata("event-2"),
    }


async def link_started(scene: Scene) -> Told:
    session = await begun(scene)
    told = {"campaignId": scene.id, "sessionKey": session, "user_ref": None}
    return {**told, **metadata("link-1")}


async def link_succeeded(scene: Scene) -> Told:
    session = await begun(scene)
    await decided(scene, "approve", session)
    ref = await user_ref(scene, session)
    told = {"campaignId": scene.id, "sessionKey": session, "user_ref": ref}
    return {**told, **metadata("link-1")}  # of what began it, not of the approval


async def link_canceled(scene: Scene) -> Told:
    session = await begun(scene, None)
    await decided(scene, "decline", session)
    return {"campaignId": scene.id, "sessionKey": session, "user_ref": None}


async def link_failed(scene: Scene) -> Told:
    session = await begun(scene)
    await scene.turned(900)
    told = {"campaignId": scene.id, "sessionKey": session, "user_ref": None}
    return {**told, **metadata("link-1")}


async def link_removed(scene: Scene) -> Told:
    await called(scene, "POST", "/api/v1/users/link/remove", b'{"user_ref":"usr_2"}', "remove-1")
    return {"campaignId": scene.id, "user_ref": "usr_2", **metadata("remove-1")}


async def sent_by_hand(scene: Scene) -> Told:
    await scene.test()
    return {}


KINDS: dict[Hook, Callable[[Scene], Awaitable[Told]]] = {
    Hook.CAMPAIGN_STARTED: started,
    Hook.CAMPAIGN_STOPPED: stopped,
    Hook.CAMPAIGN_WITHDRAWN: withdrawn,
    Hook.EVENT_PAID: paid,
    Hook.EVENT_FAILED: failed,
    Hook.LINK_STARTED: link_started,
    Hook.LINK_SUCCEEDED: link_succeeded,
    Hook.LINK_CANCELED: link_canceled,
    Hook.LINK_FAILED: link_failed,
    Hook.LINK_REMOVED: link_removed,
    Hook.TEST: sent_by_hand,
}


def the_one(came: list[Came], hook: Hook) -> Came:
    (found,) = [one for one in came if one.json["event"] == hook.value]
    return found


@pytest.mark.parametrize("hook", Hook, ids=lambda hook: hook.value)
async def test_each_kind_arrives_once_in_oncades_envelope_and_signed(hook: Hook) -> None:
    async with scene() as opened:
        data = await KINDS[hook](opened)
        came = the_one(await opened.settled(), hook)
        time = opened.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

        assert list(came.json) == ["event", "timestamp", "data"]
        assert came.json == {"event": hook.value, "timestamp": time, "data": data}
        assert came.signature == by_definition(opened.secret, came.body)
        assert came.headers["Content-Type"] == "application/json"
        assert came.headers.get("Idempotency-Key") == data.get("metadata", {}).get("idempotencyKey")


async def test_an_amount_is_a_number_to_the_last_digit() -> None:
    async with scene() as opened:
        await opened.play.admin.set_event(opened.id, EventDefinition("EARN5", Decimal("0.000001")))
        await opened.play.event("event-1")
        came = await opened.settled()

        assert b'"payoutAmount":0.000001,' in came[0].body


async def test_a_campaign_without_a_url_writes_nothing_down() -> None:
    async with scene(active=False) as opened:
        admin = opened.play.admin
        other = await admin.create_campaign("Mute", [EARN5])
        await admin.fund(other.id, 1)
        headers = {"Authorization": f"Bearer {other.api_key}", "X-Campaign-Id": other.id}
        path = f"/api/v1/campaign/{other.id}/start"
        reply = await opened.play.call("PUT", path, headers=headers)
        came = await opened.settled()

        assert reply.status == 202
        assert came == []
        assert await admin.deliveries(other.id) == ()
