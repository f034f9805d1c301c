"""Laws of join links: every spelling of one link says the same, and no text breaks reading."""

import contextlib
import json
import string
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from join_meeting.join_links import join_id_of, read_join_link
from shared.words.coordinates import ByJoinId, ByThread, alias_of
from shared.words.errors import Rejected

OWN = "0a1b2c3d-0000-4000-8000-00000000000f"
guids = st.uuids().map(str)
threads = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=60).map(
    lambda text: f"19:meeting_{text}@thread.v2"
)
digits = st.text(string.digits, min_size=1, max_size=20)
join_ids = st.text(string.digits, min_size=5, max_size=20)
passcodes = st.text(string.ascii_letters + string.digits + "+&=%#/? ", min_size=1, max_size=12)


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
    """Whatever characters the passcode has."""
    query = f"?p={quote(passcode, safe='')}" if passcode else ""

    target = read_join_link(f"https://teams.microsoft.com/meet/{join_id}{query}", tenant_id=tenant)

    assert target == ByJoinId(join_meeting_id=join_id, passcode=passcode, tenant_id=tenant)


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
