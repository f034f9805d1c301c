"""The instrument itself: the browser runs here, and every trouble of a page fails its test."""

import pytest
from playwright.async_api import Browser

from tests.browser.axe import findings
from tests.browser.chromium import opened
from tests.browser.loopback import HTML, Answer, Loopback

pytestmark = pytest.mark.asyncio(loop_scope="session")

STRICT = HTML | {"Content-Security-Policy": "default-src 'none'; style-src 'self'"}
GOOD = """<!doctype html><html lang="en"><title>A page</title>
<main><h1>Ada, Grüße</h1><p>Two people.</p></main></html>"""


async def test_a_page_without_trouble_is_read(browser: Browser, server: Loopback) -> None:
    """With its text drawn by the fonts that the browser brings: letters have a width."""
    url = server.serve("/good", Answer(body=GOOD, headers=STRICT))

    async with opened(browser, url) as page:
        heading = page.get_by_role("heading", level=1)

        assert await heading.inner_text() == "Ada, Grüße"
        box = await page.locator("h1").evaluate(
            "h1 => { const r = document.createRange(); r.selectNodeContents(h1);"
            " return r.getBoundingClientRect().width; }"
        )
        assert box > 100


async def test_an_answer_with_an_error_status_is_no_trouble(
    browser: Browser, server: Loopback
) -> None:
    """Pages for 404 and 410 are tested as others are."""
    url = server.serve("/gone", Answer(body=GOOD, status=410, headers=STRICT))

    async with opened(browser, url) as page:
        assert await page.title() == "A page"


@pytest.mark.long
@pytest.mark.parametrize(
    ("body", "trouble"),
    [
        ('<img src="https://example.com/a.png" alt="">', "request to https://example.com/a.png"),
        ('<link rel="stylesheet" href="//127.0.0.1:9/a.css">', "request to http://127.0.0.1:9/"),
        ("<script>fetch('http://localhost:9/').catch(() => 0)</script>", "http://localhost:9/"),
        ("<script>new WebSocket('ws://127.0.0.1:9/')</script>", "ws://127.0.0.1:9/"),
        ("<script>console.error('it broke')</script>", "console: it broke"),
        ("<script>console.warn('it may break')</script>", "console: it may break"),
        ("<script>undefined.name</script>", "uncaught: Cannot read properties of undefined"),
        ("<script>alert('it ran')</script>", "dialog: it ran"),
        ('<img src="missing.png" alt="">', "404"),
    ],
)
async def test_what_a_page_may_not_do_fails_its_test(
    browser: Browser, server: Loopback, body: str, trouble: str
) -> None:
    """And the message names it."""
    url = server.serve("/bad", Answer(body=body))

    with pytest.raises(AssertionError) as failure:
        async with opened(browser, url) as page:
            await page.wait_for_load_state("networkidle")

    assert trouble in str(failure.value)


@pytest.mark.parametrize(
    "body",
    ["<script>document.title = 1</script>", '<p style="color: red">', '<img src="a.png" alt="">'],
)
async def test_a_violation_of_the_content_security_policy_fails_the_test(
    browser: Browser, server: Loopback, body: str
) -> None:
    """The policy is enforced, and what it stops is a trouble."""
    url = server.serve("/violation", Answer(body=body, headers=STRICT))

    with pytest.raises(AssertionError, match="Content Security Policy"):
        async with opened(browser, url):
            pass


async def test_axe_finds_what_some_people_could_not_use(browser: Browser, server: Loopback) -> None:
    """On a page with a policy that would keep it out; and nothing on a good page."""
    poor = '<html><body style="background: #fff"><img src="/dot"><p style="color: #ccc">Pale</p>'
    good = server.serve("/usable", Answer(body=GOOD, headers=STRICT))
    bad = server.serve("/unusable", Answer(body=poor, headers=STRICT))
    server.serve(
        "/dot",
        Answer(
            body="<svg xmlns='http://www.w3.org/2000/svg'/>",
            headers={"Content-Type": "image/svg+xml"},
        ),
    )

    async with opened(browser, good, csp=False) as page:
        assert await findings(page) == []
    async with opened(browser, bad, csp=False) as page:
        rules = {finding.split(":")[0] for finding in await findings(page)}
    assert {"color-contrast", "image-alt", "html-has-lang", "document-title"} <= rules
