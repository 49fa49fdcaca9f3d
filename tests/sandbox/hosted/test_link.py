"""The page on which a player approves a link."""

import pytest

from bridge.look.page import SECURITY_HEADERS
from bridge.sandbox.readings import LINK_LIFETIME
from tests.sandbox.hosted.conftest import Stage
from tests.support.surf import Page, surfing

HOSTILE = "<script>alert(1)</script>\u202e@example.com"


async def decided(stage: Stage, url: str, press: str) -> Page:
    page = await stage.player.get(url)
    return await stage.player.send(page.form("/link"), press)


async def status(stage: Stage, url: str) -> str:
    session = url.partition("session=")[2]
    path = f"{stage.play.path}/users/link/details?session={session}"
    return str((await stage.play.call("GET", path)).json["status"])


async def test_the_player_sees_who_asks_and_for_which_address(stage: Stage) -> None:
    page = await stage.player.get(await stage.link())

    assert page.status == 200
    assert "Link your account?" in page.text
    assert "Campaign Autumn" in page.text
    assert "player@example.com" in page.text
    assert {name: page.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def test_an_approved_link_can_be_paid(stage: Stage) -> None:
    url = await stage.link()

    page = await decided(stage, url, "Approve")
    again = await stage.player.get(url)

    assert (page.status, "You are linked" in page.text) == (200, True)
    assert again.forms == []
    assert await status(stage, url) == "approved"
    assert len(await stage.users()) == 3


async def test_a_declined_link_links_nobody(stage: Stage) -> None:
    url = await stage.link()

    page = await decided(stage, url, "Decline")

    assert "You declined" in page.text
    assert page.forms == []
    assert await status(stage, url) == "declined"
    assert len(await stage.users()) == 2


async def test_a_link_is_over_after_its_time(stage: Stage) -> None:
    url = await stage.link()
    opened = await stage.player.get(url)
    stage.clock.turn(LINK_LIFETIME)

    seen = await stage.player.get(url)
    late = await stage.player.send(opened.form("/link"), "Approve")

    assert "This link is over" in seen.text
    assert (late.status, "This link is over" in late.text) == (400, True)
    assert len(await stage.users()) == 2


async def test_a_decision_stands(stage: Stage) -> None:
    url = await stage.link()
    opened = await stage.player.get(url)
    await stage.player.send(opened.form("/link"), "Decline")

    other = await stage.player.send(opened.form("/link"), "Approve")
    same = await stage.player.send(opened.form("/link"), "Decline")

    assert (other.status, "You declined" in other.text) == (400, True)
    assert (same.status, "You declined" in same.text) == (200, True)


async def test_a_link_that_was_removed_since_says_that_it_is_over(stage: Stage) -> None:
    url = await stage.link()
    await decided(stage, url, "Approve")
    user_ref = (await stage.users())[-1]["userRef"]
    body = f'{{"user_ref": "{user_ref}"}}'.encode()
    await stage.play.call("POST", "/api/v1/users/link/remove", body)

    page = await stage.player.get(url)

    assert "You are linked" not in page.text
    assert "This link is over" in page.text


@pytest.mark.parametrize("query", ["", "?session=", "?session=nobody", "?session=%ff", "?x=1"])
async def test_an_unknown_session_is_a_page_that_says_so(stage: Stage, query: str) -> None:
    page = await stage.player.get(f"/link{query}")

    assert page.status == 404
    assert "Unknown link session" in page.text


async def test_the_page_says_nothing_of_anybody_else(stage: Stage) -> None:
    url = await stage.link()
    await decided(stage, url, "Approve")

    html = (await stage.player.get(url)).html

    for user in await stage.users():
        assert user["userRef"] not in html
    assert "/dashboard" not in html


@pytest.mark.parametrize("token", [None, "", "wrong"])
async def test_a_decision_without_the_pages_token_is_refused(
    stage: Stage, token: str | None
) -> None:
    url = await stage.link()
    form = (await stage.player.get(url)).form("/link")
    fields = [("session", form.value("session")), ("decision", "approve")]

    page = await stage.player.post("/link", [*fields, *([("csrf", token)] if token else [])])

    assert page.status == 403
    assert await status(stage, url) == "pending"


async def test_a_token_without_its_cookie_is_refused(stage: Stage) -> None:
    url = await stage.link()
    form = (await stage.player.get(url)).form("/link")

    async with surfing(stage.play.sandbox.url) as elsewhere:
        without = await elsewhere.send(form, "Approve")
        await elsewhere.get(url)
        another = await elsewhere.send(form, "Approve")

    assert [without.status, another.status] == [403, 403]
    assert await status(stage, url) == "pending"


async def test_a_decision_from_another_origin_is_refused(stage: Stage) -> None:
    url = await stage.link()
    form = (await stage.player.get(url)).form("/link")

    page = await stage.player.post(
        "/link", [*form.fields, ("decision", "approve")], {"Origin": "https://evil.test"}
    )

    assert page.status == 403
    assert await status(stage, url) == "pending"


async def test_a_form_without_a_decision_decides_nothing(stage: Stage) -> None:
    url = await stage.link()
    form = (await stage.player.get(url)).form("/link")

    page = await stage.player.post("/link", form.fields)

    assert page.status == 400
    assert await status(stage, url) == "pending"


async def test_a_hostile_address_is_shown_harmlessly(stage: Stage) -> None:
    page = await stage.player.get(await stage.link(HOSTILE))

    assert "<script>alert" not in page.html
    assert "\u202e" not in page.html
    assert "<script>alert(1)</script>" in page.text


async def test_the_cookie_is_kept_from_scripts_and_other_sites(stage: Stage) -> None:
    page = await stage.player.get(await stage.link())

    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith(f"sandbox-player-{stage.play.sandbox.port}=")
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/link"))
