"""The browser that the tests share, and pages in it that fail a test for what no page may do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    Route,
    async_playwright,
)

from devstack.chromium import ENVIRONMENT, EXECUTABLE

type Theme = Literal["light", "dark"]

DESKTOP, PHONE = 1280, 320
"""Widths in CSS pixels. 320: WCAG 2.1, 1.4.10 Reflow."""
SHOWN_WITHIN = 3_000
"""Milliseconds from a change of the record to the page that shows it, on the page's own clock. In
`paused` pages that stands still, but for what a test lets pass: a busy machine fails no test."""
_HEIGHT = 800
_NOTHING_BUT_LOOPBACK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
_OF_THE_PAGE_ITSELF = "Failed to load resource: the server responded with a status of"


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run Chromium, which reaches no other machine; AssertionError where it is not installed."""
    assert EXECUTABLE.exists(), "Chromium is not installed: run `python -m devstack.install`"
    async with async_playwright() as driver:
        # Its sandbox works neither for root nor in many containers; only our own pages are opened.
        browser = await driver.chromium.launch(
            executable_path=EXECUTABLE,
            env=dict(ENVIRONMENT),
            chromium_sandbox=False,
            args=[_NOTHING_BUT_LOOPBACK],
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def opened(
    browser: Browser,
    url: str,
    *,
    width: int = DESKTOP,
    theme: Theme = "light",
    scripts: bool = True,
    csp: bool = True,
    allowed: str | None = None,
    paused: bool = False,
) -> AsyncIterator[Page]:
    """Open `url` in a profile of its own; AssertionError at the end for what no page may do.

    That is: a request to another origin, a complaint on the console (a violation of the Content
    Security Policy is one), an uncaught error, a dialog. Without `csp` the policy is not enforced.
    A complaint that holds the text `allowed` is what the test is about. With `paused`, the page's
    clock stands still: `page.clock.run_for` lets time pass, as fast as the page keeps up.
    """
    context = await browser.new_context(
        viewport={"width": width, "height": _HEIGHT},
        color_scheme=theme,
        java_script_enabled=scripts,
        bypass_csp=not csp,
        reduced_motion="reduce",
    )
    try:
        page = await context.new_page()
        troubles = await _watch(page, origin="/".join(url.split("/")[:3]))
        if paused:
            await page.clock.install(time=0)
            await page.clock.pause_at(1_000)
        await page.goto(url)
        yield page
    finally:
        await context.close()
    troubles = [one for one in troubles if allowed is None or allowed not in one]
    assert not troubles, f"{url}:\n" + "\n".join(troubles)


async def _watch(page: Page, *, origin: str) -> list[str]:
    """Return the list to which everything is added that the page does and may not do."""
    troubles: list[str] = []

    async def keep_inside(route: Route, request: Request) -> None:
        if request.url.startswith(f"{origin}/"):
            await route.continue_()
        else:
            troubles.append(f"request to {request.url}")
            await route.abort()

    def complain(message: ConsoleMessage) -> None:
        # Chromium reports the status of the document itself in the same words.
        of_the_page = message.location["url"] == page.url
        if message.type in ("error", "warning") and not (
            of_the_page and message.text.startswith(_OF_THE_PAGE_ITSELF)
        ):
            troubles.append(f"console: {message.text}")

    await page.context.route("**/*", keep_inside)
    page.on("console", complain)
    page.on("pageerror", lambda error: troubles.append(f"uncaught: {error}"))
    page.on("websocket", lambda socket: troubles.append(f"WebSocket to {socket.url}"))

    async def dismiss(dialog: Dialog) -> None:
        troubles.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    page.on("dialog", dismiss)
    return troubles
