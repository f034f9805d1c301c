"""The rules that settings make: what recording, tending, retrying and the handlers follow. Core.

Values alone. The settings are read while the app is indexed, so this module imports nothing heavy.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.words.ids import utc_text_or_null

IN_FLIGHT = timedelta(seconds=10)
"""How long after a push older pushes, or duplicates of them, may still be on their way to us.

A push of known people withdraws no doubt younger than this: the push may be older than the doubt.
A read that confirms a doubt older than this takes no time from it.
"""
ROOM = 700_000
"""How many bytes of a head row calls and people take at most, by the estimate of weight.py.

840,000 fit. The rest is for the request, the coordinates and the legs. Where these take more, calls
take less. Messages that ride in the row have a property of their own.
"""
ONE_READ = timedelta(seconds=1)
"""How long a read takes at most, where the bounds that are shown depend on it."""
LEAST_DAYS, MOST_DAYS = 3, 3650
"""The sources of a call are looked at for two days after its end; nothing is kept for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How events and records show what is known.

    `names`: with people's display names. Bounds that both lie `within` of the time are left out.
    """

    names: bool
    within: timedelta

    def bounds(
        self, time: datetime, not_before: datetime | None, not_after: datetime | None
    ) -> dict[str, str | None]:
        """Return the bounds of an end as members, None if unknown; no members if both are close."""
        if (
            not_before is not None
            and not_after is not None
            and time - not_before <= self.within
            and not_after - time <= self.within
        ):
            return {}
        return {"notBefore": utc_text_or_null(not_before), "notAfter": utc_text_or_null(not_after)}

    def lower_bound(
        self, name: str, time: datetime, not_before: datetime | None
    ) -> dict[str, str | None]:
        """Return the lower bound of a start as a member; the time itself is the upper bound."""
        close = not_before is not None and time - not_before <= self.within
        return {} if close else {name: utc_text_or_null(not_before)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRules:
    """Settings that recording follows.

    `settle`: how long after a hint a read confirms it. `roster_cap`: rosters of this many entries
    or more may have been cut. `show_names`: names are kept and published. `room`: how many bytes of
    a head row calls and people take at most.
    """

    settle: timedelta
    roster_cap: int = 100
    show_names: bool = False
    room: int = ROOM

    @property
    def shown(self) -> Shown:
        """How events and records show what was recorded by these rules."""
        return Shown(names=self.show_names, within=self.settle + ONE_READ)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRules:
    """Settings that looks at sources follow.

    `after`: how long after an end each look comes. `call_records`: those are read too.
    """

    after: tuple[timedelta, ...]
    call_records: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TendingRules:
    """Settings that looks follow.

    `settle`: how long after a hint a read confirms it. `grace`: how old an unsent message must be
    before another process sends it. `backstop`: how long a look may be overdue before it is mended.
    `keep_alive`: the longest time between two keepAlives. `poll`: that between two reads. `silent`:
    how long a leg may be on its way without a word. `lapse`: after so long without any answer a leg
    is over. `rejoin`: the pauses before each further leg within an hour. `sources`: when dated
    sources are read, and which.
    """

    settle: timedelta
    grace: timedelta
    backstop: timedelta
    keep_alive: timedelta
    poll: timedelta
    silent: timedelta
    lapse: timedelta
    leave_when_alone: timedelta
    nobody_came: timedelta
    lobby: timedelta
    max_duration: timedelta
    rejoin: tuple[timedelta, ...]
    assume_after: timedelta
    sources: SourceRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What the app says of its own deployment: the settings it was given, by name, and an option.

    `call_records`: those are read too, which takes a permission of its own. `openid_config_url`:
    where the keys that sign callbacks are found.
    """

    given: frozenset[str]
    call_records: bool
    openid_config_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long a message is retried: attempts, total time, and the pauses between."""

    attempts: int
    total: timedelta
    base: timedelta
    ceiling: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The settings that handlers follow, already parsed.

    `teams_hosts`: where links to meetings of the cloud that is served lead.
    """

    tenant_id: str
    organizer_id: str
    bot_app_id: str
    public_url: str
    teams_hosts: frozenset[str]
    callback_issuers: frozenset[str]
    recording: RecordingRules
    claim_lease: timedelta
    retention_days: int
    namespace: str  # the host name of our Service Bus
