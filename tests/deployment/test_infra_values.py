"""The template agrees with the code: entities, settings, routes. Roles have the documented ids."""

import json
import re
from typing import Any

from shared.settings import Settings
from shared.settings_table import SETTINGS
from shared.words import entities
from shared.words.problems import CATALOGUE
from tests.deployment.bicep import INFRA, ROOT, Expression, read

APP = INFRA / "app"
CONFIG = ROOT / "devstack" / "bus" / "Config.json"
SAMPLE_REPLIES = "replies"
"""A reply queue of the local stack; a deployment names its own."""
SETTINGS_OF_THE_HOST = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__tableServiceUri",
    "OTEL_TRACES_SAMPLER",
    "PYTHON_ENABLE_OPENTELEMETRY",
    "SERVICE_BUS__clientId",
    "SERVICE_BUS__credential",
    "SERVICE_BUS__fullyQualifiedNamespace",
}
KEPT_OUT_ON_FLEX = {
    "ENABLE_ORYX_BUILD",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_PROCESS_COUNT",
    "FUNCTIONS_WORKER_RUNTIME",
    "FUNCTIONS_WORKER_RUNTIME_VERSION",
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY",  # the worker would export too, from its start on
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "WEBSITE_RUN_FROM_PACKAGE",
}
"""https://learn.microsoft.com/azure/azure-functions/functions-app-settings"""
SAMPLE_ID = "11111111-2222-3333-4444-555555555555"
SAMPLES = {
    "busHostName": "sb-x.servicebus.windows.net",
    "tableEndpoint": "https://stx.table.core.windows.net/",
    "tableName": "rollcall",
    "'https://${site.properties.defaultHostName}'": "https://func-x.azurewebsites.net",
    "tenant().tenantId": SAMPLE_ID,
    "botAppId": SAMPLE_ID,
    "organizerId": SAMPLE_ID,
    "identityClientId": SAMPLE_ID,
    "cloud": "public",
    "callRecords ? 'on' : 'off'": "on",
}
"""What the expressions in the app's settings may come out as."""
DOCUMENTED_ROLES = {
    "Azure Service Bus Data Owner": "090c5cfd-751d-490a-894a-3ce6f1109419",
    "Azure Service Bus Data Receiver": "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0",
    "Azure Service Bus Data Sender": "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
}
"""https://learn.microsoft.com/azure/role-based-access-control/built-in-roles"""


def local_namespace() -> dict[str, Any]:
    [namespace] = json.loads(CONFIG.read_text())["UserConfig"]["Namespaces"]
    assert isinstance(namespace, dict)
    return namespace


def app_settings() -> dict[str, Any]:
    settings = read(APP / "function.bicep").resources["settings"].body["properties"]
    assert isinstance(settings, dict)
    return settings


def site() -> dict[str, Any]:
    return read(APP / "function.bicep").resources["site"].body


def test_queues_are_the_same_in_code_local_stack_and_template() -> None:
    """By name; reply queues are each deployment's own."""
    in_template = set(read(APP / "bus.bicep").variables["queueNames"])
    in_stack = {queue["Name"] for queue in local_namespace()["Queues"]} - {SAMPLE_REPLIES}
    in_code = {*entities.OWN_ENTITIES, entities.REJECTED_QUEUE} - {entities.EVENTS_TOPIC}

    assert in_template == in_stack == in_code


def test_the_topic_is_the_same_and_always_has_its_subscription() -> None:
    """A topic without one drops every event."""
    [topic] = local_namespace()["Topics"]
    [subscription] = topic["Subscriptions"]
    given = read(INFRA / "main.bicep").modules["bus"].body["params"]["subscriptions"]

    assert read(APP / "bus.bicep").resources["events"].body["name"] == topic["Name"]
    assert topic["Name"] == entities.EVENTS_TOPIC
    one = f"['{subscription['Name']}']"
    assert given == Expression(f"empty(subscriptions) ? {one} : subscriptions")


def test_entities_are_of_the_same_kind() -> None:
    """In sessions, duplicate detection, deliveries. Durations differ: the emulator caps them."""
    bus = read(APP / "bus.bicep").resources
    queue, topic, subscription = (
        bus[name].body["properties"] for name in ("queues", "events", "eventSubscriptions")
    )
    [local_topic] = local_namespace()["Topics"]
    [local_subscription] = local_topic["Subscriptions"]
    local = [*local_namespace()["Queues"], local_subscription]

    for one in local:
        assert one["Properties"]["MaxDeliveryCount"] == queue["maxDeliveryCount"]
        assert one["Properties"]["RequiresSession"] is queue["requiresSession"] is False
    for one in local_namespace()["Queues"]:
        assert one["Properties"]["RequiresDuplicateDetection"] is False
    assert queue["requiresDuplicateDetection"] is False
    assert local_topic["Properties"]["RequiresDuplicateDetection"] is True
    assert topic["requiresDuplicateDetection"] is True
    for one in (queue, subscription):
        assert one["lockDuration"] == "PT1M"
        assert one["defaultMessageTimeToLive"] == "P14D"
    kept = f"queue != '{entities.REJECTED_QUEUE}'"
    assert queue["deadLetteringOnMessageExpiration"] == Expression(kept)
    assert subscription["deadLetteringOnMessageExpiration"] is True
    assert topic["defaultMessageTimeToLive"] == "P14D"
    assert topic["duplicateDetectionHistoryTimeWindow"] == "PT10M"


def test_every_setting_of_the_template_is_known() -> None:
    """To the app, or to the Functions host; none is both, and none is left over in the list."""
    ours = {one.name for one in SETTINGS}

    assert app_settings().keys() >= SETTINGS_OF_THE_HOST
    assert app_settings().keys() - SETTINGS_OF_THE_HOST <= ours
    assert SETTINGS_OF_THE_HOST & ours == set()
    assert KEPT_OUT_ON_FLEX & app_settings().keys() == set()


def test_the_app_starts_with_the_settings_of_the_template() -> None:
    """None that it requires is missing, and no secret is among them."""
    environment = {
        name: SAMPLES.get(value, "") if isinstance(value, Expression) else value
        for name, value in app_settings().items()
    }

    settings = Settings.from_env(environment)

    assert settings.service_bus == "sb-x.servicebus.windows.net"
    assert settings.service_bus_client_id == settings.azure_client_id == SAMPLE_ID
    assert settings.table_name == read(APP / "data.bicep").variables["tableName"]
    assert settings.graph_client_secret == settings.graph_certificate_path == ""
    assert settings.tending.sources.call_records


def test_the_bus_is_bound_under_the_prefix_of_the_settings() -> None:
    """The triggers name the connection; the host looks its settings up."""
    triggers = [path.read_text() for path in ROOT.glob("*/trigger.py")]
    connections = {
        name for source in triggers for name in re.findall(r'connection="(\w+)"', source)
    }
    prefixes = {name.split("__")[0] for name in app_settings() if "__" in name}

    assert connections == prefixes - {"AzureWebJobsStorage"}


def test_instances_are_kept_ready_for_groups_that_exist() -> None:
    """Flex Consumption scales HTTP as one group, and each other function by its own name."""
    scale = site()["properties"]["functionAppConfig"]["scaleAndConcurrency"]
    groups = re.findall(r"name: '([\w:]+)'", scale["alwaysReady"])

    assert groups == ["http", "function:tend_meeting"]
    assert 'function_name("tend_meeting")' in (ROOT / "tend_meeting" / "trigger.py").read_text()


def test_the_app_runs_on_the_python_that_it_is_tested_on() -> None:
    """The packaged wheels and .pyc files are of this version alone."""
    runtime = site()["properties"]["functionAppConfig"]["runtime"]

    assert runtime == {"name": "python", "version": (ROOT / ".python-version").read_text().strip()}


def test_the_bot_s_webhook_is_a_route_of_the_app() -> None:
    """Graph refuses a bot to join whose channel has no calling webhook."""
    channel = read(APP / "bot.bicep").resources["teams"].body["properties"]["properties"]
    prefix = json.loads((ROOT / "host.json").read_text())["extensions"]["http"]["routePrefix"]

    assert channel["enableCalling"] is channel["isEnabled"] is True
    assert channel["callingWebhook"] == Expression(f"'${{appUrl}}/{prefix}/calls'")
    assert 'route="calls"' in (ROOT / "call_callback" / "trigger.py").read_text()


def test_role_ids_are_the_documented_ones() -> None:
    """A wrong id that is another role's would be deployed without a word."""
    written = read(APP / "roles.bicep").variables["roleIds"]
    documented = {
        name.removeprefix("Azure ").replace(" ", ""): role
        for name, role in DOCUMENTED_ROLES.items()
    }

    assert {name[0].upper() + name[1:]: role for name, role in written.items()} == documented


def test_the_bot_is_granted_what_refusals_say_it_needs() -> None:
    """By name: the ids are Graph's own. That for call records covers the tenant: it is a choice."""
    main = (INFRA / "main.bicep").read_text()
    [listed] = re.findall(r"param graphRoles array = \[(.*?)\]", main, re.DOTALL)
    advice = " ".join(one.next_step for one in CATALOGUE.values())
    named = set(re.findall(r"\b[A-Z]\w+\.\w+(?:\.\w+)*\.All\b", advice))

    granted = set(re.findall(r"'([\w.]+)'", listed))
    assert named == granted | {"CallRecords.Read.All"}
    assert read(INFRA / "main.bicep").variables["permissions"] == Expression(
        "concat(graphRoles, callRecords ? ['CallRecords.Read.All'] : [])"
    )
    given = read(INFRA / "main.bicep").modules["botApp"].body["params"]["graphRoles"]
    assert given == Expression("permissions")
    assert read(INFRA / "main.bicep").outputs["GRAPH_ROLES"] == Expression("join(permissions, ' ')")


def test_roles_are_assigned_where_they_are_needed() -> None:
    """The bus's owner on the namespace: on its queues alone the app would not be woken."""
    assigned = {
        name: (one.body["scope"], one.body["properties"]["roleDefinitionId"])
        for name, one in read(APP / "roles.bicep").resources.items()
        if one.kind.startswith("Microsoft.Authorization/")
    }

    assert assigned == {
        "storageRoles": ("storage", "grant.role"),
        "busRoles": ("bus", "role.serviceBusDataOwner"),
        "telemetryRoles": ("component", "role.monitoringMetricsPublisher"),
        "createSenderRoles": ("bus::createMeeting", "role.serviceBusDataSender"),
        "joinSenderRoles": ("bus::joinMeeting", "role.serviceBusDataSender"),
        "replyReaderRoles": ("replies[grant.queue]", "role.serviceBusDataReceiver"),
        "eventReaderRoles": ("bus::events", "role.serviceBusDataReceiver"),
    }
    grants = read(APP / "roles.bicep").variables["storageGrants"]
    assert re.findall(r"role\.(\w+)", grants) == [
        "storageBlobDataOwner",
        "storageTableDataContributor",
    ]


def test_senders_may_use_queues_that_exist() -> None:
    """Roles are scoped to entities by their names."""
    named = {
        one.body["name"]
        for name, one in read(APP / "roles.bicep").resources.items()
        if name in ("createMeeting", "joinMeeting", "events")
    }

    assert named == {entities.CREATE_QUEUE, entities.JOIN_QUEUE, entities.EVENTS_TOPIC}
