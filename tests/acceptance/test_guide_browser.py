"""The Campaigns guide's end-to-end test in a real Chromium, through the dashboard.

The sandbox is a process of its own, started by its command; what it prints is all that is known.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.support.browser import browser, complaints, overflow, page_of

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]

#: What Chromium writes down when a page is answered 400 or 404, as the guide wants it.
REFUSED = "Failed to load resource: the server responded with a status of"
#: On how many lines an element's text stands.
LINES = """e => {
  const text = document.createRange()
  text.selectNodeContents(e)
  return new Set([...text.getClientRects()].map(line => line.top)).size
}"""


@dataclass(frozen=True, slots=True)
class Printed:
    """What the sandbox printed at its start."""

    url: str
    sign_in: str
    token: str


@asynccontextmanager
async def sandbox(*options: str) -> AsyncIterator[Printed]:
    """Run `campaign-bridge sandbox` until it has printed the token; end it afterwards."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", "bridge", "sandbox", "--port=0", *options),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            said: dict[str, str] = {}
            while "admin token" not in said:
                line = (await process.stdout.readline()).decode()
                assert line, "the sandbox ended"
                name, _, value = line.partition(":")
                said[name] = value.split("  (")[0].strip()
        yield Printed(said["sandbox"], said["dashboard"], said["admin token"])
    finally:
        process.terminate()
        await process.communicate()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def printed() -> AsyncIterator[Printed]:
    async with sandbox("--job-delay=0.3") as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as running:
        yield running


# -- what the owner does ----------------------------------------------------------------------


async def sign_in(page: Page, printed: Printed) -> None:
    """Sign in with the admin token: the printed link is good for one browser only."""
    await page.goto(f"{printed.url}/dashboard/campaigns")
    await page.get_by_label("Admin token").fill(printed.token)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Campaigns", exact=True)).to_be_visible()


async def make_campaign(page: Page) -> tuple[str, str]:
    """Make the guide's campaign; return the address of its page and its key."""
    await page.get_by_role("link", name="New campaign").click()
    await page.get_by_label("Name", exact=True).fill("Autumn")
    row = page.get_by_role("group", name="Event 1")
    await row.get_by_label("Code").fill("EARN5")
    await row.get_by_label("Name of the event").fill("Earn five")
    await row.get_by_label("Pays").fill("5")
    await page.get_by_role("button", name="Create the campaign").click()
    key = await page.get_by_label("API key").input_value()
    await page.get_by_role("link", name="To the campaign").click()
    await expect(status(page)).to_have_text("Draft")
    return page.url, key


async def confirm(page: Page, ask: str, yes: str) -> None:
    """Open a question and answer it with yes."""
    await page.locator("summary", has_text=ask).click()
    await page.get_by_role("button", name=yes).click()


async def fund(page: Page, amount: str) -> None:
    await page.locator("summary", has_text="Fund…").click()
    await page.get_by_label("Amount").fill(amount)
    await page.get_by_role("button", name="Fund", exact=True).click()
    await expect(said(page)).to_contain_text("The campaign was funded.")


async def link_user(page: Page, home: str, email: str) -> str:
    """Begin a link; return the address that the player opens."""
    await page.goto(f"{home}/users")
    await page.get_by_label("Email").fill(email)
    await page.get_by_role("button", name="Begin the link").click()
    address = await page.locator("a[href*='/link?session=']").first.get_attribute("href")
    assert address is not None
    return address


def status(page: Page) -> Locator:
    return page.locator("#status")


def said(page: Page) -> Locator:
    return page.locator("#flash")


def balance(page: Page, name: str) -> Locator:
    return page.locator("#balances .figures > div", has_text=name).locator(".figure-value")


def unexpected(page: Page) -> list[str]:
    """Return what the browser complained of, but for what the guide wants refused."""
    return [one for one in complaints(page) if not one.startswith(REFUSED)]


# -- what the player does ---------------------------------------------------------------------


async def approve(chromium: Browser, address: str) -> None:
    async with page_of(chromium, width=390) as player:
        await player.goto(address)
        await expect(player.get_by_text("player@example.com")).to_be_visible()
        assert await overflow(player) <= 0
        await player.get_by_role("button", name="Approve").click()
        await expect(player.get_by_role("heading", name="You are linked")).to_be_visible()

        assert unexpected(player) == []


async def post_event(printed: Printed, home: str, key: str, user_ref: str) -> int:
    """Send an event as a game server does."""
    campaign = home.rpartition("/")[2]
    headers: Mapping[str, str] = {
        "Authorization": f"Bearer {key}",
        "X-Oncade-API-Version": "v1",
        "X-Campaign-Id": campaign,
    }
    url = f"{printed.url}/api/v1/campaign/{campaign}/events"
    async with aiohttp.ClientSession() as http:
        body = {"eventCode": "EARN5", "userRef": user_ref}
        async with http.post(url, json=body, headers=headers) as answer:
            return answer.status


# -- the guide --------------------------------------------------------------------------------


async def test_the_guides_end_to_end_flow(printed: Printed, chromium: Browser) -> None:
    async with page_of(chromium) as page:
        await page.goto(printed.sign_in)
        await page.get_by_role("button", name="Sign in").click()
        home, key = await make_campaign(page)
        approval = await link_user(page, home, "player@example.com")
        assert await page.get_by_text("player@example.com", exact=True).evaluate(LINES) == 1
        await approve(chromium, approval)
        await page.reload()
        user_ref = await page.locator("tbody th a").first.inner_text()

        await page.goto(home)
        await fund(page, "100")
        await confirm(page, "Start…", "Start the campaign")
        await expect(said(page)).to_contain_text("The start was accepted.")
        await expect(status(page)).to_have_text("Active")  # by itself
        await expect(balance(page, "Available")).to_have_text("100.00 USDC")
        await send_events(page, user_ref)
        assert await post_event(printed, home, key, user_ref) == 202
        assert await post_event(printed, home, key, "usr_nobody") == 404
        await stop_and_withdraw(page, home)

        await expect(balance(page, "Paid out")).to_have_text("10.00 USDC")
        await expect(balance(page, "Withdrawn")).to_have_text("90.00 USDC")
        await expect(balance(page, "Available")).to_have_text("0.00 USDC")
        assert unexpected(page) == []


async def send_events(page: Page, user_ref: str) -> None:
    """Send one event that pays and one that is refused, with the page's form."""
    await page.get_by_label("User (userRef)").fill(user_ref)
    await page.get_by_role("button", name="Send the event").click()
    await expect(balance(page, "Paid out")).to_have_text("5.00 USDC")
    await expect(page.locator("#payouts")).to_contain_text(user_ref)
    await page.get_by_label("User (userRef)").fill("usr_nobody")
    await page.get_by_role("button", name="Send the event").click()
    await expect(said(page)).to_contain_text("Refused with 404: Unknown userRef.")


async def stop_and_withdraw(page: Page, home: str) -> None:
    """Withdraw too early, stop, withdraw."""
    await confirm(page, "Withdraw…", "Withdraw what remains")
    await expect(said(page)).to_contain_text("Refused with 400")
    await expect(said(page)).to_contain_text("it is Active")
    await page.goto(home)
    await confirm(page, "Stop…", "Stop the campaign")
    await expect(status(page)).to_have_text("Stopped")
    await confirm(page, "Withdraw…", "Withdraw what remains")
    await expect(status(page)).to_have_text("Withdrawn")


async def test_an_invite_is_used_and_attributed(printed: Printed, chromium: Browser) -> None:
    async with page_of(chromium) as page:
        await sign_in(page, printed)
        home, _ = await make_campaign(page)
        await page.goto(f"{home}/invites")
        await page.get_by_label("Label").fill("Discord")
        await page.get_by_label("Uses").fill("1")
        await page.get_by_label("Ends at (UTC)").fill("2099-01-31T12:00")
        await page.get_by_role("button", name="Make the invite").click()
        address = await page.get_by_label("Address for players").input_value()

        async with page_of(chromium, width=390, dark=True) as player:
            await player.goto(address)
            await player.get_by_label("Your email address").fill("player@example.com")
            await player.get_by_role("button", name="Join").click()
            await expect(player.get_by_role("heading", name="You are linked")).to_be_visible()
            assert await overflow(player) <= 0
            assert unexpected(player) == []
        async with page_of(chromium) as late:
            await late.goto(address)
            await expect(late.get_by_role("heading", name="This invite is closed")).to_be_visible()
        await page.reload()

        await expect(page.get_by_text("1 of 1")).to_be_visible()
        await expect(page.get_by_text("player@example.com")).to_be_visible()
        assert unexpected(page) == []


async def test_the_flow_works_without_javascript(printed: Printed, chromium: Browser) -> None:
    async with page_of(chromium, javascript=False) as page:
        await sign_in(page, printed)
        home, _ = await make_campaign(page)
        approval = await link_user(page, home, "player@example.com")
        await page.goto(approval)
        await page.get_by_role("button", name="Approve").click()
        await expect(page.get_by_role("heading", name="You are linked")).to_be_visible()
        await page.goto(home)
        await fund(page, "100")
        await confirm(page, "Start…", "Start the campaign")
        await expect(status(page)).to_have_text("Starting")

        await look_again(page, "Active")
        await confirm(page, "Stop…", "Stop the campaign")
        await look_again(page, "Stopped")
        await confirm(page, "Withdraw…", "Withdraw what remains")
        await look_again(page, "Withdrawn")

        await expect(balance(page, "Withdrawn")).to_have_text("100.00 USDC")


async def look_again(page: Page, word: str) -> None:
    """Follow the link that stands there without JavaScript until the job is done."""
    async with asyncio.timeout(15):
        while await status(page).inner_text() != word:
            await page.get_by_role("link", name="Look again").first.click()


async def test_the_flow_works_by_keyboard_alone(printed: Printed, chromium: Browser) -> None:
    async with page_of(chromium) as page:
        await page.goto(f"{printed.url}/dashboard/campaigns")
        await go_to(page, "Admin token")
        await page.keyboard.type(printed.token)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("link", name="New campaign")).to_be_visible()
        await go_to(page, "New campaign")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="New campaign")).to_be_visible()
        for name, text in (
            *(("Name", "Autumn"), ("Code", "EARN5")),
            *(("Name of the event", "Earn five"), ("Pays (USDC)", "5")),
        ):
            await go_to(page, name)
            await page.keyboard.type(text)
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("API key")).to_be_visible()
        await go_to(page, "To the campaign")
        await page.keyboard.press("Enter")
        await expect(status(page)).to_have_text("Draft")
        await go_to(page, "Fund…")
        await page.keyboard.press("Enter")
        await go_to(page, "Amount (USDC)")
        await page.keyboard.type("100")
        await page.keyboard.press("Enter")
        await expect(balance(page, "Available")).to_have_text("100.00 USDC")
        await go_to(page, "Start…")
        await page.keyboard.press("Enter")
        await go_to(page, "Start the campaign")
        await page.keyboard.press("Enter")

        await expect(status(page)).to_have_text("Active")
        assert unexpected(page) == []


#: The name of what has the focus: its label, or its own words.
FOCUSED = """() => {
  const focused = document.activeElement;
  const label = focused.labels && focused.labels[0];
  return (label ? label.textContent : focused.textContent).replace('optional', '').trim();
}"""


async def go_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on what has that name; nothing may be out of its reach."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        if await page.evaluate(FOCUSED) == name:
            return
    pytest.fail(f"Tab does not reach {name}")


async def test_pages_fit_a_phone_in_light_and_dark(printed: Printed, chromium: Browser) -> None:
    async with page_of(chromium) as desktop:
        await sign_in(desktop, printed)
        home, _ = await make_campaign(desktop)
        await link_user(desktop, home, f"{'long' * 15}@{'example.' * 8}com")
    below = ("", "/events", "/users", "/invites", "/payouts", "/keys", "/keys/new", "/webhook")
    addresses = [
        *(f"{printed.url}/dashboard/{page}" for page in ("campaigns", "campaigns/new", "faults")),
        *(home + page for page in below),
    ]
    for dark in (False, True):
        async with page_of(chromium, width=390, dark=dark) as phone:
            await sign_in(phone, printed)

            for address in addresses:
                await phone.goto(address)
                assert await overflow(phone) <= 0, address
            assert unexpected(phone) == []


async def test_two_sandboxes_in_one_browser_keep_their_visits(
    printed: Printed, chromium: Browser
) -> None:
    async with sandbox() as other, page_of(chromium) as page:
        await sign_in(page, printed)
        await sign_in(page, other)

        await page.goto(f"{printed.url}/dashboard/campaigns")

        await expect(page.get_by_role("heading", name="Campaigns", exact=True)).to_be_visible()
