"""What doctor makes of the app's door, the callback URL, Service Bus, the bot and a canary."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rollcall.doctor import of_app, of_bus, of_outside
from rollcall.doctor.finding import Finding, Verdict
from rollcall.doctor.of_bus import QUEUES, TOPIC
from rollcall.doctor.seen import (
    MOST_DEAD_LETTERS,
    BotSeen,
    BusSeen,
    CanarySeen,
    Described,
    EntitySeen,
)
from tests.rollcall.doctored import (
    BOT,
    LOCAL,
    NOW,
    PLACE,
    URL,
    WEBHOOK,
    app_seen,
    bot_seen,
    bus_seen,
    callback_seen,
    described,
    examination,
    knock,
    mended,
    verdicts,
)


def one(findings: tuple[Finding, ...], verdict: Verdict = Verdict.FAIL) -> Finding:
    """Return the only finding, which has this verdict."""
    (found,) = findings
    assert found.verdict is verdict
    return found


def test_an_app_that_examines_itself_is_ok() -> None:
    """With its version."""
    seen = app_seen(200, answer=examination())

    assert one(of_outside.app(seen, PLACE), Verdict.OK).seen == f"version 1.2.3 answers at {URL}"


@pytest.mark.parametrize(
    ("seen", "mend"),
    [
        (app_seen(None, error="Connection refused"), "az functionapp start --name func-rollcall"),
        (app_seen(401), "--query functionKeys.default --output tsv"),
        (app_seen(403), "export ROLLCALL_KEY="),
        (app_seen(404, healthy=404), "az functionapp function list"),
        (app_seen(404, healthy=503), "azd deploy"),
        (app_seen(500), "az functionapp restart"),
        (app_seen(200), "ROLLCALL_URL"),
    ],
)
def test_an_app_that_does_not_examine_itself_fails(seen: Any, mend: str) -> None:
    """Stopped, another address, a wrong key, not indexed, older, broken, something else there."""
    assert mend in mended(one(of_outside.app(seen, PLACE)))


def test_of_a_local_stack_the_commands_are_its_own() -> None:
    """No resource of Azure is named."""
    stopped = one(of_outside.app(app_seen(None, error="refused"), LOCAL))
    refused = one(of_outside.app(app_seen(401), LOCAL))

    assert stopped.mend[0] == "make up"
    assert ".devstack/endpoints.json" in mended(refused)


def test_checks_that_need_the_app_are_named_without_it() -> None:
    """As not made, which is no failure of their own."""
    found = of_outside.unexamined(tuple(of_app.OF_APP))

    assert [each.check for each in found] == list(of_app.OF_APP)
    assert set(verdicts(found)) == {Verdict.WARN}


def test_a_callback_url_that_refuses_strangers_soon_is_ok() -> None:
    """Over https; on loopback, where the deployment is on this machine."""
    local = callback_seen(url="http://127.0.0.1:7071/api/calls", expires=None)

    assert "https, strangers" in one(of_outside.callback(callback_seen(), PLACE), Verdict.OK).seen
    assert "loopback" in one(of_outside.callback(local, LOCAL), Verdict.OK).seen


@pytest.mark.parametrize(
    ("changes", "mend"),
    [
        ({"url": "http://127.0.0.1:7071/api/calls"}, f"--settings PUBLIC_URL={URL}"),
        ({"first": knock(None, error="Connection refused")}, "az functionapp start"),
        ({"first": knock(None, error="[SSL] certificate verify failed")}, "openssl s_client"),
        ({"first": knock(404)}, f"--request POST --data '{{}}' {WEBHOOK}"),
        ({"foreign": knock(202)}, f"--request POST --data '{{}}' {WEBHOOK}"),
        ({"foreign": knock(None, error="timed out")}, f"--data '{{}}' {WEBHOOK}"),
    ],
)
def test_a_callback_url_that_graph_cannot_use_fails(changes: dict[str, Any], mend: str) -> None:
    """Not to be reached, no certificate, another answer than 401."""
    assert mend in mended(one(of_outside.callback(callback_seen(**changes), PLACE)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"first": knock(seconds=1.4)}, "the first request took 1.4 s"),
        ({"again": knock(seconds=2.0)}, "the next request took 2.0 s"),
        ({"expires": NOW + timedelta(days=13)}, "expires on 2026-09-27"),
    ],
)
def test_a_callback_url_that_is_slow_or_soon_invalid_warns(
    changes: dict[str, Any], said: str
) -> None:
    """Cold and warm; two weeks before its certificate ends."""
    found = one(of_outside.callback(callback_seen(**changes), PLACE), Verdict.WARN)

    assert said in found.seen
    assert found.mend


def test_a_namespace_that_is_sound_is_ok() -> None:
    """In one line."""
    found = one(of_bus.service_bus(bus_seen(), PLACE), Verdict.OK)

    assert found.seen.startswith("5 entities")


def test_a_namespace_that_does_not_answer_fails() -> None:
    """Nothing else is said of it."""
    seen = BusSeen(error="Service Bus cannot be reached: refused")

    found = one(of_bus.service_bus(seen, PLACE))
    assert found.mend == (
        "az servicebus namespace show --name sb-rollcall --resource-group rg-rollcall",
    )
    assert one(of_bus.service_bus(seen, LOCAL)).mend == ("make up",)


def test_without_an_identity_no_roles_are_to_be_given() -> None:
    """One sign-in mends it."""
    seen = BusSeen(error="no identity for Service Bus: none worked", signed_in=False)

    assert one(of_bus.service_bus(seen, PLACE)).mend == ("az login",)


def entity(name: str = QUEUES[0], **changes: Any) -> EntitySeen:
    """Return a sound queue, changed."""
    sound: dict[str, Any] = {"dead_letters": 0, "described": described()}
    return EntitySeen(name=name, **sound | changes)


@pytest.mark.parametrize(
    ("changed", "mend"),
    [
        (entity(send="unauthorized"), '"Azure Service Bus Data Sender"'),
        (entity(receive="unauthorized"), '"Azure Service Bus Data Receiver"'),
        (
            entity(described=described(lock=timedelta(seconds=5))),
            (
                "az servicebus queue update --name create-meeting --namespace-name sb-rollcall "
                "--resource-group rg-rollcall --lock-duration PT1M"
            ),
        ),
        (entity(described=described(most_deliveries=3)), "--max-delivery-count 10"),
        (
            entity(described=described(duplicate_detection=True)),
            "--enable-duplicate-detection false",
        ),
        (entity(described=described(sessions=True)), "az servicebus queue delete"),
        (entity(described=described(active=False)), "--status Active"),
        (
            EntitySeen(name=TOPIC, described=Described(active=True, duplicate_detection=False)),
            "az servicebus topic create --name meeting-events",
        ),
    ],
)
def test_an_entity_that_is_not_as_it_must_be_fails(changed: EntitySeen, mend: str) -> None:
    """With the command for this one entity."""
    found = one(of_bus.service_bus(bus_seen(changed), PLACE))

    assert changed.name in found.seen
    assert mend in mended(found)


def test_dead_letters_warn_with_how_many_there_are() -> None:
    """Not more than are counted."""
    some = one(of_bus.service_bus(bus_seen(entity(dead_letters=3)), PLACE), Verdict.WARN)
    many = entity(dead_letters=MOST_DEAD_LETTERS)

    assert some.seen == "create-meeting has 3 dead letters"
    assert some.mend[0] == "rollcall requeue list --queue create-meeting"
    assert some.link == "docs/operations.md#dead-letters"
    found = one(of_bus.service_bus(bus_seen(many), PLACE), Verdict.WARN)
    assert found.seen == "create-meeting has 100 or more dead letters"


def test_dead_letters_among_the_rejected_are_not_sent_with_the_copies_there() -> None:
    """The queue's name alone would mean every refused request, too."""
    dead = entity(name=of_bus.REJECTED, dead_letters=1)
    found = one(of_bus.service_bus(bus_seen(dead), PLACE), Verdict.WARN)

    assert found.seen == "rejected-requests has a dead letter"
    assert {one.partition(" --queue ")[2] for one in found.mend if not one.startswith("#")} == {
        "'rejected-requests/$DeadLetterQueue'"
    }


def test_properties_that_may_not_be_read_warn() -> None:
    """Sending and receiving take fewer rights than managing."""
    seen = bus_seen(entity(described="Manage claim is required"))

    assert "Manage claim" in one(of_bus.service_bus(seen, PLACE), Verdict.WARN).seen


def test_a_bot_that_takes_calls_is_ok() -> None:
    """However its webhook is spelled."""
    spelled = bot_seen(callingWebhook=f"{WEBHOOK.upper()}/")

    for seen in (bot_seen(), spelled):
        one(of_outside.bot(seen, PLACE, WEBHOOK), Verdict.OK)


@pytest.mark.parametrize(
    ("seen", "verdict", "mend"),
    [
        (None, Verdict.WARN, "export ROLLCALL_BOT="),
        (BotSeen(error="no credential"), Verdict.WARN, "az login"),
        (BotSeen(status=404), Verdict.FAIL, "az resource list"),
        (BotSeen(status=403), Verdict.FAIL, "az bot show --name bot-1"),
        (BotSeen(status=200, app_id="another"), Verdict.FAIL, "BOT_APP_ID=another"),
        (
            BotSeen(status=200, app_id=PLACE.bot_app_id),
            Verdict.FAIL,
            (
                "az bot msteams create --name bot-1 --resource-group rg-rollcall "
                f"--enable-calling true --calling-web-hook {WEBHOOK}"
            ),
        ),
        (bot_seen(isEnabled=False), Verdict.FAIL, "az bot msteams create"),
        (bot_seen(enableCalling=False), Verdict.FAIL, "az bot msteams delete"),
        (bot_seen(callingWebhook="https://old.example/api/calls"), Verdict.FAIL, WEBHOOK),
        (bot_seen(callingWebhook=None), Verdict.FAIL, WEBHOOK),
    ],
)
def test_a_bot_that_takes_no_calls(seen: BotSeen | None, verdict: Verdict, mend: str) -> None:
    """No channel, calling off, another webhook; or nothing known, which is no failure."""
    assert mend in mended(one(of_outside.bot(seen, PLACE, WEBHOOK), verdict))


def test_a_bot_is_not_compared_with_an_app_that_did_not_answer() -> None:
    """Its app id is not known then."""
    silent = replace(PLACE, bot_app_id="")

    one(of_outside.bot(bot_seen(), silent, WEBHOOK), Verdict.OK)
    assert BOT.endswith(PLACE.bot_name)


def canary_seen(*done: str, **members: Any) -> CanarySeen:
    """Return how far a canary came."""
    return CanarySeen(done=done, took=timedelta(seconds=4.2), **members)


def test_a_canary_that_went_all_the_way_is_ok() -> None:
    """With how long it took."""
    assert "4.2 s" in one(of_outside.canary(canary_seen(*of_outside.STEPS)), Verdict.OK).seen


def test_a_canary_says_at_which_step_it_failed_and_why() -> None:
    """With the code and the next step of the refusal."""
    seen = canary_seen(
        "requested",
        "made",
        failed="calling is not enabled",
        code="calling_not_enabled",
        next_step="Switch calling on.",
    )

    found = one(of_outside.canary(seen))

    assert found.seen == "not joined (calling_not_enabled): calling is not enabled"
    assert (found.mend, found.link) == (
        ("# Switch calling on.",),
        "docs/problems.md#calling_not_enabled",
    )


def test_what_a_canary_leaves_is_a_failure_of_its_own() -> None:
    """With the request that takes it away."""
    seen = canary_seen("requested", failed="interrupted", left='{"action": "cancel"}')

    _, left = of_outside.canary(seen)

    assert left.verdict is Verdict.FAIL
    assert '{"action": "cancel"}' in left.mend
