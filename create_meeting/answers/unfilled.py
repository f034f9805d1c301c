"""What Graph's answer plainly left unfilled: the caller's own words stand there instead. Core.

Graph has been seen to answer with the year 1 and the subject "None" for a meeting that it made.
Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/16874
"""

from create_meeting.answers.warnings import moment_of
from create_meeting.times import FIRST_YEAR, LAST_YEAR

NO_SUBJECT = frozenset({"", "none", "null", "undefined"})
"""What programs write, in lower case, for a text that is not set."""


def subject_or(requested: str, said: str | None) -> str | None:
    """Return the subject that Graph said; the one `requested` where Graph's is unfilled."""
    return requested if said is not None and said.strip().lower() in NO_SUBJECT else said


def time_or(requested: str, said: str | None) -> str | None:
    """Return the time that Graph said, as text; the one `requested` where Graph's is unfilled."""
    return requested if is_unfilled(said) else said


def is_unfilled(said: str | None) -> bool:
    """Return whether a time of Graph's is the zero of some program, or its last moment."""
    moment = moment_of(said)
    return moment is not None and not FIRST_YEAR < moment.year <= LAST_YEAR
