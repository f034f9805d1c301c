"""What every page has, whatever it shows; and what tests read off one."""

import base64
import hashlib
import re
from itertools import pairwise

from meeting_record.answers import Answer
from meeting_record.asked import Asked
from tests.fixtures.html_page import Element, parsed

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def asking(**parameters: str) -> Asked:
    """Return a request with these parameters."""
    return Asked(parameters=parameters, accept="text/html")


def page_of(answer: Answer, status: int = 200) -> Element:
    """Return the page that was answered, held to what every page has."""
    assert (answer.status, answer.media) == (status, "text/html")
    hold_to_headers(answer)
    page = parsed(answer.body)
    hold_to_structure(page)
    return page


def hold_to_headers(answer: Answer) -> None:
    """Demand the headers of every page; the policy names style and script by their digests."""
    assert HEADERS.items() <= answer.headers.items()
    policy = answer.headers["Content-Security-Policy"]
    texts = re.findall(r"<(?:style|script)>(.*?)</(?:style|script)>", answer.body, re.DOTALL)
    for text in texts:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    rules = dict(one.split(" ", 1) for one in policy.split("; "))
    assert rules.keys() == {
        *("default-src", "style-src", "script-src", "connect-src"),
        *("base-uri", "form-action", "frame-ancestors"),
    }
    assert "unsafe" not in policy
    assert rules["connect-src"] == "'self'"
    closed = ("default-src", "base-uri", "form-action", "frame-ancestors")
    assert {rules[one] for one in closed} == {"'none'"}


def hold_to_structure(page: Element) -> None:
    """Demand language, title, landmarks, headings in order, and nothing from elsewhere."""
    assert page.one("html").attributes["lang"] == "en"
    assert page.one("title").text.strip()
    for landmark in ("header", "main", "footer"):
        page.one(landmark)
    assert page.all("a")[0].attributes == {"class": "skip", "href": "#main"}
    levels = [int(one.tag[1]) for one in page.all() if re.fullmatch("h[1-6]", one.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [one.attributes["id"] for one in page.all() if "id" in one.attributes]
    assert sorted(ids) == sorted(set(ids))
    for section in page.all("section"):
        assert section.attributes["aria-labelledby"] in ids
    for nav in page.all("nav"):
        assert nav.attributes["aria-label"]
    for table in page.all("table"):
        assert table.one("caption").text.strip()
        assert {one.attributes["scope"] for one in table.all("th")} == {"col", "row"}
    for svg in page.all("svg"):
        assert svg.attributes["aria-hidden"] == "true"
    for one in page.all():
        assert not {"style", "src", "srcset", "action", "background"} & one.attributes.keys()
        assert not [name for name in one.attributes if name.startswith("on")]
        assert one.tag not in {"base", "form", "img", "iframe", "link", "object", "embed"}
        href = one.attributes.get("href", "")
        assert not re.match(r"\w+:|//|\\", href)
        assert href.startswith("#") is False or href[1:] in ids


def rows(page: Element, number: int) -> list[list[str]]:
    """Return the people of a call, cell by cell."""
    call = page.one("section", **{"aria-labelledby": f"call-{number}"})
    return [
        [cell.words for cell in row.children if isinstance(cell, Element)]
        for table in call.all("table")
        for row in table.one("tbody").all("tr")
    ]


def call_of(page: Element, number: int) -> Element:
    """Return the section of a call."""
    return page.one("section", **{"aria-labelledby": f"call-{number}"})
