"""Pages as HTML, and the headers that every one of them has.

Style and script stand in the page; the policy names both by their digests, and lets in nothing
else. So a page that is saved is whole, and text that got into it by a mistake cannot run.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from meeting_record.answers import Answer
from meeting_record.pages.day_page import DayPage
from meeting_record.pages.meeting_page import MeetingPage
from meeting_record.pages.notice import Notice

FOLDER = Path(__file__).with_name("templates")
HTML = "text/html"
STYLE = (FOLDER / "page.css").read_text(encoding="utf-8")
SCRIPT = (FOLDER / "page.js").read_text(encoding="utf-8")


def _digest(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src {_digest(STYLE)}",
        f"script-src {_digest(SCRIPT)}",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Source: https://www.w3.org/TR/CSP3/"""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The address may hold the key: `no-referrer` keeps it from whatever is requested next."""

type Page = MeetingPage | DayPage | Notice
TEMPLATES: dict[type[Any], str] = {
    MeetingPage: "meeting.html",
    DayPage: "day.html",
    Notice: "notice.html",
}


def page_answer(page: Page, status: int = 200) -> Answer:
    """Return a page as it is answered."""
    template = _environment().get_template(TEMPLATES[type(page)])
    return Answer(status=status, body=template.render(page=page), media=HTML, headers=HEADERS)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The only texts that are not escaped: our own files.
    environment.globals |= {
        "style": Markup(STYLE),  # noqa: S704 - our own file
        "script": Markup(SCRIPT),  # noqa: S704 - our own file
    }
    return environment
