"""What a meeting's record says of a request, in the words of the events it stands for. Pure.

Source: docs/messages.md, "Reading".
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from rollcall.asking.outcomes import Heard
from rollcall.asking.requests import Kind, Request

type Record = Mapping[str, Any]

_STATES = {"joining": "bot.joining", "lobby": "bot.waiting", "in": "bot.joined"}
UPDATED = "rollcall.meeting.updated.v1"
_OVER = frozenset({"failed", "gone"})


def heard_of_record(
    request: Request, record: Record, *, before: Record, published: Collection[str] = ()
) -> Iterator[Heard]:
    """Give what `record` answers to `request`; {} is no record.

    `before`: the record before the request was sent. A refusal, or a bot that is gone, which stood
    there already answers an earlier request of the same id. `published`: types of the events since
    then. An update is carried out once `meeting.updated` is among them; until then it may be
    refused, and a bot that is in answers an earlier request.
    """
    made = record.get("request") or {}
    if made.get("state") == "refused" and made != before.get("request"):
        failed = request.kind in (Kind.JOIN, Kind.LEAVE)
        yield Heard(type="bot.failed" if failed else "meeting.rejected", data=made)
    meeting = record.get("meeting")
    if meeting is None or made:
        return
    if request.kind is Kind.CREATE:
        yield Heard(type="meeting.created", data=_known(meeting))
    if request.kind is Kind.UPDATE:
        if UPDATED not in published:
            return
        yield Heard(type="meeting.updated", data=_known(meeting))
    if request.kind is Kind.CANCEL and meeting.get("cancelledAt"):
        yield Heard(type="meeting.cancelled", data=_known(meeting))
    if request.joins:
        # A meeting that `ask` finds there was requested before: no other bot is sent.
        earlier = {} if request.kind is Kind.CREATE else before.get("bot") or {}
        yield from _bot(record.get("bot") or {}, earlier)


def bot_since(record: Record, moment: str) -> Iterator[Heard]:
    """Give where the bot is; nothing where it was gone before `moment`, which is the app's time."""
    bot = record.get("bot") or {}
    last = bot.get("leftAt") or bot.get("claimedAt") or moment
    yield from _bot(bot, bot if last < moment else {})


def _bot(bot: Record, before: Record) -> Iterator[Heard]:
    state = bot.get("state")
    if state in _STATES:
        leg = {name: bot[name] for name in ("legKey", "callId") if name in bot}
        yield Heard(type=_STATES[state], data=leg)
    elif state in _OVER and bot != before:
        failure = bot.get("failure")
        yield (
            Heard(type="bot.failed", data=failure)
            if isinstance(failure, dict)
            else Heard(type="bot.left", data={"reason": bot.get("reason")})
        )


def _known(meeting: Record) -> Record:
    names = ("meetingId", "requestId", "subject", "startDateTime", "endDateTime")
    return {name: meeting.get(name) for name in names}
