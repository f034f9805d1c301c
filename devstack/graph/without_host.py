"""Who is ended when a leg leaves a meeting without its organizer. Pure."""

from devstack.graph.calls import Leg
from devstack.graph.room import Room
from devstack.graph.switches import GraphSwitches

NO_HOST = (200, 5014)
"""How a leg ends that came after the one whose going ended the conversation."""


def ends_without_host(
    room: Room, gone: Leg, *, organizer_id: str, switches: GraphSwitches
) -> tuple[list[str], list[Leg]]:
    """Return the participant ids of the people, and the legs, that go after a leg has `gone`.

    They are those that came after it, and none while the organizer is in the conversation.
    """
    since = gone.entered_at
    allowed = (gone.meeting_info or {}).get("allowConversationWithoutHost")
    stays = {"never": True, "whenFalse": allowed is not False, "unlessTrue": allowed is True}
    hosts = [one for one in room.people if one.counts and one.user_id.lower() == organizer_id]
    if since is None or stays[switches.ends_without_host] or hosts:
        return [], []
    people = [one for one in room.sessions if one.left_at is None and one.joined_at > since]
    legs = [one for one in room.legs if one.entered_at is not None and one.entered_at > since]
    return [one.participant_id for one in people], legs
