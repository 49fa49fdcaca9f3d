"""The list of campaigns and the form that makes one."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from bridge.sandbox.server import SandboxSettings, sandbox_running
from tests.sandbox.dashboard.conftest import Owner
from tests.support.surf import Page, Surfer, surfing

HOSTILE = "</title><script>alert(1)</script>\u202e\u0000<img src=x onerror=alert(1)>" + "W" * 120
NEW = "/dashboard/campaigns/new"
EARN5 = ("EARN5", "Earn five", "5")

Row = tuple[str, str, str]


@pytest.fixture
async def empty() -> AsyncIterator[Surfer]:
    """An owner at a sandbox without campaigns."""
    settings = SandboxSettings(port=0, job_delay=0)
    async with sandbox_running(settings) as sandbox, surfing(sandbox.url) as surfer:
        page = await surfer.get(sandbox.sign_in_url)
        await surfer.send(page.form("/sign-in"))
        yield surfer


async def filled(surfer: Surfer, name: str, *rows: Row, **more: str) -> list[tuple[str, str]]:
    """Return what a browser sends for these rows, from a page that was just opened."""
    form = (await surfer.get(NEW)).form("/new")
    given = {"name": name, "environment": "test", **more}
    fields = [(kept, form.value(kept)) for kept in ("csrf", "once")]
    columns = ("code", "name", "payoutAmount")
    return [
        *fields,
        ("name", given["name"]),
        ("environment", given["environment"]),
        *(field for row in rows for field in zip(event_fields(columns), row, strict=True)),
        *((extra, value) for extra, value in more.items() if extra != "environment"),
    ]


def event_fields(columns: tuple[str, ...]) -> list[str]:
    return [f"event.{name}" for name in columns]


async def make(surfer: Surfer, name: str, *rows: Row, **more: str) -> Page:
    return await surfer.post(NEW, await filled(surfer, name, *rows, **more))


async def test_the_root_leads_to_the_campaigns(empty: Surfer) -> None:
    for path in ("/", "/dashboard", "/dashboard/"):
        assert (await empty.get(path)).path == "/dashboard/campaigns"


async def test_without_campaigns_the_page_says_what_to_do_first(empty: Surfer) -> None:
    page = await empty.get("/dashboard/campaigns")

    assert "No campaigns yet" in page.text
    assert NEW in page.links


async def test_a_campaign_is_made_and_its_key_works(empty: Surfer) -> None:
    page = await make(empty, "Autumn", EARN5, ("flag", "Flag", "0.25"), ("", "", ""))

    key = re.search(r"sandbox_[0-9a-f]{64}", page.html)
    assert page.path.endswith("/keys/new")
    assert key is not None
    campaign_id = page.path.split("/")[3]
    events = await empty.get(
        f"/api/v1/campaign/{campaign_id}/events",
        {"Authorization": f"Bearer {key[0]}", "X-Campaign-Id": campaign_id},
    )
    assert '"code":"flag","name":"Flag","payoutAmount":0.25' in events.html
    assert '"code":"EARN5","name":"Earn five","payoutAmount":5' in events.html


async def test_the_key_is_shown_once(empty: Surfer) -> None:
    first = await make(empty, "Autumn", EARN5)
    key = re.findall(r"sandbox_[0-9a-f]{64}", first.html)

    seen = [await empty.get(first.path), await empty.get(first.path.removesuffix("/new"))]

    assert len(key) == 1
    assert [key[0] in page.html for page in seen] == [False, False]
    assert "The key was shown once" in seen[0].text
    assert f"…{key[0][-4:]}" in seen[1].text


async def test_the_guides_commands_come_with_the_key_as_a_variable(empty: Surfer) -> None:
    page = await make(empty, "Autumn", EARN5)

    campaign_id = page.path.split("/")[3]
    assert f"export CID={campaign_id}" in page.text
    assert f"export HOST={empty.root}" in page.text
    assert "Authorization: Bearer $CAMPAIGN_KEY" in page.text
    assert '{"eventCode":"EARN5","userRef":"usr_abc123"}' in page.text


async def test_a_second_click_makes_no_second_campaign(empty: Surfer) -> None:
    fields = await filled(empty, "Autumn", EARN5)

    pages = await asyncio.gather(*(empty.post(NEW, fields) for _ in range(3)))

    assert len({page.path for page in pages}) == 1
    assert (await empty.get("/dashboard/campaigns")).text.count("Autumn") == 1


async def test_one_more_row_keeps_what_was_typed(empty: Surfer) -> None:
    page = await make(empty, "Autumn", EARN5, ("half", "", ""), environment="live", more="yes")

    form = page.form("/new")
    assert (page.status, page.path) == (200, NEW)
    assert [value for name, value in form.fields if name == "event.code"] == ["EARN5", "half", ""]
    assert (form.value("name"), form.value("environment")) == ("Autumn", "live")


@pytest.mark.parametrize(
    ("name", "rows", "said"),
    [
        ("", [EARN5], "Name: Fill this in."),
        ("N" * 201, [EARN5], "Name: At most 200 characters."),
        ("A", [], "A campaign needs at least one event; fill in a row."),
        ("A", [("", "Earn", "5")], "Event 1: Fill this in."),
        ("A", [EARN5, ("b", "", "1")], "Event 2: Fill this in."),
        ("A", [("a", "A", "five")], "Event 1: Write an amount above 0"),
        ("A", [("a", "A", "0")], "Event 1: Write an amount above 0"),
        ("A", [("a", "A", "-1")], "Event 1: Write an amount above 0"),
        ("A", [("a", "A", "0.0000001")], "Event 1: Write an amount above 0"),
        ("A", [("a", "A", "1e3")], "Event 1: Write an amount above 0"),
        ("A", [("a", "A", "1"), ("a", "B", "2")], "Two events have the same code"),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    empty: Surfer, name: str, rows: list[Row], said: str
) -> None:
    page = await make(empty, name, *rows)

    form = page.form("/new")
    typed = [value for field, value in form.fields if field == "event.payoutAmount"]
    assert page.status == 422
    assert said in page.text
    assert form.value("name") == name
    assert typed[: len(rows)] == [amount for _, _, amount in rows]
    assert "No campaigns yet" in (await empty.get("/dashboard/campaigns")).text


async def test_an_unknown_environment_is_refused(empty: Surfer) -> None:
    page = await make(empty, "Autumn", EARN5, environment="mainnet")

    assert page.status == 422
    assert "Environment: Choose one of these." in page.text


async def test_a_hostile_name_is_shown_harmlessly(empty: Surfer) -> None:
    made = await make(empty, HOSTILE, ("<b>'\"`", HOSTILE, "1"))
    assert made.path.endswith("/keys/new"), made.text
    base = made.path.removesuffix("/keys/new")

    below = ("", "/events", "/users", "/invites", "/payouts", "/keys", "/keys/new", "/webhook")
    for address in ("/dashboard/campaigns", *(base + page for page in below)):
        page = await empty.get(address)

        assert page.status == 200
        assert "<script>alert" not in page.html
        assert "<img src=x" not in page.html
        assert "\u202e" not in page.html
        assert "\x00" not in page.html


async def test_the_list_shows_status_and_balances(owner: Owner) -> None:
    page = await owner.surfer.get("/dashboard/campaigns")

    assert owner.base in page.links
    assert "Active" in page.text
    assert "100.00 USDC" in page.text
