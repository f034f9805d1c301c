"""How an app's functions are sorted by trigger, and what host.json adds to them."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from devstack.functions.bindings import BindingError
from devstack.functions.host_json import HostJson
from devstack.functions.invocation import IndexedFunction
from devstack.functions.ncrontab import ScheduleError
from devstack.functions.wiring import wire

SETTINGS = {"BUS": "Endpoint=sb://127.0.0.1"}
HOST = HostJson(has_extensions=True)


def _function(name: str, **binding: object) -> IndexedFunction:
    raw = json.dumps({"name": "x", "connection": "BUS"} | binding)
    return IndexedFunction(name=name, function_id=f"id-{name}", raw_bindings=(raw,))


def test_functions_are_sorted_and_told() -> None:
    """One line each says what triggers which."""
    functions = [
        _function("tick", type="timerTrigger", schedule="0 0 * * * *"),
        _function("ask", type="httpTrigger", route="/calls/{id}"),
        _function("work", type="serviceBusTrigger", queueName="jobs"),
    ]

    wiring = wire(functions, HOST, SETTINGS)

    assert wiring.lines("api") == [
        "work: queue jobs",
        "ask: /api/calls/{id}",
        "tick: 0 0 * * * *",
    ]
    assert wiring.http[0].function_id == "id-ask"


def test_queue_functions_obey_host_json_unless_they_say_otherwise() -> None:
    """The decorator's auto_complete_messages wins."""
    host = replace(HOST, auto_complete=False, max_auto_lock_renewal=timedelta(minutes=1))
    functions = [
        _function("usual", type="serviceBusTrigger", queueName="a"),
        _function("own", type="serviceBusTrigger", queueName="b", autoCompleteMessages=True),
    ]

    usual, own = wire(functions, host, SETTINGS).queues

    assert (usual.auto_complete, own.auto_complete) == (False, True)
    assert usual.longest_renewal == timedelta(minutes=1)


def test_broken_schedule_is_refused() -> None:
    """Before anything runs."""
    with pytest.raises(ScheduleError):
        wire([_function("tick", type="timerTrigger", schedule="soon")], HostJson(), SETTINGS)


def test_queue_function_needs_an_extension_bundle() -> None:
    """Without it Azure finds no Service Bus trigger; the refusal says what to write."""
    work = _function("work", type="serviceBusTrigger", queueName="jobs")

    with pytest.raises(
        BindingError, match=r'"extensionBundle": \{"id": "Microsoft.Azure.Functions'
    ):
        wire([work], HostJson(), SETTINGS)


def test_other_functions_need_no_extension_bundle() -> None:
    """HTTP and timers are the host's own."""
    functions = [
        _function("tick", type="timerTrigger", schedule="0 0 * * * *"),
        _function("ask", type="httpTrigger"),
    ]

    assert len(wire(functions, HostJson(), SETTINGS).lines("api")) == 2


@pytest.mark.parametrize("value", ["true", "True", "1"])
def test_disabled_functions_have_no_trigger_but_http(value: str) -> None:
    """An HTTP function keeps its address, to answer 404."""
    functions = [
        _function("tick", type="timerTrigger", schedule="0 0 * * * *"),
        _function("ask", type="httpTrigger"),
        _function("work", type="serviceBusTrigger", queueName="jobs"),
        _function("other", type="serviceBusTrigger", queueName="jobs"),
    ]
    off = {f"AzureWebJobs.{name}.Disabled": value for name in ("tick", "ask", "work")}

    wiring = wire(functions, HOST, SETTINGS | off)

    assert [each.name for each in wiring.queues] == ["other"]
    assert wiring.timers == ()
    assert [each.disabled for each in wiring.http] == [True]
    assert wiring.disabled == ("tick", "ask", "work")
