"""Join links of Teams, read into what is needed to join: classic links and the new short ones.

Core. Fetches nothing. The text may hold more than the link: link_text.py undoes escapes,
wrapped_links.py finds the links. No error quotes a link: a link lets its holder into the meeting.
Source: https://learn.microsoft.com/graph/api/application-post-calls (classic links)
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Set as AbstractSet
from dataclasses import replace
from enum import IntEnum
from itertools import islice
from typing import Never
from urllib.parse import unquote

from join_meeting.link_text import as_written, decoded, joined_lines, may_be_quoted_printable
from join_meeting.wrapped_links import MOST_LINKS, TEAMS_HOSTS, FoundLink, links_in
from shared.inbox.models import GUID
from shared.words.coordinates import NO_MESSAGE, ByJoinId, ByThread, JoinTarget
from shared.words.errors import Problem
from shared.words.problems import rejected

PUBLIC_HOSTS = frozenset({"teams.microsoft.com", "teams.cloud.microsoft"})
"""Where the links of the public cloud lead."""
PERSONAL_HOST = "teams.live.com"
THREAD = re.compile(r"19:[^\s/%@?&#<>\"]+@[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*")
DIGITS = re.compile(r"[0-9]{1,20}")
JOIN_ID = re.compile(r"[0-9]{5,20}")
PASSCODE = re.compile(r"[A-Za-z0-9]+")
HARD_WRAPPED = 66
"""Where programs break lines, they break them at 66 characters or more."""
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
_SHORT_ID = re.compile(
    r"([0-9]{1,6}(?:[ -][0-9]{1,6})+(?=/?(?:\?|$))|[0-9]+)/?(?=$|[^A-Za-z0-9_/])"
)
_TOKEN = re.compile(r"[^\s<>\"]*")
_SHORT_QUERY = re.compile(r"\?(?:[^\s?#]*?&)??p=", re.IGNORECASE)
_SECOND_PASSCODE = re.compile(r"&(?:[^\s<>\"()\[\]|?]*?&)??p=([A-Za-z0-9]*)", re.IGNORECASE)
_PASSCODE_APART = re.compile(r"[ \t]+(?:\?p=|[A-Za-z0-9])", re.IGNORECASE)
_CUT = re.compile(r"[^A-Za-z0-9\s]*?(?:[\s<>\"'`|\\(){}\[\]&#,;?]|__|[^\x00-\x7f]|$)")
"""What ends a passcode for certain. Other characters between letters might belong to it."""
_MORE_OF_A_LINK = re.compile(
    r"[ \t>]*(?:[?&%=]\S|[A-Za-z0-9]+(?:[?&%=]|__)|([A-Za-z0-9]+)\s*$|([0-9]))", re.ASCII
)


class _Weight(IntEnum):
    """How much the reason why a link is not read says about the text it stands in."""

    FOREIGN = 0
    WRAPPED = 1
    SPOILT = 2
    LEADS = 3
    """The link does lead to a meeting, just not to one that can be joined by it."""


class _UnreadableError(Exception):
    """One link that no meeting is read from."""

    def __init__(self, why: str, weight: _Weight = _Weight.SPOILT) -> None:
        super().__init__(why)
        self.weight = weight


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
    if len(found) > 1 or (found and any(one.weight is _Weight.LEADS for one in failed)):
        _refuse("it holds links that lead to different meetings, and only one can be meant")
    if not found:
        _refuse(str(max(failed, key=lambda one: one.weight, default="there is no link in it")))
    (target,) = found
    return target


def join_id_of(text: str) -> str | None:
    """Return the digits of a join id, which people write in groups; None if `text` is not one."""
    digits = re.sub(r"[\s-]", "", text)
    return digits if JOIN_ID.fullmatch(digits) else None


def _read_all(
    text: str, tenant_id: str, hosts: AbstractSet[str], *, unbroken: str | None
) -> tuple[list[JoinTarget], list[_UnreadableError]]:
    """Return the different meetings that links in `text` lead to, and why others lead to none.

    `unbroken`: the text before its lines were joined; None where they were not.
    """
    links = list(islice(links_in(text), MOST_LINKS + 1))
    if len(links) > MOST_LINKS:
        _refuse(f"it holds more than {MOST_LINKS} links")
    found: list[JoinTarget] = []
    failed: list[_UnreadableError] = []
    for link in links:
        try:
            target = _meeting(link, tenant_id, hosts, text=text, unbroken=unbroken)
        except _UnreadableError as error:
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
        return _short(rest, link, tenant_id, text=text, unbroken=unbroken)
    return _classic(decoded(rest))


def _check_host(link: FoundLink, host: str, hosts: AbstractSet[str]) -> None:
    if link.opaque is not None:
        raise _UnreadableError(
            f"it is wrapped by {link.opaque}, which does not show the link inside; open it in a "
            "browser and send the address that it leads to",
            _Weight.WRAPPED,
        )
    if host not in TEAMS_HOSTS or link.scheme == "http":
        raise _UnreadableError("it is not an https link to Microsoft Teams", _Weight.FOREIGN)
    if host == PERSONAL_HOST:
        raise _UnreadableError(
            "it leads to a meeting of Teams for personal accounts (teams.live.com), which no bot "
            "can join",
            _Weight.LEADS,
        )
    if host not in hosts:
        raise _UnreadableError(
            f"it leads to Teams in {TEAMS_HOSTS[host]} ({host}), which this deployment does not "
            "serve",
            _Weight.LEADS,
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
    raise _UnreadableError("its path is neither /l/meetup-join/… nor /meet/…")


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
        raise _UnreadableError("its coordinates (coords) cannot be read") from None
    return f'{thread}/{message}?context={{"Tid":"{tenant}","Oid":"{organizer}"}}'


def _classic(rest: str) -> ByThread:
    thread = THREAD.match(rest)
    if thread is None:
        raise _UnreadableError("it names no chat thread")
    rest, message_id = rest[thread.end() :], NO_MESSAGE
    message = re.match(r"/([^/?\s]+)", rest)
    if message is not None:
        message_id, rest = message[1], rest[message.end() :]
        if DIGITS.fullmatch(message_id) is None:
            raise _UnreadableError("what follows its chat thread is no message id")
    context = _CONTEXT.match(rest)
    if context is None or not context[2]:
        raise _UnreadableError(
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
        raise _UnreadableError(f"its context names {'more than one' if found else 'no'} {what}")
    return found.pop()


def _short(
    rest: str, link: FoundLink, tenant_id: str, *, text: str, unbroken: str | None
) -> ByJoinId:
    token = _TOKEN.match(rest)
    plain = decoded(token.group() if token is not None else "")
    named = _SHORT_ID.match(plain)
    join_id = join_id_of(named[1]) if named is not None else None
    if named is None or join_id is None:
        raise _UnreadableError("it names no join id")
    after = rest[token.end() if token is not None else 0 :]
    rest = plain[named.end() :]
    query = _SHORT_QUERY.match(rest)
    passcode, rest = _passcode(rest[query.end() :]) if query is not None else (None, rest)
    if not passcode and not rest and _is_apart(after, begun=query is not None):
        raise _UnreadableError("its passcode stands apart from it", _Weight.LEADS)
    another = _SECOND_PASSCODE.match(rest)
    if another is not None and another[1] != passcode:
        raise _UnreadableError("its passcode is not its only parameter p", _Weight.LEADS)
    _check_whole(link, named[1], passcode, rest, unbroken=unbroken)
    if passcode is not None and passcode.startswith("3D") and may_be_quoted_printable(text):
        raise _UnreadableError(
            "its passcode begins with 3D, which mail writes for the = before it; send "
            "joinMeetingId, passcode and tenantId instead",
            _Weight.LEADS,
        )
    return ByJoinId(join_meeting_id=join_id, passcode=passcode or None, tenant_id=tenant_id)


def _is_apart(after: str, *, begun: bool) -> bool:
    """Return whether blanks stand before the passcode, or before all of the link's query."""
    found = _PASSCODE_APART.match(after)
    return found is not None and (begun or found.group().lstrip().startswith("?"))


def _passcode(text: str) -> tuple[str, str]:
    """Return the passcode that `text` begins with, and the text after it."""
    text = text.lstrip()
    found = PASSCODE.match(text)
    passcode = found.group() if found is not None else ""
    rest = text[len(passcode) :]
    if _CUT.match(rest) is None:
        raise _UnreadableError(
            "its passcode holds something else than letters and digits", _Weight.LEADS
        )
    return passcode, rest


def _check_whole(
    link: FoundLink, join_id: str, passcode: str | None, rest: str, *, unbroken: str | None
) -> None:
    """Raise where a short link may go on in the next line of the text.

    `passcode`: None where the link names none, empty where it stands in no line that was read.
    """
    if passcode and rest:
        whole = unbroken is None or rest.startswith("&") or _stands_in(unbroken, passcode)
    elif link.closed:
        whole = True
    elif unbroken is not None:
        whole = _stands_in(unbroken, passcode or join_id)
    else:
        more = _MORE_OF_A_LINK.match(link.next_line)
        word, digit = (None, None) if more is None else more.groups()
        if more is None:
            whole = True
        elif passcode:
            whole = digit is not None or (word is not None and link.line < HARD_WRAPPED)
        else:
            whole = word is not None and passcode is None and not word[0].isdigit()
    if not whole:
        raise _UnreadableError("it may go on in the next line", _Weight.LEADS)


def _stands_in(text: str, part: str) -> bool:
    """Return whether `part` stands and ends within one line of `text`, and does not begin it."""
    found = re.search(rf"(?<=[^\s>]){re.escape(part)}(?:[^A-Za-z0-9\r\n]|\Z)", text.rstrip())
    return found is not None


def _refuse(why: str) -> Never:
    problem = Problem(member="joinWebUrl", message=f"cannot be understood: {why}")
    raise rejected("link_not_understood", what=f"{why}.", problems=[problem])
