"""Join links of Teams, read into what is needed to join: classic links and the new short ones.

Core. Fetches nothing. The text may hold more than the link: link_text.py undoes escapes,
wrapped_links.py finds the links, short_links.py reads the short ones. No error quotes a link: a
link lets its holder into the meeting.
Source: https://learn.microsoft.com/graph/api/application-post-calls (classic links)
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import islice
from typing import Never
from urllib.parse import unquote

from join_meeting.link_reasons import UnreadableLinkError, Weight
from join_meeting.link_text import as_written, decoded, joined_lines
from join_meeting.short_links import read_short_link
from join_meeting.wrapped_links import MOST_LINKS, TEAMS_HOSTS, FoundLink, links_in
from shared.inbox.models import GUID
from shared.words.clouds import CLOUDS
from shared.words.coordinates import NO_MESSAGE, ByJoinId, ByThread, JoinTarget
from shared.words.kinds import problem
from shared.words.problems import rejected

PUBLIC_HOSTS = CLOUDS["public"].teams
PERSONAL_HOST = "teams.live.com"
THREAD = re.compile(r"19:[^\s/%@?&#<>\"]+@[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*")
DIGITS = re.compile(r"[0-9]{1,20}")
_ROUTE = re.compile(
    r"(?:/(?:v2|_))?/?(?:(?:\?[^#\s]{0,1000})?#!?)?/(l/meetup-join|meet)/", re.IGNORECASE
)
_INNER = re.compile(r"[^\s#]*?[?&](url|coords)=([^&\s<>\"]+)", re.IGNORECASE)
_FQDN = re.compile(r"[^\s]*?[?&]fqdn=([A-Za-z0-9.-]+)", re.IGNORECASE)
_CONTEXT = re.compile(r"/?\?(?:[^\s?]*?&)??context=([^\r\n}]*)(\}?)", re.IGNORECASE)
_NAMED = r"(?<![A-Za-z]){name}[^A-Za-z0-9}}]{{1,16}}({value})(?![\w-])"
_TENANT = re.compile(_NAMED.format(name="Tid", value=GUID.pattern), re.IGNORECASE)
_ORGANIZER = re.compile(_NAMED.format(name="Oid", value=GUID.pattern), re.IGNORECASE)
_REPLY_CHAIN = re.compile(_NAMED.format(name="MessageId", value="[0-9]{1,20}"), re.IGNORECASE)


def read_join_link(
    text: str, *, tenant_id: str, hosts: AbstractSet[str] = PUBLIC_HOSTS
) -> JoinTarget:
    """Return the meeting that the one link in `text` leads to.

    `tenant_id` counts for short links, which name no tenant. `hosts`: those of the cloud that is
    served. Raises `Rejected` (`link_not_understood`), which says what is missing and never quotes
    the link.
    """
    plain = as_written(text)
    found, failed = _read_all(plain, tenant_id, hosts, unbroken=None)
    joined = joined_lines(plain)
    if not found and joined != plain.strip():
        found, others = _read_all(joined, tenant_id, hosts, unbroken=plain)
        failed = others if found else [*failed, *others]
    if len(found) > 1 or (found and any(one.weight is Weight.LEADS for one in failed)):
        _refuse("it holds links that lead to different meetings, and only one can be meant")
    if not found:
        _refuse(str(max(failed, key=lambda one: one.weight, default="there is no link in it")))
    (target,) = found
    return target


def _read_all(
    text: str, tenant_id: str, hosts: AbstractSet[str], *, unbroken: str | None
) -> tuple[list[JoinTarget], list[UnreadableLinkError]]:
    """Return the different meetings that links in `text` lead to, and why others lead to none.

    `unbroken`: the text before its lines were joined; None where they were not.
    """
    links = list(islice(links_in(text), MOST_LINKS + 1))
    if len(links) > MOST_LINKS:
        _refuse(f"it holds more than {MOST_LINKS} links")
    found: list[JoinTarget] = []
    failed: list[UnreadableLinkError] = []
    for link in links:
        try:
            target = _meeting(link, tenant_id, hosts, text=text, unbroken=unbroken)
        except UnreadableLinkError as error:
            failed.append(error)
        else:
            _add(found, target)
    return found, failed


def _add(found: list[JoinTarget], target: JoinTarget) -> None:
    """Add a meeting, unless it is there already, with its passcode or without."""
    for place, other in enumerate(found):
        if _without_passcode(other) != _without_passcode(target):
            continue
        if other == target or _without_passcode(target) == target:
            return
        if _without_passcode(other) == other:
            found[place] = target
            return
    found.append(target)


def _without_passcode(target: JoinTarget) -> JoinTarget:
    return replace(target, passcode=None) if isinstance(target, ByJoinId) else target


def _meeting(
    link: FoundLink,
    tenant_id: str,
    hosts: AbstractSet[str],
    *,
    text: str,
    unbroken: str | None,
) -> JoinTarget:
    host = link.host
    if link.scheme == "msteams" and not host:
        named = _FQDN.match(link.rest)
        host = named[1].lower() if named is not None else min(hosts)
    _check_host(link, host, hosts)
    kind, rest = _route(link.rest)
    if kind == "meet":
        return read_short_link(rest, link, tenant_id, text=text, unbroken=unbroken)
    return _classic(decoded(rest))


def _check_host(link: FoundLink, host: str, hosts: AbstractSet[str]) -> None:
    if link.opaque is not None:
        raise UnreadableLinkError(
            f"it is wrapped by {link.opaque}, which does not show the link inside; open it in a "
            "browser and send the address that it leads to",
            Weight.WRAPPED,
        )
    if host not in TEAMS_HOSTS or link.scheme == "http":
        raise UnreadableLinkError("it is not an https link to Microsoft Teams", Weight.FOREIGN)
    if host == PERSONAL_HOST:
        raise UnreadableLinkError(
            "it leads to a meeting of Teams for personal accounts (teams.live.com), which no bot "
            "can join",
            Weight.LEADS,
        )
    if host not in hosts:
        raise UnreadableLinkError(
            f"it leads to Teams in {TEAMS_HOSTS[host]} ({host}), which this deployment does not "
            "serve",
            Weight.LEADS,
        )


def _route(rest: str) -> tuple[str, str]:
    """Return which kind of link it is, and what follows its path.

    Teams shows links in its address bar behind a `#`, and in its launcher as a parameter `url`.
    """
    for _ in range(3):
        direct = _ROUTE.match(rest)
        if direct is not None:
            return direct[1].lower(), rest[direct.end() :]
        inner = _INNER.match(rest)
        if inner is not None and inner[1].lower() == "coords":
            return "l/meetup-join", _from_coordinates(inner[2])
        if inner is not None:
            rest = unquote(inner[2])
        elif (plain := unquote(rest)) != rest:
            rest = plain
        else:
            break
    raise UnreadableLinkError("its path is neither /l/meetup-join/… nor /meet/…")


def _from_coordinates(encoded: str) -> str:
    """Return the path of a classic link for the `coords` of a light meeting: JSON in base64."""
    try:
        text = decoded(urlsafe_b64decode(unquote(encoded).rstrip("=") + "==").decode())
        members = json.loads(text)
        thread, tenant, organizer = (
            members[name] for name in ("conversationId", "tenantId", "organizerId")
        )
        message = members.get("messageId") or NO_MESSAGE
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        raise UnreadableLinkError("its coordinates (coords) cannot be read") from None
    return f'{thread}/{message}?context={{"Tid":"{tenant}","Oid":"{organizer}"}}'


def _classic(rest: str) -> ByThread:
    thread = THREAD.match(rest)
    if thread is None:
        raise UnreadableLinkError("it names no chat thread")
    rest, message_id = rest[thread.end() :], NO_MESSAGE
    message = re.match(r"/([^/?\s]+)", rest)
    if message is not None:
        message_id, rest = message[1], rest[message.end() :]
        if DIGITS.fullmatch(message_id) is None:
            raise UnreadableLinkError("what follows its chat thread is no message id")
    context = _CONTEXT.match(rest)
    if context is None or not context[2]:
        raise UnreadableLinkError(
            "its context, which names tenant (Tid) and organizer (Oid), is missing or cut off"
        )
    reply_chain = _REPLY_CHAIN.search(context[1])
    return ByThread(
        thread_id=thread.group(),
        message_id=message_id,
        organizer_id=_one(_ORGANIZER, context[1], "organizer (Oid)").lower(),
        tenant_id=_one(_TENANT, context[1], "tenant (Tid)").lower(),
        reply_chain_message_id=reply_chain[1] if reply_chain is not None else None,
    )


def _one(pattern: re.Pattern[str], context: str, what: str) -> str:
    found = {one[1].lower() for one in pattern.finditer(context)}
    if len(found) != 1:
        raise UnreadableLinkError(f"its context names {'more than one' if found else 'no'} {what}")
    return found.pop()


def _refuse(why: str) -> Never:
    found = problem("unreadable_link", "joinWebUrl", reason=why)
    raise rejected("link_not_understood", what=f"{why}.", problems=[found])
