"""A record compared with the log of the simulated room, which is the truth."""

from datetime import datetime, timedelta
from typing import Any

from tests.system.conftest import SETTLE
from tests.system.lab import Json

SLACK = timedelta(seconds=SETTLE + 2)
"""How far a time may be from the truth: SETTLE and one read, generously bounded."""


def same_calls(record: Json, truth: Json) -> None:
    """Compare the calls, who was in them, and when."""
    assert [call["callNumber"] for call in record["calls"]] == [
        number for number, _ in enumerate(truth["calls"], start=1)
    ]
    sessions = list(truth["sessions"])
    for call, true in zip(record["calls"], truth["calls"], strict=True):
        assert _apart(call["startedAt"], true["startedAt"]) <= SLACK
        assert _apart(call["endedAt"], true["endedAt"]) <= SLACK
        assert call["reason"] == "everyoneLeft"
        for person in call["participants"]:
            [session] = [
                one for one in sessions if _same_id(one["participantId"], person["sessionId"])
            ]
            sessions.remove(session)
            assert _same_id(person["participant"]["userId"], session["userId"])
            assert session["userId"] in true["userIds"]
            assert _apart(person["joinedAt"], session["joinedAt"]) <= SLACK
            assert _apart(person["leftAt"], session["leftAt"]) <= SLACK
    assert sessions == []


def same_bounds(record: Json, truth: Json) -> None:
    """Compare the bounds of all times: where there is a bound, the truth lies within it."""
    sessions = {_plain(one["participantId"]): one for one in truth["sessions"]}
    for call, true in zip(record["calls"], truth["calls"], strict=True):
        assert _in_order(call.get("startNotBefore"), true["startedAt"])
        assert _in_order(call.get("notBefore"), true["endedAt"], call.get("notAfter"))
        for person in call["participants"]:
            session = sessions[_plain(person["sessionId"])]
            assert _in_order(person.get("joinedNotBefore"), session["joinedAt"])
            assert _in_order(person.get("notBefore"), session["leftAt"], person.get("notAfter"))


def _in_order(*times: str | None) -> bool:
    known = [datetime.fromisoformat(one) for one in times if one is not None]
    return known == sorted(known)


def _apart(first: Any, second: Any) -> timedelta:
    return abs(datetime.fromisoformat(first) - datetime.fromisoformat(second))


def _same_id(first: str, second: str) -> bool:
    return _plain(first) == _plain(second)


def _plain(guid: str) -> str:
    return guid.replace("-", "").lower()
