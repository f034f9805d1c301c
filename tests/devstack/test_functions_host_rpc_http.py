"""HTTP to the worker's messages and back."""

from devstack.functions.protos import (
    NullableBool,
    NullableDouble,
    NullableString,
    NullableTimestamp,
    RpcHttp,
    RpcHttpCookie,
    Timestamp,
    TypedData,
)
from devstack.functions.rpc_http import Answer, http_answer, rpc_request

TEXT = ("content-type", "text/plain; charset=utf-8")


def _request(raw_query: str = "", body: bytes = b"") -> RpcHttp:
    return rpc_request(
        method="post",
        url="http://127.0.0.1/api/x",
        raw_query=raw_query,
        headers=[("X-One", "1"), ("Accept", "a"), ("accept", "b")],
        route_params={"id": "7"},
        body=body,
    )


def test_headers_are_lower_case_and_joined() -> None:
    """Repeated headers are one, with commas."""
    request = _request()

    assert request.headers == {"x-one": "1", "accept": "a,b"}
    assert request.method == "POST"
    assert request.params == {"id": "7"}


def test_query_is_decoded_joined_and_without_empty_values() -> None:
    """A validation token arrives decoded; a parameter without a value does not arrive."""
    request = _request("validationToken=a%20b+c%3A&empty=&bare&x=1&x=2")

    assert request.query == {"validationToken": "a b c:", "x": "1,2"}


def test_body_is_bytes_or_nothing() -> None:
    """Whatever its content type."""
    assert _request(body=b"{}").body == TypedData(bytes=b"{}")
    assert _request(body=b"").body == TypedData()


def test_response_object() -> None:
    """Status, headers and body pass through."""
    returned = TypedData(
        http=RpcHttp(status_code="202", headers={"x-a": "1"}, body=TypedData(bytes=b"hi"))
    )

    assert http_answer(returned) == Answer(status=202, headers=(("x-a", "1"),), body=b"hi")


def test_cookies_become_headers() -> None:
    """One Set-Cookie each, with what is set on it."""
    cookies = [
        RpcHttpCookie(
            name="a",
            value="1",
            domain=NullableString(value="example.org"),
            path=NullableString(value="/"),
            expires=NullableTimestamp(value=Timestamp(seconds=0)),
            secure=NullableBool(value=True),
            http_only=NullableBool(value=True),
            same_site="Lax",
            max_age=NullableDouble(value=60.0),
        ),
        RpcHttpCookie(name="b", value="2", secure=NullableBool(value=False)),
    ]

    answer = http_answer(TypedData(http=RpcHttp(status_code="200", cookies=cookies)))

    assert answer.headers == (
        (
            "set-cookie",
            (
                "a=1; domain=example.org; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; "
                "max-age=60; secure; httponly; samesite=Lax"
            ),
        ),
        ("set-cookie", "b=2"),
    )


def test_bare_text() -> None:
    """A returned str is a plain answer."""
    assert http_answer(TypedData(string="hi")) == Answer(status=200, headers=(TEXT,), body=b"hi")


def test_text_that_is_an_answer_object() -> None:
    """The host reads JSON with status, headers or body as the answer itself."""
    answer = http_answer(TypedData(string='{"status": 404, "body": {"a": 1}}'))

    assert answer == Answer(
        status=404, headers=(("content-type", "application/json; charset=utf-8"),), body=b'{"a": 1}'
    )


def test_other_json_text_stays_text() -> None:
    """An object without these members is a body."""
    assert http_answer(TypedData(string='{"a": 1}')).body == b'{"a": 1}'
