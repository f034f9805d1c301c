"""Requests over HTTP that end in time, and what the answers and the failures say. Adapter."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

LARGEST = 4 * 1024 * 1024
"""Bytes of an answer that are read at most."""
LONGEST_REASON = 160


class NoAnswer(Exception):
    """There is no answer; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that was read whole. `took`: from the request to its last byte."""

    status: int
    body: bytes
    took: timedelta

    @property
    def members(self) -> Mapping[str, Any] | None:
        """The JSON object that it is; None where it is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    @property
    def message(self) -> str:
        """Its member `message`; "" where it has none."""
        found = (self.members or {}).get("message")
        return found if isinstance(found, str) else ""


def requested(
    client: httpx.Client, method: str, url: str, *, within: float, **options: Any
) -> Answer:
    """Request something, and follow no redirect. Raises `NoAnswer`.

    `within`: seconds for the whole answer. The timeout of httpx starts anew with each byte.
    """
    began = time.monotonic()
    body = bytearray()
    try:
        with client.stream(
            method, url, follow_redirects=False, timeout=within, **options
        ) as answer:
            for part in answer.iter_bytes():
                body += part
                if len(body) > LARGEST:
                    raise NoAnswer(f"its answer has more than {LARGEST} bytes")
                if time.monotonic() - began > within:
                    raise NoAnswer(f"its answer did not end within {within:g} s")
    # A host name that is none fails in the codec of host names, outside of httpx.
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise NoAnswer(said(error)) from error
    took = timedelta(seconds=time.monotonic() - began)
    return Answer(status=answer.status_code, body=bytes(body), took=took)


def said(error: BaseException) -> str:
    """Return the first line of an error; its type where it has no text."""
    line = str(error).strip().partition("\n")[0].strip() or type(error).__name__
    return line if len(line) <= LONGEST_REASON else f"{line[:LONGEST_REASON]}…"
