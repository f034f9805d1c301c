"""Set a new meeting's options with one PATCH; if Graph refuses it, set each option by itself.

A meeting that exists is published, even if its options failed: in an incident, a bridge without an
option is worth more than no bridge.
"""

from dataclasses import replace

from create_meeting.answers.warnings import Warn, refused_options
from create_meeting.bodies import Members, added_up, together
from create_meeting.decision import Create
from shared.services import Services
from shared.words.answers import GivenMeeting
from shared.words.errors import Rejected

BAD_REQUEST = 400


async def set_options(
    create: Create, made: GivenMeeting, services: Services
) -> tuple[GivenMeeting, tuple[Warn, ...]]:
    """Return Graph's meeting with its options set, and a warning for each that Graph refused.

    Raises `Transient` where Graph does not answer. Every request here is safe to repeat.
    """
    parts = create.options
    if not parts:
        return made, ()
    try:
        return await _patch(create, made, together(parts), services), ()
    except Rejected as error:
        refused = error  # the name of an except clause does not outlive it
    if len(parts) == 1 or refused.graph is None or refused.graph.status != BAD_REQUEST:
        return made, tuple(warning for part in parts for warning in refused_options(part, refused))
    warnings: list[Warn] = []
    for part in parts:
        try:
            made = await _patch(create, made, part, services)
        except Rejected as error:
            warnings += refused_options(part, error)
    return made, tuple(warnings)


async def _patch(
    create: Create, made: GivenMeeting, body: Members, services: Services
) -> GivenMeeting:
    changed = await services.graph.update_meeting(
        create.asked.organizer_id, made.online_meeting_id, body
    )
    return replace(made, said=added_up(made.said, changed, body))
