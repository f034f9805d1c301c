"""What came of the last try of a request that has not been done yet, for its readers.

It stands in the head under the id that the meeting of such a request would have, so it is purged as
a record is. A request that is done at once writes nothing here.
"""

from dataclasses import replace
from datetime import datetime

from shared.inbox.message import QueueMessage
from shared.journal.journal import Journal
from shared.journal.step import Step
from shared.meeting.meeting import Meeting, Trying
from shared.telemetry import log
from shared.words.errors import Rejected, Transient
from shared.words.ids import meeting_id_for


def trying_of(
    failed: Transient | Rejected, message: QueueMessage, *, at: datetime, due: datetime | None
) -> Trying:
    """Return what came of a try that failed at `at`; the next is `due`, None: it was refused."""
    coded = failed if isinstance(failed, Rejected) else None
    return Trying(
        attempt=message.attempt,
        tried_at=at,
        next_try_at=due,
        message=failed.message,
        code=coded.code if coded is not None else None,
        next_step=coded.next_step if coded is not None else None,
        graph=failed.graph,
    )


async def note(trying: Trying, request_id: str, *, journal: Journal, tenant_id: str) -> None:
    """Let readers find the last try of a request, unless its meeting is there; never fails.

    Nothing is noted of a try under the id of another request.
    """
    if trying.code == "request_conflict":
        return
    meeting_id = meeting_id_for(tenant_id=tenant_id, request_id=request_id)

    def decide(known: Meeting | None, now: datetime) -> tuple[Step | None, None]:
        if known is not None and (known.known or known.purged is not None):
            return None, None
        meeting = known or Meeting(
            meeting_id=meeting_id, tenant_id=tenant_id, correlation_id=request_id
        )
        return Step(meeting=replace(meeting, trying=trying)), None

    try:
        await journal.unread(meeting_id).change(decide)
    except Transient as error:
        # The message itself is safe: the copy was sent, or the refusal published.
        log("request.not_noted", error)
