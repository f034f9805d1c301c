"""The JSON in a message's body, also where a sender's library wrapped or encoded it on the way.

Core. What can mean only one thing is read: a byte order mark, UTF-16, gzip, a string of .NET's
DataContractSerializer, JSON in a JSON string. Everything else is named for what it is. Nothing is
unpacked beyond `LARGEST_BODY`.
Sources: https://www.rfc-editor.org/rfc/rfc4627#section-3 (how JSON shows its encoding)
https://learn.microsoft.com/openspecs/windows_protocols/mc-nbfx (what DataContractSerializer writes)
"""

import json
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LARGEST_BODY = 128 * 1024
DEEPEST = 4
"""How often a body may be wrapped: for example a JSON string in a gzip."""
LEAST_BASE64 = 16
_GZIP = b"\x1f\x8b"
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xfe\x00\x00", "text in UTF-32; send UTF-8"),
    (b"\x00\x00\xfe\xff", "text in UTF-32; send UTF-8"),
    (b"{\x00\x00\x00", "text in UTF-32; send UTF-8"),
    (b"\x00\x00\x00{", "text in UTF-32; send UTF-8"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard; send it uncompressed or as gzip"),
    (b"BZh", "compressed with bzip2; send it uncompressed or as gzip"),
    (b"\xfd7zXZ", "compressed with xz; send it uncompressed or as gzip"),
    (b"PK\x03\x04", "a zip archive; send what is in it"),
    (b"\xac\xed\x00\x05", "a serialized Java object; send JSON in UTF-8"),
    (b"\x00\x01\x00\x00\x00\xff\xff\xff\xff", "a serialized .NET object; send JSON in UTF-8"),
    (b"Obj\x01", "Avro; send JSON in UTF-8"),
    (b"%PDF-", "a PDF document; send JSON in UTF-8"),
)
_UTF_16 = re.compile(rb'\xff\xfe|\xfe\xff|[{\["\s]\x00|\x00[{\["\s]')
_DATA_CONTRACT = b"http://schemas.microsoft.com/2003/10/Serialization/"
_TEXT_RECORDS = {0x98: 1, 0x9A: 2, 0x9C: 4}
_BYTES_RECORDS = {0x9E: 1, 0xA0: 2, 0xA2: 4}
_UTF_16_RECORDS = {0xB6: 1, 0xB8: 2, 0xBA: 4}
_EMPTY_RECORD, _END = 0xA8, 0x01
_FORM = re.compile(r"[\w.%+\[\]-]+=[^&\s]*(?:&[\w.%+\[\]-]+=[^&\s]*)*")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPACE = " \t\r\n\ufeff"
_HALF = re.compile("[\ud800-\udfff]")


class UnreadableBodyError(ValueError):
    """A body that holds no JSON object for certain; says what it is instead."""


class Doubled(dict[str, Any]):
    """A JSON object that names a member more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        names = [name for name, _ in pairs]
        self.names = sorted({name for name in names if names.count(name) > 1})


@dataclass(frozen=True, slots=True)
class Body:
    """The JSON of a body: its text, and its value."""

    text: str
    value: Any

    def doubled(self) -> Iterator[tuple[str, ...]]:
        """Yield the path of each member that an object names more than once."""
        for path, value in self._parts():
            if isinstance(value, Doubled):
                yield from ((*path, name) for name in value.names)

    def halved(self) -> Iterator[tuple[str, ...]]:
        """Yield the path of each text with half a character pair, which no encoding can carry."""
        for path, value in self._parts():
            if isinstance(value, str) and _HALF.search(value) is not None:
                yield path
            elif isinstance(value, dict):
                yield from ((*path, name) for name in value if _HALF.search(name) is not None)

    def _parts(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        waiting: list[tuple[tuple[str, ...], Any]] = [((), self.value)]
        while waiting:
            path, value = waiting.pop()
            yield path, value
            if isinstance(value, dict):
                waiting += [((*path, name), one) for name, one in value.items()]
            elif isinstance(value, list):
                waiting += [((*path, str(place)), one) for place, one in enumerate(value)]


def read_body(body: bytes) -> Body:
    """Return the JSON in `body`; raise `UnreadableBodyError` where there is none."""
    text = _text(body, DEEPEST)
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise UnreadableBodyError("is not JSON that can be read: it is nested too deep") from None
    except ValueError as error:
        raise UnreadableBodyError(f"is not JSON: {_what_it_is(text, error)}") from None
    if isinstance(value, str) and _is_base64(value):
        raise UnreadableBodyError("is a JSON string of base64; send the JSON itself")
    return Body(text, value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Doubled(pairs)


def _text(body: bytes, depth: int) -> str:
    if len(body) > LARGEST_BODY:
        raise UnreadableBodyError(f"is {len(body)} bytes; at most {LARGEST_BODY} are read")
    if not depth:
        raise UnreadableBodyError("is wrapped or compressed too often")
    if body.startswith(_GZIP):
        return _text(_unpacked(body), depth - 1)
    for beginning, name in _FOREIGN:
        if body.startswith(beginning):
            raise UnreadableBodyError(f"is not JSON: it is {name}")
    serialized = _serialized(body)
    if serialized is not None:
        return _text(serialized, depth - 1)
    return _out_of_string(_decoded(body).strip(_SPACE).rstrip("\0" + _SPACE), depth - 1)


def _out_of_string(text: str, depth: int) -> str:
    """Return the JSON object in a JSON string; `text` itself where there is none."""
    if not text.startswith('"') or not depth:
        return text
    try:
        inner = json.loads(text)
    except ValueError:
        return text
    inner = inner.strip(_SPACE)
    return _out_of_string(inner, depth - 1) if inner.startswith(("{", '"')) else text


def _unpacked(body: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        unpacked = unpacking.decompress(body, LARGEST_BODY + 1)
    except zlib.error:
        raise UnreadableBodyError("is not JSON: it is a gzip that cannot be unpacked") from None
    if len(unpacked) > LARGEST_BODY:
        raise UnreadableBodyError(f"unpacks to more than {LARGEST_BODY} bytes; no more are read")
    if not unpacking.eof or unpacking.unused_data:
        raise UnreadableBodyError("is not JSON: it is a gzip that is cut off, or more than one")
    return unpacked


def _decoded(body: bytes) -> str:
    encoding = "utf-8"
    if _UTF_16.match(body) is not None:
        little = body[:2] == b"\xff\xfe" or (body[:2] != b"\xfe\xff" and body[1] == 0)
        encoding = "utf-16-le" if little else "utf-16-be"
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        if _deflated(body):
            name = "compressed with zlib (deflate); send it uncompressed or as gzip"
        elif body.lstrip()[:1] in {b"{", b"["} or encoding != "utf-8":
            name = f"text that is not in {encoding.upper()}, from byte {error.start + 1} on"
        else:
            name = "binary (MessagePack, Protocol Buffers or the like); send JSON in UTF-8"
        raise UnreadableBodyError(f"is not JSON: it is {name}") from None
    return text


def _deflated(body: bytes) -> bool:
    """Return whether `body` begins as zlib's own format, or as bare deflate of JSON, does."""
    if len(body) > 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0:
        return True
    try:
        return zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(body, 1) in {b"{", b"["}
    except zlib.error:
        return False


def _serialized(body: bytes) -> bytes | None:
    """Return what .NET's DataContractSerializer wrote: a string or bytes; None for other bodies."""
    if body[:1] != b"@" or _DATA_CONTRACT not in body[:300]:
        return None
    name = body[2 : 2 + body[1]]
    place = 2 + len(name)
    if name not in {b"string", b"base64Binary"} or body[place : place + 1] != b"\x08":
        raise UnreadableBodyError(
            "is not JSON: it is an object of .NET's DataContractSerializer; send JSON in UTF-8"
        )
    place += 2 + body[place + 1]
    return b"".join(_records(body, place))


def _records(body: bytes, place: int) -> Iterator[bytes]:
    while place < len(body) and body[place] != _END:
        record, closing = body[place] & ~1, body[place] & 1
        kinds = _TEXT_RECORDS | _BYTES_RECORDS | _UTF_16_RECORDS
        width = kinds.get(record)
        if width is None and record != _EMPTY_RECORD:
            break
        start = place + 1 + (width or 0)
        length = int.from_bytes(body[place + 1 : start], "little")
        if start + length > len(body):
            break
        part, place = body[start : start + length], start + length
        yield part.decode("utf-16-le", "replace").encode() if record in _UTF_16_RECORDS else part
        if closing:
            return
    if place >= len(body) or body[place] != _END:
        raise UnreadableBodyError(
            "is not JSON: it is a string of .NET's DataContractSerializer that is cut off"
        )


def _what_it_is(text: str, error: ValueError) -> str:
    if not text:
        return "it is empty"
    if text[0] in '{["':
        return _where_it_ends(text, error)
    if _UNPRINTABLE.search(text) is not None:
        return "it is binary (MessagePack, Protocol Buffers or the like); send JSON in UTF-8"
    if text[0] == "<":
        return "it is XML or HTML; send JSON"
    if _is_base64(text):
        return "it is base64; send the JSON itself"
    if _FORM.fullmatch(text) is not None:
        return "it is form data; send JSON"
    return "it is plain text; send JSON"


def _is_base64(text: str) -> bool:
    """Return whether `text` is base64, in lines or not, of something that may be a body."""
    text = "".join(text.split())
    if len(text) < LEAST_BASE64 or _BASE64.fullmatch(text) is None:
        return False
    standard = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        found = b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except ValueError:
        return False
    return found.lstrip()[:1] in {b"{", b"[", b"\xef", b"\x1f", b"\xff"}


def _where_it_ends(text: str, error: ValueError) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return "it holds a number that is too long to read"
    quote = text[1:].lstrip()[:1]
    if quote and quote in "'\u2018\u2019\u201c\u201d\u201e":
        return "it is written with single or typographic quotes; JSON takes double ones"
    if error.msg == "Extra data":
        return f"more follows after its end, from character {error.pos + 1} on; send one object"
    if error.pos >= len(text) or error.msg.startswith("Unterminated"):
        return "it begins like JSON, and is cut off"
    return f"it begins like JSON, and stops being it at character {error.pos + 1}"
