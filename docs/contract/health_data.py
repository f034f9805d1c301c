"""What the app answers about itself: its health, and what it sees of its own deployment."""

from typing import Literal

from pydantic import AwareDatetime

from docs.contract.event_data import ABSENT, Part


class Health(Part):
    """Whether all is well."""

    status: Literal["ok", "degraded"]


class Walk(Part):
    """When the backstop timer was last done with a walk."""

    at: AwareDatetime
    age_seconds: float


class HealthDetails(Health):
    """Each part is `ok`, or what is wrong with it. `lastWalk` is null where none is known."""

    tables: str
    service_bus: str
    graph_token: str
    backstop: str
    last_walk: Walk | None
    examined_at: AwareDatetime
    version: str = ABSENT


class SettingsSeen(Part):
    """The settings by name, never by value. `missing`: required ones that are not given."""

    required: list[str]
    given: list[str]
    missing: list[str]


class TokenSeen(Part):
    """A fresh token for Graph. `roles`: what it names; null where there is none to read."""

    error: str | None
    needed: list[str]
    roles: list[str] | None


class OrganizerSeen(Part):
    """What Graph answered of the default organizer. 403: the app may not read users."""

    id: str
    error: str | None
    status: int | None
    code: str | None
    enabled: bool | None
    teams: bool | None


class ProbeSeen(Part):
    """A meeting, made and deleted. `code`: one of problems.md; `left`: why it is still there."""

    organizer_id: str
    made: bool
    code: str | None
    message: str | None
    status: int | None
    left: str | None


class KeysSeen(Part):
    """The keys that verify Graph's callbacks. `url`: where they are found."""

    url: str
    error: str | None
    count: int


class StoreSeen(Part):
    """A row of its own, written, claimed twice, changed and deleted."""

    error: str | None


class ClockSeen(Part):
    """The app's time. `graphAheadSeconds` is known within `withinSeconds`, or null."""

    now: AwareDatetime
    graph_ahead_seconds: float | None
    within_seconds: float | None


class Examination(Part):
    """What the app saw of its own deployment. It judges nothing; `rollcall doctor` does."""

    version: str
    public_url: str
    tenant_id: str
    bot_app_id: str
    service_bus: str
    settings: SettingsSeen
    token: TokenSeen
    organizer: OrganizerSeen
    policy: list[ProbeSeen]
    signing_keys: KeysSeen
    store: StoreSeen
    clock: ClockSeen


class Organizers(Part):
    """Whose meetings are probed; without it the default organizer's."""

    organizer_ids: list[str] = ABSENT
