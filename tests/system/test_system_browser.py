"""The pages of the real app in a real browser: a day, a meeting, a join that shows by itself."""

from collections.abc import AsyncIterator
from urllib.parse import urlencode, urljoin
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from devstack.chromium import RUNS_HERE
from tests.browser.chromium import SHOWN_WITHIN, chromium, opened
from tests.system.client import Client
from tests.system.stack import Endpoints

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Return Chromium, where it runs."""
    if not RUNS_HERE:
        pytest.skip("the Chromium from npm runs on Linux on x86-64 alone")
    async with chromium() as browser:
        yield browser


async def test_a_call_is_found_by_its_day_and_followed_while_it_goes_on(
    browser: Browser, client: Client, endpoints: Endpoints, subject: str
) -> None:
    """With the key in the address, as from a bookmark. Each link of both pages is answered."""
    request = {"requestId": subject, "subject": subject, "join": "now", "context": {"a": 1}}
    await client.drop(request)
    created = (await client.created(subject)).data
    meeting_id, link = created["meetingId"], created["coordinates"]["joinWebUrl"]
    await client.told(meeting_id, "bot.joined")
    await client.lab.join(link, str(uuid4()), "Ada <b>Lovelace</b>")
    await client.told(meeting_id, "call.started", callNumber=1)
    query = urlencode({"day": created["startDateTime"][:10], "code": endpoints.function_key})

    day = f"{endpoints.functions}/api/timeline?{query}"
    async with opened(browser, day, paused=True) as page:
        await _answered(page, client)
        await page.get_by_role("link", name=subject).first.click()
        await expect(page.locator("h1")).to_have_text(subject)
        await expect(page.get_by_role("rowheader", name="Ada <b>Lovelace</b>")).to_be_visible()
        await _answered(page, client)

        context = page.locator("#context")
        await context.locator("summary").click()
        bo_id = str(uuid4())
        bo = await client.lab.join(link, bo_id, "Bo")
        await client.events.first(
            lambda one: (
                one.kind == "participant.joined" and one.data["participant"].get("userId") == bo_id
            ),
            session=meeting_id,
        )
        await page.clock.run_for(SHOWN_WITHIN)
        await expect(page.get_by_role("rowheader", name="Bo")).to_be_visible()
        await expect(context).to_have_attribute("open", "")
        await expect(context.locator("summary")).to_be_focused()
        await client.lab.leave(bo)


async def test_a_meeting_that_is_not_known_has_a_page_that_says_so(
    browser: Browser, client: Client, endpoints: Endpoints
) -> None:
    """From there a link leads on. Without the key there is no page at all."""
    path = f"{endpoints.functions}/api/meetings/{'a' * 26}/timeline"
    async with client.http.get(path) as response:
        assert response.status == 401

    async with opened(browser, f"{path}?code={endpoints.function_key}") as page:
        await expect(page.locator("h1")).to_have_text("No such meeting")
        await page.get_by_role("link", name="Today").click()
        await expect(page.locator("h1")).to_contain_text("Meetings of")


async def _answered(page: Page, client: Client) -> None:
    """See that every link of the page is answered."""
    links = await page.locator("nav a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert links
    for link in links:
        async with client.http.get(urljoin(page.url, link)) as response:
            assert (link, response.status) == (link, 200)
