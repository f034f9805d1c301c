"""Bodies that are JSON to their sender: read where they mean one thing, else named for it."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from create_meeting.request import read_request
from join_meeting.request import read_request as read_join
from shared.inbox.bodies import LARGEST_BODY
from shared.inbox.models import read_members
from shared.words.errors import Rejected
from tests.fixtures.bodies import SENT, data_contract
from tests.fixtures.join_links import SHORT, TENANT

MEMBERS = {"requestId": "K-2", "subject": "Checkout is döwn"}
CLOUD_EVENT = {"specversion": "1.0", "type": "t", "source": "/s", "id": "1"}
BODY = json.dumps(MEMBERS, ensure_ascii=False).encode()


def refusal(body: bytes, read: Callable[[bytes], object] = read_request) -> dict[str, str]:
    """Return the problems of a body that is refused, by member."""
    with pytest.raises(Rejected) as refused:
        read(body)
    assert refused.value.code == "invalid_request"
    assert "line 1 column 1" not in refused.value.message
    return {problem.member: problem.message for problem in refused.value.problems}


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
def test_a_body_is_read_as_its_sender_means_it(sent: Callable[[bytes], bytes]) -> None:
    """Libraries add byte order marks, other encodings, compression and serialization."""
    assert read_request(sent(BODY)) == read_request(BODY)
    assert read_members(sent(BODY)) == MEMBERS


def test_wrappings_may_be_combined() -> None:
    """A .NET string of JSON in a string, compressed."""
    body = gzip.compress(data_contract(json.dumps(BODY.decode()).encode()))

    assert read_members(body) == MEMBERS


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "it is empty"),
        (b"  \n", "it is empty"),
        (BODY.decode().encode("utf-32"), "UTF-32"),
        (BODY.decode().encode("utf-32-be"), "UTF-32"),
        (BODY.decode().encode("latin-1"), f"not in UTF-8, from byte {BODY.index(0xC3) + 1} on"),
        (b"\xff\xfe{\x00\x00\xd8", "not in UTF-16-LE"),
        (base64.b64encode(BODY), "base64"),
        (base64.urlsafe_b64encode(gzip.compress(BODY, mtime=0)), "base64"),
        (base64.encodebytes(BODY * 3), "base64"),
        (zlib.compress(BODY), "zlib (deflate)"),
        (zlib.compress(BODY)[2:-4], "zlib (deflate)"),
        (b"\x28\xb5\x2f\xfd\x24", "Zstandard"),
        (b"PK\x03\x04rest", "zip archive"),
        (b"<?xml version='1.0'?><request/>", "XML"),
        (b"requestId=K-2&subject=Checkout+is+down", "form data"),
        (b"Checkout is down", "plain text"),
        (b"subject: Checkout is down", "plain text"),
        (b"\x82\xa9requestId\xa3K-2\xa7subject\xa1x", "MessagePack"),
        (b"\x0a\x03K-2\x12\x10Checkout is down", "Protocol Buffers"),
        (data_contract(b"x", name=b"CreateMeeting"), "an object of .NET's DataContract"),
        (data_contract(BODY)[:-3], "DataContractSerializer that is cut off"),
        (data_contract(BODY).replace(b"\x99", b"\x55"), "DataContractSerializer that is cut off"),
        (gzip.compress(BODY, mtime=0)[:-9], "cut off"),
        (gzip.compress(BODY, mtime=0) + gzip.compress(BODY, mtime=0), "more than one"),
        (b"\x1f\x8b\x08\x00 nothing", "cannot be unpacked"),
        (b'{"subject": "x"', "is cut off"),
        (b'{"subject": "x', "is cut off"),
        (b'{"subject": "x",}', "stops being it at character 16"),
        (b"{'subject': 'x'}", "single or typographic quotes"),
        (b'{"subject": "x"}\n{"subject": "y"}', "more follows after its end"),
        (b'{"subject": "a\x00b"}', "stops being it at character"),
        (b'{"subject": ' + b"1" * 5000 + b"}", "number that is too long"),
        (b"[" * 50_000, "nested too deep"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "nested too deep"),
        ("{“subject”: “x”}".encode(), "typographic quotes"),
    ],
)
def test_what_is_not_json_is_named_for_what_it_is(body: bytes, why: str) -> None:
    """The sender knows the place in its own program by that."""
    found = refusal(body)[""]

    assert found.startswith("the body is not JSON")
    assert why in found


@pytest.mark.parametrize("size", [LARGEST_BODY + 1, 50_000_000])
def test_a_gzip_that_unpacks_to_too_much_is_refused_without_that(size: int) -> None:
    """A bomb is unpacked up to the largest body, and no further."""
    bomb = gzip.compress(b'{"subject": "' + b" " * size + b'"}', mtime=0)

    assert f"unpacks to more than {LARGEST_BODY} bytes" in refusal(bomb)[""]


def test_a_body_is_not_unwrapped_for_ever() -> None:
    """Four layers are a misunderstanding already."""
    body = BODY
    for _ in range(5):
        body = gzip.compress(body, mtime=0)

    assert "too often" in refusal(body)[""]


@pytest.mark.parametrize(
    ("members", "name", "where"),
    [
        ({"messageType": ["urn:message:A:B"], "message": MEMBERS}, "MassTransit", "message"),
        ({**CLOUD_EVENT, "data": MEMBERS}, "CloudEvents", "data"),
        ({**CLOUD_EVENT, "pubsubname": "p", "data": MEMBERS}, "Dapr", "data"),
        ({"ContentData": "eyJ9", "ContentType": "text/plain"}, "Logic Apps", "ContentData"),
        ([{"eventType": "t", "eventTime": "x", "data": MEMBERS}], "Event Grid", "data"),
        ({"detail-type": "t", "source": "s", "detail": MEMBERS}, "Amazon EventBridge", "detail"),
        ({"Type": "Notification", "TopicArn": "t", "Message": "{}"}, "Amazon SNS", "Message"),
        ({"message": {"data": "eyJ9"}, "subscription": "s"}, "Google Pub/Sub", "message.data"),
        ({"pattern": "p", "data": MEMBERS}, "NestJS", "data"),
    ],
)
@pytest.mark.parametrize("read", [read_request, read_join])
def test_an_envelope_is_refused_as_that(
    members: Any, name: str, where: str, read: Callable[[bytes], object]
) -> None:
    """Saying where the request would be."""
    found = refusal(json.dumps(members).encode(), read)

    assert list(found) == [""]
    assert f"is an envelope of {name}" in found[""]
    assert f"would be in its {where}" in found[""]


def test_an_id_that_may_be_anothers_names_no_refusal() -> None:
    """Neither that of an envelope, nor one of two."""
    envelope = {"requestId": "theirs", "messageType": ["urn:message:A:B"], "message": MEMBERS}

    assert read_members(json.dumps(envelope).encode()) == {}
    assert read_members(b'{"requestId": "a", "requestId": "b", "x": 1}') == {"x": 1}


@pytest.mark.parametrize(
    ("body", "member"),
    [
        (b'{"subject": "x", "subject": "y"}', "/subject"),
        (b'{"subject": "x", "subject": "x"}', "/subject"),
        (b'{"subject": "x", "context": {"a": [{"b": 1, "b": 2}]}}', "/context/a/0/b"),
        (b'{"subject": "x", "attendees": [{"upn": "a@b.c", "upn": "d@e.f"}]}', "/attendees/0/upn"),
    ],
)
def test_a_member_that_is_given_twice_is_refused_by_name(body: bytes, member: str) -> None:
    """Which of the two was meant would be a guess, also where they are equal."""
    assert refusal(body) == {member: "is given more than once"}


def test_base64_in_a_json_string_is_named() -> None:
    """Serializers write bytes like that."""
    body = json.dumps(base64.b64encode(BODY).decode()).encode()

    assert "a JSON string of base64" in refusal(body)[""]


def test_half_a_character_pair_is_refused_by_name() -> None:
    """No encoding can carry it; names are quoted without it."""
    body = b'{"subject": "a\\ud800", "context": {"b": ["\\udc00"], "c\\ud800": 1}}'

    assert refusal(body) == dict.fromkeys(
        ["/subject", "/context/b/0", "/context/c?"], "holds half a character pair"
    )


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\x85"])
@pytest.mark.parametrize(
    ("members", "member"),
    [
        ({"subject": "disk{}full"}, "/subject"),
        ({"subject": "x", "requestId": "a{}"}, "/requestId"),
        ({"subject": "x", "attendees": ["a{}@b.c"]}, "/attendees/0"),
        ({"subject": "x", "attendees": [{"upn": "a@b{}.c"}]}, "/attendees/0/upn"),
        ({"subject": "x", "options": {"meetingTemplateId": "{}a"}}, "/options/meetingTemplateId"),
    ],
)
def test_a_control_character_is_refused_by_name(
    members: dict[str, Any], member: str, character: str
) -> None:
    """It would break the calendar that goes out with the answer."""
    body = json.dumps(members).replace("{}", json.dumps(character)[1:-1]).encode()

    found = refusal(body)

    assert list(found) == [member]
    assert "control character" in found[member] or "principal name" in found[member]


@pytest.mark.parametrize("name", ["guestName", "joinWebUrl"])
def test_a_control_character_is_refused_in_a_join_too(name: str) -> None:
    """The guest's name is shown in the meeting."""
    body = json.dumps({"joinWebUrl": SHORT, name: f"{SHORT}\x08"}).encode()

    assert "U+0008" in refusal(body, read_join)[f"/{name}"]


def test_lines_and_tabs_are_no_such_characters() -> None:
    """Alerts end with them."""
    read_request(b'{"subject": "disk\\tfull\\r\\n"}')


def test_a_request_id_with_a_control_character_names_no_refusal() -> None:
    """The message's own id stands in."""
    assert refusal(b'{"subject": "x", "requestId": "a\\u0000"}')


@pytest.mark.parametrize(
    ("whole", "optional"),
    [
        (
            {"subject": "x"},
            (
                "requestId", "action", "organizerId", "startDateTime", "endDateTime", "options",
                "attendees", "join", "watch", "retentionDays", "leaveWhenAloneSeconds",
                "retryForSeconds", "context",
            ),
        ),
        (
            {"requestId": "x", "action": "update", "subject": "y"},
            ("startDateTime", "endDateTime", "options", "attendees", "retryForSeconds"),
        ),
        ({"requestId": "x", "action": "cancel"}, ("retryForSeconds",)),
    ],
)  # fmt: skip
def test_null_means_absent(whole: dict[str, Any], optional: tuple[str, ...]) -> None:
    """For every optional member: many serializers write null for what is not set."""
    body = json.dumps({**whole, **dict.fromkeys(optional)}).encode()

    assert read_request(body) == read_request(json.dumps(whole).encode())
    assert read_members(body) == whole


@pytest.mark.parametrize(
    "whole",
    [
        {"joinWebUrl": SHORT},
        {"joinMeetingId": "23456789012345", "tenantId": TENANT},
        {
            "chatInfo": {"threadId": "19:meeting_x@thread.v2"},
            "meetingInfo": {"organizer": {"user": {"id": TENANT}}},
            "tenantId": TENANT,
        },
    ],
)
def test_null_means_absent_in_a_join_too(whole: dict[str, Any]) -> None:
    """Also in its parts."""
    names = (
        "meetingId", "joinWebUrl", "joinMeetingId", "passcode", "chatInfo", "meetingInfo",
        "tenantId", "requestId", "action", "guestName", "allowConversationWithoutHost", "watch",
        "leaveWhenAloneSeconds", "retryForSeconds", "context",
    )  # fmt: skip
    filled = {**dict.fromkeys(names), **whole}
    if "chatInfo" in whole:
        parts = {"messageId": None, "replyChainMessageId": None, "@odata.type": None}
        filled["chatInfo"] = {**parts, **whole["chatInfo"]}

    assert read_join(json.dumps(filled).encode()) == read_join(json.dumps(whole).encode())


def test_null_stays_what_it_is_in_a_context() -> None:
    """The context is the caller's own."""
    body = b'{"subject": "x", "context": {"a": null}}'

    assert read_members(body)["context"] == {"a": None}


def test_a_misspelt_member_that_is_null_is_refused_by_name() -> None:
    """Its sender believes that it could be set."""
    assert list(refusal(b'{"subject": "x", "subjct": null}')) == ["/subjct"]
