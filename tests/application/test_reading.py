"""What is read over HTTP beside the record itself: exports, lists, the log, who is there now."""

import csv
import io
import json
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from bench.counted_table import CountedTable
from docs.contract.reading_data import ATTENDANCE_LINE, BAD_PARAMETERS, DAY, LOG_LINE, NOW
from meeting_record.answers import Answer, refusal, unless_known
from meeting_record.asked import Asked, BadRequest
from meeting_record.handler import answer_log, answer_meetings, answer_now, answer_record
from shared.ledger.ledger import TableLedger
from shared.meeting.days import Brief, Tally
from shared.services import Services
from shared.words.ids import MeetingId, meeting_id_for
from tests.application.joined import Joined, talked
from tests.application.kept import RETENTION, held, wait
from tests.application.world import T0, World

TODAY = T0.date()
UNKNOWN = "a" * 26
OF_ONE = (answer_record, answer_log, answer_now)


def asking(accept: str = "", **parameters: str) -> Asked:
    """Return a request with these parameters."""
    return Asked(parameters=parameters, accept=accept)


def refused(error: BadRequest) -> list[str]:
    """Return which parameters a refusal names."""
    return [one.parameter for one in BAD_PARAMETERS.validate_json(refusal(error).body).problems]


def lines(answer: Answer, model: TypeAdapter[Any] = LOG_LINE) -> list[dict[str, Any]]:
    """Return the lines of an answer as JSON, each held to its model."""
    assert (answer.status, answer.media) == (200, "application/x-ndjson")
    found = answer.body.splitlines()
    for line in found:
        model.validate_json(line)
    return [json.loads(line) for line in found]


def held_to(model: TypeAdapter[Any], answer: Answer) -> dict[str, Any]:
    """Return an answer of JSON, held to its model."""
    assert (answer.status, answer.media) == (200, "application/json")
    model.validate_json(answer.body)
    found: dict[str, Any] = json.loads(answer.body)
    return found


async def test_the_attendance_sheet_has_a_line_a_person_and_call() -> None:
    """With times on the clocks of the zone that is named, and as the record has them elsewhere."""
    world = await talked()
    record = await world.record_of(world.meeting_id)

    zoned = await answer_record(
        world.meeting_id, asking(format="csv", tz="Europe/Berlin"), world.services
    )
    plain = await answer_record(world.meeting_id, asking(format="csv"), world.services)

    assert zoned.media == "text/csv"
    assert zoned.headers["Content-Disposition"] == (
        f'attachment; filename="attendance-{world.meeting_id}.csv"'
    )
    rows, same = (
        list(csv.DictReader(io.StringIO(one.body.removeprefix("\ufeff")))) for one in (zoned, plain)
    )
    people = [(call, one) for call in record["calls"] for one in call["people"]]
    assert [(row["callNumber"], row["userId"]) for row in rows] == [
        ("1", "ada"),
        ("1", "bo"),
        ("2", "cy"),
    ]
    for row, utc, (call, person) in zip(rows, same, people, strict=True):
        assert (utc["startedAt"], utc["firstJoinedAt"]) == (
            call["startedAt"],
            person["firstJoinedAt"],
        )
        assert row["startedAt"][11:13] == "10"
        assert row["startedAt"].endswith("+02:00")
        assert float(row["seconds"]) == person["seconds"]
        assert row["endBasis"] == (call["endBasis"] or "")
    assert (rows[2]["lastLeftAt"], rows[2]["external"]) == ("", "")


async def test_lines_of_json_have_what_the_record_has() -> None:
    """Of meeting, call and person, with types; the same people as in the sheet."""
    world = await talked()
    record = await world.record_of(world.meeting_id)

    found = await answer_meetings(asking(requestId="INC-1", format="ndjson"), world.services)
    rows = lines(found, ATTENDANCE_LINE)

    expected = [(call["startedAt"], one) for call in record["calls"] for one in call["people"]]
    assert [(row["startedAt"], row["participant"]) for row in rows] == [
        (started, one["participant"]) for started, one in expected
    ]
    assert [row["intervals"] for row in rows] == [one["intervals"] for _, one in expected]
    assert rows[0]["subject"] == "down"
    assert "participants" not in rows[0]


@pytest.mark.parametrize("form", ["csv", "ndjson"])
async def test_exports_have_names_where_they_are_shown(form: str) -> None:
    """And nowhere else."""
    for names in (True, False):
        world = await Joined(show_names=names).begin()
        await world.see("ada-lovelace")
        await world.pump(until=timedelta(minutes=1))

        found = await answer_record(world.meeting_id, asking(format=form), world.services)

        name = '"displayName": "ada-lovelace"' if form == "ndjson" else '"ada-lovelace","ada-love'
        assert (name in found.body) is names


async def test_a_request_in_progress_has_an_empty_sheet() -> None:
    """There is no meeting yet, and nobody in it."""
    world = World()
    await world.drop("create-meeting", {"requestId": "INC-1"})

    found = await answer_meetings(asking(requestId="INC-1", format="csv"), world.services)

    assert (found.status, found.body.count("\r\n")) == (200, 1)
    assert found.headers["Content-Disposition"] == 'attachment; filename="attendance.csv"'


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("text/csv", "text/csv"),
        ("application/json;q=0.2, text/*;q=0.5", "text/csv"),
        ("application/x-ndjson, text/csv;q=0.9", "application/x-ndjson"),
        ("text/csv;q=0, application/*", "application/json"),
    ],
)
async def test_the_form_may_be_accepted_instead_of_named(accept: str, media: str) -> None:
    """`format` counts before `Accept`; caches are told that the answer depends on it."""
    world = await Joined().begin()

    found = await answer_record(world.meeting_id, asking(accept), world.services)
    named = await answer_record(world.meeting_id, asking(accept, format="json"), world.services)

    assert (found.media, found.headers["Vary"]) == (media, "Accept")
    assert named.media == "application/json"


@pytest.mark.parametrize(
    ("asked", "wrong", "status"),
    [
        (asking(format="xlsx"), ["format"], 400),
        (asking(format="csv", tz="Mars/Base"), ["tz"], 400),
        (asking(format="CSV", tz="../etc/passwd", day="x"), ["day", "format", "tz"], 400),
        (asking(tz="UTC"), ["tz"], 400),
        (asking("text/html"), ["Accept"], 406),
        (asking("text/csv;q=0"), ["Accept"], 406),
    ],
)
async def test_every_wrong_parameter_of_a_record_is_named(
    asked: Asked, wrong: list[str], status: int
) -> None:
    """In one refusal, before anything is read."""
    with pytest.raises(BadRequest) as found:
        await answer_record(UNKNOWN, asked, World().services)

    assert (sorted(refused(found.value)), found.value.status) == (sorted(wrong), status)


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({}, ["requestId"]),
        ({"reqestId": "INC-1", "open": "true"}, ["reqestId", "requestId"]),
        ({"day": "2026-9-14"}, ["day"]),
        ({"day": "2026-02-30", "open": "yes", "opne": "true"}, ["day", "open", "opne"]),
        ({"day": "2026-09-14,2026-09-15"}, ["day"]),
        ({"day": "2026-09-14", "format": "csv"}, ["format"]),
        ({"day": "2026-09-14", "requestId": "INC-1"}, ["day"]),
        ({"requestId": "INC-1", "continuation": "x"}, ["continuation"]),
        ({"day": "2026-09-14", "continuation": UNKNOWN + "b" * 13}, ["continuation"]),
    ],
)
async def test_every_wrong_parameter_of_a_list_is_named(
    parameters: dict[str, str], wrong: list[str]
) -> None:
    """A function key is none of them."""
    with pytest.raises(BadRequest) as found:
        await answer_meetings(asking(code="key", **parameters), World().services)

    assert sorted(refused(found.value)) == wrong


async def test_a_misspelt_parameter_says_what_may_have_been_meant() -> None:
    """Else a reader who misspells `continuation` would read the first page for ever."""
    with pytest.raises(BadRequest) as found:
        await answer_meetings(asking(day="2026-09-14", contination="x"), World().services)

    assert json.loads(refusal(found.value).body)["message"] == (
        "contination is not a parameter here; did you mean continuation?"
    )


async def a_day(ledger: TableLedger, meetings: int) -> list[MeetingId]:
    """List so many meetings on a day; in every tenth a call goes on. Return their ids in order."""
    ids = [meeting_id_for(tenant_id="t", request_id=str(number)) for number in range(meetings)]
    for number, meeting_id in enumerate(ids):
        brief = Brief(
            request_id=f"r-{number}",
            subject=f"s-{number}" if number % 2 else None,
            tally=Tally(calls=1, people=number),
            open_since=T0 if number % 10 == 0 else None,
        )
        await ledger.list_day(meeting_id, TODAY, brief)
    return sorted(ids)


async def pages(services: Services, **parameters: str) -> list[dict[str, Any]]:
    """Return a day's list, page by page, as a reader gets it who follows the continuations."""
    found: list[dict[str, Any]] = []
    more: dict[str, str] = {}
    while not found or more:
        page = held_to(DAY, await answer_meetings(asking(**parameters, **more), services))
        found.append(page)
        more = {"continuation": page["continuation"]} if page["continuation"] else {}
    return found


async def test_a_day_is_listed_page_by_page() -> None:
    """Each meeting once, in the order of their ids; the open ones alone where that is requested."""
    table = CountedTable()
    world = World(ledger=(ledger := TableLedger(table.client)))
    ids = await a_day(ledger, 1_200)
    day = {"day": TODAY.isoformat()}
    table.taken()

    found = await pages(world.services, **day)
    every = table.taken()
    still = await pages(world.services, **day, open="true")

    assert [len(page["meetings"]) for page in found] == [500, 500, 200]
    assert [row["meetingId"] for page in found for row in page["meetings"]] == ids
    assert every.requests == 3
    assert [len(page["meetings"]) for page in still] == [120]
    (row,) = [one for page in found for one in page["meetings"] if one["requestId"] == "r-20"]
    assert row == {
        "meetingId": meeting_id_for(tenant_id="t", request_id="20"),
        "requestId": "r-20",
        "subject": None,
        "calls": 1,
        "people": 20,
        "openSince": "2026-09-14T08:00:00.000Z",
    }


async def test_a_continuation_is_that_of_one_list() -> None:
    """Not of another day, not of the open ones, not altered in any character."""
    world = World(ledger=(ledger := TableLedger(CountedTable().client)))
    await a_day(ledger, 501)
    token = (await pages(world.services, day=TODAY.isoformat()))[0]["continuation"]

    forged = [token[:place] + "7" + token[place + 1 :] for place in range(0, len(token), 5)]
    others = [
        {"day": "2026-09-15", "continuation": token},
        {"day": TODAY.isoformat(), "open": "true", "continuation": token},
        *({"day": TODAY.isoformat(), "continuation": one} for one in forged if one != token),
        {"day": TODAY.isoformat(), "continuation": token + "a"},
    ]
    for parameters in others:
        with pytest.raises(BadRequest) as found:
            await answer_meetings(asking(**parameters), world.services)
        assert refused(found.value) == ["continuation"]


async def test_the_first_page_of_a_large_day_takes_one_request_to_the_tables() -> None:
    """Three are allowed. So does the page of those open, which are few."""
    table = CountedTable()
    world = World(ledger=(ledger := TableLedger(table.client)))
    await a_day(ledger, 5_000)
    for parameters in ({}, {"open": "true"}):
        table.taken()

        found = await answer_meetings(asking(day=TODAY.isoformat(), **parameters), world.services)

        assert len(json.loads(found.body)["meetings"]) == 500
        assert table.taken().requests == 1


async def test_meetings_are_listed_as_they_happen() -> None:
    """By the looks at the meeting; the next day has nothing of it."""
    world = await talked()

    (page,) = await pages(world.services, day=TODAY.isoformat(), open="true")
    (tomorrow,) = await pages(world.services, day=(TODAY + timedelta(days=1)).isoformat())

    (row,) = page["meetings"]
    record = await world.record_of(world.meeting_id)
    assert row == {
        "meetingId": world.meeting_id,
        "requestId": "INC-1",
        "subject": "down",
        "calls": 2,
        "people": 3,
        "firstStartedAt": record["calls"][0]["startedAt"],
        "openSince": record["calls"][1]["startedAt"],
    }
    assert tomorrow == {"day": "2026-09-15", "meetings": [], "continuation": None}


async def test_who_is_there_now_takes_one_request_to_the_tables() -> None:
    """From the head alone, also where people and calls left it long ago."""
    table = CountedTable()
    world = await talked(ledger=TableLedger(table.client))
    table.taken()

    found = held_to(NOW, await answer_now(world.meeting_id, asking(), world.services))

    assert table.taken().requests == 1
    call = (await world.record_of(world.meeting_id))["calls"][1]
    assert found == {
        "meetingId": world.meeting_id,
        "asOf": call["lastEvidenceAt"],
        "call": {
            "callNumber": 2,
            "startedAt": call["startedAt"],
            "startBasis": "observed",
            "participantsComplete": True,
        },
        "people": call["people"],
    }


async def test_nobody_is_there_where_no_call_is_open() -> None:
    """As of when the meeting was last heard of; never, for one that no bot was in."""
    world = await Joined().begin()
    await world.drop("create-meeting", {"requestId": "INC-2", "subject": "up"})
    other = world.events("meeting.created")[-1]["data"]["meetingId"]

    alone = held_to(NOW, await answer_now(world.meeting_id, asking(), world.services))
    never = held_to(NOW, await answer_now(other, asking(), world.services))

    assert (alone["call"], alone["people"], alone["asOf"] is None) == (None, [], False)
    assert never == {"meetingId": other, "asOf": None, "call": None, "people": []}


async def whole_log(world: World, meeting_id: str) -> list[dict[str, Any]]:
    """Return the log, page by page, as a reader gets it who follows the links."""
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        answer = await answer_log(meeting_id, asking(**after), world.services)
        found += lines(answer)
        link = answer.headers.get("Link")
        if link is None:
            return found
        after = {"after": link.partition("after=")[2].partition(">")[0]}


async def test_the_log_has_every_event_in_the_order_of_its_number() -> None:
    """Those of commits that heard nothing, too: the creation, an update, a warning."""
    world = await talked()
    change = {"requestId": "INC-1", "action": "update", "subject": "up"}
    await world.drop("create-meeting", change)

    log = await whole_log(world, world.meeting_id)

    assert [line["published"] for line in log if "published" in line] == [
        {"sequence": int(one["sequence"]), "type": one["type"], "time": one["time"]}
        for one in world.events()
    ]
    versions = [line["version"] for line in log]
    assert versions == sorted(versions)


async def test_the_log_names_who_came_and_who_is_missing() -> None:
    """By the ids of their sessions, also of those that left the head."""
    world = await talked()

    heard = [line["heard"] for line in await whole_log(world, world.meeting_id) if "heard" in line]

    pushed = [one for one in heard if one["kind"] == "roster"]
    assert [[one["sessionId"] for one in roster["named"]] for roster in pushed] == [
        [],
        ["p-ada"],
        ["p-bo"],
        [],
        [],
        ["p-cy"],
    ]
    assert [roster.get("missing", roster.get("listed")) for roster in pushed[3:5]] == [
        ["p-ada"],
        [],
    ]
    assert {"leg", "roster", "read"} <= {one["kind"] for one in heard}


async def test_a_long_log_comes_in_pages() -> None:
    """Each of them bounded, and none of them twice."""
    table = CountedTable()
    world = await Joined(ledger=TableLedger(table.client)).begin()
    for number in range(130):
        await world.see(*(("ada", "bo") if number % 2 else ("ada",)), after=2)
        await world.pump(until=timedelta(seconds=1))

    first = await answer_log(world.meeting_id, asking(), world.services)
    log = await whole_log(world, world.meeting_id)

    assert 0 < len(lines(first)) < len(log)
    numbers = [line["published"]["sequence"] for line in log if "published" in line]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("after", ["-1", "1e3", "²", "9" * 13])
async def test_a_log_is_read_on_from_a_whole_number(after: str) -> None:
    """Anything else is refused."""
    with pytest.raises(BadRequest) as found:
        await answer_log(UNKNOWN, asking(after=after), World().services)

    assert refused(found.value) == ["after"]


@pytest.mark.parametrize("answer", OF_ONE)
async def test_unknown_meetings_are_404_and_purged_ones_410(
    answer: Callable[[str, Asked, Services], Awaitable[Answer]],
) -> None:
    """However they are read. A meeting that is purged is in no list."""
    world = await held(Joined())
    await wait(world, RETENTION + timedelta(days=1))

    gone = await answer(world.meeting_id, asking(), world.services)
    unknown = [await answer(one, asking(), world.services) for one in (UNKNOWN, "x", "../head")]

    assert (gone.status, "purged" in json.loads(gone.body)["message"]) == (410, True)
    assert {one.status for one in unknown} == {404}
    assert [one async for one in world.ledger.day(date(2026, 9, 14))] == []


async def test_an_answer_that_is_known_is_not_sent_again() -> None:
    """304 until something is news, for each form by itself; no cache keeps anything."""
    world = await talked()

    async def read(form: str, known: str) -> Answer:
        answer = await answer_record(world.meeting_id, asking(format=form), world.services)
        return unless_known(answer, known)

    first, sheet = await read("json", ""), await read("csv", "")
    tag = first.headers["ETag"]
    again = await read("json", f'"other", {tag}')
    strong = await read("json", tag.removeprefix("W/"))
    await world.see("cy", "di")

    assert tag.startswith('W/"')
    assert tag != sheet.headers["ETag"]
    assert (again.status, again.body, again.headers["ETag"]) == (304, "", tag)
    assert strong.status == 304
    assert (await read("json", tag)).status == 200
    assert (await read("json", "*")).status == 304
    assert {one.headers["Cache-Control"] for one in (first, sheet, again)} == {"no-store"}


async def test_lists_and_who_is_there_have_tags_and_refusals_have_none() -> None:
    """A 404 may be another answer a second later."""
    world = await talked()
    services = world.services
    found = [
        await answer_now(world.meeting_id, asking(), services),
        await answer_log(world.meeting_id, asking(), services),
        await answer_meetings(asking(day=TODAY.isoformat()), services),
    ]

    for answer in found:
        tagged = unless_known(answer, "")
        assert unless_known(answer, tagged.headers["ETag"]).status == 304
    unknown = unless_known(await answer_now(UNKNOWN, asking(), services), "*")
    assert (unknown.status, "ETag" in unknown.headers) == (404, False)
