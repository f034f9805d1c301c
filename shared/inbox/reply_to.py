"""Which queue a message's `reply_to` means. Core: text in, a queue's name or the reason out.

Frameworks write addresses where Service Bus has a name: `sb://namespace/queue` (MassTransit, Azure
Functions), `queue:name` (MassTransit), `queue@namespace` (NServiceBus). Such text may hold a
connection string, so only what is a queue's name is ever quoted.
Source: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-messages-payloads
"""

import re
from urllib.parse import unquote, urlsplit

from shared.words.entities import RESERVED
from shared.words.outgoing import Undelivered

SCHEMES = frozenset({"sb", "amqp", "amqps", "https"})
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,258}[A-Za-z0-9])?")
"""Source: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules"""
OF_A_QUEUE = re.compile(r"queue:(?://)?", re.IGNORECASE)
DOMAIN = ".servicebus."


def read_reply_to(text: str, *, namespace: str) -> str | Undelivered:
    """Return the name of the queue, or why no answer goes there. `namespace`: our host name."""
    address = text.strip()
    try:
        name, host = _parts(address)
    except ValueError:
        return _no_queue()
    if host is not None and not _is_ours(host, namespace):
        return Undelivered(
            code="other_namespace",
            message="reply_to names a queue of another Service Bus namespace than Rollcall's.",
        )
    name = name.strip().strip("/")
    if NAME.fullmatch(name) is None:
        return _no_queue()
    lowered = name.lower()
    if any(lowered == own or lowered.startswith(f"{own}/") for own in RESERVED):
        return Undelivered(
            code="own_entity",
            message=f"reply_to names {name}, which is Rollcall's own: no answer may go there.",
        )
    return name


def _parts(address: str) -> tuple[str, str | None]:
    """Return what stands for the queue, and for the namespace where one is named."""
    if (prefix := OF_A_QUEUE.match(address)) is not None:
        return unquote(address[prefix.end() :].partition("?")[0]), None
    if "://" in address:
        found = urlsplit(address)
        if found.scheme.lower() not in SCHEMES:
            return "", None
        return unquote(found.path), found.hostname or ""
    name, at, host = address.partition("@")
    return name, host.strip() if at else None


def _is_ours(host: str, namespace: str) -> bool:
    named, ours = host.lower().rstrip("."), namespace.lower()
    return bool(named) and named in {ours, ours.partition(DOMAIN)[0]}


def _no_queue() -> Undelivered:
    return Undelivered(
        code="not_a_queue",
        message="reply_to is no address of a queue. Write the name of a queue of Rollcall's "
        "namespace, and nothing else.",
    )
