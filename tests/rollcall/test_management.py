"""Entities of our own: what our rights do not allow is no failure, the rest is."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import pytest
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.servicebus.management import ServiceBusAdministrationClient

from rollcall.console import Exit, Failed
from rollcall.management import (
    LEAST_IDLE,
    Managed,
    NotAllowed,
    NotReached,
    Unmanaged,
    open_administration,
)
from rollcall.target import Target


@dataclass(kw_only=True)
class Namespace:
    """A namespace's management: it notes what is made, or fails."""

    failure: AzureError | None = None
    idle: timedelta | None = None

    def create_queue(self, name: str, *, auto_delete_on_idle: timedelta, **_: Any) -> None:
        """Make it."""
        assert name == "own"
        self._done(auto_delete_on_idle)

    def create_subscription(self, topic: str, name: str, *, auto_delete_on_idle: timedelta) -> None:
        """Make it."""
        assert (topic, name) == ("events", "own")
        self._done(auto_delete_on_idle)

    def delete_queue(self, name: str) -> None:
        """Delete it."""
        assert name == "own"
        self._done(None)

    def _done(self, idle: timedelta | None) -> None:
        if self.failure is not None:
            raise self.failure
        self.idle = idle


def managed(namespace: Namespace) -> Managed:
    return Managed(cast("ServiceBusAdministrationClient", namespace))


def answered(status: int) -> HttpResponseError:
    error = HttpResponseError(f"{status}\nlines for tracing")
    error.status_code = status
    return error


def test_what_is_made_deletes_itself() -> None:
    """After five minutes at the least: Service Bus takes no less."""
    namespace = Namespace()

    managed(namespace).add_subscription("events", "own", idle=timedelta())
    assert namespace.idle == LEAST_IDLE
    managed(namespace).add_queue("own", idle=timedelta(hours=1))
    assert namespace.idle == timedelta(hours=1)


@pytest.mark.parametrize(
    ("failure", "lacking", "code"),
    [
        (answered(401), NotAllowed, Exit.USAGE),
        (answered(403), NotAllowed, Exit.USAGE),
        (ServiceRequestError("no route to it"), NotReached, Exit.UNREACHABLE),
        (ServiceResponseError("no route to it\nlines"), NotReached, Exit.UNREACHABLE),
    ],
)
def test_a_missing_right_is_told_from_a_missing_connection(
    failure: AzureError, lacking: type[Unmanaged], code: Exit
) -> None:
    """The commands know another way for both, or exit with the code."""
    with pytest.raises(lacking) as raised:
        managed(Namespace(failure=failure)).add_queue("own", idle=timedelta())

    assert raised.value.code is code
    assert ("no route to it." in str(raised.value)) is (lacking is NotReached)


@pytest.mark.parametrize("failure", [answered(409), answered(500)])
def test_another_failure_is_said_in_one_line(failure: AzureError) -> None:
    """It is none of our rights."""
    with pytest.raises(Failed) as failed:
        managed(Namespace(failure=failure)).add_queue("own", idle=timedelta())

    assert failed.value.code is Exit.UNREACHABLE
    assert "tracing" not in str(failed.value)


def test_what_is_gone_already_is_deleted() -> None:
    """It may have deleted itself."""
    managed(Namespace(failure=ResourceNotFoundError("gone"))).delete("own")


def test_names_in_a_connection_string_have_no_case() -> None:
    """The SDK reads them so, of an emulator's, too."""
    text = "endpoint=sb://127.0.0.1:9;sharedaccesskeyname=a;SHAREDACCESSKEY=b;"
    target = Target(url=None, key="", service_bus=f"{text}UseDevelopmentEmulator=true", local={})

    with open_administration(target) as client:
        assert client.fully_qualified_namespace == "127.0.0.1:5300"
