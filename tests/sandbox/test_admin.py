"""The client for the own calls: typed answers, explained failures."""

import asyncio
from decimal import Decimal

import pytest

from bridge.errors import SandboxError
from bridge.sandbox.admin import EventDefinition, SandboxAdmin
from tests.sandbox.play import playing


async def test_the_client_makes_funds_links_and_reads() -> None:
    async with (
        playing() as play,
        SandboxAdmin(play.sandbox.url + "/", play.sandbox.admin_token) as admin,
    ):
        event = EventDefinition("A", Decimal("0.1"), "A deed")
        made = await admin.create_campaign("Own", [event], campaign_id="own", environment="live")
        balances = await admin.fund(made.id, Decimal("12.000001"))
        ref = await admin.add_user(made.id, email="a@example.com")
        known = await admin.add_user(made.id, ref)
        listed = await admin.campaigns()

        assert (made.id, made.environment) == ("own", "live")
        assert made.api_key not in repr(made)
        assert balances.funded == balances.available == Decimal("12.000001")
        assert ref == known
        assert [campaign.status for campaign in listed] == ["Active", "Draft"]
        assert await admin.ledger(made.id) == ()


async def test_a_wrong_token_is_explained() -> None:
    async with playing() as play:
        with pytest.raises(SandboxError, match="401: Unknown admin token") as refused:
            await SandboxAdmin(play.sandbox.url, "wrong").campaigns()

        assert "admin token" in refused.value.hint


async def test_a_refusal_carries_the_sandboxs_own_words() -> None:
    async with playing() as play:
        with pytest.raises(SandboxError, match="400: Invalid request: amount: an amount"):
            await play.admin.fund(play.campaign.id, -1)


async def test_nobody_at_home_is_explained() -> None:
    async with playing() as play:
        gone = play.sandbox

    with pytest.raises(SandboxError, match="no sandbox answers") as failed:
        await SandboxAdmin(gone.url, gone.admin_token).campaigns()

    assert "campaign-bridge sandbox" in failed.value.hint


async def test_something_else_that_answers_is_not_taken_for_a_sandbox() -> None:
    async def page(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>")
        writer.close()

    async with await asyncio.start_server(page, "127.0.0.1", 0) as other:
        port = other.sockets[0].getsockname()[1]

        with pytest.raises(SandboxError, match="without JSON"):
            await SandboxAdmin(f"http://127.0.0.1:{port}", "t").campaigns()


async def test_an_event_is_added_to_the_catalogue_and_changed_there() -> None:
    async with playing() as play:
        await play.admin.set_event(play.campaign.id, EventDefinition("B", Decimal("0.5"), "Be"))
        await play.admin.set_event(play.campaign.id, EventDefinition("EARN5", Decimal(6)))
        shown = await play.call("GET", f"{play.path}/events")

        assert shown.json["events"] == [
            {"code": "EARN5", "name": "EARN5", "payoutAmount": 6},
            {"code": "B", "name": "Be", "payoutAmount": Decimal("0.5")},
        ]


async def test_webhooks_are_set_and_read_page_by_page() -> None:
    async with playing() as play:
        first = await play.admin.set_webhook(play.campaign.id, "http://127.0.0.1:9/")
        second = await play.admin.set_webhook(play.campaign.id, "http://127.0.0.1:9/moved")
        numbers = [await play.admin.test_webhook(play.campaign.id) for _ in range(3)]
        await play.sandbox.settled()
        page = await play.admin.deliveries(play.campaign.id, limit=2, offset=1)

        assert first is not None
        assert second is None
        assert [delivery.id for delivery in page] == [numbers[1], numbers[0]]
        assert page[0].body.startswith('{"event":"Webhook.Test",')
        assert page[0].attempts[0].url == "http://127.0.0.1:9/moved"
