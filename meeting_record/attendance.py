"""Who was in the calls of a meeting, as lines: one a person and call. Core: a record in, text out.

What the record says of a call and a person is passed on as it is.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

type Row = dict[str, Any]

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads a CSV file in the machine's own code page, and spoils most names."""

OF_MEETING = ("meetingId", "requestId", "subject")
OF_CALL = (
    "callNumber",
    "startedAt",
    "startBasis",
    "endedAt",
    "endBasis",
    "reason",
    "confirmed",
    "final",
    "participantsComplete",
)
OF_PERSON = ("displayName", "userId", "kind", "tenantId")
OF_ATTENDANCE = ("external", "role", "firstJoinedAt", "lastLeftAt", "seconds")
COLUMNS = (*OF_MEETING, *OF_CALL, *OF_PERSON, *OF_ATTENDANCE)
TIMES = frozenset({"startedAt", "endedAt", "firstJoinedAt", "lastLeftAt"})
LISTS = frozenset({"participants", "people"})

_LINE_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_UNSEEN = r"[\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]*"
_BEGINNING = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
"""The signs that begin a formula, in both widths."""
_FORMULA = re.compile(rf"""(^|[,;|"'])({_UNSEEN})({_BEGINNING})""")
"""What a spreadsheet may take for the beginning of a formula: at the beginning of a cell, and after
what may begin another cell where the file is read with another separator.
Source: https://owasp.org/www-community/attacks/CSV_Injection"""


def rows_of(record: dict[str, Any]) -> Iterator[Row]:
    """Yield the members of meeting, call and person, for each person of each call.

    A call that turned out to be part of another one has no lines of its own.
    """
    meeting = record["meeting"]
    for call in record["calls"]:
        if call.get("mergedInto") is not None:
            continue
        for person in call["people"]:
            yield {
                **{name: meeting[name] for name in OF_MEETING if name in meeting},
                **{name: value for name, value in call.items() if name not in LISTS},
                **person,
            }


def as_ndjson(record: dict[str, Any]) -> str:
    """Return the rows as JSON, one a line."""
    return lines_of(rows_of(record))


def lines_of(rows: Iterable[Row]) -> str:
    """Return JSON, one a line, in ASCII: many readers end a line at U+2028 and its like, too."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def as_csv(record: dict[str, Any], zone: ZoneInfo | None) -> str:
    """Return the attendance sheet, with times in `zone`; None: in UTC, as the record has them.

    Source: https://www.rfc-editor.org/rfc/rfc4180
    """
    text = io.StringIO()
    lines = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    for row in rows_of(record):
        flat = {**row["participant"], **row}
        lines.writerow([_cell(name, flat.get(name), zone) for name in COLUMNS])
    return BYTE_ORDER_MARK + text.getvalue()


def file_name(record: dict[str, Any]) -> str:
    """Return the name of the sheet's file. No text of people's own is in it."""
    meeting = record["meeting"]
    return "attendance.csv" if meeting is None else f"attendance-{meeting['meetingId']}.csv"


def safe_text(text: str) -> str:
    """Return `text` on one line, with an apostrophe before what might begin a formula."""
    return _FORMULA.sub(r"\1\2'\3", _LINE_BREAKS.sub(" ", text))


def _cell(name: str, value: Any, zone: ZoneInfo | None) -> str | int | float:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return value
        case _ if name in TIMES and zone is not None:
            moment = datetime.fromisoformat(value).astimezone(zone)
            return moment.isoformat(timespec="milliseconds")
        case _:
            return safe_text(str(value))
