"""What a body at the bot's webhook is taken for: calls that came in, Skype's format, or neither."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from call_callback.incoming import MOST_REJECTIONS, Incoming, read_incoming
from call_callback.notification import LONGEST_BODY, MOST_ITEMS
from shared.words.ids import CallId

FIXTURES = Path(__file__).parents[1] / "fixtures" / "notifications"
CALL = CallId("57dab8b1894c409ab240bd8beae78896")
LEGACY: dict[str, Any] = {
    "id": "11111111-2222-3333-4444-555555555555",
    "participants": [
        {"identity": "8:orgid:ada", "languageId": "en-us", "originator": True},
        {"identity": "28:bot", "originator": False},
    ],
    "isMultiparty": False,
    "presentedModalityTypes": ["audio"],
    "callState": "incoming",
}
"""Source: https://github.com/microsoft/BotBuilder-V3/blob/master/en-us/Skype/calling-api-reference.md"""


def a_call(call_id: str = CALL, **members: Any) -> dict[str, Any]:
    """Return the item of a call that came in, but for `members`."""
    return {
        "changeType": "created",
        "resourceUrl": f"/communications/calls/{call_id}",
        "resourceData": {"@odata.type": "#microsoft.graph.call", "state": "incoming"},
    } | members


def read(*items: Any) -> Incoming:
    """Return what an envelope of these items says."""
    return read_incoming(json.dumps({"value": items}).encode())


def test_a_documented_incoming_call_is_read() -> None:
    """Its id in one spelling, whatever Graph's."""
    body = (FIXTURES / "unsupported.call.incoming.json").read_bytes()

    assert read_incoming(body) == Incoming(calls=(CALL,))


def test_words_are_read_in_any_case_and_the_path_of_the_wire_too() -> None:
    """Graph writes `Created` and `Incoming` now and then, and may name the resource alone."""
    item = a_call(changeType="Created", resourceData={"state": "Incoming"})
    item["resource"] = item.pop("resourceUrl").replace("communications", "app")

    assert read(item) == Incoming(calls=(CALL,))


@pytest.mark.parametrize(
    "item",
    [
        a_call(changeType="updated"),
        a_call(changeType="deleted", resourceData={"@odata.type": "#microsoft.graph.call"}),
        a_call(resourceData={"state": "established"}),
        a_call(resourceData=[{"state": "incoming"}]),
        a_call(resourceData=None),
        a_call(resourceUrl=f"/communications/calls/{CALL}/participants"),
        a_call(resourceUrl="/communications/calls"),
        a_call("../../users"),
        a_call(".."),
        a_call("a" * 65),
        "nothing",
        None,
    ],
)
def test_whatever_is_no_incoming_call_is_only_counted(item: Any) -> None:
    """Also what names a call by something that is not an id: it would become part of a path."""
    assert read(item) == Incoming(other=1)


def test_a_call_that_is_named_twice_is_one() -> None:
    """With dashes and without."""
    dashed = "57DAB8B1-894C-409A-B240-BD8BEAE78896"

    assert read(a_call(), a_call(dashed)) == Incoming(calls=(CALL,))


def test_a_body_rejects_a_few_calls_and_counts_the_others() -> None:
    """And the items that are not read, too."""
    calls = [a_call(f"call-{number}") for number in range(MOST_ITEMS + 2)]

    found = read(*calls)

    assert found.calls == tuple(f"call-{number}" for number in range(MOST_REJECTIONS))
    assert (found.left, found.other) == (len(calls) - MOST_REJECTIONS, 0)


@pytest.mark.parametrize(
    "document", [LEGACY, {"callState": "incoming"}, {"id": "1", "@odata.type": "#skype.call"}]
)
def test_an_object_that_is_not_graphs_has_skypes_format(document: Any) -> None:
    """Teams does not document its members; Graph's envelope has `value` and names its type."""
    assert read_incoming(json.dumps(document).encode()) == Incoming(legacy=True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nope",
        b"{}",
        b"[]",
        b'"text"',
        b'{"value": 1, "callState": "incoming"}',
        b'{"@odata.type": "#microsoft.graph.commsNotifications"}',
        b"[" * 100_000,
    ],
)
def test_what_is_neither_is_only_counted(body: bytes) -> None:
    """Callbacks without any payload were reported: OfficeDev/msteams-docs, issue 14127."""
    assert read_incoming(body) == Incoming(other=1)


def test_nothing_is_read_of_a_body_that_is_too_long() -> None:
    """As at the other callback."""
    assert read_incoming(b" " * (LONGEST_BODY + 1)) == Incoming(left=1)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(VALUES | st.fixed_dictionaries({"value": VALUES}))
def test_any_document_has_a_verdict(document: Any) -> None:
    """None raises, and none names a call."""
    assert read_incoming(json.dumps(document).encode()).calls == ()
