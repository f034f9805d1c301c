"""Laws of join links: every spelling of one link says the same, and no text breaks reading."""

import contextlib
import json
import string
from collections.abc import Callable
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from join_meeting.join_links import read_join_link
from join_meeting.short_links import join_id_of
from shared.words.coordinates import ByJoinId, ByThread, JoinTarget, alias_of
from shared.words.errors import Rejected
from tests.fixtures.join_links import proofpoint_v1, proofpoint_v2, proofpoint_v3, safe_link

OWN = "0a1b2c3d-0000-4000-8000-00000000000f"
guids = st.uuids().map(str)
threads = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=60).map(
    lambda text: f"19:meeting_{text}@thread.v2"
)
digits = st.text(string.digits, min_size=1, max_size=20)
join_ids = st.text(string.digits, min_size=5, max_size=20)
passcodes = st.text(string.ascii_letters + string.digits, min_size=1, max_size=20).filter(
    lambda text: not text.startswith("3D")
)
"""3D may be what mail writes for the `=` before it: refused where nothing shows the contrary."""
wrappers = st.lists(
    st.sampled_from(
        [
            safe_link,
            proofpoint_v1,
            proofpoint_v2,
            proofpoint_v3,
            lambda link: f"https://www.google.com/url?q={quote(link, safe='')}&sa=D&p=another",
            lambda link: f"https://secure-web.cisco.com/1abc/{quote(link, safe='')}",
        ]
    ),
    max_size=3,
    unique=True,  # Proofpoint does not wrap its own links again
)
ends = st.sampled_from([*" \t<>()[]{}|\"'`,;?#&\\", "\n\n", "\u200b ", ". ", ".\n", "!", ""])


@given(
    target=st.builds(
        ByThread,
        thread_id=threads,
        message_id=digits,
        tenant_id=guids,
        organizer_id=guids,
        reply_chain_message_id=st.none() | digits,
    ),
    times=st.integers(min_value=1, max_value=3),
    spaced=st.booleans(),
)
def test_a_classic_link_is_read_back_however_often_it_was_encoded(
    target: ByThread, times: int, *, spaced: bool
) -> None:
    """Thread, message, tenant, organizer and reply chain come out as they went in."""
    named = {"Tid": target.tenant_id, "Oid": target.organizer_id}
    if target.reply_chain_message_id is not None:
        named["MessageId"] = target.reply_chain_message_id
    segment = target.thread_id
    context = json.dumps(named, separators=None if spaced else (",", ":"))
    for _ in range(times):
        segment, context = quote(segment, safe=""), quote(context, safe="")
    path = f"{segment}/{target.message_id}?context={context}"

    read = read_join_link(f"https://teams.microsoft.com/l/meetup-join/{path}", tenant_id=OWN)

    assert read == target


@given(join_ids, st.none() | passcodes, guids)
def test_a_short_link_is_read_back(join_id: str, passcode: str | None, tenant: str) -> None:
    """Whatever letters and digits the passcode has."""
    query = f"?p={quote(passcode, safe='')}" if passcode else ""

    target = read_join_link(f"https://teams.microsoft.com/meet/{join_id}{query}", tenant_id=tenant)

    assert target == ByJoinId(join_meeting_id=join_id, passcode=passcode, tenant_id=tenant)


def classic(target: ByThread) -> str:
    """Return the classic link to a meeting of no channel."""
    context = json.dumps({"Tid": target.tenant_id, "Oid": target.organizer_id})
    path = f"{quote(target.thread_id, safe='')}/0?context={quote(context, safe='')}"
    return f"https://teams.microsoft.com/l/meetup-join/{path}"


def short(target: ByJoinId) -> str:
    """Return the short link to a meeting."""
    query = f"?p={target.passcode}" if target.passcode else ""
    return f"https://teams.microsoft.com/meet/{target.join_meeting_id}{query}"


links = st.one_of(
    st.builds(ByThread, thread_id=threads, tenant_id=guids, organizer_id=guids).map(
        lambda target: (classic(target), target)
    ),
    st.builds(
        ByJoinId, join_meeting_id=join_ids, passcode=st.none() | passcodes, tenant_id=st.just(OWN)
    ).map(lambda target: (short(target), target)),
)


@given(links, wrappers, st.text(), ends, st.text())
def test_a_link_in_text_is_read_or_refused_and_never_another(
    link: tuple[str, JoinTarget],
    wrapped_by: list[Callable[[str], str]],
    before: str,
    end: str,
    after: str,
) -> None:
    """However it is wrapped, whatever stands around it; it is read where its end is certain."""
    text, target = link
    for wrap in wrapped_by:
        text = wrap(text)
    certain = end != "" or after == "" or isinstance(target, ByThread)
    separated = end if certain else " "

    try:
        read = read_join_link(f"{before}{text}{separated}{after}", tenant_id=OWN)
    except Rejected as error:
        assert "next line" in error.message or "letters and digits" in error.message  # noqa: PT017
    else:
        assert read == target


@given(links, wrappers, st.integers(min_value=1, max_value=80))
def test_a_link_that_is_broken_into_lines_is_never_read_as_another(
    link: tuple[str, JoinTarget], wrapped_by: list[Callable[[str], str]], width: int
) -> None:
    """Mail in plain text breaks lines at 66 characters or more; a link may begin anywhere."""
    text, target = link
    for wrap in wrapped_by:
        text = wrap(text)
    text = "x" * width + " " + text
    lines = "\n".join(text[at : at + 76] for at in range(0, len(text), 76))

    try:
        read = read_join_link(lines, tenant_id=OWN)
    except Rejected as error:
        assert "next line" in error.message  # noqa: PT017
    else:
        assert read == target


@given(join_ids, st.lists(st.integers(min_value=1, max_value=19), max_size=5))
def test_a_join_id_is_the_same_however_it_is_grouped(join_id: str, cuts: list[int]) -> None:
    """People write it as the invitation shows it."""
    grouped = "".join(
        f" {digit}" if place in cuts else digit for place, digit in enumerate(join_id)
    )

    assert join_id_of(grouped) == join_id


@given(
    st.text()
    | st.text().map(lambda text: f"https://teams.microsoft.com/{text}")
    | st.text().map(lambda text: f"https://teams.microsoft.com/l/meetup-join/{text}")
    | st.text().map(lambda text: f"https://teams.microsoft.com/meet/{text}")
    | st.text().map(lambda text: f"https://x.safelinks.protection.outlook.com/?url={text}")
)
def test_any_text_is_read_or_refused(link: str) -> None:
    """Nothing else is ever raised."""
    with contextlib.suppress(Rejected):
        alias_of(read_join_link(link, tenant_id=OWN))
