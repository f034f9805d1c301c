"""The pages through the real host: of a meeting while a person is there, and of its day."""

from uuid import uuid4

import aiohttp
import pytest
from yarl import URL

from tests.fixtures.html_page import Element, parsed
from tests.system.client import Client
from tests.system.lab import eventually
from tests.system.stack import Endpoints

pytestmark = pytest.mark.asyncio(loop_scope="session")


def page_of(response: aiohttp.ClientResponse, text: str, status: int = 200) -> Element:
    """Return the page, whose headers let in nothing from elsewhere and keep it nowhere."""
    assert response.status == status
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    return parsed(text)


def links_in(page: Element) -> dict[str, str]:
    """Return where a page leads to outside itself, by the text of the link."""
    found = {one.text: one.attributes["href"] for one in page.all("a")}
    return {text: href for text, href in found.items() if not href.startswith("#")}


async def test_the_page_of_a_meeting_says_what_its_record_says(
    client: Client, endpoints: Endpoints, subject: str
) -> None:
    """While a person is there; every link on it leads to something that is served."""
    ada = str(uuid4())
    created = await client.begun_call(subject, ada)
    meeting_id, link = created["meetingId"], created["coordinates"]["joinWebUrl"]
    path = f"meetings/{meeting_id}/timeline"

    page = page_of(*await client.get_text(path))

    record = await client.record(meeting_id)
    assert record is not None
    assert page.one("h1").text == subject
    assert page.one("main").attributes["data-every"] == "2"
    call = page.one("section", **{"aria-labelledby": "call-1"})
    assert call.facts()["Started"].moments == [record["calls"][0]["startedAt"]]
    assert ada in call.one("table").text
    assert link not in page.text
    for text, href in links_in(page).items():
        assert endpoints.function_key not in href
        there = URL(f"{endpoints.functions}/api/{path}").join(URL(href))
        found, _ = await client.get_text(there.path_qs.removeprefix("/api/"))
        assert found.status == 200, text

    async def known_already() -> aiohttp.ClientResponse | None:
        first, _ = await client.get_text(path)
        tag = {"If-None-Match": first.headers["ETag"]}
        again, text = await client.get_text(path, **tag)
        if again.status != 304:  # something was heard in between
            return None
        assert text == ""
        return again

    again = await eventually(known_already, "a page that is known already")
    assert again.headers["Content-Security-Policy"].startswith("default-src 'none'; ")


async def test_the_page_of_a_day_leads_to_its_meetings(
    client: Client, endpoints: Endpoints, subject: str
) -> None:
    """With the key in its links where the address has it, so that a browser can follow them."""
    await client.drop({"requestId": subject, "subject": subject})
    created = (await client.created(subject)).data
    day = created["startDateTime"][:10]
    url = f"{endpoints.functions}/api/timeline"

    async with client.http.get(url, params={"day": day, "code": endpoints.function_key}) as found:
        page = page_of(found, await found.text())
        leads_to = found.url.join(URL(links_in(page)[subject]))
    async with client.http.get(leads_to) as found:
        assert page_of(found, await found.text()).one("h1").text == subject


async def test_what_has_no_page_says_so_as_a_page(client: Client, endpoints: Endpoints) -> None:
    """Unknown meetings, wrong parameters; without a key nothing is said at all."""
    unknown = f"meetings/{'a' * 26}/timeline"

    page_of(*await client.get_text(unknown), 404)
    wrong = page_of(*await client.get_text("timeline?day=tomorrow&tz=Mars"), 400)

    assert sorted(wrong.facts()) == ["day", "tz"]
    for path in (unknown, "timeline"):
        async with client.http.get(f"{endpoints.functions}/api/{path}") as response:
            assert (response.status, await response.text()) == (401, "")
