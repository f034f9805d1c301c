"""Afternoons in which people come and go, and things happen to the bot."""

from random import Random

from hypothesis import strategies as st

from tests.fixtures.afternoon import Afternoon

PEOPLE = ("ada", "bo", "cy")
ENDS = ((200, 5000), (500, 1999), (408, 1106), (200, 5010), (410, 301005), (200, 7015))

moves = st.lists(
    st.tuples(
        st.sampled_from([*PEOPLE, *PEOPLE, "fall", "join", "leave"]),
        st.integers(5, 2400),
    ),
    max_size=14,
)
"""Who toggles, or what happens to the bot, and how many seconds after the move before."""


async def live(day: Afternoon, story: list[tuple[str, int]], chance: Random) -> None:
    """Let the story happen; everybody goes in the end."""
    for what, seconds in story:
        await day.run(seconds=seconds)
        match what:
            case "fall":
                day.fall(*chance.choice(ENDS))
            case "join" | "leave":
                body = {"meetingId": day.meeting_id, "action": what}
                await day.app.drop("join-meeting", body)
            case _ if what in day.people:
                day.go(what)
            case _:
                day.come(what)
    await day.run(seconds=60)
    for name in list(day.people):
        day.go(name)
