"""The simulator's callbacks as a receiver on this machine gets them."""

from collections.abc import AsyncIterator

import jwt
import pytest
from aiohttp import web

from devstack.graph.identities import BOT_APP_ID, TENANT_ID, same_guid
from devstack.graph.tokens import GRAPH_ISSUER
from tests.fixtures.graph_lab import CALLS, Lab, a_lab, served


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with a_lab() as one:
        yield one


async def test_the_whole_life_of_a_leg_is_told_in_order(lab: Lab) -> None:
    """Establishing, established twice or more, each roster, the end; the truth is in the log."""
    call = await lab.place_call()
    ada = await lab.joins("ada", displayName="Ada")
    bob = await lab.joins("bob")
    await lab.client.delete(f"/lab/people/{ada}")
    await lab.client.delete(f"/lab/people/{bob}")
    await lab.post(f"/lab/legs/{call['id']}/end", {"code": 200, "subcode": 5001})
    await lab.receiver.until(lambda: "terminated" in lab.receiver.states())

    states, truth = lab.receiver.states(), await lab.truth()
    assert call["state"] == "establishing"
    assert states[0] == "establishing"
    assert states[-1] == "terminated"
    assert states.count("established") >= 2
    assert lab.receiver.people() == [set(), {"ada"}, {"ada", "bob"}, {"bob"}, set()]
    result = lab.receiver.items[-1]["resourceData"]["resultInfo"]
    assert (result["code"], result["subcode"]) == (200, 5001)
    assert [one["participantId"] for one in truth["sessions"]] == [ada, bob]
    (group_call,) = truth["calls"]
    assert group_call["userIds"] == ["ada", "bob"]
    assert group_call["endedAt"] == truth["sessions"][1]["leftAt"]
    assert [leg["state"] for leg in truth["legs"]] == ["terminated"]


async def test_the_lab_shows_which_conference_each_leg_was_in(lab: Lab) -> None:
    """The id of the POST answer is that of GET, of the leg in the lab and of the group call."""
    call = await lab.place_call()
    await lab.joins("ada")
    read = (await lab.client.get(f"{CALLS}/{call['id']}")).json()
    await lab.post(f"/lab/legs/{call['id']}/end", {"code": 200, "subcode": 5000})
    back = await lab.place_call()

    truth = await lab.truth()

    shown = [one["callChainId"] for one in (*truth["legs"], *truth["calls"])]
    assert shown == [call["callChainId"]] * 3
    assert read["callChainId"] == back["callChainId"] == call["callChainId"]


async def test_callbacks_carry_a_token_that_the_served_keys_verify(lab: Lab) -> None:
    """RS256, bot as audience, tenant in tid; after a rotation the new key is served as well."""
    await lab.place_call()
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 1)
    await lab.post("/lab/keys/rotate", {})
    await lab.joins("ada")
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 2)

    configuration = (await lab.client.get("/v1/.well-known/OpenIdConfiguration")).json()
    keys = jwt.PyJWKSet.from_dict((await lab.client.get(configuration["jwks_uri"])).json())
    kids = []
    for headers in lab.receiver.headers:
        scheme, _, token = headers["Authorization"].partition(" ")
        kids.append(jwt.get_unverified_header(token)["kid"])
        claims = jwt.decode(
            token, keys[kids[-1]], ["RS256"], audience=BOT_APP_ID, issuer=GRAPH_ISSUER
        )
        assert (scheme, claims["tid"]) == ("Bearer", TENANT_ID)
    assert len(set(kids)) == 2


async def test_doubled_callbacks_come_twice_with_one_message_id(lab: Lab) -> None:
    """duplicate 1 sends a second copy of each, and of nothing else."""
    await lab.post("/lab/delivery", {"duplicate": 1})

    await lab.place_call()
    await lab.joins("ada")
    await lab.receiver.until(lambda: lab.receiver.people().count({"ada"}) == 2)

    ids = [headers["X-Microsoft-Skype-Message-ID"] for headers in lab.receiver.headers]
    assert all(ids.count(one) == 2 for one in ids)
    assert lab.receiver.states().count("establishing") == 2


async def test_shuffled_callbacks_all_arrive_in_some_order(lab: Lab) -> None:
    """Every roster arrives twice, whatever the order."""
    await lab.post("/lab/delivery", {"duplicate": 1, "shuffle": True, "delaySeconds": 0.2})

    await lab.place_call()
    for number in range(10):
        await lab.joins(f"user-{number}")
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 22)

    sizes = [len(people) for people in lab.receiver.people()]
    assert sorted(sizes) == sorted([*range(11), *range(11)])
    assert sizes != sorted(sizes)


async def test_dropped_callbacks_never_come(lab: Lab) -> None:
    """drop 1 loses everything until the policy changes back."""
    await lab.post("/lab/delivery", {"drop": 1})
    await lab.place_call()
    await lab.joins("ada")

    await lab.post("/lab/delivery", {})
    await lab.joins("bob")
    await lab.receiver.until(lambda: bool(lab.receiver.items))

    assert lab.receiver.people() == [{"ada", "bob"}]


async def test_exactly_one_notification_is_lost_by_its_number(lab: Lab) -> None:
    """The second from now on, once; counting starts again with each wish, and shows in the lab."""
    call = await lab.place_call()
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 1)
    await lab.post("/lab/delivery", {"dropNth": 2})
    for user in ("ada", "bob", "cyd", "dan"):
        await lab.joins(user)
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 4)

    made = (await lab.client.get("/lab/notifications")).json()
    assert [len(one) for one in lab.receiver.people()] == [0, 1, 3, 4]
    assert [one["dropped"] for one in made[-4:]] == [False, True, False, False]
    assert [one["kind"] for one in made[-4:]] == ["roster"] * 4
    assert made[0] == {
        "kind": "state",
        "callId": call["id"],
        "onlineMeetingId": lab.meeting["id"],
        "dropped": False,
    }


async def test_notifications_of_all_meetings_are_counted_together(lab: Lab) -> None:
    """The first of another meeting's is the one that is lost, and names its meeting."""
    await lab.place_call()
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 1)
    await lab.new_meeting()
    await lab.post("/lab/delivery", {"dropNth": 1})

    other = await lab.place_call()

    made = (await lab.client.get("/lab/notifications")).json()
    (lost,) = [one for one in made if one["dropped"]]
    assert (lost["callId"], lost["onlineMeetingId"]) == (other["id"], lab.meeting["id"])
    assert {one["onlineMeetingId"] for one in made} == {
        one["onlineMeetingId"] for one in (await lab.client.get("/lab/meetings")).json()
    }


async def test_what_was_made_is_forgotten_with_the_rest(lab: Lab) -> None:
    """DELETE /lab empties the list, and loses nothing by its number any more."""
    await lab.post("/lab/delivery", {"dropNth": 1})

    await lab.client.delete("/lab")
    await lab.new_meeting()
    nothing = (await lab.client.get("/lab/notifications")).json()
    await lab.place_call()

    made = (await lab.client.get("/lab/notifications")).json()
    assert nothing == []
    assert made
    assert not any(one["dropped"] for one in made)


async def test_an_old_roster_comes_late_after_the_leg_has_ended(lab: Lab) -> None:
    """late 1 sends one more copy of each roster, and of nothing else, under its message id."""
    await lab.post("/lab/delivery", {"late": 1, "lateSeconds": 1})
    call = await lab.place_call()
    await lab.joins("ada")
    await lab.client.delete(f"{CALLS}/{call['id']}")

    await lab.receiver.until(lambda: lab.receiver.people().count({"ada"}) == 2)

    kinds = [one["changeType"] for one in lab.receiver.items]
    late = [one["resourceData"] for one in lab.receiver.items[kinds.index("deleted") + 1 :]]
    ids = [headers["X-Microsoft-Skype-Message-ID"] for headers in lab.receiver.headers]
    assert kinds.count("deleted") == 1
    assert any(isinstance(one, list) for one in late)
    assert ids.count(ids[-1]) == 2


async def test_a_late_copy_comes_though_the_first_was_lost_and_holds_up_nothing(lab: Lab) -> None:
    """Lost rosters come late; plain ones overtake copies that come much later."""
    await lab.post("/lab/delivery", {"late": 1, "lateSeconds": 3000})
    await lab.place_call()
    await lab.receiver.until(lambda: lab.receiver.people() == [set()])
    await lab.post("/lab/delivery", {"late": 1, "drop": 1})
    await lab.joins("ada")
    await lab.receiver.until(lambda: {"ada"} in lab.receiver.people())
    await lab.post("/lab/delivery", {})
    await lab.joins("bob")
    await lab.receiver.until(lambda: {"ada", "bob"} in lab.receiver.people())

    assert lab.receiver.people() == [set(), {"ada"}, {"ada", "bob"}]


async def test_a_callback_that_meets_a_server_error_is_sent_again_in_its_place(lab: Lab) -> None:
    """With `retries`, 5xx is retried before the leg's next callback: order and content stay."""
    await lab.post("/lab/delivery", {"retries": 6})
    lab.receiver.answers = [503, 500]

    await lab.place_call()
    await lab.joins("ada")
    await lab.receiver.until(lambda: {"ada"} in lab.receiver.people())

    assert lab.receiver.states()[0] == "establishing"
    assert lab.reports == []


async def test_without_retries_a_callback_that_is_not_taken_is_lost(lab: Lab) -> None:
    """As documented: one attempt, then the next callback."""
    lab.receiver.answers = [503]

    call = await lab.place_call()
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 1)

    assert "establishing" not in lab.receiver.states()
    assert lab.reports == [f"gave up a callback of call {call['id']}: answered 503"]


async def test_callbacks_wait_for_a_receiver_that_restarts(lab: Lab) -> None:
    """With `retries` nothing is lost meanwhile: all arrive, in order, once it listens."""
    await lab.post("/lab/delivery", {"retries": 6})
    restarting = web.Application()
    restarting.router.add_post("/", lab.receiver.take)
    async with served(web.Application()) as url:
        port = int(url.rsplit(":", 1)[-1])

    await lab.place_call(f"{url}/")
    await lab.joins("ada")
    async with served(restarting, port):
        await lab.receiver.until(lambda: {"ada"} in lab.receiver.people())

    assert lab.receiver.states()[0] == "establishing"
    assert lab.reports == []


async def test_a_refused_callback_is_given_up_with_one_line(lab: Lab) -> None:
    """401 is final; the next callback is sent all the same."""
    lab.receiver.answers = [401]

    call = await lab.place_call()
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 1)

    assert "establishing" not in lab.receiver.states()
    assert lab.reports == [f"gave up a callback of call {call['id']}: answered 401"]


async def test_callbacks_never_leave_this_machine(lab: Lab) -> None:
    """An https URI elsewhere is accepted as Graph would; nothing is sent, and that is said once."""
    call = await lab.place_call("https://bot.contoso.example/api/calls")
    await lab.joins("ada")

    assert lab.reports == [f"callbacks of call {call['id']} are not sent: not a loopback address"]


async def test_forgetting_stops_what_is_on_its_way(lab: Lab) -> None:
    """DELETE /lab drops delayed callbacks and takes the delay back; rooms are gone."""
    await lab.post("/lab/delivery", {"delaySeconds": 600})
    await lab.place_call()

    await lab.client.delete("/lab")
    await lab.new_meeting()
    call = await lab.place_call()
    await lab.receiver.until(lambda: len(lab.receiver.people()) == 1)

    (item, *_) = lab.receiver.items
    assert same_guid(item["resourceUrl"].rsplit("/", 1)[-1]) == same_guid(call["id"])
