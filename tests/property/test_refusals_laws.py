"""Laws of refusals: they are in our words, can be translated, and hold no secret."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic_core._pydantic_core import list_all_errors

from create_meeting.request import read_request as read_create
from docs.contract.render import REQUESTS, request_schema
from join_meeting.request import read_request as read_join
from shared.events.cloud_events import refusal_data
from shared.words.errors import Rejected
from shared.words.kinds import KINDS

SECRET = "Pa55-🎉-code"
LEAST = 12
THEIRS = {
    phrase
    for error in list_all_errors()
    for phrase in (error["message_template_python"].split("{")[0].strip(),)
    if len(phrase) >= LEAST
} | {"Value error", "validation error", "pydantic"}
"""What the validator's sentences begin with."""


def names_in(schema: Any) -> set[str]:
    """Return the names of all members that a schema knows, however deep."""
    match schema:
        case dict():
            own = set(schema.get("properties") or {})
            return own.union(*(names_in(one) for one in schema.values()))
        case list():
            return set[str]().union(*(names_in(one) for one in schema))
        case _:
            return set()


NAMES = sorted(set[str]().union(*(names_in(request_schema(name)) for name in REQUESTS)))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["update", "cancel", "join", "leave", "2026-11-23T09:00:00", SECRET]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
BODIES = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), VALUES, max_size=8)


def refusals(members: dict[str, Any]) -> list[Rejected]:
    found = []
    for read in (read_create, read_join):
        try:
            read(json.dumps(members).encode())
        except Rejected as refused:
            found.append(refused)
    return found


@given(BODIES)
def test_no_refusal_speaks_in_the_validators_words(members: dict[str, Any]) -> None:
    """Callers know our contract, not the library that checks it."""
    own = json.dumps(members, ensure_ascii=False)
    for refused in refusals(members):
        said = json.dumps(refusal_data(refused), ensure_ascii=False)
        assert [one for one in THEIRS if one in said and one not in own] == []


@given(BODIES)
def test_every_problem_can_be_translated(members: dict[str, Any]) -> None:
    """Its sentence is the template of its kind, filled with its parameters, which are JSON."""
    for refused in refusals(members):
        for problem in json.loads(json.dumps(refusal_data(refused)))["problems"]:
            words = {
                name: ", ".join(map(str, value)) if isinstance(value, list) else value
                for name, value in problem["params"].items()
            }
            template = KINDS[problem["code"]].message
            assert problem["message"] == template.format_map(words)
            assert problem["code"] != "invalid"


@given(BODIES)
@example({"<object>": None})
def test_every_pointer_leads_to_a_member_or_to_where_one_is_missing(
    members: dict[str, Any],
) -> None:
    """By the rules of RFC 6901."""
    for refused in refusals(members):
        for problem in refused.problems:
            *above, last = _tokens(problem.member) or [""]
            place: Any = members
            for token in above:
                place = place[int(token)] if isinstance(place, list) else place[token]
            missing = problem.code in {"required", "required_with"}
            assert missing or not problem.member or _has(place, last)


@pytest.mark.parametrize("name", ["passcode", "joinWebUrl", "joinMeetingId", "context"])
@given(secret=st.integers(min_value=10**6) | st.just(SECRET), other=BODIES)
def test_no_secret_is_shown(name: str, secret: object, other: dict[str, Any]) -> None:
    """Neither as text nor as a number."""
    members = {key: one for key, one in other.items() if SECRET not in str((key, one))}
    without = {json.dumps(refusal_data(one)) for one in refusals(members)}
    for refused in refusals({**members, name: secret}):
        said = json.dumps(refusal_data(refused), ensure_ascii=False)
        assert str(secret) not in said or any(str(secret) in one for one in without)


def _tokens(pointer: str) -> list[str]:
    return [one.replace("~1", "/").replace("~0", "~") for one in pointer.split("/")[1:]]


def _has(place: Any, token: str) -> bool:
    return int(token) < len(place) if isinstance(place, list) else token in place
