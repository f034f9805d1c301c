"""What a record says of each person of a call."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from meeting_record.people import attendances, person_view
from shared.calls.record import Session
from shared.words.ids import LegKey, SessionId
from shared.words.observations import Person
from shared.words.rules import Shown
from tests.application.world import T0

OURS, THEIRS = "6c5e9a3e-1f0b-4f3a-9d57-2b8f4f6d1a01", "11111111-1f0b-4f3a-9d57-2b8f4f6d1a01"
ADA = Person(kind="user", user_id="ada", display_name="Ada L.", tenant_id=OURS)


def stay(name: str, joined: float, left: float | None, person: Person = ADA) -> Session:
    """Return a session of `person`, from and to so many seconds after T0."""
    return Session(
        session_id=SessionId(name),
        person=person,
        first_seen=T0 + timedelta(seconds=joined),
        first_version=1,
        legs=(LegKey("a" * 16),),
        left_at=None if left is None else T0 + timedelta(seconds=left),
    )


def shown(*sessions: Session, names: bool = True) -> list[dict[str, Any]]:
    """Return the people of these sessions; the call was last heard of after 100 seconds."""
    return [
        person_view(
            one,
            until=T0 + timedelta(seconds=100),
            tenant_id=OURS,
            roles={"ada": "organizer"},
            shown=Shown(names=names, within=timedelta(0)),
        )
        for one in attendances(sessions)
    ]


def test_a_person_on_two_devices_is_there_once() -> None:
    """Who comes back has another interval."""
    (ada,) = shown(stay("laptop", 0, 20), stay("phone", 10, 30.5), stay("again", 60, None))

    assert ada == {
        "participant": {
            "kind": "user",
            "userId": "ada",
            "displayName": "Ada L.",
            "tenantId": OURS,
        },
        "external": False,
        "role": "organizer",
        "firstJoinedAt": "2026-09-14T08:00:00.000Z",
        "lastLeftAt": None,
        "seconds": 70.5,
        "intervals": [
            {"joinedAt": "2026-09-14T08:00:00.000Z", "leftAt": "2026-09-14T08:00:30.500Z"},
            {"joinedAt": "2026-09-14T08:01:00.000Z", "leftAt": None},
        ],
    }


def test_a_person_of_another_tenant_is_external() -> None:
    """Null where Graph names no tenant; a role is said only of those whose role is known."""
    guest = Person(kind="guest", display_name="Cy")
    strangers = (replace(ADA, user_id="bo", tenant_id=THEIRS), guest)

    found = shown(*(stay(one.kind, 0, 1, one) for one in strangers))

    assert [(one["external"], "role" in one) for one in found] == [(None, False), (True, False)]


def test_a_person_who_was_seen_late_may_have_been_there_before() -> None:
    """One whom a roster named after the call was over was there for no time that is known."""
    late = replace(stay("late", 90, 50), present_before=True)

    (one,) = shown(late)

    assert one["seconds"] == 0
    at = "2026-09-14T08:00:50.000Z"
    assert one["intervals"] == [{"joinedAt": at, "leftAt": at, "presentBefore": True}]


def test_what_one_session_lacks_another_one_says() -> None:
    """Names only where they are shown."""
    nameless = replace(ADA, display_name=None, tenant_id=None)
    sessions = (stay("first", 0, 1, nameless), stay("second", 2, 3))

    (named,), (unnamed,) = shown(*sessions), shown(*sessions, names=False)

    assert (named["participant"]["displayName"], named["external"]) == ("Ada L.", False)
    assert "displayName" not in unnamed["participant"]
