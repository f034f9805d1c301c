"""Pages of much: a town hall, a room of forty calls, a night in which an hour comes twice."""

from time import perf_counter

import pytest
from playwright.async_api import Browser

from tests.browser import pages, records
from tests.browser.axe import findings
from tests.browser.chromium import PHONE, opened
from tests.browser.loopback import Loopback

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.long]

SHOWN_WITHIN_SECONDS = 5.0
"""On a busy machine; on a quiet one it takes a tenth of it."""


@pytest.mark.parametrize("width", [1280, PHONE])
async def test_a_thousand_people_are_a_page(browser: Browser, server: Loopback, width: int) -> None:
    """Each of them is on it, the last ones behind a detail; it is there soon."""
    url = server.serve("/crowd", pages.of_meeting(records.crowd()))

    began = perf_counter()
    async with opened(browser, url, width=width) as page:
        await page.get_by_text("Person 0").first.wait_for()
        assert perf_counter() - began < SHOWN_WITHIN_SECONDS

        last = page.get_by_text("Person 999", exact=False)
        assert not await last.is_visible()
        await page.locator("details.more > summary").click()
        assert await last.is_visible()
        assert await page.locator("section.call tbody tr").count() == 1_000
        assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_forty_calls_are_reached_from_the_top(browser: Browser, server: Loopback) -> None:
    """Each by a link to its place."""
    url = server.serve("/forty", pages.of_meeting(records.many_calls()))

    async with opened(browser, url) as page:
        links = page.get_by_role("navigation", name="Calls").get_by_role("link")
        assert await links.count() == 40

        await links.nth(39).click()

        assert page.url.endswith("#call-40")
        assert await page.locator("#call-40").evaluate("e => e.getBoundingClientRect().top") < 800


async def test_large_pages_are_for_everyone_too(browser: Browser, server: Loopback) -> None:
    """Axe-core finds nothing on the page of forty calls; on that of a crowd it would take long."""
    url = server.serve("/forty-for-all", pages.of_meeting(records.many_calls()))

    async with opened(browser, url, csp=False) as page:
        assert await findings(page) == []


async def test_an_hour_that_comes_twice_is_told_apart(browser: Browser, server: Loopback) -> None:
    """From 2:30 to 2:30 in Berlin, an hour later: each with its offset."""
    record = records.in_the_night_of_the_clock_change()
    url = server.serve("/autumn", pages.of_meeting(record, zone="Europe/Berlin"))

    async with opened(browser, url) as page:
        row = await page.locator("section.call tbody tr").inner_text()

        assert "02:30:00.000 to 02:30:00.000 +01:00" in row
        assert "+02:00" in await page.locator("section.call h3").inner_text()
        assert "1 h" in row
