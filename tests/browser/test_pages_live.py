"""A page of an open call reads itself again, and leaves the reader where the reader is."""

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser import pages, records
from tests.browser.chromium import SHOWN_WITHIN, opened
from tests.browser.loopback import Answer, Loopback
from tests.browser.records import at, call, leg, session

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.long]

SLOWEST = 30_000
"""Milliseconds between two reads, after however many failures."""
ADA = session(1, "Ada Lovelace", at(0), None)
BO = session(2, "Bo Diddley", at(300), None)


def of(*people: records.Json, **meeting: object) -> Answer:
    """The page of an open call with these people."""
    return pages.of_meeting(
        records.record([call(1, at(0), None, people)], [leg("in")], **meeting), records.log()
    )


async def test_a_join_shows_and_is_read_out(browser: Browser, server: Loopback) -> None:
    """The status region says what the meeting's state is now."""
    url = server.serve("/live", of(ADA))

    async with opened(browser, url, paused=True) as page:
        await expect(_state(page)).to_contain_text("1 person is there")
        server.serve("/live", of(ADA, BO))
        await page.clock.run_for(SHOWN_WITHIN)

        await expect(_state(page)).to_contain_text("2 people are there")
        await expect(page.get_by_role("rowheader", name="Bo Diddley")).to_be_visible()
        await expect(page.get_by_role("status")).to_contain_text("2 people are there")


async def test_focus_details_and_place_stay(browser: Browser, server: Loopback) -> None:
    """Whatever changes around them."""
    url = server.serve("/stays", of(ADA))

    async with opened(browser, url, paused=True) as page:
        detail = page.locator("#context")
        await detail.locator("summary").click()
        await expect(detail).to_have_attribute("open", "")
        top = await detail.evaluate("e => e.getBoundingClientRect().top")
        server.serve("/stays", of(ADA, BO))
        await page.clock.run_for(SHOWN_WITHIN)
        await expect(page.get_by_role("rowheader", name="Bo Diddley")).to_be_attached()

        await expect(detail).to_have_attribute("open", "")
        await expect(detail.locator("summary")).to_be_focused()
        assert abs(await detail.evaluate("e => e.getBoundingClientRect().top") - top) < 200


async def test_an_ended_call_is_read_no_more(browser: Browser, server: Loopback) -> None:
    """And the page says so."""
    url = server.serve("/ends", of(ADA))

    async with opened(browser, url, paused=True) as page:
        server.serve("/ends", pages.of_meeting(records.held()))
        await page.clock.run_for(SHOWN_WITHIN)
        await expect(page.get_by_text("Not live any more")).to_be_visible()

        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        await page.clock.run_for(2 * SLOWEST)
        assert requests == []


async def test_the_page_of_a_request_leads_on_once_it_is_that_of_a_meeting(
    browser: Browser, server: Loopback
) -> None:
    """To all views of the meeting; the focus stays on its link."""
    url = server.serve("/becomes", pages.of_meeting(records.in_progress()))

    async with opened(browser, url, paused=True) as page:
        links = page.get_by_role("navigation", name="Other views").get_by_role("link")
        await expect(links).to_have_text(["The day"])
        await links.first.focus()
        server.serve("/becomes", of(ADA))
        await page.clock.run_for(SHOWN_WITHIN)

        await expect(links).to_have_text(["The day", "Attendance sheet", "Record", "Log"])
        await expect(links.first).to_be_focused()
        await expect(_state(page)).to_contain_text("1 person is there")


async def test_what_comes_while_it_is_live_cannot_run(browser: Browser, server: Loopback) -> None:
    """The same escaping and the same policy, for what is put into the page later."""
    url = server.serve("/turns", of(ADA))

    async with opened(browser, url, paused=True) as page:
        server.serve("/turns", pages.of_meeting(records.attacked(), records.log()))
        await page.clock.run_for(SHOWN_WITHIN)

        await expect(page.locator("h1")).to_contain_text("<script>")


async def test_a_failure_is_said_and_the_page_goes_on_trying(
    browser: Browser, server: Loopback
) -> None:
    """What was read last stays."""
    url = server.serve("/fails", of(ADA))

    allowed = "the server responded with a status of 503"
    async with opened(browser, url, allowed=allowed, paused=True) as page:
        server.serve("/fails", Answer(body="", status=503))
        await page.clock.run_for(SHOWN_WITHIN)
        await expect(page.locator("#pulse")).to_have_text("No answer; trying again")
        await expect(_state(page)).to_contain_text("1 person is there")

        server.serve("/fails", of(ADA, BO))
        await page.clock.run_for(SLOWEST)
        await expect(_state(page)).to_contain_text("2 people are there")
        await expect(page.locator("#pulse")).to_have_text("Live")


async def test_an_answer_of_another_site_leaves_the_page_as_it_is(
    browser: Browser, server: Loopback
) -> None:
    """A proxy's page for people to sign in, its title included."""
    url = server.serve("/proxied", of(ADA))

    async with opened(browser, url, paused=True) as page:
        title = await page.title()
        server.serve("/proxied", Answer(body="<title>Sign in</title><main id=main>Sign in</main>"))
        await page.clock.run_for(SHOWN_WITHIN)

        await expect(page.locator("#pulse")).to_have_text("No answer; trying again")
        await expect(_state(page)).to_contain_text("1 person is there")
        assert await page.title() == title


def _state(page: Page) -> Locator:
    """The sentences under the heading."""
    return page.locator("p.lead")
