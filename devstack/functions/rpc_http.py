"""Translates between HTTP and the worker's RpcHttp. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl

from devstack.functions.protos import RpcHttp, RpcHttpCookie, TypedData

TEXT = {"content-type": "text/plain; charset=utf-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer; header names may repeat."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)


def rpc_request(
    *,
    method: str,
    url: str,
    raw_query: str,
    headers: Iterable[tuple[str, str]],
    route_params: Mapping[str, str],
    body: bytes,
) -> RpcHttp:
    """Return the request as the host tells it to a worker.

    Header names become lower case, repeated headers and query parameters are joined with commas,
    query parameters without a value are dropped, the body is bytes or nothing.
    """
    return RpcHttp(
        method=method.upper(),
        url=url,
        headers=_joined((name.lower(), value) for name, value in headers),
        query=query_of(raw_query),
        params=dict(route_params),
        body=TypedData(bytes=body) if body else TypedData(),
    )


def query_of(raw_query: str) -> dict[str, str]:
    """Return the decoded query parameters that have a value."""
    return _joined(parse_qsl(raw_query))


def http_answer(returned: TypedData | None) -> Answer:
    """Return what the function's return value means.

    A text that is a JSON object with `body`, `status` or `headers` counts as an answer object.
    """
    if returned is None:
        return Answer(status=204)
    if returned.http is not None:
        return _from_rpc(returned.http)
    if returned.bytes is not None:
        return Answer(
            status=200,
            headers=(("content-type", "application/octet-stream"),),
            body=returned.bytes,
        )
    text = returned.string if returned.string is not None else returned.json or ""
    return _from_text(text)


def _from_rpc(http: RpcHttp) -> Answer:
    cookies = (("set-cookie", _cookie(cookie)) for cookie in http.cookies or ())
    body = http.body or TypedData()
    return Answer(
        status=int(http.status_code),
        headers=(*http.headers.items(), *cookies),
        body=body.bytes or (body.string or "").encode(),
    )


def _from_text(text: str) -> Answer:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, dict) and value.keys() & {"body", "status", "headers"}:
        return _from_object(value)
    return Answer(status=200, headers=tuple(TEXT.items()), body=text.encode())


def _from_object(value: Mapping[str, object]) -> Answer:
    body, status, headers = value.get("body", ""), value.get("status", 200), value.get("headers")
    is_text = isinstance(body, str)
    named = {name: str(each) for name, each in headers.items()} if isinstance(headers, dict) else {}
    usual = TEXT if is_text else {"content-type": "application/json; charset=utf-8"}
    return Answer(
        # What cannot be a status makes the host fail.
        status=int(str(status)) if str(status).isdecimal() else 500,
        headers=tuple((usual | named).items()),
        body=(str(body) if is_text else json.dumps(body)).encode(),
    )


def _cookie(cookie: RpcHttpCookie) -> str:
    pieces = [f"{cookie.name}={cookie.value}"]
    if cookie.domain and cookie.domain.value:
        pieces.append(f"domain={cookie.domain.value}")
    if cookie.path and cookie.path.value:
        pieces.append(f"path={cookie.path.value}")
    if cookie.expires:
        moment = datetime.fromtimestamp(cookie.expires.value.seconds, UTC)
        pieces.append(f"expires={format_datetime(moment, usegmt=True)}")
    if cookie.max_age:
        pieces.append(f"max-age={int(cookie.max_age.value)}")
    if cookie.secure and cookie.secure.value:
        pieces.append("secure")
    if cookie.http_only and cookie.http_only.value:
        pieces.append("httponly")
    if cookie.same_site:
        pieces.append(f"samesite={cookie.same_site}")
    return "; ".join(pieces)


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in pairs:
        values[name] = f"{values[name]},{value}" if name in values else value
    return values
