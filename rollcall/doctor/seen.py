"""What was looked at from outside the app, as values. Core: gathering/ makes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSeen:
    """How the app answered the request to examine itself.

    `status` None: it did not answer, and `error` says why. `answer`: its examination. `misfits`:
    what of it this command does not know, as JSON Pointers. `message`: what it says of its status.
    `healthy`: the status of `GET /api/health`, where the examination was not found.
    """

    status: int | None
    error: str = ""
    message: str = ""
    misfits: tuple[str, ...] = ()
    answer: Mapping[str, Any] | None = None
    healthy: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """One request to the callback URL: its status, or why there is none, and how long it took."""

    status: int | None
    error: str = ""
    took: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackSeen:
    """The callback URL from outside. `first`: without a connection or a token.

    `again`: the quickest of some more without a token. `foreign`: with a token for another
    audience. `expires`: when the certificate does; None where there is none to read.
    """

    url: str
    first: Knock
    again: Knock
    foreign: Knock
    expires: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """How a queue or topic is set up. None: a topic has no such thing."""

    active: bool
    duplicate_detection: bool
    lock: timedelta | None = None
    most_deliveries: int | None = None
    sessions: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitySeen:
    """One queue or topic.

    `send`, `receive`: why a link for it was refused, "" where it was not. `dead_letters`: how many,
    up to `MOST_DEAD_LETTERS`; None where they could not be looked at. `described` text: why not.
    """

    name: str
    send: str = ""
    receive: str = ""
    dead_letters: int | None = None
    described: Described | str


MOST_DEAD_LETTERS = 100
"""So many are counted at most; the others are still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusSeen:
    """The namespace. `error`: why nothing of it could be seen, "" otherwise.

    `signed_in`: whether this machine can prove an identity to it.
    """

    entities: tuple[EntitySeen, ...] = ()
    error: str = ""
    signed_in: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BotSeen:
    """The Azure Bot, by Azure Resource Manager.

    `error`: why nothing could be seen. `status`: of the answer to the question for the bot.
    `channel`: the properties of its channel of Teams; None: it has none.
    """

    error: str = ""
    status: int = 0
    app_id: str = ""
    channel: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CanarySeen:
    """How far a meeting of our own came. `done`: the steps that happened, in their order.

    `failed`: what went wrong at the next one, "" where nothing did; `code`: a code of problems.md.
    `left`: the request that cancels its meeting, where that is not known to be cancelled.
    `copies`: the numbers of its copies that stay in `rejected-requests`; text: why none are known.
    """

    done: tuple[str, ...]
    took: timedelta
    failed: str = ""
    code: str = ""
    next_step: str = ""
    left: str = ""
    copies: tuple[int, ...] | str = ()
