"""The switches of the Graph simulator, and their values in each world. Pure.

Set on the command line, and at run time by `/lab/switches`. The text of each is its meaning in the
README; issues are those of microsoftgraph/microsoft-graph-comms-samples unless another is named.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from devstack.switches import Switches, World

Chance = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(ge=0, le=3600)]
Status = Annotated[int, Field(ge=400, le=599)]


class GraphSwitches(Switches):
    """What Graph does in the `documented` world, where nothing else is said."""

    model_config = ConfigDict(allow_inf_nan=False, use_attribute_docstrings=True)

    duplicate: Chance = 0
    """The probability that a callback is sent twice."""
    drop: Chance = 0
    """The probability that a callback is lost."""
    drop_nth: Count | None = None
    """The number, from 1, of the one notification that is lost, counted from when this was last
    set. Each callback counts as one when it is made, those of other legs and meetings included. A
    `late` copy of it comes all the same. The luck of the others stays as it was."""
    delay_seconds: Seconds = 0
    """Each copy of a callback is delayed by exactly so much, in order."""
    shuffle: bool = False
    """Each copy is delayed by anything up to `delaySeconds` instead, in any order."""
    late: Chance = 0
    """The probability that one further copy of a roster comes `lateSeconds` after the others: past
    the order, also where those were lost, also after the end of the leg. A roster bundled with a
    state comes again with it."""
    late_seconds: Seconds = 0
    """How long after the others a `late` copy comes."""
    retries: Annotated[int, Field(ge=0, le=100)] = 0
    """How often a callback that met no listener or a 5xx is sent again: after 0.1 s, then twice as
    long each time, at most 3.2 s. Graph documents no retry of a callback (page
    call-notifications); issues 191, 297 and 824 report lost ones."""

    roster_cap: Count | None = None
    """A roster, pushed or read, has at most so many entries, any of those there: our bot's own may
    be missing. A cut read lists a person while one is in the conversation; a cut push need not.
    Rosters end at 100 entries, without a next link (issue 648)."""
    roster_lag_seconds: Annotated[float, Field(ge=0, le=60)] = 0
    """GET participants shows the room as it was at any moment up to so long before the request.
    How old an answer may be is not documented. The app takes an answer to be younger than its
    SETTLE_SECONDS, of which the stack's own is 0.5."""
    empty_reads: Chance = 0
    """The probability that GET participants of an established leg lists nothing at all (issues
    102, 227, 557 and 579)."""
    empty_rosters: Chance = 0
    """The probability that a pushed roster comes with another one, before or after it, that is
    empty or lists our bot's legs alone; only while a person is in the conversation, never in a
    read."""
    participant_ids: Literal["kept", "changed"] = "kept"
    """`changed`: from the second of our legs in a room on, each is shown people under participant
    ids of its own, the same in its pushes and reads. They follow from the true id and the call id.
    The first leg that got in, and `/lab`, go by the true ids. Which of both Graph does is not
    documented."""
    bot_id: str | None = None
    """Rosters, pushed and read, name our bot by this application id; its participant id and the
    call itself stay as they are."""

    keep_alive_lapse_seconds: Annotated[float, Field(ge=0.1, le=86_400)] = 2700
    """How long a leg lives without keepAlive (page call-keepalive). Legs that are there already
    count from their last one."""
    establish_seconds: Seconds = 0
    """How long a leg stays `establishing` after its POST, at least; twice as long at most. It is in
    no roster until then, and its own reads are empty (issue 750)."""
    failed_admission_every: Count | None = None
    """Each so many-th leg that is about to get in, from its POST or from the lobby, ends instead
    with one of 500/7117, 500/3002, 500/7112 and 408/13025 (issues 571, 725, 750 and 816), counted
    from when this was last set. A number rather than a probability, so that a story that makes a
    few joins is the same each time."""
    lobby: Literal["guests", "scope"] = "scope"
    """Which legs wait in the lobby. `guests`: guests alone, unless the meeting admits `everyone`.
    `scope`: also the bot itself where the scope of `lobbyBypassSettings` is `organizer` or
    `invited` (page lobbybypasssettings; guests: issue 353)."""
    ends_without_host: Literal["never", "whenFalse", "unlessTrue"] = "whenFalse"
    """When a leg leaves a meeting whose organizer is absent, those who came after it are ended:
    people leave, other legs end with 200/5014. It depends on `allowConversationWithoutHost` in the
    leg's `meetingInfo` (page organizermeetinginfo of beta; changelog of the calling SDK, March
    2018). What its absence means is not documented."""
    terminated_seconds: Annotated[float, Field(ge=0, le=60)] = 0
    """How long GET of a call that is over answers with the state `terminated`; then 404. Not
    documented; 404 is reported in issue 297."""

    answers: Literal["whole", "documented"] = "documented"
    """Which members answers to meetings have. `whole`: all of them, each time. `documented`: as the
    poorest example of each page, so createOrGet's lack `joinMeetingIdSettings`, those to PATCH have
    identity, times, subject, organizer and what was sent (pages onlinemeeting-createorget and
    onlinemeeting-update)."""
    links: Literal["classic", "short", "mixed"] = "classic"
    """Which `joinWebUrl` a meeting gets when it is made: `https://teams.microsoft.com/l/meetup-join/…`
    or `…/meet/…` (issue 847), or either."""
    post_takes_external_id: bool = True
    """Whether POST onlineMeetings takes an `externalId`. The metadata has it; msgraph-sdk-dotnet
    issue 1121 reports that it is refused as meant for createOrGet alone."""
    patch_takes: Literal["any", "table"] = "table"
    """Which options PATCH takes. `any`: all that a meeting has. `table`: those of the page
    onlinemeeting-update, and `attendee` is never taken out of `anonymizeIdentityForRoles`."""
    unknown_members: Literal["refused", "ignored"] = "refused"
    """What becomes of members that a type does not have. Graph's types here are open (v1.0
    metadata), so it may well ignore them; refusing them finds typing errors."""
    policy_refusal: Literal["usual", "varied"] = "usual"
    """How a missing application access policy is refused. `usual`: 403 `Forbidden` (page
    cloud-communication-online-meeting-application-access-policy). `varied`: also 403 `General`
    (msgraph-sdk-dotnet issue 2350), 400 `1026: An error has occurred.`
    (jondoesflow/Teams-Transcript-Summariser-Open-AI issue 2) and 404 `Organizer Id mismatch`
    (microsoft-graph-docs issue 10770)."""
    identities: Literal["strict", "any"] = "strict"
    """`strict`: a token names the identity that asked for it, an identity that the app does not
    have gets none (azure-functions-host issue 8037), and Graph serves the bot's application alone
    (7503, issue 432; 7507, page application-post-calls). `any`: nothing of that is checked."""
    report_delay_seconds: Seconds = 0.5
    """How long after the end of a conference instance its attendance report has records. It is
    listed, empty, while the instance is on (microsoft-graph-docs issue 12670). How long it takes is
    not documented."""
    report_status: Status | None = None
    """The status with which reads of attendance reports are refused."""
    hidden_people: list[str] = Field(default=[])
    """The ids of people whom attendance reports leave out, for they opted out: reports only count
    them. Call records list them."""
    report_entries: Literal["person", "device"] = "person"
    """What has an entry in a report. `person`: each person, with an interval for each stay.
    `device`: each stay, so a person with two devices, or who came back, has several entries. Which
    of both Graph does is not documented."""
    report_page: Count | None = None
    """How many reports, and how many records of a report, are in one answer; the rest are behind
    next links. Graph documents no page size (pages meetingattendancereport-list and
    attendancerecord-list)."""
    anonymous_ids: Literal["kept", "absent"] = "absent"
    """Whether reports give guests and phones the id that rosters give them. Not documented."""
    record_delay_seconds: Seconds = 0.5
    """How long after the end of a conference instance its call record can be read; 404 before. The
    page callrecords-callrecord says no time; change-notifications-overview says 30 minutes on
    average, and at most 150."""
    record_status: Status | None = None
    """The status with which reads of call records are refused."""
    partial_seconds: Seconds = 0
    """For how long a call record, once it can be read, has version 1 and lacks every second
    session; then it has version 2 and is whole (page callrecords-callrecord)."""
    session_copies: Annotated[int, Field(ge=1, le=5)] = 2
    """How often every third session of a call record is returned: with the same id each time, for
    another identity of the service (page callrecords-session)."""
    bots: Literal["applications", "users"] = "users"
    """As what reports and records list our bot and others: known issue of call records (page
    callrecords-participant)."""
    granted: list[str] = Field(
        default=[
            "OnlineMeetings.ReadWrite.All",
            "Calls.JoinGroupCall.All",
            "Calls.JoinGroupCallAsGuest.All",
            "OnlineMeetingArtifact.Read.All",
            "CallRecords.Read.All",
        ]
    )
    """Which application permissions the bot has. A token issued from now on names them in its claim
    `roles`; Graph looks at what the bot has now. Without its permission a request about meetings,
    users, reports or records is refused with 403, one that joins with 7504. The texts of those
    refusals are not documented. `User.Read.All` lets the bot read users."""
    consent: bool = True
    """False: nobody consented to the bot's permissions; a call is refused with 7504 (issue 276),
    and a token issued from now on names no roles."""
    access_policy: bool = True
    """False: no application access policy names any organizer, see `policyRefusal`."""
    organizers: Literal["sound", "missing", "disabled", "unlicensed"] = "sound"
    """How those who organise meetings stand in the directory. `missing`: Graph knows none of them.
    `disabled`: their accounts are. `unlicensed`: they have no plan of Teams. What Graph answers to
    meetings of the last two is not documented; here it makes them."""
    signing_keys: bool = True
    """False: the OpenID configuration and the keys that verify callbacks answer 503."""
    date_skew_seconds: Annotated[float, Field(ge=-86_400, le=86_400)] = 0
    """By how much the `Date` header of Graph's answers is ahead of this machine's clock."""
    teams_channel: bool = True
    """False: the Azure Bot has no channel of Teams; a call is refused with 7503."""
    calling: bool = True
    """False: calling is off in the channel of Teams; a call is refused with 7503."""
    calling_webhook: str | None = None
    """The webhook for calls that the channel of Teams names; null: that of `--calling-webhook`."""

    app_settings: list[str] = Field(
        default=["SERVICE_BUS", "TABLES", "TENANT_ID", "BOT_APP_ID", "ORGANIZER_ID"]
    )
    """The names of the app settings that Azure Resource Manager lists, whatever the host has."""


DOCUMENTED = GraphSwitches()
WORLDS: Mapping[World, GraphSwitches] = MappingProxyType(
    {
        World.KIND: GraphSwitches(
            retries=6,
            lobby="guests",
            ends_without_host="never",
            answers="whole",
            patch_takes="any",
            identities="any",
            report_delay_seconds=0,
            anonymous_ids="kept",
            record_delay_seconds=0,
            session_copies=1,
            bots="applications",
        ),
        World.DOCUMENTED: DOCUMENTED,
        World.HARSH: GraphSwitches(
            roster_cap=100,
            roster_lag_seconds=0.3,
            empty_reads=0.1,
            empty_rosters=0.05,
            establish_seconds=0.5,
            failed_admission_every=10,
            ends_without_host="unlessTrue",
            terminated_seconds=1,
            links="mixed",
            post_takes_external_id=False,
            policy_refusal="varied",
            report_delay_seconds=2,
            report_entries="device",
            report_page=100,
            record_delay_seconds=3,
            partial_seconds=2,
        ),
    }
)
