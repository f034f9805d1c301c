"""Whether queues and topic take and give messages, and are set up as Rollcall needs them. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from rollcall.doctor.finding import Check, Finding, Place, fail, ok, warn
from rollcall.doctor.seen import MOST_DEAD_LETTERS, BusSeen, Described, EntitySeen

REJECTED = "rejected-requests"
QUEUES = ("create-meeting", "join-meeting", "tend-meeting", REJECTED)
TOPIC = "meeting-events"
LEAST_LOCK = timedelta(seconds=30)
"""A handler may take so long; the host renews a lock only where it lives on."""
DELIVERIES = 10
"""With fewer a short outage of Service Bus dead-letters requests: docs/operations.md."""
ROLES_PAGE = (
    "https://learn.microsoft.com/azure/service-bus-messaging/service-bus-managed-service-identity"
)
IDENTITY_PAGE = "https://learn.microsoft.com/python/api/overview/azure/identity-readme"
DEAD_LETTERS = "docs/operations.md#dead-letters"
SETTINGS_PAGE = "https://learn.microsoft.com/cli/azure/servicebus/queue"


def service_bus(seen: BusSeen, place: Place) -> tuple[Finding, ...]:
    """Return a finding for each thing wrong with the namespace, or that all is well."""
    if not seen.signed_in:
        return (_fails(seen.error, "az login", link=IDENTITY_PAGE),)
    if seen.error:
        command = "az servicebus namespace show " + _named(place)
        return (_fails(seen.error, "make up" if place.is_local else command),)
    findings = [one for entity in seen.entities for one in _entity(entity, place)]
    text = f"{len(seen.entities)} entities work and are set up well, without dead letters"
    return tuple(findings) or (ok(Check.SERVICE_BUS, text),)


def _entity(seen: EntitySeen, place: Place) -> Iterator[Finding]:
    for refused, what, role in (
        (seen.send, "sent to", "Sender"),
        (seen.receive, "received from", "Receiver"),
    ):
        if refused:
            yield _fails(
                f"{seen.name} cannot be {what}: {refused}",
                f'az role assignment create --role "Azure Service Bus Data {role}" '
                '--assignee "$(az ad signed-in-user show --query id --output tsv)" '
                f'--scope "$(az servicebus namespace show {_named(place)} --query id -o tsv)"',
                link=ROLES_PAGE,
            )
    if seen.dead_letters:
        more = " or more" * (seen.dead_letters >= MOST_DEAD_LETTERS)
        # `--queue rejected-requests` means the copies in the queue itself, too.
        queue = f"'{REJECTED}/$DeadLetterQueue'" if seen.name == REJECTED else seen.name
        yield warn(
            Check.SERVICE_BUS,
            f"{seen.name} has {seen.dead_letters}{more} dead letters"
            if seen.dead_letters > 1
            else f"{seen.name} has a dead letter",
            f"rollcall requeue list --queue {queue}",
            "# Mend what the reasons name; then they are sent again by:",
            f"rollcall requeue send --queue {queue}",
            link=DEAD_LETTERS,
        )
    if isinstance(seen.described, str):
        yield warn(
            Check.SERVICE_BUS,
            f"how {seen.name} is set up cannot be read: {seen.described}",
            f"az servicebus {_kind(seen)} show {_named(place, seen.name)}",
            link=ROLES_PAGE,
        )
    else:
        yield from _described(seen, seen.described, place)


def _described(seen: EntitySeen, found: Described, place: Place) -> Iterator[Finding]:
    update = f"az servicebus {_kind(seen)} update {_named(place, seen.name)}"
    if not found.active:
        yield _fails(f"{seen.name} is disabled", f"{update} --status Active")
    if found.lock is not None and found.lock < LEAST_LOCK:
        yield _fails(
            f"{seen.name} locks a message for {found.lock.total_seconds():g} s, less than"
            f" {LEAST_LOCK.seconds} s: it may be handled twice at once",
            f"{update} --lock-duration PT1M",
        )
    if found.most_deliveries is not None and found.most_deliveries < DELIVERIES:
        yield _fails(
            f"{seen.name} dead-letters after {found.most_deliveries} deliveries, fewer than"
            f" {DELIVERIES}: a short outage loses requests",
            f"{update} --max-delivery-count {DELIVERIES}",
        )
    wanted = seen.name == TOPIC
    if found.duplicate_detection is not wanted:
        why = (
            "does not detect duplicates: an event may come twice"
            if wanted
            else "detects duplicates: it swallows the copies by which requests are retried"
        )
        yield _fails(f"{seen.name} {why}", *_made_again(seen, place, duplicates=wanted))
    if found.sessions:
        text = f"{seen.name} wants sessions, which no function of the app opens"
        yield _fails(text, *_made_again(seen, place, duplicates=wanted))


def _made_again(seen: EntitySeen, place: Place, *, duplicates: bool) -> tuple[str, ...]:
    """Return how an entity is made again: duplicate detection and sessions cannot be changed."""
    named, kind, wanted = _named(place, seen.name), _kind(seen), str(duplicates).lower()
    return (
        "# It cannot be changed. Deleting it deletes its messages too.",
        f"az servicebus {kind} delete {named}",
        f"az servicebus {kind} create {named} --enable-duplicate-detection {wanted}",
        "azd provision",
    )


def _fails(seen: str, *mend: str, link: str = SETTINGS_PAGE) -> Finding:
    return fail(Check.SERVICE_BUS, seen, *mend, link=link)


def _kind(seen: EntitySeen) -> str:
    return "topic" if seen.name == TOPIC else "queue"


def _named(place: Place, entity: str = "") -> str:
    if not entity:
        return f"--name {place.namespace} --resource-group {place.group}"
    return f"--name {entity} --namespace-name {place.namespace} --resource-group {place.group}"
