"""The table at the end of a soak."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from bench.figures import Figure, aimed
from tests.soak.meeting import Gathering
from tests.soak.play import Played
from tests.system.lab import Json
from tests.system.mailbox import Delivered

LEAST_RATE = 40.0
MIB = 2**20
type News = Literal["participant.joined", "participant.left"]
MOMENTS = {"participant.joined": "joinedAt", "participant.left": "leftAt"}


def soak_figures(played: Played) -> list[Figure]:
    """Return the lines of the table."""
    before, after, end = played.before, played.after, played.at_end
    seconds, made = after.at - before.at, len(played.notifications)
    dropped = sum(one["dropped"] for one in played.notifications)
    delivered = after.delivered - before.delivered
    tables = after.table_requests - before.table_requests
    calls = sum(len(one["calls"]) for one in played.truths.values())
    stays = sum(len(one["sessions"]) for one in played.truths.values())
    events = sum(len(one.events()) for one in played.gatherings)
    return [
        aimed(
            f"notifications, over {len(played.gatherings)} meetings",
            made / seconds,
            f"{made / seconds:.0f}/s for {seconds:.0f} s",
            at="least",
            limit=LEAST_RATE,
            aim=f"≥ {LEAST_RATE:.0f}/s",
            beside=f"{delivered / seconds:.0f} callbacks/s",
        ),
        Figure(
            what="of them dropped, and doubled",
            figure=f"{dropped / made:.1%}, {(delivered - made + dropped) / made:.1%}",
            beside=f"{made} made, {delivered} delivered",
        ),
        aimed(
            "meetings whose record is not the truth",
            len(played.wrong),
            f"{len(played.wrong)}",
            at="most",
            limit=0,
            aim="none",
            beside=f"{calls} calls, {stays} stays of people, {events} events",
        ),
        _latency(played, "participant.joined", "a person's coming until it is published"),
        _latency(played, "participant.left", "a person's leaving until it is published"),
        Figure(what="table requests a notification", figure=f"{tables / made:.1f}"),
        *(
            Figure(
                what=f"memory of the {name} host",
                figure=f"{then / MIB:.0f} MiB at the end",
                beside=f"{at_first / MIB:.0f} MiB at the beginning, "
                f"{at_last / MIB:.0f} MiB when all is final",
            )
            for name, at_first, then, at_last in zip(
                ("first", "second"), before.memory, after.memory, end.memory, strict=True
            )
        ),
    ]


def _latency(played: Played, news: News, what: str) -> Figure:
    known = [one for meeting in played.gatherings for one in _times(played, meeting, news)]
    heard = sorted(seconds for seconds, alone in known if not alone)
    alone = len(known) - len(heard)
    return Figure(
        what=what,
        figure=", ".join(f"p{part} {_at(heard, part / 100):.1f} s" for part in (50, 95, 99)),
        beside=f"{len(heard)} while the bot was there, {alone} while it was thrown out",
    )


def _times(played: Played, meeting: Gathering, news: News) -> Iterator[tuple[float, bool]]:
    """Yield how long each news took, but what only reports knew, and whether no bot heard it."""
    true = {_plain(one["participantId"]): one for one in played.truths[meeting.name]["sessions"]}
    first: dict[str, Delivered] = {}
    for one in meeting.client.story(meeting.meeting_id):
        if one.kind == news:
            first.setdefault(_plain(one.data["sessionId"]), one)
    for session_id, one in first.items():
        at = one.enqueued_at
        if session_id in true and at is not None and at < played.reported_at:
            happened = _moment(true[session_id], MOMENTS[news])
            alone = any(since <= happened <= until for since, until in meeting.absences)
            yield (at - happened).total_seconds(), alone


def _moment(session: Json, name: str) -> datetime:
    return datetime.fromisoformat(session[name])


def _at(ordered: Sequence[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")


def _plain(guid: str) -> str:
    return guid.replace("-", "").lower()
