"""What the app answers over HTTP."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from rollcall.console import Exit, Failed
from rollcall.plain import plain
from rollcall.target import Target

type Json = dict[str, Any]

WITHIN = 30.0
"""Seconds an answer may take; a cold host needs several."""
REFUSED = (401, 403)


class App:
    """The function app of a deployment. Used as a context manager."""

    def __init__(self, target: Target, *, within: float = WITHIN) -> None:
        """`within`: see `WITHIN`. Raises `Failed` where no app is known."""
        self._url = target.app
        headers = {"x-functions-key": target.key} if target.key else {}
        self._http = open_http(base_url=f"{self._url}/api/", headers=headers, timeout=within)

    def __enter__(self) -> "App":
        """Open it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close its connections."""
        self._http.close()

    def get(
        self,
        path: str,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Return the answer to `GET /api/{path}`, whatever its status but 401, 403, 5xx.

        Raises `Failed`.
        """
        try:
            answer = self._http.get(path, params=parameters, headers=headers)
        except httpx.InvalidURL as error:
            raise Failed(f"No such id or day can be read: {error}.", Exit.USAGE) from error
        except (httpx.DecodingError, httpx.TooManyRedirects) as error:
            raise not_the_app(str(error)) from error
        except (httpx.RequestError, UnicodeError) as error:  # a host name may have no form in DNS
            raise Failed(
                f"{self._url} does not answer: {str(error) or type(error).__name__}."
                " Check --url, and that the host runs; `rollcall doctor` looks further.",
                Exit.UNREACHABLE,
            ) from error
        if answer.status_code in REFUSED:
            raise Failed(
                f"{self._url} refused the key ({answer.status_code})."
                " Give a function key of the app with --key or ROLLCALL_KEY.",
                Exit.UNREACHABLE,
            )
        if answer.is_server_error:
            said = message_of(answer).rstrip(".")
            raise Failed(
                f"{self._url} answered {answer.status_code}{f': {said}' if said else ''}."
                " Try again; `rollcall doctor` says what is wrong.",
                Exit.UNREACHABLE,
            )
        return answer


def open_http(**options: Any) -> httpx.Client:
    """Return a client of httpx with these options. Raises `Failed`.

    It reads proxies and trusted certificates from the environment.
    """
    try:
        return httpx.Client(**options)
    except (httpx.InvalidURL, ValueError, ImportError, OSError) as error:
        raise Failed(
            f"Nothing can be requested over HTTP: {error}. Check --url, and in the environment"
            " HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE.",
            Exit.USAGE,
        ) from error


def message_of(answer: httpx.Response) -> str:
    """Return what an answer says in its member `message`, as a sentence; "" where it has none."""
    try:
        body: Any = answer.json()
    except (ValueError, RecursionError):
        return ""
    said = body.get("message") if isinstance(body, dict) else None
    return said if isinstance(said, str) else ""


def parsed(text: str) -> Json:
    """Return a JSON object that the app gave. Raises `Failed`."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise not_the_app("it gave no JSON object")
    return value


@contextmanager
def as_answered() -> Iterator[None]:
    """Turn what an answer lacks, or has in another form, into `Failed`."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise not_the_app(f"its answer has another form: {error!r}") from error


def not_the_app(why: str) -> Failed:
    """Return the failure where an answer is none that this version of the app gives."""
    return Failed(
        f"What answered is not the app, or not of this version: {plain(why)}."
        " Check --url, and install the rollcall of the app's version.",
        Exit.UNREACHABLE,
    )
