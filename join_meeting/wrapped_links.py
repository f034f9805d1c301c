"""Links in a text, however often mail filters and redirects wrapped them. Core; fetches nothing.

A filter that keeps the link in its own is undone by reading on: the link inside is found by its
beginning, and ends where its level of percent-encoding ends. Proofpoint replaces characters, and
some write base64; both are decoded. What hides the link altogether is named by `opaque`.
Sources: https://learn.microsoft.com/defender-office-365/safe-links-about
https://help.proofpoint.com/Threat_Insight_Dashboard/API_Documentation/URL_Decoder_API
"""

import re
import string
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from join_meeting.link_text import visible

DEEPEST_WRAPPING = 4
MOST_LINKS = 50
LONGEST_LINK = 8192
LONGEST_LINE = 100
TEAMS_HOSTS: Mapping[str, str] = {
    "teams.microsoft.com": "the public cloud",
    "teams.cloud.microsoft": "the public cloud",
    "teams.live.com": "Teams for personal accounts",
    "gov.teams.microsoft.us": "GCC High",
    "dod.teams.microsoft.us": "DoD",
    "teams.microsoftonline.cn": "China (21Vianet)",
}
"""Every host of join links, and whose it is."""
WRAPPERS: Mapping[str, str] = {
    "safelinks.protection.outlook.com": "Outlook (Safe Links)",
    "safelinks.protection.office365.us": "Outlook (Safe Links)",
    "safelinks.protection.outlook.cn": "Outlook (Safe Links)",
    "safelinks.protection.partner.outlook.cn": "Outlook (Safe Links)",
    "urldefense.com": "Proofpoint",
    "urldefense.us": "Proofpoint",
    "urldefense.proofpoint.com": "Proofpoint",
    "mimecast.com": "Mimecast",
    "mimecastprotect.com": "Mimecast",
    "cudasvc.com": "Barracuda",
    "secure-web.cisco.com": "Cisco",
    "protection.sophos.com": "Sophos",
    "trendmicro.com": "Trend Micro",
    "fireeye.com": "Trellix",
    "trellix.com": "Trellix",
    "clicktime.symantec.com": "Symantec",
    "avanan.click": "Check Point",
    "hornetsecurity.com": "Hornetsecurity",
    "inky.com": "INKY",
    "emailprotection.link": "Intermedia",
    "aka.ms": "a link shortener",
    "bit.ly": "a link shortener",
    "lnkd.in": "a link shortener",
    "t.co": "a link shortener",
    "tinyurl.com": "a link shortener",
}
"""What is known to wrap links, by its domain."""
_COLON = r":|%(?:25){0,4}3A"
_SLASH = r"(?:/|%(?:25){0,4}2F)"
_TEAMS = "|".join(re.escape(host) for host in TEAMS_HOSTS)
_START = re.compile(
    rf"(?P<scheme>https?|ms-?teams)(?P<colon>{_COLON}){_SLASH}{{0,3}}"
    rf"|(?P<bare>(?<![\w.@/%:-])(?=(?:{_TEAMS})/))"
    rf"|(?P<base64>aHR0cHM6Ly[A-Za-z0-9+/_-]{{1,{LONGEST_LINK}}})",
    re.IGNORECASE,
)
_AUTHORITY = re.compile(r"[^\s/?#%&\\<>\"'|]{0,253}")
_TOKEN = re.compile(r"[^\s<>\"]*")
_ENCODED = re.compile(r"[^\s<>\"&#|\\^`{}]*")
_NEXT_LINE = re.compile(r"[ \t]*(?:\r\n|[\r\n\u0085\u2028\u2029])([^\r\n]{0,200})")
_PROOFPOINT = re.compile(r"https?://urldefense\.(?:proofpoint\.com|com|us)/(v[23])/", re.IGNORECASE)
_V2 = re.compile(r"url\?(?:[^\s#]*?&)?u=([^&\s]*)")
_V3 = re.compile(r"__(.+?)__;([A-Za-z0-9_-]*)=*!")
_V3_TOKEN = re.compile(r"\*(?:\*(.))?")
_V3_RUNS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLink:
    """One link: its scheme and host (`""`: it names none), and the text from its path on.

    `rest` is encoded as in the link itself. It goes on beyond the link where the text does.
    `wraps`: another link stands inside this one. `closed`: a parameter of its wrapper follows it.
    `next_line` is empty unless the link runs to the end of its line; `line` is that line's length,
    as far as it counts.
    """

    scheme: str
    host: str
    rest: str
    wraps: bool
    closed: bool
    line: int
    next_line: str

    @property
    def opaque(self) -> str | None:
        """The name of what wraps a link here and does not show it; None for other links."""
        if self.wraps:
            return None
        domains = (
            name
            for domain, name in WRAPPERS.items()
            if self.host == domain or self.host.endswith(f".{domain}")
        )
        return next(domains, None)


def links_in(text: str, *, depth: int = DEEPEST_WRAPPING) -> Iterator[FoundLink]:
    """Yield every link in `text`, in order: what a link wraps comes after it, or in its place."""
    after = 0
    starts = list(_START.finditer(text))
    for place, found in enumerate(starts):
        if found.start() < after:
            continue
        if found["base64"] is not None:
            if depth:
                yield from links_in(_from_base64(found["base64"]), depth=depth - 1)
            continue
        url, end, closed = _at_own_level(text, found.start(), _times_encoded(found["colon"]))
        next_start = starts[place + 1].start() if place + 1 < len(starts) else len(text)
        wraps = next_start < end
        version = _PROOFPOINT.match(url)
        if version is not None:
            # What it wraps begins like a link, but has characters replaced.
            after, wraps = end, False
            inner = _from_proofpoint(url, version)
            if inner is not None and depth:
                yield from links_in(inner, depth=depth - 1)
                continue
        line = _line_until(text, found.start(), end)
        yield _link(url, wraps=wraps, closed=closed, line=line, next_line=_line_after(text, end))


def _link(url: str, *, wraps: bool, closed: bool, line: int, next_line: str) -> FoundLink:
    scheme, colon, rest = url.partition(":")
    scheme = scheme.lower().replace("-", "")
    if not colon or scheme not in {"http", "https", "msteams"}:
        scheme, rest = "https", url
    rest = rest.lstrip("/")
    authority = _AUTHORITY.match(rest)
    named = authority.group() if authority is not None else ""
    host, rest = named.lower().removesuffix(":443").rstrip("."), rest[len(named) :]
    if scheme == "msteams" and host not in TEAMS_HOSTS:
        host, rest = "", f"/{named}{rest}"
    return FoundLink(
        scheme=scheme,
        host=host,
        rest=rest,
        wraps=wraps,
        closed=closed,
        line=line,
        next_line=next_line,
    )


def _line_until(text: str, start: int, end: int) -> int:
    least = max(0, start - LONGEST_LINE)
    return end - max(text.rfind("\n", least, start) + 1, least)


def _line_after(text: str, end: int) -> str:
    found = _NEXT_LINE.match(text, end)
    return found[1] if found is not None else ""


def _times_encoded(colon: str | None) -> int:
    return 0 if colon is None or colon == ":" else 1 + colon.count("25")


def _at_own_level(text: str, start: int, times: int) -> tuple[str, int, bool]:
    """Return the text from a link on, decoded as often as its beginning is encoded; and its end.

    Within an encoded link, each level ends at the parameter that follows it in its wrapper: the
    last value says whether one does.
    """
    found = (_ENCODED if times else _TOKEN).match(text, start, start + LONGEST_LINK)
    end = found.end() if found is not None else start
    if not times:
        return text[start : start + LONGEST_LINK], end, False
    url, closed = text[start:end], text[end : end + 1] == "&"
    for _ in range(times):
        url, parameter, _ = url.partition("&")
        url, closed = visible(unquote(url)), closed or bool(parameter)
    return url, end, closed


def _from_base64(text: str) -> str:
    text = text.rstrip("=").replace("+", "-").replace("/", "_")
    usable = text[: len(text) - (len(text) % 4 == 1)]
    return urlsafe_b64decode(usable + "=" * (-len(usable) % 4)).decode("utf-8", "replace")


def _from_proofpoint(url: str, version: re.Match[str]) -> str | None:
    """Return the link inside a link of Proofpoint's; None where it cannot be read.

    Version 2 writes `-` for `%` and `_` for `/`. Version 3 writes `*` for a character, and `**`
    with a letter for a run of them: the characters themselves follow the link in base64.
    """
    if version[1].lower() == "v2":
        found = _V2.match(url, version.end())
        plain = found[1].replace("-", "%").replace("_", "/") if found is not None else None
        return visible(unquote(plain)) if plain is not None else None
    found = _V3.match(url, version.end())
    if found is None:
        return None
    return _with_runs(re.sub("%2A", "*", found[1], flags=re.IGNORECASE), _from_base64(found[2]))


def _with_runs(text: str, replaced: str) -> str | None:
    place, missing = 0, False

    def original(token: re.Match[str]) -> str:
        nonlocal place, missing
        run = token[1]
        length = 1 if run is None else _V3_RUNS.find(run) + 2
        characters = replaced[place : place + length]
        missing = missing or len(characters) != length or (run is not None and length < 2)
        place += length
        return characters

    unwrapped = _V3_TOKEN.sub(original, text)
    # Some gateways write https:/ with a single slash.
    return None if missing else re.sub(r"^(https?:/)(?=[^/])", r"\1/", unwrapped)
