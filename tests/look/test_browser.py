"""The parts in a real browser: nothing refused, nothing too wide, everything within reach."""

from collections.abc import AsyncIterator

import jinja2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.look.conftest import Site, serving
from tests.support.browser import browser, complaints, overflow, page_of

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]

#: What a keyboard must reach, in the order of the page; of radios one stands for its group.
REACHABLE = """() => [...document.querySelectorAll(
    'a[href], button:enabled, summary, input:not([type=hidden]), select, textarea, [tabindex="0"]'
  )].filter(e => e.checkVisibility() && !(e.type === 'radio' && !e.checked))
    .map((e, index) => { e.dataset.stop = index; return index })"""
FOCUSED = "() => document.activeElement.dataset.stop ?? 'none'"
#: Things too small for a finger; links inside a sentence are excused.
SMALL = """() => [...document.querySelectorAll('.button, .sections a, .tabs a, .choice label')]
  .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 43.5)
  .map(e => e.outerHTML)"""
#: Buttons and states that had to break a word.
BROKEN = """() => [...document.querySelectorAll('.table .button, .badge')]
  .filter(e => e.getBoundingClientRect().height > 39).map(e => e.textContent)"""
UNFOLD = "() => document.querySelectorAll('details').forEach(e => { e.open = true })"
BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"
RINGLESS = """() => { const e = document.activeElement
  return getComputedStyle(e).outlineStyle === 'none' ? e.outerHTML : '' }"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def site(pages: jinja2.Environment) -> AsyncIterator[Site]:
    async with serving(pages) as made:
        yield made


@pytest.mark.parametrize("dark", [False, True])
async def test_the_parts_fit_any_width_and_nothing_is_refused(
    chromium: Browser, site: Site, *, dark: bool
) -> None:
    found = {}
    for width in (320, 390, 768, 1280):
        async with page_of(chromium, width=width, dark=dark) as page:
            await page.goto(site.url)
            await page.evaluate(UNFOLD)
            background = await page.evaluate(BACKGROUND)
            found[width] = (await overflow(page), complaints(page), background)

    ground = "rgb(14, 17, 23)" if dark else "rgb(246, 247, 249)"
    assert found == dict.fromkeys((320, 390, 768, 1280), (0, [], ground))


async def test_the_page_s_policy_refuses_an_inline_style_and_the_test_would_hear_it(
    chromium: Browser,
    site: Site,
) -> None:
    async with page_of(chromium) as page:
        await page.goto(site.url)
        await page.evaluate("document.body.setAttribute('style', 'color: red')")

        assert any("Content Security Policy" in said for said in complaints(page))


async def test_the_keyboard_reaches_every_control_in_the_order_of_the_page(
    chromium: Browser, site: Site
) -> None:
    async with page_of(chromium) as page:
        await page.goto(site.url)
        stops = await page.evaluate(REACHABLE)
        reached, ringless = [], []
        for _ in stops:
            await page.keyboard.press("Tab")
            reached.append(await page.evaluate(FOCUSED))
            ringless.append(await page.evaluate(RINGLESS))

        assert len(stops) > 40
        assert reached == [str(stop) for stop in stops]
        assert [found for found in ringless if found] == []


async def test_the_first_stop_of_the_keyboard_skips_to_the_content(
    chromium: Browser, site: Site
) -> None:
    async with page_of(chromium) as page:
        await page.goto(site.url)
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
        await page.keyboard.press("Enter")

        assert await page.evaluate("document.activeElement.id") == "main"


async def test_a_finger_can_hit_every_control(chromium: Browser, site: Site) -> None:
    async with page_of(chromium, width=390) as page:
        await page.goto(site.url)

        assert await page.evaluate(SMALL) == []


@pytest.mark.parametrize("width", [768, 840, 1280])
async def test_no_column_is_so_narrow_that_a_button_breaks_its_word(
    chromium: Browser, site: Site, width: int
) -> None:
    async with page_of(chromium, width=width) as page:
        await page.goto(site.url)

        assert await page.evaluate(BROKEN) == []


async def test_a_row_of_a_table_is_a_card_on_a_phone_and_still_a_row_to_a_reader(
    chromium: Browser,
    site: Site,
) -> None:
    async with page_of(chromium, width=390) as page:
        await page.goto(site.url)
        row = page.get_by_role("table", name="Linked users").get_by_role("row").nth(1)

        assert await row.evaluate("e => getComputedStyle(e).display") == "block"
        await expect(row.get_by_role("rowheader")).to_have_text("usr_abc123")


@pytest.mark.parametrize(("width", "drawing"), [(390, "0 0 320 220"), (1280, "0 0 720 260")])
async def test_a_plot_has_one_drawing_for_each_width(
    chromium: Browser, site: Site, width: int, drawing: str
) -> None:
    async with page_of(chromium, width=width) as page:
        await page.goto(site.url)

        shown = page.get_by_role("img", name="Payouts a day")
        await expect(shown).to_have_attribute("viewBox", drawing)


async def stopped_by_asking_twice(page: Page, site: Site) -> None:
    await page.goto(f"{site.url}/job")
    await expect(page.get_by_role("button", name="Stop it")).to_be_hidden()
    await page.get_by_text("Stop…").click()
    await page.get_by_role("button", name="Stop it").click()
    await page.wait_for_url(f"{site.url}/job")


@pytest.mark.parametrize("javascript", [True, False])
async def test_what_is_dangerous_is_asked_twice_with_and_without_javascript(
    chromium: Browser, site: Site, *, javascript: bool
) -> None:
    async with page_of(chromium, javascript=javascript) as page:
        await stopped_by_asking_twice(page, site)

        assert site.posted == [{"csrf": "a-token", "job": "7"}]
        assert complaints(page) == []


async def test_a_live_region_asks_until_it_is_done_and_then_no_more(
    chromium: Browser, site: Site
) -> None:
    site.done_after = 2
    async with page_of(chromium) as page:
        await page.goto(f"{site.url}/job")
        await expect(page.get_by_text("Done")).to_be_visible()
        triggers = await page.locator("[hx-trigger]").count()

        assert site.asked == 3
        assert triggers == 0
        assert complaints(page) == []


async def test_without_javascript_a_live_region_offers_a_link(
    chromium: Browser, site: Site
) -> None:
    site.done_after = 1
    async with page_of(chromium, javascript=False) as page:
        await page.goto(f"{site.url}/job")
        await page.get_by_role("link", name="Look again").click()

        await expect(page.get_by_text("Done")).to_be_visible()
