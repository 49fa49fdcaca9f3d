"""Link invites, as we read them."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bridge.campaigns.api import CampaignApi
from bridge.campaigns.schemas import Invite, InviteChange
from bridge.errors import CampaignError
from tests.campaigns.host import CAMPAIGN, Host, says

INVITES = f"/campaign/{CAMPAIGN}/link-invites"
ROW: dict[str, Any] = {
    "id": "inv_1",
    "label": "Discord",
    "url": "/invite/t0k3n",
    "state": "active",
    "maxUses": 50,
    "uses": 3,
    "expiresAt": "2026-12-31T23:59:59.000Z",
    "createdAt": "2026-11-23T12:00:00.000Z",
    "new": 1,
}
ONE = says(200, {"success": True, "data": {"invite": ROW}})


def read(host: Host) -> Invite:
    url = f"http://127.0.0.1:{host.port}/invite/t0k3n"
    return Invite("inv_1", "Discord", url, "active", 50, 3, ROW["expiresAt"], ROW["createdAt"])


async def test_an_invite_is_created_with_what_is_named(api: CampaignApi, host: Host) -> None:
    host.on(f"POST {INVITES}", says(201, {"success": True, "data": {"invite": ROW}}))
    end = datetime(2027, 1, 1, 0, 59, 59, tzinfo=timezone(timedelta(hours=1)))
    made = await api.invites.create(InviteChange("Discord", 50, end), "key-1")
    await api.invites.create(InviteChange("Discörd"), "key-2")
    full, bare = host.calls

    assert made == read(host)
    assert full.line == f"POST /api/v1{INVITES}"
    assert full.key == "key-1"
    assert full.json == {
        "label": "Discord",
        "maxUses": 50,
        "expiresAt": "2026-12-31T23:59:59.000Z",
    }
    assert bare.body == '{"label":"Discörd"}'.encode()


async def test_an_update_names_what_changes_and_null_takes_a_limit_away(
    api: CampaignApi, host: Host
) -> None:
    host.on(f"PATCH {INVITES}/inv_1", ONE)
    await api.invites.update("inv_1", InviteChange(max_uses=None), "key-1")
    await api.invites.update(
        "inv_1", InviteChange("New", expires_at=datetime(2027, 1, 1, tzinfo=UTC)), "k"
    )
    first, second = host.calls

    assert (first.line, first.key) == (f"PATCH /api/v1{INVITES}/inv_1", "key-1")
    assert first.json == {"maxUses": None}
    assert second.json == {"label": "New", "expiresAt": "2027-01-01T00:00:00.000Z"}


@pytest.mark.parametrize("what", ["pause", "resume", "revoke"])
async def test_an_invite_is_paused_resumed_and_revoked(
    api: CampaignApi, host: Host, what: str
) -> None:
    host.on(f"POST {INVITES}/inv_1/{what}", ONE)
    found = await getattr(api.invites, what)("inv_1", "key-1")
    (call,) = host.calls

    assert found == read(host)
    assert (call.line, call.key, call.body) == (
        f"POST /api/v1{INVITES}/inv_1/{what}",
        "key-1",
        b"",
    )


async def test_invites_are_listed_over_all_pages(api: CampaignApi, host: Host) -> None:
    bare = {"id": "inv_2", "url": "javascript:alert(1)", "maxUses": None, "uses": "many"}

    def page(row: object, *, more: bool) -> Any:
        told = {"invites": [row], "pagination": {"total": 2, "hasMore": more}}
        return says(200, {"success": True, "data": told})

    host.on(f"GET {INVITES}", page(ROW, more=True), page(bare, more=False))
    found = [row async for row in api.invites.all(limit=1)]

    assert found == [read(host), Invite("inv_2", "", "", "", None, None, "", "")]
    assert [call.target.partition("?")[2] for call in host.calls] == [
        "limit=1&offset=0",
        "limit=1&offset=1",
    ]


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"data": {"invite": {}}}, {"invite": ROW}])
async def test_an_answer_without_an_invite_is_refused(
    api: CampaignApi, host: Host, body: object
) -> None:
    host.on(f"POST {INVITES}/inv_1/pause", says(200, body))
    with pytest.raises(CampaignError) as raised:
        await api.invites.pause("inv_1", "key-1")

    assert raised.value.reason == "unexpected_answer"
