"""A real Chromium for tests of pages.

In: a width, a colour scheme, JavaScript or not. Out: pages that remember what the browser
complained of. Knows nothing of what is shown.

    async with browser() as chromium, page_of(chromium, width=390, dark=True) as page:
        await page.goto(address)
        assert complaints(page) == []
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

CHROMIUM = "/usr/bin/chromium"
#: Milliseconds for anything a page is waited for.
PATIENCE = 15_000

_heard: WeakKeyDictionary[Page, list[str]] = WeakKeyDictionary()


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Start Debian's Chromium; fail, naming the package, where it is missing."""
    if shutil.which(CHROMIUM) is None:
        pytest.fail("chromium is missing: apt-get install chromium")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield chromium
        finally:
            await chromium.close()


@asynccontextmanager
async def page_of(
    chromium: Browser, *, width: int = 1280, dark: bool = False, javascript: bool = True
) -> AsyncIterator[Page]:
    """Open a page with no cookies; up to 600 wide it is a phone with a touch screen."""
    phone = width <= 600
    context = await chromium.new_context(
        viewport={"width": width, "height": 844 if phone else 900},
        color_scheme="dark" if dark else "light",
        java_script_enabled=javascript,
        has_touch=phone,
        is_mobile=phone,
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    try:
        page = await context.new_page()
        _listen(page)
        yield page
    finally:
        await context.close()


def complaints(page: Page) -> list[str]:
    """Return what the browser objected to: errors, refusals by the page's policy, lost files."""
    return list(_heard[page])


async def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    return int(
        await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
    )


def _listen(page: Page) -> None:
    heard = _heard[page] = []

    def console(said: ConsoleMessage) -> None:
        if said.type == "error":
            heard.append(said.text)

    def lost(request: Request) -> None:
        # A page that is left while its icon still loads aborts that: nobody's fault. What the
        # page's policy forbids or a server fails to give has other names.
        if request.failure != "net::ERR_ABORTED":
            heard.append(f"{request.url}: {request.failure}")

    page.on("console", console)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("requestfailed", lost)
