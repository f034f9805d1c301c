"""Who is believed at the callbacks' door, while the signer's keys change or cannot be had."""

from datetime import timedelta
from typing import Any

from call_callback.caller import FETCH_PAUSE, KEPT, REFRESHED_AFTER
from call_callback.handler import Answer, receive_incoming, receive_notification
from tests.application.joined import Joined
from tests.application.world import KEY, World, roster
from tests.fixtures.callers import STRANGERS

FORGED = {"key": STRANGERS, "kid": "forged"}


async def called(world: Joined, **token: Any) -> Answer:
    """Let Graph call back about Ada with such a token; return the answer."""
    return await receive_notification(
        meeting_id=world.meeting_id,
        leg_key=world.leg_key,
        authorization=world.token(**token),
        body=roster(world.call_id, "ada"),
        services=world.services,
    )


async def test_a_new_key_of_the_signers_costs_no_callback() -> None:
    """Not known yet is 503 with the rest of the pause; what is sent again is recorded."""
    world = await Joined().begin()
    world.keys.published = {"new": KEY.public_key()}

    early = await called(world, kid="new")
    world.clock.advance(early.retry_after or 0)
    again = await called(world, kid="new")
    await world.services.journal.settled()

    assert early.status == 503
    assert 0 < (early.retry_after or 0) <= FETCH_PAUSE.total_seconds()
    assert again == Answer(status=202)
    assert [one["data"]["callNumber"] for one in world.events("call.started")] == [1]


async def test_forged_tokens_use_up_no_pause() -> None:
    """Nor do unsigned ones, and none: a key that is new just then is fetched at once."""
    world = await Joined().begin()
    world.clock.advance(FETCH_PAUSE.total_seconds())
    world.keys.published = {"new": KEY.public_key()}
    before = len(world.keys.begun)

    for wrong in ({"aud": "x"}, {"iss": "x"}, {"tid": "x"}, {"exp": 1}, {"iat": 10**10}):
        answer = await called(world, **FORGED, **wrong)
        assert answer == Answer(status=401)
    for nothing in ("", "Bearer x.y.z", "Basic dXNlcjpwYXNz"):
        answer = await receive_incoming(authorization=nothing, body=b"{}", services=world.services)
        assert answer == Answer(status=401)

    assert len(world.keys.begun) == before
    assert await called(world, kid="new") == Answer(status=202)
    assert len(world.keys.begun) == before + 1


async def test_tokens_that_look_right_have_the_keys_fetched_once_in_a_pause() -> None:
    """A flood of unknown keys: the first is refused, the others are to come again."""
    world = await Joined().begin()
    world.clock.advance(FETCH_PAUSE.total_seconds())
    before = len(world.keys.begun)

    answers = []
    for _ in range(20):
        answers.append(await called(world, **FORGED))
        world.clock.advance(1)
    world.clock.advance(10)
    answers.append(await called(world, **FORGED))

    assert [one.status for one in answers] == [401, *[503] * 19, 401]
    assert len(world.keys.begun) == before + 2


async def test_a_withdrawn_key_is_refused_an_hour_later() -> None:
    """No unknown key came in meanwhile."""
    world = await Joined().begin()
    world.keys.published = {"new": KEY.public_key()}

    world.clock.advance(REFRESHED_AFTER.total_seconds() - 10)
    assert await called(world) == Answer(status=202)
    world.clock.advance(10)
    assert await called(world) == Answer(status=401)


async def test_a_signer_that_is_down_stops_no_callback_for_a_day() -> None:
    """The keys are tried in the background; after a day callbacks are to come again."""
    world = await Joined().begin()
    world.keys.down, began = True, len(world.keys.begun)

    world.clock.advance(REFRESHED_AFTER.total_seconds())
    assert [(await called(world)).status for _ in range(3)] == [202] * 3
    assert len(world.keys.begun) == began + 1
    world.clock.advance(FETCH_PAUSE.total_seconds())
    assert (await called(world)).status == 202
    assert len(world.keys.begun) == began + 2

    world.clock.advance((KEPT - timedelta(hours=1)).total_seconds())
    assert (await called(world)).status == 503
    world.keys.down = False
    world.clock.advance(FETCH_PAUSE.total_seconds())
    assert (await called(world)).status == 202


async def test_a_fetch_that_failed_long_ago_excuses_no_old_keys() -> None:
    """After quiet hours the next caller waits for the keys, though the last fetch had failed."""
    world = await Joined().begin()
    world.keys.down = True
    world.clock.advance(REFRESHED_AFTER.total_seconds())
    assert (await called(world)).status == 202
    world.keys.down, world.keys.published = False, {"new": KEY.public_key()}

    world.clock.advance(REFRESHED_AFTER.total_seconds())
    assert (await called(world)).status == 401


async def test_the_first_caller_of_a_process_waits_for_the_keys() -> None:
    """Without any keys no caller is believed, and none is refused."""
    world = World()
    world.keys.down = True
    answer = await receive_incoming(
        authorization=world.token(), body=b"{}", services=world.services
    )
    assert answer == Answer(status=503, retry_after=30)
