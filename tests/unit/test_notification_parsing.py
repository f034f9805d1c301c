"""What Graph's notifications say about our legs: documented messages, and whatever else arrives."""

import json
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from call_callback.notification import (
    LONGEST_BODY,
    MOST_ITEMS,
    MalformedNotification,
    parse_envelope,
    read_envelope,
)
from devstack.graph.calls import Leg
from devstack.graph.identities import BOT_APP_ID
from devstack.graph.notifications import render_end, render_roster, render_state
from devstack.graph.room import Room
from shared.words.ids import CallId, LegKey
from shared.words.observations import LegSeen, Observation, RosterPushed, Unparsed

FIXTURES = Path(__file__).parents[1] / "fixtures" / "notifications"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEG = LegKey("abcdefghijklmnop")
BOT = "2891555a-92ff-42e6-80fa-6e1300c6b5c6"
CALL = "57dab8b1894c409ab240bd8beae78896"


def parsed(
    body: bytes, *, bot: str = BOT, show_names: bool = False
) -> list[tuple[CallId | None, Observation]]:
    """Return what a body says, in order."""
    found = parse_envelope(
        read_envelope(body),
        leg_key=LEG,
        bot_app_id=bot,
        received_at=NOW,
        my_participant_ids=frozenset(),
        show_names=show_names,
    )
    return list(found.observations)


def observed(*items: Any) -> list[Observation]:
    """Return what an envelope with these items says."""
    return [one for _, one in parsed(json.dumps({"value": items}).encode())]


def item(data: Any, *, tail: str = "", change: str = "updated", **members: Any) -> dict[str, Any]:
    """Return one item about the call."""
    return {
        "changeType": change,
        "resourceUrl": f"/communications/calls/{CALL}{tail}",
        "resourceData": data,
    } | members


def seen(phase: Any, code: int | None = None, subcode: int | None = None) -> LegSeen:
    """Return the sighting of the leg in a phase."""
    return LegSeen(at=NOW, leg_key=LEG, phase=phase, code=code, subcode=subcode)


DOCUMENTED = {
    "call.establishing": seen("joining"),
    "call.established": seen("in"),
    "call.established.tone-info": seen("in"),
    "call.established.sub-code": seen("in"),
    "call.terminated.string-codes": seen("gone", 200, 5001),
    "call.terminated.integer-codes": seen("gone", 0, 7015),
    "call.terminated.code-alone": seen("gone", 0),
    "call.deleted.no-state": seen("gone"),
}
"""What documented messages say of the leg, by the name of the fixture."""
UNREAD = {
    "call.terminating": "call",
    "unsupported.call.incoming": "call",
    "unsupported.call.transferring": "call",
    "unsupported.content-sharing.no-resource-data": "contentsharingsessions",
    "unsupported.content-sharing.started": "contentsharingsessions",
    "unsupported.operation.record-completed": "operations",
}
"""Messages of kinds that are not read, and the resource they are about."""
NAMELESS = {
    "roster.at-operations": ("7531d31fd10d44de802fc569dbca451c", 2, 1),
    "roster.entries-without-id": ("ab6233a520b74c5ebea2ce56c9776429", 1, 0),
}
"""Rosters whose entries have no id: the call they are of, how many entries, and how many of them
may be people."""


@pytest.mark.parametrize(("name", "expected"), DOCUMENTED.items())
def test_a_documented_state_of_the_call_is_a_phase_of_the_leg(name: str, expected: LegSeen) -> None:
    """Codes come as numbers and as text; the deletion of the call is its end without a state."""
    [(_, observation)] = parsed((FIXTURES / f"{name}.json").read_bytes())

    assert observation == expected


@pytest.mark.parametrize(("name", "resource"), UNREAD.items())
def test_a_kind_that_is_not_read_is_kept_as_its_shape(name: str, resource: str) -> None:
    """Member names and sizes, no values: tokens travel in such messages."""
    body = (FIXTURES / f"{name}.json").read_bytes()

    [(_, observation)] = parsed(body)

    assert isinstance(observation, Unparsed)
    assert observation.resource == resource
    assert observation.size > 0
    kept = {observation.resource, observation.change_type, *observation.members}
    assert kept.isdisjoint(_texts(json.loads(body)["value"][0].get("resourceData")))


def test_every_documented_message_is_tried() -> None:
    """A fixture that no test reads would be dead."""
    read = {*DOCUMENTED, *UNREAD, *NAMELESS, "roster.person-and-bot"}

    assert {path.stem for path in FIXTURES.glob("*.json")} == read


def test_a_documented_roster_lists_the_person_and_ourselves() -> None:
    """The call id is taken from the path, the person from the array."""
    [(call_id, roster)] = parsed((FIXTURES / "roster.person-and-bot.json").read_bytes())

    assert call_id == "2f1a1100b17440a0aba70b405e01ed92"
    assert isinstance(roster, RosterPushed)
    assert [one.person.user_id for one in roster.people] == ["112f7296-5fa4-42ca-bae8-6a692b15d4b8"]
    assert roster.lists_ourselves
    assert (roster.entries, roster.unread) == (2, 0)


@pytest.mark.parametrize(("show_names", "name"), [(False, None), (True, "John")])
def test_display_names_are_read_only_where_they_may_be(show_names: bool, name: str | None) -> None:
    """What is not read is not stored either."""
    body = (FIXTURES / "roster.person-and-bot.json").read_bytes()

    [(_, roster)] = parsed(body, show_names=show_names)

    assert isinstance(roster, RosterPushed)
    assert [one.person.display_name for one in roster.people] == [name]
    assert ("John" in repr(roster)) is show_names


@pytest.mark.parametrize(("name", "expected"), NAMELESS.items())
def test_a_documented_roster_of_entries_without_an_id_is_a_roster(
    name: str, expected: tuple[str, int, int]
) -> None:
    """It names nobody, and says how many entries could not be read; a bot is no person unread."""
    call_id, entries, hidden = expected

    assert parsed((FIXTURES / f"{name}.json").read_bytes()) == [
        (
            call_id,
            RosterPushed(
                at=NOW,
                leg_key=LEG,
                people=(),
                lists_ourselves=False,
                entries=entries,
                unread=entries,
                hidden=hidden,
            ),
        )
    ]


@pytest.mark.parametrize("tail", ["/participants", "/operations/participants"])
def test_a_full_roster_is_an_array_of_participants_at_either_place(tail: str) -> None:
    """A delta is an array too, of objects with participants inside: it is not read."""
    ada = {"id": "p-ada", "info": {"identity": {"user": {"id": "u"}}}}
    delta = {"participants": [ada], "removedParticipants": [], "sequenceNumber": 7}

    [full] = observed(item([ada], tail=tail))
    [unread] = observed(item([delta], tail=tail))

    assert isinstance(full, RosterPushed)
    assert [one.session_id for one in full.people] == ["p-ada"]
    assert isinstance(unread, Unparsed)
    assert unread.members == ("participants", "removedParticipants", "sequenceNumber")


@pytest.mark.parametrize(
    "where",
    [
        {"resourceUrl": "/communications/calls/57DAB8B1894C409AB240BD8BEAE78896"},
        {"resourceUrl": "/communications/calls/57dab8b1-894c-409a-b240-bd8beae78896/"},
        {"resourceUrl": "/Communications/Calls/57DAB8B1-894C-409A-B240-BD8BEAE78896?x=/y"},
        {"resourceUrl": f"https://graph.microsoft.com/v1.0/communications/calls/{CALL}"},
        {"resourceUrl": None, "resource": f"/app/calls/{CALL}"},
        {"resourceUrl": "/somewhere/else", "resource": f"/app/calls/{CALL}"},
    ],
)
def test_the_call_is_found_in_any_spelling_of_its_path(where: dict[str, Any]) -> None:
    """Case and dashes vary; `resource` stands in where `resourceUrl` does not say it."""
    body = json.dumps({"value": [item({"state": "Established"}) | where]}).encode()

    assert parsed(body) == [(CALL, seen("in"))]


@pytest.mark.parametrize(
    "body",
    [b"", b"junk", b"\xff\xfe\x00", b"null", b"7", b"[]", b"{}", b'{"value": {}}', b"[" * 100_000],
)
def test_a_body_that_is_no_envelope_is_refused(body: bytes) -> None:
    """Only these are the sender's fault; everything inside an envelope is taken."""
    with pytest.raises(MalformedNotification):
        parsed(body)


@pytest.mark.parametrize(
    "call_id", ["..", ".", "%2e%2e", "a.b", "a b", "a%2Fb", "a\\b", "a#b", "é", "x" * 65]
)
def test_an_id_that_no_call_can_have_is_no_call(call_id: str) -> None:
    """It would become a part of a path, or of a message's id."""
    odd = item({"state": "established"}) | {"resourceUrl": f"/communications/calls/{call_id}"}

    [(found, observation)] = parsed(json.dumps({"value": [odd]}).encode())

    assert found is None
    assert isinstance(observation, Unparsed)
    assert observation.resource == "none"


def test_of_very_many_items_the_first_are_read_and_the_others_counted() -> None:
    """None of them is as much as looked at."""
    body = json.dumps({"value": [item({"state": "established"})] * (MOST_ITEMS + 7)}).encode()

    found = parse_envelope(
        read_envelope(body),
        leg_key=LEG,
        bot_app_id=BOT,
        received_at=NOW,
        my_participant_ids=frozenset(),
        show_names=False,
    )

    assert (len(found.observations), found.left) == (MOST_ITEMS, 7)


def test_of_a_body_that_is_too_long_nothing_is_read() -> None:
    """That there was one is known."""
    body = b"[" * LONGEST_BODY

    with pytest.raises(MalformedNotification):
        read_envelope(body)
    longer = read_envelope(body + b"[")
    assert (longer.items, longer.left) == ((), 1)


def test_the_rosters_of_one_body_share_its_room() -> None:
    """One row of the ledger has to hold their people together; who finds no room is hidden."""
    longest = "x" * 120

    def crowd(number: int) -> list[dict[str, Any]]:
        return [
            {"id": f"{longest}{number}-{n}", "info": {"identity": {"user": {"id": longest}}}}
            for n in range(2_000)
        ]

    first, second = observed(
        *(item(crowd(number), tail="/participants") for number in (1, 2)),
    )

    assert isinstance(first, RosterPushed)
    assert isinstance(second, RosterPushed)
    assert (len(first.people), first.hidden) == (2_000, 0)
    assert len(second.people) + second.hidden == second.entries == 2_000
    assert 0 < second.hidden < 2_000


def test_one_bad_item_does_not_hide_the_others() -> None:
    """Items are read each by itself, in their order."""
    good = item({"state": "establishing"})
    last = item({"state": "terminated", "resultInfo": {"code": 200, "subcode": 5000}})

    found = observed(None, 7, good, {}, item("odd"), {"resourceUrl": "/users/x"}, last)

    assert [one for one in found if isinstance(one, LegSeen)] == [found[2], found[6]]
    assert (found[2], found[6]) == (seen("joining"), seen("gone", 200, 5000))
    assert len(found) == 7


@pytest.mark.parametrize(
    ("odd", "change_type", "members"),
    [
        (None, "", ()),
        (7, "", ()),
        ([], "", ()),
        ({}, "", ()),
        ({"changeType": "updated", "resourceUrl": f"/users/{CALL}"}, "updated", ()),
        ({"resourceUrl": "/communications/calls/", "resourceData": [{"x": 1}]}, "", ("x",)),
        ({"resource": 7, "resourceData": {"state": "established"}}, "", ("state",)),
    ],
)
def test_an_item_about_no_call_is_kept_as_its_shape(
    odd: Any, change_type: str, members: tuple[str, ...]
) -> None:
    """It is under no call's id; its resource is not kept, for it may hold anything."""
    [(call_id, observation)] = parsed(json.dumps({"value": [odd]}).encode())

    assert call_id is None
    assert isinstance(observation, Unparsed)
    assert (observation.resource, observation.change_type) == ("none", change_type)
    assert observation.members == members


@pytest.mark.parametrize(
    "data",
    [
        None, 7, "text", True, {}, {"state": None}, {"state": 7}, {"state": "hold"},
        {"participants": [], "sequenceNumber": 1},
    ],
)  # fmt: skip
@pytest.mark.parametrize("tail", ["", "/participants", "/operations/participants"])
def test_data_of_another_type_is_a_shape(data: Any, tail: str) -> None:
    """Absent data, a wrong type, a delta roster, an unknown state: kept, never an exception."""
    [observation] = observed(item(data, tail=tail))

    assert isinstance(observation, Unparsed)
    assert observation.members == (tuple(sorted(data)) if isinstance(data, dict) else ())


@pytest.mark.parametrize(
    ("result", "code", "subcode"),
    [
        ({"code": "408", "subCode": "8537"}, 408, 8537),
        ({"code": 200.0, "subcode": True}, None, None),
        ({"code": "two", "subcode": "²"}, None, None),
        ({"code": 10**30, "subcode": "9" * 5000}, None, None),
        ([], None, None),
        (None, None, None),
    ],
)
def test_an_end_without_readable_codes_is_still_an_end(
    result: Any, code: int | None, subcode: int | None
) -> None:
    """The codes only explain the end."""
    assert observed(item({"resultInfo": result}, change="Deleted")) == [seen("gone", code, subcode)]


def test_ourselves_in_the_lobby_are_a_waiting_leg() -> None:
    """People seen besides are told too; nobody seen besides proves nothing."""
    us = {"id": "p-bot", "info": {"identity": {"application": {"id": BOT}}}, "isInLobby": True}
    ada = {"id": "p-ada", "info": {"identity": {"user": {"id": "u"}}}}

    alone = observed(item([us], tail="/participants"))
    beside = observed(item([us, ada], tail="/participants"))

    assert alone == [seen("lobby")]
    assert beside[0] == seen("lobby")
    assert isinstance(beside[1], RosterPushed)
    assert not beside[1].lists_ourselves


def test_a_roster_says_how_many_of_its_entries_cannot_be_read() -> None:
    """They may be people: it does not say that all have left. Those it names are there."""
    us = {"id": "p-bot", "info": {"identity": {"application": {"id": BOT}}}}
    ada = {"id": "p-ada", "info": {"identity": {"user": {"id": "u"}}}}

    [unreadable] = observed(item([us, {"id": None}], tail="/participants"))
    [readable] = observed(item([us, {"id": None}, ada], tail="/participants"))

    assert isinstance(unreadable, RosterPushed)
    assert (unreadable.people, unreadable.entries, unreadable.unread) == ((), 2, 1)
    assert isinstance(readable, RosterPushed)
    assert [one.session_id for one in readable.people] == ["p-ada"]
    assert (readable.entries, readable.unread) == (3, 1)


@pytest.mark.parametrize("seed", range(20))
def test_the_simulators_messages_are_read(seed: int) -> None:
    """Spellings and undocumented members vary; what is said does not."""
    variation = Random(seed)  # noqa: S311 - meant to be repeatable
    leg = Leg(
        call_id="57dab8b1-894c-409a-b240-bd8beae78896",
        participant_id="05491616-385f-44a8-9974-18cc5f9933c1",
        callback_uri="http://127.0.0.1:1/",
    )
    room = Room(variation)
    room.enter(leg)
    messages = [
        render_state(leg, "establishing", variation),
        render_state(leg, "established", variation, detailed=True),
        render_roster(room, leg, variation),
        render_end(leg, 200, 5001, variation),
    ]

    told = [parsed(json.dumps(message).encode(), bot=BOT_APP_ID) for message in messages]

    empty = RosterPushed(at=NOW, leg_key=LEG, people=(), lists_ourselves=True, entries=1)
    expected = [seen("joining"), seen("in"), empty, seen("gone", 200, 5001)]
    assert told == [[(CALL, one)] for one in expected]


TAILS = ("", "/participants", "/operations/participants", "/x")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "info", "identity", "user", "state", "resultInfo", "code", "isInLobby"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"resourceData": JSON},
            optional={
                "resourceUrl": st.sampled_from(
                    [f"/communications/calls/{CALL}{tail}" for tail in TAILS]
                )
                | JSON,
                "changeType": st.sampled_from(["updated", "deleted"]) | JSON,
            },
        )
        | JSON,
        max_size=4,
    )
)
def test_nothing_inside_an_envelope_makes_the_parser_fail(items: list[Any]) -> None:
    """Graph adds members and kinds without notice; each item is kept, and costs no other."""
    assert len(items) <= len(observed(*items)) <= 2 * len(items)


def _texts(value: Any) -> list[str]:
    """Return every text value inside."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [value] if isinstance(value, str) else []
