"""Service Bus management over HTTP: queues and subscriptions are made, shown, changed and deleted.

Atom entries, as `ServiceBusAdministrationClient` sends and reads them. Topics are only shown;
rules, lists and counts are not there. Source: https://learn.microsoft.com/rest/api/servicebus/entity-apis
"""

from collections.abc import Mapping
from xml.etree import ElementTree as Xml

from aiohttp import web

from devstack.bus.atom import description_of
from devstack.bus.bounds import BOUNDS, IDLE
from devstack.bus.broker import Broker
from devstack.bus.config import ConfigError, Namespace, parse_queue, parse_subscription
from devstack.bus.config_reader import ObjectReader
from devstack.bus.directory import Place

_ATOM = "http://www.w3.org/2005/Atom"
_NAMES = "http://schemas.microsoft.com/netservices/2010/10/servicebus/connect"
_BELOW_TOPIC = "/subscriptions/"
_KEPT = "AutoDeleteOnIdle"
"""The one member that an update changes; a broker in memory has no use for the others."""
_BROKER = web.AppKey("administered", Broker)
_NAMESPACE = web.AppKey("configured", Namespace)
_SHOWN: web.AppKey[dict[str, dict[str, object]]] = web.AppKey("shown", dict)


def add_administration(app: web.Application, broker: Broker, namespace: Namespace) -> None:
    """Add the routes; every path that is none of the application's yet is an entity's."""
    app[_BROKER] = broker
    app[_NAMESPACE] = namespace
    app[_SHOWN] = {}
    for method, handler in (("PUT", _put), ("GET", _get), ("DELETE", _delete)):
        app.router.add_route(method, "/{path:.+}", handler)


async def _put(request: web.Request) -> web.Response:
    if (refusal := _refusal(request)) is not None:
        return refusal
    path = request.match_info["path"]
    broker = request.app[_BROKER]
    try:
        described = _described(await request.read())
    except (Xml.ParseError, LookupError) as error:
        return _error(400, f"The body is no Atom entry with a description: {error}")
    place = broker.find(path)
    if request.headers.get("If-Match") is not None:
        return _update(request, place, described)
    if place is not None:
        return _error(409, f"SubCode=40901. The messaging entity '{place.path}' is there already.")
    try:
        _make(broker, path, described)
    except ConfigError as error:
        return _error(400, "SubCode=40000. " + " ".join(error.problems))
    except LookupError:
        return _error(404, f"SubCode=40400. There is no topic for '{path}'.")
    request.app[_SHOWN][path.lower()] = described
    return _entry(path, described, status=201)


def _make(broker: Broker, path: str, described: Mapping[str, object]) -> None:
    """Raises ConfigError, and LookupError where the topic is not there."""
    bounds = BOUNDS[broker.trouble.switches.bounds]
    topic, below, name = _cut(path)
    if not below:
        broker.add_queue(parse_queue(path, described, bounds))
        return
    found = broker.find(topic)
    if found is None or found.entity is None or found.queue is not None:
        raise LookupError(topic)
    broker.add_subscription(found.path, parse_subscription(name, described, bounds))


def _update(
    request: web.Request, place: Place | None, described: Mapping[str, object]
) -> web.Response:
    if place is None:
        return _error(404, "SubCode=40400. There is no such entity.")
    shown = _members(request, place)
    changed = {name for name in described if described[name] != shown.get(name)}
    if changed - {_KEPT}:
        return _error(501, f"Only {_KEPT} is changed here, not {sorted(changed - {_KEPT})}.")
    problems: list[str] = []
    idle = ObjectReader(dict(described), place.path, problems).duration(_KEPT, IDLE)
    if problems:
        return _error(400, "SubCode=40000. " + " ".join(problems))
    shown |= described
    request.app[_SHOWN][place.path.lower()] = shown
    request.app[_BROKER].expire_when_idle(place, idle)
    return _entry(place.path, shown, status=200)


async def _get(request: web.Request) -> web.Response:
    if (refusal := _refusal(request)) is not None:
        return refusal
    place = request.app[_BROKER].find(request.match_info["path"])
    if place is None:
        # As the service does: a list without entries, not a 404.
        return _xml(Xml.Element(f"{{{_ATOM}}}feed"), status=200)
    kind = None if place.queue is not None else "Topic"
    return _entry(place.path, _members(request, place), status=200, kind=kind)


async def _delete(request: web.Request) -> web.Response:
    if (refusal := _refusal(request)) is not None:
        return refusal
    place = request.app[_BROKER].find(request.match_info["path"])
    if place is None or place.queue is None:
        return _error(404, "SubCode=40400. There is no such entity.")
    request.app[_SHOWN].pop(place.path.lower(), None)
    request.app[_BROKER].remove(place)
    return web.Response(status=200)


def _refusal(request: web.Request) -> web.Response | None:
    if "Authorization" not in request.headers:
        return _error(401, "MissingToken: The Authorization header is missing.")
    path = request.match_info["path"].lower()
    if "$" in path or "/rules" in path:
        return _error(501, "The local Service Bus manages queues and subscriptions alone.")
    return None


def _cut(path: str) -> tuple[str, str, str]:
    at = path.lower().find(_BELOW_TOPIC)
    if at < 0:
        return path, "", ""
    return path[:at], _BELOW_TOPIC, path[at + len(_BELOW_TOPIC) :]


def _described(body: bytes) -> dict[str, object]:
    """Read a description's members, typed as in Config.json. Raises ParseError, LookupError."""
    entry = Xml.fromstring(body)  # noqa: S314  clients of this machine alone reach this port
    content = entry.find(f"{{{_ATOM}}}content")
    if content is None or len(content) != 1:
        raise LookupError("one description is missing in `content`")
    return {one.tag.partition("}")[2]: _typed(one.text or "") for one in content[0]}


def _typed(text: str) -> object:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if text.isdigit() else text


def _members(request: web.Request, place: Place) -> dict[str, object]:
    """Return what the entity was described with, here or in Config.json."""
    made = request.app[_SHOWN].get(place.path.lower())
    if made is not None:
        return dict(made)
    configured = description_of(request.app[_NAMESPACE], place.path)
    return {name: _typed(text) for name, text in configured.items()}


def _entry(
    path: str, described: Mapping[str, object], *, status: int, kind: str | None = None
) -> web.Response:
    topic, below, name = _cut(path)
    entry = Xml.Element(f"{{{_ATOM}}}entry")
    Xml.SubElement(entry, f"{{{_ATOM}}}title", type="text").text = name if below else topic
    content = Xml.SubElement(entry, f"{{{_ATOM}}}content", type="application/xml")
    kind = kind or ("Subscription" if below else "Queue")
    description = Xml.SubElement(content, f"{{{_NAMES}}}{kind}Description")
    for member, value in described.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        Xml.SubElement(description, f"{{{_NAMES}}}{member}").text = text
    return _xml(entry, status=status)


def _error(status: int, detail: str) -> web.Response:
    error = Xml.Element("Error")
    Xml.SubElement(error, "Code").text = str(status)
    Xml.SubElement(error, "Detail").text = detail
    return _xml(error, status=status)


def _xml(root: Xml.Element, *, status: int) -> web.Response:
    return web.Response(
        status=status,
        body=Xml.tostring(root, encoding="utf-8"),
        content_type="application/atom+xml" if root.tag != "Error" else "application/xml",
    )
