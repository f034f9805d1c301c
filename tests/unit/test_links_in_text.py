"""Links as people have them: in sentences, wrapped by filters, as Teams itself shows them."""

import json
from base64 import b64encode
from urllib.parse import quote

import pytest

from join_meeting.join_links import read_join_link
from shared.words.coordinates import JoinTarget
from tests.fixtures.join_links import (
    BY_JOIN_ID,
    BY_THREAD,
    CLASSIC,
    CONTEXT,
    HOST,
    ORGANIZER,
    OWN,
    PATH,
    SHORT,
    TENANT,
    THREAD,
    proofpoint_v1,
    proofpoint_v2,
    proofpoint_v3,
    read,
    refusal,
    safe_link,
)

BOTH = pytest.mark.parametrize(
    ("link", "target"), [(CLASSIC, BY_THREAD), (SHORT, BY_JOIN_ID)], ids=["classic", "short"]
)
ZERO_WIDTH = "\u200b\u200b\u200b"
INVITATION = "\r\nMeeting ID: 234 567 890 123 45\r\nPasscode: aB3dE6\r\nhttps://aka.ms/JoinTeams"


@BOTH
@pytest.mark.parametrize(
    "around",
    [
        "{}.", "{},", "{};", "({})", "[{}]", "<{}>", '"{}"', "'{}'", "“{}”", "{}!", "{}?", "{}:",
        "`{}`", "**{}**", "__{}__", "{}...", "{}).", "{}%3E", "{}%22", "{}%29.", "{}%0D%0AMeeting",
        "{}&gt;", "&lt;{}&gt;", "&quot;{}&quot;", "{}&nbsp;Meeting ID", "{}\\nMeeting ID", "{}。",
        "[Join]({})", "[{0}]({0})", "<{}|Join now>", "{}\u200b", "\ufeff{}\u00ad", "\u202a{}\u202c",
        "{}%E2%80%8B", "{}&#8203;", "{}\u00a0Join", "{} (Join)", "Click here to join<{}>",
        'href="{}">Join</a>', "{}</a>", "{}<br>", "{}" + INVITATION, "Teams\n________\nJoin: {}\n",
        '{{"url":"{}","x":"y"}}', "{}\u2028Meeting ID", "{} https://aka.ms/JoinTeamsMeeting?a=b",
        "{0} {0}", "{}#", "{}&anon=true", "{}&amp;anon=true", "URL:{}\r\nSTATUS:CONFIRMED",
    ],
)  # fmt: skip
def test_what_stands_around_a_link_is_no_part_of_it(
    around: str, link: str, target: JoinTarget
) -> None:
    """Punctuation, brackets, markup, the sentence before, the lines after, what is invisible."""
    assert read(around.format(link)) == target


@BOTH
@pytest.mark.parametrize(
    "escaped",
    [
        pytest.param(lambda link: link.replace("?", "?anon=true&amp;"), id="entity"),
        pytest.param(lambda link: link.replace("?", "?anon=true&amp;amp;"), id="entity twice"),
        pytest.param(lambda link: link.replace("=", "&#61;"), id="entity by number"),
        pytest.param(lambda link: quote(link, safe=""), id="percent"),
        pytest.param(lambda link: quote(quote(link, safe=""), safe=""), id="percent twice"),
        pytest.param(lambda link: link.replace("/", "\\/"), id="slashes of JSON"),
        pytest.param(
            lambda link: link.replace("?", "?anon=true\\u0026") + "\\u003e", id="escapes of JSON"
        ),
        pytest.param(
            lambda link: f'<a href=3D"{link.replace("=", "=3D")}">=\r\nJoin</a>', id="mail"
        ),
        pytest.param(
            lambda link: f"Link =3D {link[:40]}=\r\n{link[40:].replace('=', '=3D')}=20", id="folded"
        ),
        pytest.param(
            lambda link: f"BEGIN:VEVENT\r\nURL:{link[:60]}\r\n {link[60:]}\r\nEND:VEVENT",
            id="calendar",
        ),
        pytest.param(lambda link: link.replace("https://", ""), id="without its scheme"),
        pytest.param(lambda link: link.replace("https", "HTTPS").replace("teams", "Teams"), id="A"),
        pytest.param(lambda link: link.replace(".com/", ".com:443/"), id="with its port"),
    ],
)
def test_escapes_are_undone(escaped: object, link: str, target: JoinTarget) -> None:
    """Those of mail, HTML, JSON and calendars, around a link and in it."""
    assert callable(escaped)
    assert read(escaped(link)) == target


@pytest.mark.parametrize(
    "context",
    [
        CONTEXT.replace("{", "{" + ZERO_WIDTH) + ZERO_WIDTH,
        CONTEXT.replace('"', '\\"'),
        CONTEXT.replace('"', "”"),
        CONTEXT.replace(":", ": ").replace(",", ", "),
        CONTEXT.replace(":", ":+"),
        CONTEXT.replace(",", "\\,"),
        CONTEXT.replace(",", ',"Other":"x",'),
    ],
)
@pytest.mark.parametrize("encoded", [False, True])
def test_a_context_is_read_as_programs_spoil_it(context: str, *, encoded: bool) -> None:
    """What Teams' own copy, word processors and calendars put into it counts for nothing."""
    context = quote(context, safe="") if encoded else context

    assert read(f"{HOST}/l/meetup-join/{THREAD}/0?context={context}") == BY_THREAD


@BOTH
@pytest.mark.parametrize(
    "shape",
    [
        f"{HOST}/v2/?meetingjoin=true#{{}}&anon=true&deeplinkId=4d0c2f5e",
        f"{HOST}/_#{{}}",
        f"{HOST}/_?culture=en-us&country=us#{{}}",
        f"{HOST}/v2/#{{}}",
        f"{HOST}/v2{{}}",
        "https://teams.cloud.microsoft{}",
        "msteams:{}&fqdn=teams.microsoft.com",
        "msteams:/{}",
        "msteams://teams.microsoft.com{}",
        "ms-teams:{}",
    ],
)
def test_a_link_is_read_as_teams_shows_it(shape: str, link: str, target: JoinTarget) -> None:
    """In the address bar, and for the desktop program."""
    assert read(shape.format(link.removeprefix(HOST))) == target


@BOTH
def test_a_link_is_read_from_the_launcher(link: str, target: JoinTarget) -> None:
    """The page that offers the program has the path as a parameter."""
    inner = quote(f"/_#{link.removeprefix(HOST)}&anon=true", safe="")

    launcher = f"{HOST}/dl/launcher/launcher.html?url={inner}&type=meetup-join&directDl=true"

    assert read(launcher) == target


def test_a_light_meeting_names_its_coordinates_in_base64() -> None:
    """The page for browsers without the program."""
    members = {"conversationId": THREAD, "tenantId": TENANT, "organizerId": ORGANIZER}
    coordinates = b64encode(quote(json.dumps({**members, "messageId": "0"})).encode()).decode()

    assert read(f"{HOST}/light-meetings/launch?agent=web&coords={coordinates}") == BY_THREAD


@BOTH
@pytest.mark.parametrize(
    "wrapped",
    [
        pytest.param(safe_link, id="Safe Links"),
        pytest.param(
            lambda link: safe_link(link, domain="safelinks.protection.office365.us"), id="GCC High"
        ),
        pytest.param(
            lambda link: safe_link(link, domain="safelinks.protection.partner.outlook.cn"), id="CN"
        ),
        pytest.param(lambda link: safe_link(link).replace("&", "&amp;") + ".", id="as HTML"),
        pytest.param(lambda link: safe_link(safe_link(link)), id="twice"),
        pytest.param(proofpoint_v1, id="Proofpoint 1"),
        pytest.param(proofpoint_v2, id="Proofpoint 2"),
        pytest.param(proofpoint_v3, id="Proofpoint 3"),
        pytest.param(lambda link: proofpoint_v3(link, replaced="%/?=:"), id="Proofpoint 3, runs"),
        pytest.param(lambda link: safe_link(proofpoint_v2(link)), id="Proofpoint in Safe Links"),
        pytest.param(lambda link: proofpoint_v3(safe_link(link)), id="Safe Links in Proofpoint"),
        pytest.param(
            lambda link: f"https://www.google.com/url?q={quote(link, safe='')}&sa=D&p=zz", id="q"
        ),
        pytest.param(lambda link: f"https://www.google.com/url?q={link}&sa=D", id="q, as it is"),
        pytest.param(
            lambda link: f"https://www.linkedin.com/redir?url={quote(link, safe='')}&p=zz", id="url"
        ),
        pytest.param(
            lambda link: f"https://l.facebook.com/l.php?u={quote(link, safe='')}&h=AT0", id="u"
        ),
        pytest.param(
            lambda link: f"https://secure-web.cisco.com/1abc-_d/{quote(link, safe='')}", id="Cisco"
        ),
        pytest.param(
            lambda link: f"https://linkprotect.cudasvc.com/url?a={quote(link, safe='')}&c=E,1,x",
            id="Barracuda",
        ),
        pytest.param(
            lambda link: (
                "https://eu.protection.sophos.com/?d=microsoft.com&u="
                + b64encode(link.encode()).decode()
                + "&p=zz"
            ),
            id="Sophos",
        ),
        pytest.param(
            lambda link: f"https://url.avanan.click/v2/___{link}___.YXAzOm", id="Check Point"
        ),
    ],
)
def test_a_wrapped_link_is_read(wrapped: object, link: str, target: JoinTarget) -> None:
    """By the filters of mail, and by pages that lead on; never with a parameter of theirs."""
    assert callable(wrapped)
    assert read(f"Join: <{wrapped(link)}>\n") == target


@pytest.mark.parametrize(
    ("link", "word"),
    [
        ("https://protect-eu.mimecast.com/s/AbCdE?domain=teams.microsoft.com", "Mimecast"),
        ("https://url.uk.m.mimecastprotect.com/s/AbCdE", "Mimecast"),
        ("https://linkprotect.cudasvc.com/url?x=abc", "Barracuda"),
        ("https://secure-web.cisco.com/1abc", "Cisco"),
        ("https://urldefense.com/v3/__nothing", "Proofpoint"),
        (proofpoint_v3(CLASSIC).partition("__;")[0] + "__;JQ!!x$", "Proofpoint"),
        ("https://eur02.safelinks.protection.outlook.com/?data=05", "Safe Links"),
        ("https://bit.ly/3abc", "shortener"),
        ("https://protect-eu.mimecast.com/s/A (https://www.example.com/)", "Mimecast"),
    ],
)
def test_a_link_that_a_wrapper_hides_is_refused_as_wrapped(link: str, word: str) -> None:
    """With what to do about it."""
    said = refusal(link)

    assert f"wrapped by {word}" in said or ("wrapped by" in said and word in said)
    assert "open it in a browser" in said


@pytest.mark.parametrize(
    ("host", "word"),
    [
        ("gov.teams.microsoft.us", "GCC High"),
        ("dod.teams.microsoft.us", "DoD"),
        ("teams.microsoftonline.cn", "China"),
        ("teams.live.com", "personal accounts"),
    ],
)
@BOTH
def test_a_link_of_another_cloud_is_refused_as_that(
    host: str, word: str, link: str, target: JoinTarget
) -> None:
    """Also where it is wrapped; and it is read where that cloud is the one that is served."""
    elsewhere = link.replace("teams.microsoft.com", host)

    assert word in refusal(elsewhere)
    assert word in refusal(safe_link(elsewhere))
    if host != "teams.live.com":
        served = read_join_link(elsewhere, tenant_id=OWN, hosts=frozenset({host}))
        assert served == target


@pytest.mark.parametrize(
    "text",
    [
        f"{CLASSIC} or {SHORT}",
        f"{SHORT} {SHORT.replace('12345?', '12346?')}",
        f"{SHORT} {SHORT.replace('aB3dE6', 'aB3dE7')}",
        f"{CLASSIC} {CLASSIC.replace('MGQ4', 'MGQ5')}",
        f"{CLASSIC}\n{safe_link(SHORT)}",
        f"{CLASSIC} https://teams.live.com/meet/9312345678901",
    ],
)
def test_links_to_two_meetings_are_refused(text: str) -> None:
    """Nobody can know which was meant."""
    assert "different meetings" in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{SHORT} {SHORT.partition('?')[0]}",
        f"{SHORT.partition('?')[0]} {SHORT}",
        f"{safe_link(SHORT)} {SHORT}",
        f"[{HOST}/l/meetup-join/19%3ameeting_MGQ4...]({SHORT})",
        f"{SHORT}\n{HOST}/meetingOptions/?organizerId={ORGANIZER}&threadId=19_meeting_MGQ4",
    ],
)
def test_two_forms_of_one_link_are_one(text: str) -> None:
    """And a link that leads to no meeting does no harm."""
    assert read(text) == BY_JOIN_ID


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("call me", "no link in it"),
        ("http://teams.microsoft.com/meet/23456789012345", "not an https link"),
        (f"{SHORT}-x", "letters and digits"),
        (f"{SHORT}%2Bx", "letters and digits"),
        (SHORT.replace("p=", "p=3D"), "begins with 3D"),
        (f"{SHORT}&p=another", "not its only parameter p"),
        (SHORT.replace("?", "&"), "not its only parameter p"),
        (SHORT.replace("?", " ?"), "stands apart"),
        (SHORT.replace("p=", "p= "), "stands apart"),
        (SHORT.replace("p=", "p=\n"), "next line"),
        (SHORT.replace("p=aB3dE6", "p=\nThanks"), "next line"),
        (CLASSIC.replace("Oid", "Uid"), "no organizer (Oid)"),
        (CLASSIC.replace("Tid", "Uid"), "no tenant (Tid)"),
        (CLASSIC.replace("%7D", quote(f',"tid":"{OWN}"}}')), "more than one tenant"),
        (CLASSIC.partition("?")[0], "missing or cut off"),
        (CLASSIC[:-6], "missing or cut off"),
        (f"{HOST}/meetingOptions/?organizerId={ORGANIZER}", "its path is neither"),
        (f"{HOST}/light-meetings/launch?coords=eyJ", "(coords) cannot be read"),
        (" ".join([SHORT] * 51), "more than 50 links"),
        (f"https://evil.example/teams.microsoft.com{PATH}", "not an https link"),
    ],
)
def test_a_refusal_says_what_is_wrong(text: str, why: str) -> None:
    """And it is true."""
    assert why in refusal(text)


def test_another_equals_sign_shows_that_a_passcode_is_no_escape() -> None:
    """A passcode may begin with 3D. Mail would have escaped the other `=`, too."""
    target = read(f"{HOST}/meet/23456789012345?anon=true&p=3DaB3d")

    assert "passcode='3DaB3d'" not in repr(target)
    assert getattr(target, "passcode", None) == "3DaB3d"


@pytest.mark.parametrize(
    "part",
    [
        "https://", "https%3A%2F%2F", "aHR0cHM6Ly90", "&amp;", "x" * 7, "=\r\n", "\u200b", "19:",
        "/meet/1", "https://teams.microsoft.com/l/meetup-join/", "https://urldefense.com/v3/__",
        "%25", "\n> ", "?p=",
    ],
)  # fmt: skip
def test_a_megabyte_is_read_in_a_moment(part: str) -> None:
    """The work is linear in the text: links come from outside."""
    assert refusal(part * (1_000_000 // len(part)))
