"""What is answered to a reader: status, headers, body. Core: values.

Nothing is kept by caches on the way: records are about people. The tag is for a program that holds
the last answer itself, and need not get the same again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic_core import to_json

from meeting_record.asked import MEDIA, BadRequest, Form
from meeting_record.attendance import as_csv, as_ndjson, file_name
from meeting_record.view import Found, answer_of
from shared.meeting.meeting import Purged
from shared.words.ids import digest

NO_STORE = {"Cache-Control": "no-store"}
"""Source: https://www.rfc-editor.org/rfc/rfc9111#name-no-store-2"""
OF_304 = frozenset(
    {
        *("Cache-Control", "ETag", "Vary", "Link"),
        *("Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options"),
    }
)
"""The headers that a 304 repeats."""
_TAG = re.compile(r'"([^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer over HTTP."""

    status: int
    body: str
    media: str = MEDIA["json"]
    headers: Mapping[str, str] = field(default_factory=lambda: NO_STORE)


def json_answer(body: dict[str, Any], status: int = 200) -> Answer:
    """Return an answer of one JSON object."""
    return Answer(status=status, body=to_json(body).decode())


def problem(status: int, message: str) -> Answer:
    """Return why there is no answer, in one sentence."""
    return json_answer({"message": message}, status)


def refusal(refused: BadRequest) -> Answer:
    """Return what is wrong with a request: in one sentence, and parameter by parameter."""
    problems = [{"parameter": one.parameter, "message": one.message} for one in refused.problems]
    said = "; ".join(f"{one.parameter} {one.message}" for one in refused.problems)
    message = said if said.endswith("?") else f"{said}."
    return json_answer({"message": message, "problems": problems}, refused.status)


def gone(found: Purged | None) -> Answer:
    """Return the answer where there is no meeting, or none any more."""
    status, body = answer_of(found)
    return json_answer(body, status)


def log_answer(lines: str, meeting_id: str, last: int | None) -> Answer:
    """Return a page of a log. Behind `last`, its last commit, the log goes on; None: it is empty.

    Source: https://www.rfc-editor.org/rfc/rfc8288
    """
    answer = Answer(status=200, body=lines, media=MEDIA["ndjson"])
    if last is None:
        return answer
    link = f'</api/meetings/{meeting_id}/log?after={last}>; rel="next"'
    return _with(answer, {"Link": link})


def record_answer(found: Found, form: Form) -> Answer:
    """Return the answer of a record in the form that was requested, or why there is none."""
    status, body = answer_of(found)
    if status != 200 or form.format == "json":
        answer = json_answer(body, status)
    elif form.format == "csv":
        answer = Answer(status=200, body=as_csv(body, form.zone), media=MEDIA["csv"])
        name = f'attachment; filename="{file_name(body)}"'
        answer = _with(answer, {"Content-Disposition": name, "X-Content-Type-Options": "nosniff"})
    else:
        answer = Answer(status=200, body=as_ndjson(body), media=MEDIA["ndjson"])
    return _with(answer, {"Vary": "Accept"})


def unless_known(answer: Answer, if_none_match: str) -> Answer:
    """Return the answer with its tag; 304 without a body where the reader has that one.

    The tag is a digest of the body, so it holds for whatever the body is made of. It is weak: a
    front end may compress the body, which a strong tag does not allow.
    Source: https://www.rfc-editor.org/rfc/rfc9110#name-if-none-match
    """
    if answer.status != 200:
        return answer
    tag = digest("answer", answer.media, answer.body, characters=26)
    answer = _with(answer, {"ETag": f'W/"{tag}"'})
    if if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match):
        headers = {name: value for name, value in answer.headers.items() if name in OF_304}
        return replace(answer, status=304, body="", headers=headers)
    return answer


def _with(answer: Answer, headers: Mapping[str, str]) -> Answer:
    return replace(answer, headers={**answer.headers, **headers})
