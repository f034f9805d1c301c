"""Laws of reading notifications: any body has a verdict, and what is read can be stored."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from call_callback.notification import MalformedNotification, parse_envelope, read_envelope
from shared.calls.history import Heard, LogEntry
from shared.ledger.rows import log_rows, read_log
from shared.words.ids import CallId, LegKey, MeetingId
from shared.words.observations import Observation, RosterPushed, Unparsed

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BOT = "2891555a-92ff-42e6-80fa-6e1300c6b5c6"
CALL = "57dab8b1894c409ab240bd8beae78896"
HALF = "\ud83d"
"""Half of an emoji, as a name cut at some length of UTF-16 ends."""

NAMES = st.sampled_from(
    [
        "@odata.type", "value", "changeType", "resource", "resourceUrl", "resourceData", "id",
        "info", "identity", "user", "application", "displayName", "state", "resultInfo", "code",
        "subcode", "subCode", "isInLobby", "removedState",
    ]
)  # fmt: skip
TEXTS = st.text(max_size=6) | st.sampled_from(
    [
        "updated", "deleted", "established", "terminated", BOT, HALF,
        f"/communications/calls/{CALL}", f"/communications/calls/{CALL}/participants",
        f"/communications/calls/{CALL}/operations/participants",
        f"/communications/calls/{CALL}/operations/1", "/app/calls/x",
    ]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=25,
)
ITEMS = st.fixed_dictionaries(
    {"resourceUrl": TEXTS, "changeType": TEXTS, "resourceData": JSON},
)


def read(body: bytes, *, show_names: bool = True) -> list[tuple[CallId | None, Observation]]:
    """Return what a body says."""
    found = parse_envelope(
        read_envelope(body),
        leg_key=LegKey("l"),
        bot_app_id=BOT,
        received_at=NOW,
        my_participant_ids=frozenset(),
        show_names=show_names,
    )
    return list(found.observations)


def envelope(items: list[Any]) -> bytes:
    """Return the body that has these items."""
    return json.dumps({"value": items}).encode()


@given(JSON)
@example([])
@example({"value": None})
def test_any_json_is_read_or_refused_as_no_envelope(value: Any) -> None:
    """It is an envelope exactly where it has an array of items."""
    is_envelope = isinstance(value, dict) and isinstance(value.get("value"), list)

    try:
        read(json.dumps(value).encode())
    except MalformedNotification:
        assert not is_envelope
    else:
        assert is_envelope


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Nothing else comes out, whatever the encoding."""
    try:
        read(body)
    except MalformedNotification:
        return


@given(st.lists(ITEMS | JSON, max_size=5), st.integers(0, 5))
def test_each_item_is_read_by_itself(items: list[Any], cut: int) -> None:
    """One message with many items says what many messages with one say, in their order."""
    together = read(envelope(items))

    assert read(envelope(items[:cut])) + read(envelope(items[cut:])) == together


@given(st.lists(ITEMS, max_size=3))
def test_whatever_is_read_can_be_stored(items: list[Any]) -> None:
    """Halves of characters included: nothing that was taken breaks what writes it."""
    for call_id, observation in read(envelope(items)):
        assert call_id is None or call_id.encode()
        entry = LogEntry(version=1, heard=(Heard(observation=observation),))
        assert read_log(log_rows(MeetingId("a" * 26), entry)) == [entry]


@given(st.lists(ITEMS | JSON, max_size=5))
def test_no_item_is_dropped(items: list[Any]) -> None:
    """Each says something, be it only that there was one; those of no call are kept as shapes."""
    found = read(envelope(items))

    assert len(found) >= len(items)
    assert all(isinstance(one, Unparsed) for call_id, one in found if call_id is None)


@given(st.lists(ITEMS, max_size=3))
def test_names_change_nothing_but_names(items: list[Any]) -> None:
    """Without them the same people, at the same places."""
    named, nameless = read(envelope(items)), read(envelope(items), show_names=False)

    assert [(call_id, _without_names(one)) for call_id, one in named] == nameless


SECRET = "a-token-nobody-may-keep"


@given(
    ITEMS,
    st.sampled_from([f"/communications/calls/{CALL}/operations/{SECRET}", f"/users/{SECRET}"]),
)
def test_what_is_not_read_keeps_no_value(item: dict[str, Any], url: str) -> None:
    """Only names of members and a size: tokens travel in such messages."""
    data = {"recordingAccessToken": SECRET, "inner": [SECRET, {SECRET: SECRET}], "was": item}
    hidden = item | {"resourceUrl": url, "resourceData": data}

    [(_, observation)] = read(envelope([hidden]))

    assert isinstance(observation, Unparsed)
    assert SECRET not in repr(observation)
    assert observation.members == ("inner", "recordingAccessToken", "was")


@pytest.mark.parametrize("depth", [10, 1000, 5000, 9000, 9990, 10_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_a_bomb_of_brackets_is_read_or_refused(depth: int, opening: str, closing: str) -> None:
    """What can be read can be measured."""
    bomb = opening * depth + "1" + closing * depth
    url = f"/communications/calls/{CALL}"
    body = f'{{"value": [{{"resourceUrl": "{url}", "resourceData": {bomb}}}]}}'.encode()

    try:
        [(_, observation)] = read(body)
    except MalformedNotification:
        assert depth > 900
    else:
        assert isinstance(observation, Unparsed)


def test_a_name_that_ends_in_half_an_emoji_is_a_name() -> None:
    """The half is replaced; whole ones beside it stay."""
    ada = {
        "id": "p-1",
        "info": {"identity": {"user": {"id": "u", "displayName": f"Ada 🎉{HALF}"}}},
    }
    item = {"resourceUrl": f"/communications/calls/{CALL}/participants", "resourceData": [ada]}

    [(_, roster)] = read(envelope([item]))

    assert isinstance(roster, RosterPushed)
    assert [one.person.display_name for one in roster.people] == ["Ada 🎉?"]


def _without_names(observation: Observation) -> Observation:
    """Return the observation as it is read where names may not be."""
    if not isinstance(observation, RosterPushed):
        return observation
    people = tuple(
        replace(one, person=replace(one.person, display_name=None)) for one in observation.people
    )
    return replace(observation, people=people)
