"""Join links of Teams: what is read from them, and how the rest are refused."""

from urllib.parse import quote

import pytest

from join_meeting.join_links import read_join_link
from shared.words.coordinates import ByJoinId, ByThread
from shared.words.errors import Rejected

TENANT = "6c5e9a3e-1f0b-4f3a-9d57-2b8f4f6d1a01"
ORGANIZER = "2f6b0c1d-94d4-4b8a-8f0e-7a1d5c3e0b02"
OWN = "0a1b2c3d-0000-4000-8000-00000000000f"
THREAD = "19:meeting_MGQ4MDQyNTEtNTQ2NS00YjQx@thread.v2"
CONTEXT = f'{{"Tid":"{TENANT}","Oid":"{ORGANIZER}"}}'
BASE = "https://teams.microsoft.com/l/meetup-join"
CLASSIC = f"{BASE}/{quote(THREAD, safe='')}/0?context={quote(CONTEXT, safe='')}"
IN_CHANNEL = CONTEXT.replace("}", ',"MessageId":"1600000000001"}')

WHOLE = ByThread(thread_id=THREAD, organizer_id=ORGANIZER, tenant_id=TENANT)


@pytest.mark.parametrize(
    "link",
    [
        pytest.param(CLASSIC, id="as Graph writes it"),
        pytest.param(CLASSIC.replace("%3A", "%3a").replace("%40", "%40"), id="lower-case escapes"),
        pytest.param(f"{BASE}/{THREAD}/0?context={CONTEXT}", id="decoded"),
        pytest.param(CLASSIC.replace("%", "%25"), id="encoded once more, as filters want it"),
        pytest.param(f"  <{CLASSIC}>\n", id="as mail quotes it"),
        pytest.param(CLASSIC.replace("teams.", "TEAMS."), id="host in capitals"),
        pytest.param(CLASSIC.replace("/0?", "?"), id="without a message"),
        pytest.param(CLASSIC + "&anon=true", id="with more in the query"),
        pytest.param(CLASSIC.replace("microsoft.com", "cloud.microsoft"), id="the new domain"),
        pytest.param(
            "https://eur02.safelinks.protection.outlook.com/?url="
            + quote(CLASSIC, safe="")
            + "&data=05%7C02&reserved=0",
            id="wrapped by a mail filter",
        ),
        pytest.param(
            CLASSIC.replace("Tid", "tid").replace(TENANT, TENANT.upper()), id="other spellings"
        ),
    ],
)
def test_a_classic_link_names_thread_organizer_and_tenant(link: str) -> None:
    """However often it was passed on."""
    assert read_join_link(link, tenant_id=OWN) == WHOLE


def test_a_link_into_a_channel_names_its_messages() -> None:
    """`MessageId` of the context is the reply chain."""
    link = f"{BASE}/19%3achannel%40thread.tacv2/1700000000002?context={quote(IN_CHANNEL)}"

    assert read_join_link(link, tenant_id=OWN) == ByThread(
        thread_id="19:channel@thread.tacv2",
        message_id="1700000000002",
        organizer_id=ORGANIZER,
        tenant_id=TENANT,
        reply_chain_message_id="1600000000001",
    )


@pytest.mark.parametrize(
    ("link", "join_id", "passcode"),
    [
        ("https://teams.microsoft.com/meet/23456789012345?p=aB3dE6", "23456789012345", "aB3dE6"),
        ("https://teams.cloud.microsoft/meet/9312345678901?p=aB3", "9312345678901", "aB3"),
        ("https://teams.microsoft.com/meet/234%20567%20890%2012?p=", "23456789012", None),
        ("https://teams.microsoft.com/meet/23456789012/", "23456789012", None),
    ],
)
def test_a_short_link_names_join_id_and_passcode(
    link: str, join_id: str, passcode: str | None
) -> None:
    """It carries neither thread nor tenant: the tenant is the one that is said beside it."""
    assert read_join_link(link, tenant_id=OWN) == ByJoinId(
        join_meeting_id=join_id, passcode=passcode, tenant_id=OWN
    )


@pytest.mark.parametrize(
    "link",
    [
        "",
        "call me",
        "https://[teams",
        "http://teams.microsoft.com/meet/23456789012",
        "https://teams.microsoft.com.evil.example/meet/23456789012",
        "https://teams.microsoft.com@evil.example/meet/23456789012",
        "https://zoom.us/j/23456789012",
        "https://teams.microsoft.com/",
        "https://teams.microsoft.com/meet/",
        "https://teams.microsoft.com/meet/abc",
        "https://teams.microsoft.com/meet/23456789012/more",
        "https://teams.microsoft.com/meet/23456789012?p=x%2By",
        "https://teams.microsoft.com/meet/23456789012?p=%2Fx",
        "https://teams.microsoft.com/l/channel/19%3ax%40thread.tacv2/General",
        f"{BASE}/",
        f"{BASE}/nothing/0?context={quote(CONTEXT)}",
        CLASSIC.partition("?")[0],
        CLASSIC.replace(quote(CONTEXT, safe=""), "%7B%7D"),
        CLASSIC.replace(quote(CONTEXT, safe=""), "%5B%5D"),
        CLASSIC.replace(ORGANIZER, "somebody"),
        CLASSIC.replace("/0?", "/zero?"),
        "https://eur02.safelinks.protection.outlook.com/?data=05",
        "https://eur02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fevil.example%2Fmeet%2F1",
    ],
)
def test_any_other_link_is_refused_with_what_to_send_instead(link: str) -> None:
    """The refusal never quotes it: the holder of a link may come in."""
    with pytest.raises(Rejected) as refused:
        read_join_link(link, tenant_id=OWN)

    assert refused.value.code == "link_not_understood"
    assert [problem.member for problem in refused.value.problems] == ["/joinWebUrl"]
    assert "/meet/" in refused.value.next_step
    assert not link or link not in str(refused.value)
