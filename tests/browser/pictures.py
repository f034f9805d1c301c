"""`python -m tests.browser.pictures`: plays the story, and writes the pictures of the documents.

They are docs/timeline.png, docs/timeline-dark.png and docs/day.png.
"""

import asyncio
import os
import sys
from pathlib import Path

from playwright.async_api import Browser, Page

from devstack.endpoints import Endpoints
from devstack.plan import plan_of_a_run
from devstack.stack import Stack
from devstack.story import HARSH_SWITCHES, STORY_SETTINGS, Story
from tests.browser.chromium import Theme, chromium
from tests.system.client import Client
from tests.system.stack import Endpoints as ClientEndpoints

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TIMELINES: dict[Theme, str] = {"light": "timeline", "dark": "timeline-dark"}
WIDTH, HEIGHT = 1000, 800
LARGEST = 200_000
"""Bytes: a reader of the README waits for them."""
OTHERS = (
    ("INC-4713", "INC-4713: search is slow", ("Ada", "Bo")),
    ("review-48", "Review of the incidents of last week", ()),
)
"""What else there is on the day of the story: request id, subject, and who is there now."""
LISTED = {"INC-4711": (2, 3), "INC-4713": (1, 2), "review-48": (0, 0)}
"""What the list of the day says in the end: calls and people, by request id."""
LISTED_WITHIN = 120
"""Seconds. A list of a day is up to a minute behind the records."""


async def main() -> int:
    """Write the pictures; 1 where one is too large."""
    plan = plan_of_a_run(ROOT, os.environ, STORY_SETTINGS, HARSH_SWITCHES)
    stack = Stack(plan, tell=_say)
    try:
        endpoints = await stack.start()
        read = await Story(endpoints, say=_say).play()
        day = read.record["meeting"]["startDateTime"][:10]
        await _others(endpoints, day)
        async with chromium() as browser:
            for theme, name in TIMELINES.items():
                page = await _opened(browser, read.page_url, endpoints, theme)
                await page.screenshot(
                    path=DOCS / f"{name}.png",
                    clip={"x": 0, "y": 0, "width": WIDTH, "height": await _end_of_calls(page)},
                    full_page=True,
                )
            url = f"{endpoints.functions}/api/timeline?day={day}"
            page = await _opened(browser, url, endpoints, "light")
            await page.screenshot(path=DOCS / "day.png", full_page=True)
    finally:
        await stack.stop()
    return _too_large()


async def _others(endpoints: Endpoints, day: str) -> None:
    """Make the other meetings of the day, and let people into them; wait until all are listed."""
    async with Client(ClientEndpoints.said(endpoints.as_json())) as client:
        for request_id, subject, people in OTHERS:
            join = "now" if people else "never"
            await client.drop({"requestId": request_id, "subject": subject, "join": join})
            created = (await client.created(subject)).data
            if not people:
                continue
            await client.told(created["meetingId"], "bot.joined")
            for name in people:
                await client.lab.join(created["coordinates"]["joinWebUrl"], name, name)
            await client.told(created["meetingId"], "call.started")
        async with asyncio.timeout(LISTED_WITHIN):
            while LISTED.items() - (await _listed(client, day)).items():  # noqa: ASYNC110 - no event says so
                await asyncio.sleep(1)


async def _listed(client: Client, day: str) -> dict[str, tuple[int, int]]:
    """Return calls and people of the meetings in the list of a day, by their request ids."""
    _, page = await client.get(f"meetings?day={day}")
    return {one["requestId"]: (one["calls"], one["people"]) for one in page["meetings"]}


async def _opened(browser: Browser, url: str, endpoints: Endpoints, theme: Theme) -> Page:
    """Open a page with the key in a header, so that no picture shows it."""
    context = await browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        color_scheme=theme,
        extra_http_headers={"x-functions-key": endpoints.function_key},
    )
    page = await context.new_page()
    await page.goto(url)
    return page


async def _end_of_calls(page: Page) -> int:
    return int(
        await page.locator("section.call").last.evaluate("e => e.getBoundingClientRect().bottom")
    )


def _too_large() -> int:
    code = 0
    for name in (*TIMELINES.values(), "day"):
        size = (DOCS / f"{name}.png").stat().st_size
        _say(f"docs/{name}.png: {size:,} bytes")
        if size > LARGEST:
            _say(
                f"docs/{name}.png has more than {LARGEST:,} bytes: take a smaller part of the page"
            )
            code = 1
    return code


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
