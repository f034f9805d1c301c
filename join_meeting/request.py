"""The join-meeting message: body to `JoinMeeting`, or `Rejected` with every problem found.

Core: parses, never asks anybody.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from shared.domain import MEETING_ID
from shared.messages import Context, Message, RequestId, read_message


def _meeting_id(text: str) -> str:
    if MEETING_ID.fullmatch(text) is None:
        raise ValueError("must be a meetingId of Rollcall's: 26 characters a-z and 2-7")
    return text


class JoinMeeting(Message):
    """A request that our bot join a meeting of ours."""

    meeting_id: Annotated[str, AfterValidator(_meeting_id)]
    request_id: RequestId | None = None
    action: Literal["join"] = "join"
    watch: bool = False
    leave_when_alone_seconds: Annotated[float, Field(gt=0)] | None = None
    retry_for_seconds: Annotated[float, Field(ge=0)] | None = None
    context: Context | None = None


def read_request(body: bytes) -> JoinMeeting:
    """Return the request in `body`; raise `Rejected` naming every problem."""
    return read_message(JoinMeeting, body)
