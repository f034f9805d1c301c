"""What Graph's `call` says of one of our legs: how far it is, and why it ended.

Core. Source: https://learn.microsoft.com/graph/api/resources/call
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from shared.graph.documents import essential, object_of, text_of
from shared.words.answers import Call
from shared.words.coordinates import NO_MESSAGE
from shared.words.ids import LEG_KEY, MEETING_ID, CallId, LegKey, MeetingId, directory_id, same_id
from shared.words.outside import CALL_ID, usable_id

CODE = re.compile("[0-9]{1,9}", re.ASCII)
LARGEST_CODE = 2**31 - 1
CALLBACK = re.compile(f"/api/calls/({MEETING_ID.pattern})/({LEG_KEY.pattern})$")


def call_in(answer: Mapping[str, Any]) -> Call:
    """Return the call in an answer; raise `Rejected` (`graph_answer_unusable`) without its id."""
    call_id = text_of(answer.get("id"))
    known = call_id if call_id is not None and CALL_ID.fullmatch(call_id) else None
    chat = object_of(answer.get("chatInfo"))
    thread_id = text_of(chat.get("threadId"))
    code, subcode = result_of(answer)
    participant_id, chain_id = answer.get("myParticipantId"), answer.get("callChainId")
    return Call(
        call_id=CallId(same_id(essential(known, "id"))),
        state=(text_of(answer.get("state")) or "").lower(),
        participant_id=participant_id if usable_id(participant_id) else None,
        chain_id=directory_id(chain_id) if usable_id(chain_id) else None,
        thread_id=None if thread_id is None else unquote(thread_id),
        message_id=text_of(chat.get("messageId")) or NO_MESSAGE,
        callback=_callback(text_of(answer.get("callbackUri"))),
        code=code,
        subcode=subcode,
    )


def result_of(call: Any) -> tuple[int | None, int | None]:
    """Return code and subcode: integers on the wire, strings or `subCode` in some samples."""
    result = call.get("resultInfo") if isinstance(call, dict) else None
    if not isinstance(result, dict):
        return None, None
    return _number(result.get("code")), _number(result.get("subcode", result.get("subCode")))


def _callback(uri: str | None) -> tuple[MeetingId, LegKey] | None:
    found = CALLBACK.search(uri or "")
    return None if found is None else (MeetingId(found[1]), LegKey(found[2]))


def _number(value: Any) -> int | None:
    if isinstance(value, str) and CODE.fullmatch(value):
        return int(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and abs(value) <= LARGEST_CODE else None
