"""Where the deployment is that a command speaks to.

From options, else from `ROLLCALL_URL`, `ROLLCALL_KEY` and `SERVICE_BUS`, else from the file that
`make up` writes.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rollcall.console import Exit, Failed
from rollcall.plain import plain

ENDPOINTS = "endpoints.json"
EMULATOR = "UseDevelopmentEmulator=true"
"""In a connection string: a Service Bus without TLS."""
PARTS = ("functions", "functionKey", "serviceBus", "busManagement")
ADDRESS = re.compile(r"https?://[0-9A-Za-z.:\[\]_-]+(/[0-9A-Za-z_.~%/:@-]*)?")
URL_MISSING = (
    "Give --url or ROLLCALL_URL, the address of the function app; or start `make up` here."
)
BUS_MISSING = (
    "Give --service-bus or SERVICE_BUS, a connection string or the host name of the namespace;"
    " or start `make up` here."
)
URL_WRONG = (
    "--url is no address of a function app. Give --url or ROLLCALL_URL as"
    " https://{app}.azurewebsites.net, without a key or a query."
)
BUS_WRONG = (
    "is no host name of a namespace. Give --service-bus or SERVICE_BUS as"
    " {namespace}.servicebus.windows.net, or a connection string."
)
HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.?(:\d{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What options and environment say; None is not said. `folder`: where `make up` writes."""

    url: str | None
    key: str | None
    service_bus: str | None
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A deployment. `key`: "" where none is needed or given. `local`: `endpoints.json`, else {}."""

    url: str | None
    key: str
    service_bus: str | None
    local: dict[str, Any]

    @property
    def app(self) -> str:
        """The address of the function app, without a slash at its end. Raises `Failed`."""
        if self.url is None:
            raise Failed(f"No function app is known. {URL_MISSING}", Exit.USAGE)
        return self.url

    @property
    def bus(self) -> str:
        """A connection string, or the host name of a namespace. Raises `Failed`."""
        if self.service_bus is None:
            raise Failed(f"No Service Bus is known. {BUS_MISSING}", Exit.USAGE)
        if "=" not in self.service_bus and not HOST.fullmatch(self.service_bus):
            raise Failed(f"{plain(self.service_bus)} {BUS_WRONG}", Exit.USAGE)
        return self.service_bus


def target(given: Given) -> Target:
    """Return the deployment that `given` names.

    Where a part of it is given, the local stack stands in for none of the others: a command must
    not read the record of one deployment and write to the queue of another. Raises `Failed`.
    """
    key = (given.key or "").strip()
    if not (key.isascii() and key.isprintable()):
        raise Failed("The key has characters that no function key has. Check --key.", Exit.USAGE)
    if given.url and not _is_address(given.url):
        raise Failed(URL_WRONG, Exit.USAGE)
    if given.url or given.service_bus or key:
        return Target(
            url=given.url.rstrip("/") if given.url else None,
            key=key,
            service_bus=given.service_bus or None,
            local={},
        )
    local = _local(given.folder / ENDPOINTS)
    return Target(
        url=local.get("functions"),
        key=local.get("functionKey", ""),
        service_bus=local.get("serviceBus"),
        local=local,
    )


def _is_address(url: str) -> bool:
    """Return whether requests can go there, and it can stand in a command that people copy."""
    if not ADDRESS.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that hold no IPv6 address, or a port that is none
        return False


def _local(file: Path) -> dict[str, Any]:
    try:
        read = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise Failed(
            f"{file} cannot be read: {error}. Start `make up` again.", Exit.USAGE
        ) from error
    if not isinstance(read, dict) or not all(isinstance(read.get(one, ""), str) for one in PARTS):
        raise Failed(f"{file} is not what `make up` writes. Start `make up` again.", Exit.USAGE)
    return read
