"""Short links of Teams (`/meet/{join id}?p={passcode}`), read only where their end is certain.

Core. A passcode is letters and digits and has no end of its own: half of one, or one with a piece
of the text behind it, must never pass for the whole.
"""

import re

from join_meeting.link_reasons import UnreadableLinkError, Weight
from join_meeting.link_text import decoded, may_be_quoted_printable
from join_meeting.wrapped_links import FoundLink
from shared.words.coordinates import ByJoinId

JOIN_ID = re.compile(r"[0-9]{5,20}")
PASSCODE = re.compile(r"[A-Za-z0-9]+")
HARD_WRAPPED = 66
"""Where programs break lines, they break them at 66 characters or more."""
USUAL_WIDTHS = frozenset({72, 75, 76, 78, 80})
"""At these lengths of a line even what looks like a word may be the rest of a passcode."""
_SHORT_ID = re.compile(
    r"([0-9]{1,6}(?:[ -][0-9]{1,6})+(?=/?(?:\?|$))|[0-9]+)/?(?=$|[^A-Za-z0-9_/])"
)
_TOKEN = re.compile(r"[^\s<>\"]*")
_SHORT_QUERY = re.compile(r"\?(?:[^\s?#]*?&)??p=", re.IGNORECASE)
_SECOND_PASSCODE = re.compile(r"&(?:[^\s<>\"()\[\]|?]*?&)??p=([A-Za-z0-9]*)", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z][a-z]{3,}")
_PASSCODE_APART = re.compile(r"[ \t]+(?:\?p=|[A-Za-z0-9])", re.IGNORECASE)
_CUT = re.compile(r"[^A-Za-z0-9\s]*?(?:[\s<>\"'`|\\(){}\[\]&#,;?]|__|[^\x00-\x7f]|$)")
"""What ends a passcode for certain. Other characters between letters might belong to it."""
_MORE_OF_A_LINK = re.compile(
    r"[ \t>]*(?:[?&%=]\S|[A-Za-z0-9]+(?:[?&%=]|__)|([A-Za-z0-9]+)\s*$|([0-9]))", re.ASCII
)


def join_id_of(text: str) -> str | None:
    """Return the digits of a join id, which people write in groups; None if `text` is not one."""
    digits = re.sub(r"[\s-]", "", text)
    return digits if JOIN_ID.fullmatch(digits) else None


def read_short_link(
    rest: str, link: FoundLink, tenant_id: str, *, text: str, unbroken: str | None
) -> ByJoinId:
    """Return the meeting of a short link, of which `rest` is what follows `/meet/`.

    `text` is all that the link stands in; `unbroken` the same before its lines were joined, None
    where they were not. Raises `UnreadableLinkError`.
    """
    token = _TOKEN.match(rest)
    plain = decoded(token.group() if token is not None else "")
    named = _SHORT_ID.match(plain)
    join_id = join_id_of(named[1]) if named is not None else None
    if named is None or join_id is None:
        raise UnreadableLinkError("it names no join id")
    after = rest[token.end() if token is not None else 0 :]
    rest = plain[named.end() :]
    query = _SHORT_QUERY.match(rest)
    passcode, rest = _passcode(rest[query.end() :]) if query is not None else (None, rest)
    if not passcode and not rest and _is_apart(after, begun=query is not None):
        raise UnreadableLinkError("its passcode stands apart from it", Weight.LEADS)
    another = _SECOND_PASSCODE.match(rest)
    if another is not None and another[1] != passcode:
        raise UnreadableLinkError("its passcode is not its only parameter p", Weight.LEADS)
    _check_whole(link, named[1], passcode, rest, unbroken=unbroken)
    if passcode is not None and passcode.startswith("3D") and may_be_quoted_printable(text):
        raise UnreadableLinkError(
            "its passcode begins with 3D, which mail writes for the = before it; send "
            "joinMeetingId, passcode and tenantId instead",
            Weight.LEADS,
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
        raise UnreadableLinkError(
            "its passcode holds something else than letters and digits", Weight.LEADS
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
            whole = digit is not None or (word is not None and _is_no_rest(word, link.line))
        else:
            whole = word is not None and passcode is None and not word[0].isdigit()
    if not whole:
        raise UnreadableLinkError("it may go on in the next line", Weight.LEADS)


def _is_no_rest(word: str, line: int) -> bool:
    """Return whether `word`, a line of its own, is no rest of the passcode in the line before."""
    return line < HARD_WRAPPED or (line not in USUAL_WIDTHS and _WORD.fullmatch(word) is not None)


def _stands_in(text: str, part: str) -> bool:
    """Return whether `part` stands and ends within one line of `text`, and does not begin it."""
    found = re.search(rf"(?<=[^\s>]){re.escape(part)}(?:[^A-Za-z0-9\r\n]|\Z)", text.rstrip())
    return found is not None
