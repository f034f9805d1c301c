"""The invitations in the events of one meeting: each replaces the one before."""

from typing import Any

from ical.calendar_stream import IcsCalendarStream

from tests.application.world import ORGANIZER, World

ASK: dict[str, Any] = {
    "requestId": "INC-1",
    "subject": "down",
    "attendees": ["ada@example.com", {"upn": "bo@example.com", "role": "presenter"}],
}


def sent_in(world: World, name: str) -> list[Any]:
    """Return the calendar texts of these events, read by another library."""
    return [
        IcsCalendarStream.calendar_from_ics(event["data"]["invitation"]["ics"])
        for event in world.events(name)
    ]


async def test_the_invitations_of_a_meeting_can_be_sent_as_they_are() -> None:
    """One UID, a growing sequence, the organizer whom Graph named; at last a cancellation."""
    world = World()
    await world.drop("create-meeting", ASK)
    for subject in ("still down", "up again"):
        update = {"requestId": "INC-1", "action": "update", "subject": subject}
        await world.drop("create-meeting", update)
    await world.drop("create-meeting", {"requestId": "INC-1", "action": "cancel"})
    await world.pump()

    calendars = [
        *sent_in(world, "meeting.created"),
        *sent_in(world, "meeting.updated"),
        *sent_in(world, "meeting.cancelled"),
    ]
    events = [event for calendar in calendars for event in calendar.events]

    assert [one.method for one in calendars] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
    assert [one.sequence for one in events] == [0, 1, 2, 3]
    assert len({one.uid for one in events}) == 1
    assert {one.organizer.uri for one in events} == {
        f"mailto:organizer-{ORGANIZER[:8]}@contoso.example"
    }
    named = {tuple(str(who.uri) for who in one.attendees) for one in events}
    assert named == {("mailto:ada@example.com", "mailto:bo@example.com")}


async def test_a_meeting_without_attendees_is_published() -> None:
    """There is no attendee who could answer."""
    world = World()
    await world.drop("create-meeting", ASK | {"attendees": []})

    [calendar] = sent_in(world, "meeting.created")

    assert calendar.method == "PUBLISH"
