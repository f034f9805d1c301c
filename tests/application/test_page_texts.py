"""Texts of others on the pages: names, subjects, contexts, refusals. None becomes markup."""

import json
from datetime import timedelta

import pytest

from meeting_record.answers import Answer
from meeting_record.pages.handler import answer_day, answer_timeline
from shared.words.ids import meeting_id_for
from shared.words.problems import rejected
from tests.application.joined import Joined
from tests.application.paged import asking, hold_to_structure, rows
from tests.application.world import T0, TENANT, World, leg_of, roster, state
from tests.fixtures.html_page import parsed

TODAY = T0.date().isoformat()
PAYLOADS = (
    "<script>alert(1)</script>",
    "</main></body><script>x</script>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "</title><script>x</script>",
    "</style><script>x</script>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% raw %}",
    "<!--",
    "]]>",
    "&lt;b&gt;&#60;b&#62;",
    "<a href=//evil.example>x</a>",
    "`${alert(1)}`",
)


async def texts_everywhere(text: str) -> list[Answer]:
    """Return pages with this text wherever a text of others stands."""
    world = Joined()
    asked = {"requestId": text, "subject": text, "context": {text: [text]}, "join": "now"}
    await world.drop("create-meeting", asked)
    await world.pump()
    world.meeting_id = world.events("meeting.created")[0]["data"]["meetingId"]
    world.leg_key, world.call_id = leg_of(await world.meeting(world.meeting_id))
    await world.call(state(world.call_id, "established"))
    await world.call(roster(world.call_id))
    for names in ((text,), (text, "bo"), ("bo",)):
        await world.see(*names)
        await world.pump(until=timedelta(minutes=1))
    refused = World()
    refused.fake_graph.fail_next(rejected("consent_missing", app=text), times=99)
    await refused.drop("create-meeting", asked)
    refused_id = meeting_id_for(tenant_id=TENANT, request_id=text)
    return [
        await answer_timeline(world.meeting_id, asking(), world.services),
        await answer_day(asking(day=TODAY), world.services),
        await answer_timeline(refused_id, asking(), refused.services),
        await answer_day(asking(**{text: text, "tz": text}), world.services),
    ]


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_no_text_of_others_becomes_markup(payload: str) -> None:
    """The elements are those that are there with a harmless text, and the text stands as it is."""
    harmless = [parsed(one.body) for one in await texts_everywhere("harmless")]

    found = [parsed(one.body) for one in await texts_everywhere(payload)]

    assert [one.shape for one in found] == [one.shape for one in harmless]
    for page in found:
        hold_to_structure(page)
    meeting, day, refused, wrong = found
    assert meeting.one("h1").text == payload
    assert json.dumps(payload, ensure_ascii=False) in meeting.one("pre").text
    assert any(row[0].startswith(" ".join(payload.split())) for row in rows(meeting, 1))
    assert day.one("table").one("a").text == payload
    assert payload in refused.one("div", class_="note").text
    assert payload in wrong.facts()
