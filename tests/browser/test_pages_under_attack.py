"""What strangers name themselves, or put into a request, is text on a page and nothing else."""

import pytest
from playwright.async_api import Browser

from tests.browser import pages, records
from tests.browser.chromium import opened
from tests.browser.loopback import Loopback

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = "a-function-key-of-the-app"
ATTACKED = {
    "meeting": pages.of_meeting(records.attacked(), records.log()),
    "day": pages.of_day(records.attacked_day()),
    "notice": pages.of_status(404, " ".join(records.ATTACKS)),
}
OUR_OWN = {
    "meeting": pages.of_meeting(records.running(), records.log()),
    "day": pages.of_day(records.day()),
    "notice": pages.of_status(404, "No such meeting is known here."),
}
ELEMENTS = """() => [...document.querySelectorAll("*")].map((one) =>
  [one.localName, ...[...one.attributes].map(({ name }) => name).sort()].join(" "))"""


@pytest.mark.parametrize("csp", [True, False], ids=["with its policy", "without its policy"])
@pytest.mark.parametrize("page_of", ATTACKED)
async def test_nothing_runs_and_nothing_is_requested(
    browser: Browser, server: Loopback, page_of: str, *, csp: bool
) -> None:
    """By escaping alone: also where a browser does not enforce the policy."""
    url = server.serve("/attacked", ATTACKED[page_of])

    async with opened(browser, url, csp=csp) as page:
        for detail in await page.locator("summary").all():
            await detail.click()
        await page.evaluate("document.querySelectorAll('*').forEach(e => e.focus?.())")
        await page.wait_for_load_state("networkidle")
        assert page.url == url


@pytest.mark.parametrize("page_of", ATTACKED)
async def test_no_element_and_no_attribute_comes_from_outside(
    browser: Browser, server: Loopback, page_of: str
) -> None:
    """A page under attack is made of what a page of the same kind is made of."""
    kinds = []
    for found in (ATTACKED[page_of], OUR_OWN[page_of], pages.of_meeting(records.held())):
        url = server.serve("/made-of", found)
        async with opened(browser, url, scripts=True) as page:
            kinds.append(set(await page.evaluate(ELEMENTS)))
    attacked, own, held = kinds

    assert attacked <= own | held


async def test_attacks_are_read_as_they_were_written(browser: Browser, server: Loopback) -> None:
    """As text, in the heading and beside a person."""
    url = server.serve("/read", ATTACKED["meeting"])

    async with opened(browser, url) as page:
        heading = await page.locator("h1").text_content()
        assert heading is not None
        for attack in records.ATTACKS:
            assert attack.replace("\0", "") in heading  # HTML has no U+0000


async def test_every_link_leads_to_the_app_itself(browser: Browser, server: Loopback) -> None:
    """Or to a place on the page."""
    for found in ATTACKED.values():
        url = server.serve("/api/meetings/x/timeline", found)
        async with opened(browser, url) as page:
            links = await page.locator("[href], [src]").evaluate_all("all => all.map(a => a.href)")

            assert links
            assert all(link.startswith(f"{server.origin}/") for link in links)


async def test_the_key_of_the_address_goes_to_the_app_alone(
    browser: Browser, server: Loopback
) -> None:
    """It is in the page's own links, and neither in a referrer nor anywhere that stays."""
    path = "/api/meetings/x/timeline"
    url = server.serve(path, pages.of_meeting(records.running(), code=KEY)) + f"?code={KEY}"
    day = "/api/timeline"
    server.serve(day, pages.of_day(records.day()))

    async with opened(browser, url) as page:
        kept = await page.evaluate(
            "() => [document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)]"
        )
        assert not any(KEY in one for one in kept)
        assert KEY not in await page.locator("body").inner_text()
        async with page.expect_request("**/api/timeline*") as sent:
            await page.get_by_role("link", name="The day").click()
        request = await sent.value
        assert KEY in request.url
        assert "referer" not in await request.all_headers()


async def test_a_page_without_a_key_in_its_address_has_none(
    browser: Browser, server: Loopback
) -> None:
    """So one that was requested with the header can be passed on."""
    url = server.serve("/saved", pages.of_meeting(records.running()))

    async with opened(browser, url) as page:
        assert "code=" not in await page.content()
