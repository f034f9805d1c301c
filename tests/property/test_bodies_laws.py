"""Laws of bodies: every way to send one is read as that body, and no bytes break reading."""

import contextlib
import gzip
import json
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from create_meeting.request import read_request
from join_meeting.request import read_request as read_join
from shared.inbox.models import read_members
from shared.words.errors import Rejected
from tests.fixtures.bodies import SENT, data_contract

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60).filter(
    lambda text: text.strip() != ""
)
members = st.fixed_dictionaries(
    {"subject": texts},
    optional={
        "requestId": texts,
        "context": st.dictionaries(texts, st.none() | st.integers() | texts, max_size=3),
        "watch": st.booleans() | st.none(),
    },
)


@given(members, st.sampled_from(list(SENT.values())), st.booleans())
def test_a_body_is_read_as_itself_however_it_is_sent(
    request: dict[str, object],
    sent: Callable[[bytes], bytes],
    escaped: bool,
) -> None:
    """In any encoding and wrapping."""
    body = json.dumps(request, ensure_ascii=escaped).encode()

    assert read_request(sent(body)) == read_request(body)
    assert read_members(sent(body)) == read_members(body)


@given(
    st.one_of(
        st.binary(),
        st.binary().map(gzip.compress),
        st.binary(max_size=200).map(data_contract),
        st.binary().map(lambda body: data_contract(b"") + body),
        st.binary().map(lambda body: b"{" + body),
        st.binary().map(lambda body: b"{\0" + body),
        st.text().map(lambda text: json.dumps(text).encode()),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(),
            lambda part: st.lists(part) | st.dictionaries(st.text(), part),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Nothing else is ever raised, and the members are read wherever there are any."""
    for read in (read_request, read_join):
        with contextlib.suppress(Rejected):
            read(body)
    assert isinstance(read_members(body), dict)
