"""Text that holds a link, as people and programs pass it on, freed of what they did to it.

Core. Escapes of mail, HTML and JSON are undone, and characters that nothing shows are taken out.
Every step is linear in the length of the text.
Sources: https://www.rfc-editor.org/rfc/rfc2045#section-6.7 (quoted-printable)
https://www.rfc-editor.org/rfc/rfc5545#section-3.1 (folded lines of calendars)
"""

import html
import quopri
import re
from urllib.parse import unquote

INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""What Unicode says a program shows as nothing (`Default_Ignorable_Code_Point`): zero-width spaces,
marks of direction, soft hyphens, byte order marks, tags."""
DEEPEST_ENCODING = 5
"""How often a link may have been encoded as a whole, by the tools that passed it on."""
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ENTITY_DEPTH = 3
_FOLD = re.compile(r"\r?\n[ \t]")
_BREAK = re.compile(r"[ \t]*(?:\r\n|[\r\n\u0085\u2028\u2029])[ \t>|]*")
_JSON_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_NOT_QUOTED_PRINTABLE = re.compile(r"=(?![0-9A-F]{2}|[ \t]*\r?\n|\Z)")
_QUOTED_PRINTABLE = re.compile(
    r"(?<![pP\s>])=(?:3D|20|22|C2|E2)|([?&]\w{1,40})?(?<!\s)=[ \t]*\r?\n"
)


def as_written(text: str) -> str:
    """Return `text` without the escapes of mail, HTML and JSON, and without what is invisible."""
    if "BEGIN:V" in text:
        text = _FOLD.sub("", text)
    if may_be_quoted_printable(text) and _is_quoted_printable(text):
        text = quopri.decodestring(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    text = _JSON_ESCAPE.sub(_json_escaped, text).replace("\\/", "/")
    return visible(text)


def visible(text: str) -> str:
    """Return `text` without entities of HTML and invisible characters."""
    for _ in range(_ENTITY_DEPTH):
        text, found = _ENTITY.subn(lambda one: html.unescape(one.group()), text)
        if not found:
            break
    return INVISIBLE.sub("", text)


def decoded(text: str) -> str:
    """Return `text` percent-decoded until nothing more can be decoded, within bounds."""
    for _ in range(DEEPEST_ENCODING):
        plain = visible(unquote(text))
        if plain == text:
            break
        text = plain
    return text


def may_be_quoted_printable(text: str) -> bool:
    """Return whether every `=` of `text` could be an escape of mail."""
    return _NOT_QUOTED_PRINTABLE.search(text) is None


def joined_lines(text: str) -> str:
    """Return `text` as one line, without indentation and the marks of quoted mail."""
    return _BREAK.sub("", text)


def _is_quoted_printable(text: str) -> bool:
    """Return whether an `=` is an escape of mail for certain.

    It may stand for itself before a passcode that begins with two digits, and behind a parameter's
    name at the end of a line that was broken there.
    """
    return any(found[1] is None for found in _QUOTED_PRINTABLE.finditer(text))


def _json_escaped(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return found[0] if "\ud800" <= character <= "\udfff" else character
