"""The generated documents, as text by their path under docs/. Pure: writes no file."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from create_meeting.request import CancelMeeting, CreateMeeting, UpdateMeeting
from docs.contract.asyncapi import asyncapi
from docs.contract.events import EVENTS
from docs.contract.explained import explained
from docs.contract.json_schema import DRAFT, opened, schema_of
from docs.contract.openapi import openapi
from docs.contract.record_data import RECORD
from join_meeting.request import JoinMeeting
from shared.events.replies import HEARD_BY
from shared.legs.end_codes import (
    FAULTS,
    LEG_ENDS,
    NO_CODE,
    UNKNOWN,
    UNKNOWN_FAULT,
    LegEnd,
    next_step,
)
from shared.settings_table import SETTINGS, Setting
from shared.words.kinds import KINDS
from shared.words.problems import CATALOGUE, Waiting

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
DOCS_OF_PROBLEMS = PROJECT.parent / "docs/problems.json"
REQUESTS: dict[str, Any] = {
    "create-meeting": CreateMeeting,
    "create-meeting.update": UpdateMeeting,
    "create-meeting.cancel": CancelMeeting,
    "join-meeting": JoinMeeting,
}
"""The requests by the name of their schema."""
WAITING: dict[Waiting, str] = {
    "no": "no",
    "heals": "yes: with `retryForSeconds` it is retried until the cause is fixed",
    "later": "the same request may succeed when it is sent again later",
    "looks": "yes: Rollcall reads again by itself, as long as looks at the meeting are due",
}
FIRST_OF_5XX = 500
IN_EVERY_EVENT = frozenset({"meetingId", "context", "recordedAt", "undelivered", "shortened"})
NOTICE = "<!-- Written by `python -m docs.contract` from the code; changes made here are lost. -->"


@cache
def documents() -> Mapping[str, str]:
    """Return every generated document by its path under docs/."""
    rendered = {f"schemas/{name}.json": as_text(schema) for name, schema in schemas().items()}
    version = tomllib.loads(PROJECT.read_text())["project"]["version"]
    return {
        "problems.md": problems(),
        "problems.json": as_text(catalogue()),
        "asyncapi.json": as_text(asyncapi(version)),
        "openapi.json": as_text(openapi(version)),
        "../meeting_record/schemas.json": _served(),
        "../rollcall/catalogue.json": as_text(explained()),
        **rendered,
    }


@cache
def schemas() -> Mapping[str, dict[str, Any]]:
    """Return every schema by its name: of requests, of events, and of the record."""
    return {
        **{name: request_schema(name) for name in REQUESTS},
        **{name: event_schema(name) for name in EVENTS},
        "record": record_schema(),
    }


def as_text(document: dict[str, Any]) -> str:
    """Return a document of JSON as its file has it."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _served() -> str:
    """Return the schemas as the app serves them: it is deployed without docs/."""
    lines = (
        f"{json.dumps(name)}:{json.dumps(schema, separators=(',', ':'), ensure_ascii=False)}"
        for name, schema in schemas().items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def with_settings(readme: str) -> str:
    """Return the README with the code's settings in the table between its markers."""
    return _between(readme, "settings", settings_table())


def settings_table() -> str:
    """Return the settings as a table: name, default, meaning."""
    rows = [f"| `{one.name}` | {_default(one)} | {one.meaning} |" for one in SETTINGS]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows])


def _default(setting: Setting) -> str:
    if setting.default is None:
        return "required"
    return f"`{setting.default}`" if setting.default else setting.follows


def with_events(messages: str) -> str:
    """Return messages.md with the models' events in the table between its markers."""
    rows = (
        f"| [`{name}`](schemas/{name}.json) | {_says(name)} | {', '.join(HEARD_BY.get(name, ()))} |"
        for name in EVENTS
    )
    head = "| `rollcall.….v1` | `data`, beside these | also to the `reply_to` of |"
    table = (head, "|---|---|---|", *rows)
    return _between(messages, "events", "\n".join(table))


def _between(text: str, name: str, table: str) -> str:
    before, start, rest = text.partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    return f"{before}{start}{table}\n{end}{after}"


def _says(name: str) -> str:
    """Return the members of an event's data, and the meaning of each of its forms."""
    schema = schema_of(EVENTS[name])
    forms = schema["$defs"]
    found = forms[schema["properties"]["data"]["$ref"].rpartition("/")[2]]
    forms = [forms[one["$ref"].rpartition("/")[2]] for one in found.get("anyOf", [])] or [found]
    return "<br>".join(f"{_members(one)}. {_first(one['description'])}" for one in forms)


def _members(form: dict[str, Any]) -> str:
    own = (member for member in form["properties"] if member not in IN_EVERY_EVENT)
    return ", ".join(f"`{one}`" if one in form["required"] else f"`{one}?`" for one in own)


def _first(description: str) -> str:
    paragraph, _, _ = description.partition("\n\n")
    return paragraph.replace("\n", " ")


def request_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a request. It accepts every request that the app accepts."""
    schema = schema_of(TypeAdapter(REQUESTS[name]))
    return {"$schema": DRAFT, "$id": f"{name}.json", **schema}


def event_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of an event. Members may be added, but are never removed."""
    schema = schema_of(EVENTS[name])
    schema["title"] = f"rollcall.{name}.v1"
    schema["properties"]["type"] = {"const": f"rollcall.{name}.v1"}
    return {"$schema": DRAFT, "$id": f"{name}.json", **opened(schema)}


def record_schema() -> dict[str, Any]:
    """Return the JSON Schema of a record. Members may be added, but are never removed."""
    return {"$schema": DRAFT, "$id": "record.json", **opened(schema_of(RECORD))}


def problems() -> str:
    """Return the catalogue of refusals as Markdown."""
    rows = (line for code in CATALOGUE for line in _row(code))
    return "\n".join([*_head(), *rows, *_kinds()])


def catalogue() -> dict[str, Any]:
    """Return the catalogue of refusals, and the kinds of problems, for clients to translate."""
    return {
        "codes": {
            code: {"message": row.message, "nextStep": row.next_step, "waiting": row.waiting}
            for code, row in CATALOGUE.items()
        },
        "problems": {
            name: {"message": kind.message, "nextStep": kind.next_step}
            for name, kind in KINDS.items()
        },
    }


def _head() -> list[str]:
    return [
        NOTICE,
        "",
        "# Problems, and what to do about them",
        "",
        "Each refusal is published as `meeting.rejected` or `bot.failed`, with a `code` that never",
        "changes, a `message`, and the `nextStep`. The request is completed. A copy of it, with",
        "the code as its subject, is kept in the queue `rejected-requests`.",
        "",
        "`graph` holds the status, code and ids of Graph's answer, if there was one. Microsoft's",
        "support needs them. `history` holds the first try and the newest ones. Words in braces",
        "are filled in. `undeliverable` is never published: the log has it as a warning, with the",
        "queue or topic.",
        "",
        "`problems` names every member that is wrong, by its JSON Pointer, with the word of the",
        "[kind](#kinds-of-problems) of problem as its `code`. [problems.json](problems.json) has",
        "this page for programs.",
        "",
        "| code | does waiting help? |",
        "|---|---|",
        *(f"| [`{code}`](#{code}) | {WAITING[row.waiting]} |" for code, row in CATALOGUE.items()),
        "",
    ]


def _leg_ends() -> Iterator[str]:
    yield from (
        "A leg that was in ends with the same results. `over`: the conversation is over, and the",
        "group call is closed. `question`: people may talk on, and the call stays open, unwatched.",
        "`rejoin`: a fault threw the bot out; to send it again makes sense while people talk.",
        "",
        "| `result` | `reason` | meaning | over | question | rejoin | next step |",
        "|---|---|---|---|---|---|---|",
    )
    for (code, subcode), end in LEG_ENDS.items():
        yield _leg_end(f"{code}/{subcode}", end)
    named = ", ".join(str(code) for code in sorted(FAULTS) if code < FIRST_OF_5XX)
    yield _leg_end(f"any other {named}, 5xx", UNKNOWN_FAULT)
    yield _leg_end("any other", UNKNOWN)
    yield _leg_end("none", NO_CODE)
    yield ""


def _leg_end(result: str, end: LegEnd) -> str:
    columns = ("yes" if holds else "" for holds in (end.over, end.question, end.rejoin))
    cells = (result, f"`{end.reason}`", end.meaning, *columns, next_step(end.reason))
    return f"| {' | '.join(cells)} |"


def _kinds() -> Iterator[str]:
    yield from (
        "## Kinds of problems",
        "",
        "Each of `problems` has `member`, `code`, `message` and `params`. `params` fill the words",
        "in braces; a list is joined with commas. `{member}` is the problem's own. `params.value`",
        "is the value that was sent, where it is short and neither secret nor a name. `nextStep`",
        "of `invalid_request` has the next steps of the first problems as its `{fix}`.",
        "",
        "| `code` | `message` | next step |",
        "|---|---|---|",
    )
    for name, kind in KINDS.items():
        yield f"| `{name}` | {kind.message} | {kind.next_step} |"
    yield ""


def _row(code: str) -> Iterator[str]:
    row = CATALOGUE[code]
    yield from (f"## {code}", "", row.message, "", f"**Next step.** {row.next_step}", "")
    if code == "leg_ended":
        yield from _leg_ends()
