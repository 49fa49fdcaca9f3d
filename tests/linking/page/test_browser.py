"""The public page in a real browser, on a phone: both ways, with and without JavaScript."""

import pytest
from playwright.async_api import Page, expect

from tests.linking.page.conftest import ALICE, Square
from tests.support.browser import PATIENCE, browser, complaints, overflow, page_of

pytestmark = pytest.mark.system

PHONE = 390


async def approved_elsewhere(page: Page) -> None:
    """Follow the link to the campaign's own page, approve, and come back by the address bar."""
    ours = page.url
    await page.get_by_role("link", name="Approve at the campaign").click()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are linked")
    await page.goto(ours)


@pytest.mark.parametrize("javascript", [True, False])
async def test_from_the_browser_to_the_game(square: Square, *, javascript: bool) -> None:
    async with (
        browser() as chromium,
        page_of(chromium, width=PHONE, javascript=javascript) as page,
    ):
        await page.goto(f"{square.url}/link")
        await page.get_by_label("Your e-mail address").fill("alice@example.com")
        await page.get_by_role("button", name="Go on").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Approve it")
        await approved_elsewhere(page)
        heading = page.get_by_role("heading", level=1)
        await expect(heading).to_have_text("Type this in the game", timeout=PATIENCE)
        code = await page.get_by_label("In the game's chat").input_value()
        wide = await overflow(page)
        status, _ = await square.say(ALICE, code.removeprefix("!link "))
        # The page looks again by itself, with a script or without.
        await expect(heading).to_have_text("You are linked", timeout=PATIENCE)

        assert status == 202
        assert (wide, complaints(page)) == (0, [])
        assert len(await square.links(ALICE)) == 1


async def test_from_the_game_to_the_browser_in_the_dark(square: Square) -> None:
    begun = (await square.road.call("POST", f"/v1/players/{ALICE}/link", {}))[1]
    async with browser() as chromium, page_of(chromium, width=PHONE, dark=True) as page:
        await page.goto(f"{square.url}/link?code={begun['code']}")
        await expect(page.get_by_label("Code from the game")).to_have_value(begun["code"])
        await page.get_by_label("Your e-mail address").fill("alice@example.com")
        await page.get_by_label("Your e-mail address").press("Enter")
        await expect(page.get_by_text(ALICE)).to_be_visible()
        await approved_elsewhere(page)
        await expect(page.get_by_role("heading", level=1)).to_have_text("You are linked")

        assert (await overflow(page), complaints(page)) == (0, [])
        assert len(await square.links(ALICE)) == 1


async def test_what_the_browser_lets_through_the_page_explains(square: Square) -> None:
    async with browser() as chromium, page_of(chromium, width=PHONE) as page:
        await page.goto(f"{square.url}/link?code=AAAA-AAAA")
        await page.get_by_label("Your e-mail address").fill("alice@example.com")
        await page.get_by_role("button", name="Go on").click()

        await expect(page.get_by_text("unknown, was used, or is too old")).to_be_visible()
        # The browser itself says that a form was answered with 422.
        assert all("422" in said for said in complaints(page))
        assert await page.get_by_label("Your e-mail address").input_value() == "alice@example.com"
