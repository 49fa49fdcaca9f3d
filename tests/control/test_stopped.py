"""Why a campaign sends nothing, wherever an entry of it is told of."""

from typing import Any

import pytest

from bridge.control.stopped import stopped, way_out
from tests.control.conftest import OTHER, Control, linked
from tests.outbox.play import ALICE, BOB, CAMPAIGN

NOT_ACTIVE = {
    "campaign": CAMPAIGN,
    "paused": "campaign_not_active",
    "detail": "its status is Stopped",
}


async def _seen(desk: Control, key: object) -> list[dict[str, Any]]:
    """Return the entry as each call tells it: to a game, to operators, after a decision."""
    told = await desk.call("GET", f"/v1/achievements/{key}", token="g4me")
    listed = await desk.call("GET", "/v1/operator/entries")
    story = await desk.call("GET", f"/v1/operator/players/{ALICE}")
    decided = await desk.call("POST", f"/v1/operator/entries/{key}/decision", {"decision": "retry"})
    return [told.json, listed.json["entries"][0], story.json["entries"][0], decided.json]


async def test_a_pause_is_told_with_who_why_and_the_way_out(desk: Control) -> None:
    key = await linked(desk)
    await desk.outbox.pause(CAMPAIGN, "olga", "an exploit")
    seen = await _seen(desk, key)

    for entry in seen:
        assert entry["entry_state"] == "due"
        assert entry["lane"]["reason"] == "operator_pause"
        assert (entry["lane"]["who"], entry["lane"]["why"]) == ("olga", "an exploit")
        assert entry["lane"]["since"] == "2026-01-01T00:00:00.000Z"
        assert entry["lane"]["way_out"] == "`campaign-bridge campaign resume`"
    assert [entry["reason"] for entry in seen[:3]] == ["operator_pause"] * 3


async def test_a_lane_that_stopped_by_itself_is_told_with_its_detail(desk: Control) -> None:
    key = await linked(desk)
    desk.lanes.append(NOT_ACTIVE)

    for entry in await _seen(desk, key):
        assert entry["lane"]["reason"] == "campaign_not_active"
        assert entry["lane"]["detail"] == "its status is Stopped"
        assert "campaign-bridge campaign start" in entry["lane"]["way_out"]
        assert entry["lane"]["who"] is None


async def test_an_open_lane_and_an_entry_that_is_not_due_have_nothing_to_tell(
    desk: Control,
) -> None:
    key = await linked(desk)
    desk.lanes.append({**NOT_ACTIVE, "paused": None})
    due = (await desk.call("GET", f"/v1/achievements/{key}")).json
    held_key = await desk.put(2, player=BOB)
    await desk.outbox.pause(CAMPAIGN, "olga")
    held = (await desk.call("GET", f"/v1/achievements/{held_key}")).json

    assert (due["lane"], due["reason"]) == (None, "")
    assert (held["lane"], held["reason"]) == (None, "unlinked")


async def test_one_campaigns_pause_says_nothing_of_another(desk: Control) -> None:
    key = await linked(desk)
    await desk.outbox.pause(OTHER, "olga")
    entry = (await desk.call("GET", f"/v1/achievements/{key}")).json

    assert entry["lane"] is None


async def test_a_pause_that_was_ended_is_over_before_its_lane_has_noticed(desk: Control) -> None:
    await desk.outbox.pause(CAMPAIGN, "olga")
    await desk.outbox.resume(CAMPAIGN, "olga")

    assert await desk.outbox.pauses() == {}
    assert stopped(None, {**NOT_ACTIVE, "paused": "operator_pause"}) is None


@pytest.mark.parametrize("reason", ["key_refused", "unreachable", "a_reason_of_tomorrow"])
def test_every_reason_has_a_way_out(reason: str) -> None:
    assert way_out(reason)


def test_a_key_that_is_a_credential_needs_the_service_and_a_restart() -> None:
    service = "campaign-bridge-as-service --instance eu"

    assert "then restart the daemon" in way_out("key_refused", service)
    assert "then reload the daemon" in way_out("key_refused")
    assert f"`{service} campaign start`" in way_out("campaign_not_active", service)
    assert "`campaign-bridge campaign start`" in way_out("campaign_not_active")
    told = stopped(None, {**NOT_ACTIVE, "as_service": service})
    assert told is not None
    assert service in told["way_out"]
