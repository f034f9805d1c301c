"""Bindings, settings and host.json: what is read, and what is refused with which words."""

import json
from datetime import timedelta

import pytest

from devstack.functions import host_json
from devstack.functions.app_settings import (
    IdentityConnection,
    SettingError,
    connection,
    substituted,
)
from devstack.functions.bindings import (
    BindingError,
    HttpTrigger,
    QueueTrigger,
    TimerTrigger,
    trigger_of,
)
from devstack.functions.host_json import HostJson, HostJsonError

BUS = {"SERVICE_BUS": "Endpoint=sb://127.0.0.1"}
QUEUE = {
    "type": "serviceBusTrigger",
    "direction": "IN",
    "name": "message",
    "connection": "SERVICE_BUS",
    "queueName": "work",
}


def test_queue_trigger() -> None:
    """A queue trigger as the library tells it, with its enums in upper case."""
    raw = json.dumps(QUEUE | {"dataType": "BINARY", "autoCompleteMessages": False})

    assert trigger_of("f", [raw], BUS) == QueueTrigger(
        parameter="message",
        entity="work",
        subscription=None,
        connection="Endpoint=sb://127.0.0.1",
        binary=True,
        auto_complete=False,
    )


def test_subscription_trigger_takes_names_from_settings() -> None:
    """%NAME% stands for a setting."""
    raw = json.dumps(
        {
            "type": "serviceBusTrigger",
            "name": "message",
            "connection": "SERVICE_BUS",
            "topicName": "%TOPIC%",
            "subscriptionName": "all",
        }
    )

    trigger = trigger_of("f", [raw], BUS | {"TOPIC": "news"})

    assert isinstance(trigger, QueueTrigger)
    assert trigger.source == "topic news, subscription all"
    assert trigger.binary is False


def test_http_trigger_defaults() -> None:
    """Without a route the function's name is one; without methods all are taken."""
    raw = [
        json.dumps({"type": "httpTrigger", "direction": "IN", "name": "req"}),
        json.dumps({"type": "http", "direction": "OUT", "name": "$return"}),
    ]

    trigger = trigger_of("hello", raw, {})

    assert isinstance(trigger, HttpTrigger)
    assert trigger.route == "hello"
    assert trigger.needs_key is True
    assert {"GET", "POST", "DELETE"} <= trigger.methods


def test_anonymous_http_trigger_needs_no_key() -> None:
    """The level decides."""
    raw = json.dumps(
        {"type": "httpTrigger", "name": "req", "authLevel": "ANONYMOUS", "methods": ["POST"]}
    )

    trigger = trigger_of("hello", [raw], {})

    assert trigger == HttpTrigger(
        parameter="req", route="hello", methods=frozenset({"POST"}), needs_key=False
    )


def test_timer_trigger() -> None:
    """A schedule may come from a setting."""
    raw = json.dumps({"type": "timerTrigger", "name": "t", "schedule": "%WHEN%"})

    assert trigger_of("f", [raw], {"WHEN": "0 * * * * *"}) == TimerTrigger(
        parameter="t", schedule="0 * * * * *", run_on_startup=False, use_monitor=True
    )


@pytest.mark.parametrize(
    ("binding", "word"),
    [
        (QUEUE | {"cardinality": "MANY"}, "batches"),
        (QUEUE | {"isSessionsEnabled": True}, "sessions"),
        ({"type": "blobTrigger", "name": "b"}, "blobTrigger"),
        ({"type": "http", "name": "$return"}, "0 triggers"),
    ],
)
def test_what_is_not_imitated_is_refused(binding: dict[str, object], word: str) -> None:
    """Nothing is silently different from Azure."""
    with pytest.raises(BindingError, match=word):
        trigger_of("f", [json.dumps(binding)], BUS)


def test_missing_setting_of_a_binding_is_named() -> None:
    """The reader sees which one."""
    with pytest.raises(SettingError, match="QUEUE is not set"):
        substituted("%QUEUE%", {})


def test_connection_may_have_the_old_prefix() -> None:
    """Azure looks for AzureWebJobsNAME, too."""
    assert connection("BUS", {"AzureWebJobsBUS": "x"}) == "x"


NAMESPACE = {"BUS__fullyQualifiedNamespace": "x.servicebus.windows.net"}
AN_ID = "5b8f1e2c-7d3a-4b96-8c4e-1f2a9d6b3c06"


@pytest.mark.parametrize(
    ("settings", "client_id"),
    [
        ({}, None),
        ({"BUS__credential": "managedidentity"}, None),
        ({"BUS__credential": "ManagedIdentity", "BUS__clientId": AN_ID}, AN_ID),
        ({"BUS__credential": "managedidentity", "AZURE_CLIENT_ID": AN_ID}, None),
        ({"BUS__clientId": AN_ID}, None),
        ({"AZURE_CLIENT_ID": AN_ID}, AN_ID),
        ({"BUS": "", "BUS__clientId": ""}, None),
    ],
)
def test_an_identity_opens_the_bus_where_a_namespace_is_named(
    settings: dict[str, str], client_id: str | None
) -> None:
    """As the extension reads it: a client id without its credential counts for nothing."""
    assert connection("BUS", NAMESPACE | settings) == IdentityConnection(
        namespace="x.servicebus.windows.net", client_id=client_id
    )


def test_a_connection_string_counts_before_a_namespace() -> None:
    """As in the extension."""
    assert connection("BUS", NAMESPACE | {"BUS": "Endpoint=sb://x"}) == "Endpoint=sb://x"


def test_another_kind_of_credential_is_refused() -> None:
    """Nothing is silently different from Azure."""
    with pytest.raises(SettingError, match="workloadidentity"):
        connection("BUS", NAMESPACE | {"BUS__credential": "workloadidentity"})


def test_missing_connection_is_named() -> None:
    """The reader sees which one."""
    with pytest.raises(SettingError, match="BUS is not set"):
        connection("BUS", {})


def test_host_json_defaults_are_azures() -> None:
    """An empty host.json means what it means in Azure."""
    assert host_json.parse('{"version": "2.0"}') == HostJson(
        route_prefix="api",
        max_concurrent_calls=16,
        auto_complete=True,
        max_auto_lock_renewal=timedelta(minutes=5),
        function_timeout=timedelta(minutes=30),
        has_extensions=False,
    )


def test_host_json_values() -> None:
    """What is written wins; a negative span is no limit."""
    text = json.dumps(
        {
            "version": "2.0",
            "functionTimeout": "-1",
            "extensionBundle": {"id": "a bundle", "version": "[4.0.0, 5.0.0)"},
            "extensions": {
                "http": {"routePrefix": ""},
                "serviceBus": {
                    "maxConcurrentCalls": 4,
                    "autoCompleteMessages": False,
                    "maxAutoLockRenewalDuration": "-00:00:00.0010000",
                },
            },
        }
    )

    assert host_json.parse(text) == HostJson(
        route_prefix="",
        max_concurrent_calls=4,
        auto_complete=False,
        max_auto_lock_renewal=None,
        function_timeout=None,
        has_extensions=True,
    )


def test_host_json_spans_have_days_and_fractions() -> None:
    """The format is that of a .NET TimeSpan."""
    settings = host_json.parse('{"version": "2.0", "functionTimeout": "1.02:03:04.5"}')

    assert settings.function_timeout == timedelta(
        days=1, hours=2, minutes=3, seconds=4, milliseconds=500
    )


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{", "not JSON"),
        ("[]", "version"),
        ('{"version": "2.0", "functionTimeout": "5 min"}', "functionTimeout"),
        ('{"version": "2.0", "extensions": []}', "extensions"),
        ('{"version": "2.0", "extensionBundle": "4"}', "extensionBundle"),
        ('{"version": "2.0", "extensionBundle": {"id": "x"}}', "extensionBundle.version"),
        (
            '{"version": "2.0", "extensions": {"serviceBus": {"maxConcurrentCalls": 0}}}',
            "maxConcurrentCalls",
        ),
        (
            '{"version": "2.0", "extensions": {"serviceBus": {"autoCompleteMessages": "no"}}}',
            "autoCompleteMessages",
        ),
    ],
)
def test_broken_host_json_is_refused_by_member(text: str, word: str) -> None:
    """The reader sees where to look."""
    with pytest.raises(HostJsonError, match=word):
        host_json.parse(text)
