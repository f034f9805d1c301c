"""Join links of Teams, read into what is needed to join: classic links and the new short ones.

Core. Fetches nothing. No error quotes a link: a link lets its holder into the meeting.
Source: https://learn.microsoft.com/graph/api/application-post-calls (classic links)
"""

import json
import re
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from shared.inbox.models import GUID
from shared.words.coordinates import NO_MESSAGE, ByJoinId, ByThread, JoinTarget
from shared.words.errors import Problem, Rejected
from shared.words.problems import rejected

HOSTS = frozenset(
    {
        "teams.microsoft.com",
        "teams.cloud.microsoft",
        "teams.live.com",
        "gov.teams.microsoft.us",
        "dod.teams.microsoft.us",
    }
)
WRAPPERS = ".safelinks.protection.outlook.com"
"""Mail filters replace a link with one of theirs, which carries it in its query."""
THREAD = re.compile(r"19:[^\s/%@]+@[A-Za-z0-9.]+")
DIGITS = re.compile(r"[0-9]{1,20}")
JOIN_ID = re.compile(r"[0-9]{5,20}")
DEEPEST_ENCODING = 3
"""How often a link may have been percent-encoded as a whole, by the tools that passed it on."""


def read_join_link(link: str, *, tenant_id: str) -> JoinTarget:
    """Return what `link` says; `tenant_id` counts for short links, which name no tenant.

    Raises `Rejected` (`link_not_understood`), which says what is missing and never quotes the link.
    """
    try:
        parts = _teams_link(link)
        segments = [unquote(one) for one in parts.path.split("/") if one]
    except ValueError:
        raise _not_understood("it is not a URL") from None
    match [one.lower() for one in segments[:2]]:
        case ["l", "meetup-join"]:
            return _classic(segments[2:], parts.query)
        case ["meet", _]:
            return _short(segments[1:], parts.query, tenant_id)
        case _:
            raise _not_understood("its path is neither /l/meetup-join/… nor /meet/…")


def join_id_of(text: str) -> str | None:
    """Return the digits of a join id, which people write in groups; None if `text` is not one."""
    digits = re.sub(r"[\s-]", "", text)
    return digits if JOIN_ID.fullmatch(digits) else None


def _teams_link(link: str) -> SplitResult:
    parts = urlsplit(link.strip().strip("<>"))
    if (parts.hostname or "").endswith(WRAPPERS):
        parts = urlsplit(_first(parts.query, "url") or "")
    if parts.scheme != "https" or parts.hostname not in HOSTS:
        raise _not_understood("it is not an https link to Microsoft Teams")
    return parts


def _classic(rest: list[str], query: str) -> ByThread:
    thread_id = _decoded(rest[0]) if rest else ""
    message_id = rest[1] if len(rest) > 1 else NO_MESSAGE
    context = _context(_first(query, "context") or "")
    tenant, organizer = _text(context, "tid"), _text(context, "oid")
    reply_chain = _text(context, "messageid")
    if THREAD.fullmatch(thread_id) is None or DIGITS.fullmatch(message_id) is None:
        raise _not_understood("it names no chat thread")
    if GUID.fullmatch(tenant) is None or GUID.fullmatch(organizer) is None:
        raise _not_understood("its context names no tenant (Tid) and organizer (Oid)")
    return ByThread(
        thread_id=thread_id,
        message_id=message_id,
        organizer_id=organizer.lower(),
        tenant_id=tenant.lower(),
        reply_chain_message_id=reply_chain if DIGITS.fullmatch(reply_chain) else None,
    )


def _short(rest: list[str], query: str, tenant_id: str) -> ByJoinId:
    join_id = join_id_of(rest[0])
    if join_id is None or len(rest) > 1:
        raise _not_understood("it names no join id")
    return ByJoinId(
        join_meeting_id=join_id, passcode=_first(query, "p") or None, tenant_id=tenant_id
    )


def _context(text: str) -> dict[str, Any]:
    for _ in range(DEEPEST_ENCODING):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            text = unquote(text)
            continue
        return {name.lower(): value for name, value in found.items()} if _is_object(found) else {}
    return {}


def _decoded(text: str) -> str:
    for _ in range(DEEPEST_ENCODING):
        text = unquote(text)
    return text


def _first(query: str, name: str) -> str | None:
    found = parse_qs(query).get(name)
    return found[0] if found else None


def _text(context: dict[str, Any], name: str) -> str:
    value = context.get(name)
    return str(value) if isinstance(value, str | int) else ""


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _not_understood(why: str) -> Rejected:
    problem = Problem(member="joinWebUrl", message=f"cannot be understood: {why}")
    return rejected("link_not_understood", what=f"{why}.", problems=[problem])
