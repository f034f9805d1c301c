"""What the local Service Bus encodes it reads back, and broken bytes are named, never a crash."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from devstack.bus import amqp_types as amqp
from devstack.bus.amqp_message import batch, parse, render
from devstack.bus.amqp_types import MalformedAmqpError
from devstack.bus.entry import Entry

LONGS = st.integers(-(2**63), 2**63 - 1)
ID = UUID(int=1).hex


def _encoded(body: bytes, name: str, properties: dict[str, int]) -> bytes:
    pairs = [(amqp.string(key), amqp.int64(value)) for key, value in properties.items()]
    return (
        b"\x00\x53\x73" + amqp.sequence([amqp.string(name)])
        + b"\x00\x53\x74" + amqp.mapping(pairs)
        + b"\x00\x53\x75" + amqp.binary(body)
    )  # fmt: skip


@given(text=st.text(), data=st.binary(max_size=600), number=LONGS, key=st.uuids())
def test_values_come_back_as_they_were(text: str, data: bytes, number: int, key: UUID) -> None:
    """Every encoder agrees with the decoder, alone and nested."""
    whole = amqp.mapping(
        [
            (amqp.string(text), amqp.sequence([amqp.binary(data), amqp.uuid(key)])),
            (amqp.symbol("array"), amqp.array([amqp.int64(number)] * 3)),
        ]
    )

    assert amqp.skip(whole, 0) == len(whole)
    expected = {text: [data, key]} | {"array": [number] * 3}
    assert amqp.decode(whole) == expected


@given(body=st.binary(max_size=400), name=st.text(min_size=1), properties=st.dictionaries(
    st.text(), LONGS, max_size=3
))  # fmt: skip
def test_sections_pass_byte_for_byte(body: bytes, name: str, properties: dict[str, int]) -> None:
    """From the properties on, what is delivered is what was sent."""
    sent = _encoded(body, name, properties)

    message = parse(sent, new_id=ID)
    delivered = render(Entry(sequence=1, origin=1, message=message, enqueued_at=0.0))

    assert delivered.endswith(sent)
    assert message.message_id == name
    assert message.application_properties == properties


@given(bodies=st.lists(st.binary(max_size=50), min_size=1, max_size=5))
def test_batches_open_into_their_messages(bodies: list[bytes]) -> None:
    """A batch is its messages; a message on its own is no batch."""
    messages = [_encoded(body, str(uuid4()), {}) for body in bodies]
    whole = b"".join(b"\x00\x53\x75" + amqp.binary(message) for message in messages)

    assert batch(whole) == messages
    assert batch(b"\x00\x53\x75" + amqp.binary(b'{"json": true}')) == []


@given(junk=st.binary(max_size=60), cut=st.integers(1, 60))
def test_broken_bytes_are_refused_by_name(junk: bytes, cut: int) -> None:
    """Junk and cut-off messages either read as a message or raise MalformedAmqpError."""
    whole = _encoded(b"body", "name", {"a": 1})
    sections = (b"\x00\x53\x70", b"\x00\x53\x72", b"\x00\x53\x73", b"\x00\x53\x74")

    for broken in (junk, whole[:-cut] + junk, *(start + junk for start in sections)):
        try:
            parse(broken, new_id=ID)
        except MalformedAmqpError:
            continue
