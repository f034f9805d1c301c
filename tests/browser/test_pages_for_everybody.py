"""Pages that everyone can use: with a keyboard, on a phone, by ear, without scripts."""

from itertools import product
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.browser import pages, records
from tests.browser.axe import findings
from tests.browser.chromium import DESKTOP, PHONE, Theme, opened
from tests.browser.loopback import Loopback

pytestmark = pytest.mark.asyncio(loop_scope="session")

SITUATIONS = {
    "held": pages.of_meeting(records.held(), records.log()),
    "running": pages.of_meeting(records.running()),
    "unwatched": pages.of_meeting(records.unwatched()),
    "empty": pages.of_meeting(records.empty()),
    "failed": pages.of_meeting(records.failed()),
    "in progress": pages.of_meeting(records.in_progress()),
    "no such meeting": pages.of_status(404, "No such meeting is known here."),
    "purged": pages.of_status(410, "The record of this meeting was purged at 2026-11-24."),
    "day": pages.of_day(records.day()),
    "empty day": pages.of_day(records.listed()),
}


LOOKED_AT = [
    pytest.param(
        *look,
        marks=()
        if look in (("held", DESKTOP, "light"), ("day", PHONE, "dark"))
        else pytest.mark.long,
    )
    for look in product(SITUATIONS, (DESKTOP, PHONE), ("light", "dark"))
]
"""Each page, wide and narrow, light and dark; two of them in `make test`."""


@pytest.mark.parametrize(("situation", "width", "theme"), LOOKED_AT)
async def test_axe_finds_nothing(
    browser: Browser, server: Loopback, situation: str, width: int, theme: Theme
) -> None:
    """Nor does a page have to be scrolled sideways."""
    url = server.serve("/axe", SITUATIONS[situation])

    async with opened(browser, url, width=width, theme=theme, csp=False) as page:
        await _open_details(page)

        assert await findings(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("situation", SITUATIONS)
async def test_the_content_security_policy_holds(
    browser: Browser, server: Loopback, situation: str
) -> None:
    """Style applies and script runs under it, and no request goes elsewhere: `opened` sees it."""
    url = server.serve("/policy", SITUATIONS[situation])

    async with opened(browser, url) as page:
        assert await page.locator("body").evaluate("b => getComputedStyle(b).maxWidth") != "none"


async def test_the_keyboard_reaches_everything_in_order(browser: Browser, server: Loopback) -> None:
    """The skip link first; then each link and each detail, from top to bottom; Enter opens one."""
    url = server.serve("/keyboard", SITUATIONS["held"])

    async with opened(browser, url) as page:
        await page.keyboard.press("Tab")
        assert await _focused(page, "e => e.getAttribute('href')") == "#main"
        assert await _focused(page, "e => e.getBoundingClientRect().left") >= 0

        order = await _tab_through(page)
        wanted = await page.locator("a[href], summary").all_inner_texts()
        assert order == wanted[1:]

        await page.locator("summary").first.focus()
        await page.keyboard.press("Enter")
        assert await page.locator("details").first.get_attribute("open") is not None


async def test_the_skip_link_leads_to_the_content(browser: Browser, server: Loopback) -> None:
    """The next Tab goes on there, behind the links to other views."""
    url = server.serve("/skip", SITUATIONS["held"])

    async with opened(browser, url) as page:
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")

        assert await _focused(page, "e => !!e.closest('main')") is True


async def test_focus_can_be_seen(browser: Browser, server: Loopback) -> None:
    """Each element that has the focus has an outline."""
    url = server.serve("/focus", SITUATIONS["day"])

    async with opened(browser, url) as page:
        for _ in range(await page.locator("a[href]").count()):
            await page.keyboard.press("Tab")
            width = await _focused(page, "e => parseFloat(getComputedStyle(e).outlineWidth)")
            assert width >= 2


async def test_without_scripts_everything_is_there_but_the_live_refresh(
    browser: Browser, server: Loopback
) -> None:
    """The same content, and details open."""
    url = server.serve("/plain", SITUATIONS["held"])

    async with opened(browser, url, scripts=False) as plain:
        without = await plain.locator("body").inner_text()
        await plain.locator("summary").first.click()
        assert await plain.locator("details").first.get_attribute("open") is not None
    async with opened(browser, url) as page:
        assert await page.locator("body").inner_text() == without


async def test_a_running_call_says_without_scripts_what_it_says_with_them(
    browser: Browser, server: Loopback
) -> None:
    """But for the sign that the page is live."""
    url = server.serve("/plain-running", SITUATIONS["running"])

    async with opened(browser, url, scripts=False) as plain:
        assert not await plain.locator("#pulse").is_visible()
        without = await plain.locator("main").inner_text()
    async with opened(browser, url) as page:
        assert await page.locator("#pulse").is_visible()
        assert await page.locator("main").inner_text() == without


async def _open_details(page: Page) -> None:
    await page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")


async def _focused(page: Page, question: str) -> Any:
    return await page.evaluate(f"({question})(document.activeElement)")


async def _tab_through(page: Page) -> list[str]:
    """Press Tab until the focus leaves the page; return the texts of what had it."""
    found: list[str] = []
    while True:
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement === document.body"):
            return found
        found.append(str(await _focused(page, "e => e.innerText")))
