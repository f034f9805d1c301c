"""What commands read of meetings, page after page, and why there is nothing to read."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

import httpx

from rollcall.console import Exit, Failed
from rollcall.http import App, Json, as_answered, message_of, not_the_app, parsed
from rollcall.plain import plain

NOT_MODIFIED = 304
CODES = {400: Exit.USAGE, 404: Exit.NO, 410: Exit.NO}
"""What refusals of a read mean for the process; any other status is no answer of the app's."""
MEDIA = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
"""What the app names the forms of a sheet in `Content-Type`."""


def read_record(
    app: App,
    *,
    meeting_id: str | None = None,
    request_id: str | None = None,
    parameters: Mapping[str, str] | None = None,
    known: str | None = None,
) -> httpx.Response:
    """Return the answer with a record, in the form that the parameters name. Raises `Failed`.

    `known`: the tag of an answer that the caller has; the answer is 304 where it is the same.
    """
    query = dict(parameters or {})
    path = "meetings"
    if meeting_id is not None:
        path = _path_of(meeting_id)
    elif request_id is not None:
        query["requestId"] = request_id
    headers = {} if known is None else {"If-None-Match": known}
    return hold_to_success(app.get(path, query, headers), meeting_id or request_id or "")


def read_sheet(app: App, meeting_id: str, parameters: Mapping[str, str]) -> bytes:
    """Return the sheet of a meeting, whose form `format` among the parameters is.

    Raises `Failed`, also where a page of another server's answered, such as one to sign in.
    """
    answer = read_record(app, meeting_id=meeting_id, parameters=parameters)
    if not answer.headers.get("Content-Type", "").startswith(MEDIA[parameters["format"]]):
        raise not_the_app("it gave no sheet")
    return answer.content


def read_log(app: App, meeting_id: str) -> Iterator[Json]:
    """Yield every line of the log of a meeting. Raises `Failed`."""
    after: str | None = None
    seen: set[str] = set()
    while True:
        path = f"{_path_of(meeting_id)}/log"
        answer = app.get(path, {} if after is None else {"after": after})
        yield from map(parsed, hold_to_success(answer, meeting_id).iter_lines())
        following = answer.links.get("next")
        if following is None:
            return
        with as_answered():
            after = httpx.URL(following["url"]).params["after"]
        if after in seen:
            raise not_the_app("a page of the log names an earlier one as the next one")
        seen.add(after)


def read_day(app: App, day: str, *, open_only: bool) -> Iterator[Json]:
    """Yield the pages of a day's meetings. Raises `Failed`."""
    query = {"day": day} | ({"open": "true"} if open_only else {})
    seen: set[str] = set()
    while True:
        page = parsed(hold_to_success(app.get("meetings", query), day).text)
        continuation = page.get("continuation")
        meetings = page.get("meetings")
        if not isinstance(meetings, list) or not all(isinstance(one, dict) for one in meetings):
            raise not_the_app("the list has no meetings")
        if continuation is not None and (not isinstance(continuation, str) or continuation in seen):
            raise not_the_app("the list has no next page")
        yield page
        if continuation is None:
            return
        query["continuation"] = continuation
        seen.add(continuation)


def _path_of(meeting_id: str) -> str:
    """Return the path of a record. The id may be what an answer gave for one."""
    with as_answered():
        return f"meetings/{quote(meeting_id, safe='')}"


def hold_to_success(answer: httpx.Response, wanted: str) -> httpx.Response:
    """Return the answer if it has what was wanted, or 304. Raises `Failed` with the app's words."""
    if answer.is_success or answer.status_code == NOT_MODIFIED:
        return answer
    said = plain(message_of(answer)) or f"The app answered {answer.status_code}."
    code = CODES.get(answer.status_code, Exit.UNREACHABLE)
    raise Failed(f"{plain(wanted)}: {said}", code)
