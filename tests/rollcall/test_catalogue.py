"""Every word that Rollcall publishes is explained, in whatever way it is written."""

import json
from typing import get_args

import pytest
from rich.cells import cell_len

from create_meeting.answers.warnings import WarningCode
from docs.contract.event_data import MeetingWarning, Undelivered
from docs.contract.events import EVENTS
from docs.contract.explained import (
    ALTERATIONS,
    BASES,
    REQUESTS,
    STATES,
    UNDELIVERED,
    WARNINGS,
    explained,
)
from docs.contract.record_data import RequestInProgress
from rollcall.reading.catalogue import FILE, catalogue, entry_lines, found, index_lines, nearest
from rollcall.reading.page import Page
from shared.legs.end_codes import LEG_ENDS
from shared.legs.leg import BotState, Why
from shared.words.kinds import KindName
from shared.words.observations import Basis
from shared.words.problems import Code

ENTRIES = catalogue()


def words(wanted: str) -> list[tuple[str, str]]:
    """Return what is found, each by its kind and word."""
    return [(one["kind"], one["word"]) for one in found(wanted, ENTRIES)]


def test_the_file_is_up_to_date() -> None:
    """Otherwise: python -m docs.contract."""
    assert json.loads(FILE.read_text()) == explained()


@pytest.mark.parametrize(
    ("explained", "published"),
    [
        (BASES, get_args(Basis)),
        (STATES, get_args(BotState.__value__)),
        (REQUESTS, get_args(RequestInProgress.model_fields["state"].annotation)),
        (WARNINGS, get_args(MeetingWarning.model_fields["code"].annotation)),
        (ALTERATIONS, get_args(WarningCode.__value__)),
        (UNDELIVERED, get_args(Undelivered.model_fields["code"].annotation)),
    ],
    ids=["bases", "states", "requests", "warnings", "alterations", "undelivered"],
)
def test_the_words_written_here_are_those_of_the_app(
    explained: dict[str, object], published: tuple[str, ...]
) -> None:
    """None is missing, and none is left over."""
    assert published
    assert set(explained) == set(published)


def test_every_word_that_is_published_is_found() -> None:
    """By itself, and each has a meaning."""
    requested = {"requested", "meetingMoved", "meetingCancelled"}  # published as `left`
    published = [
        *get_args(Code.__value__),
        *get_args(KindName.__value__),
        *EVENTS,
        *(f"rollcall.{one}.v1" for one in EVENTS),
        *get_args(Basis),
        *get_args(BotState.__value__),
        *(one for one in get_args(Why.__value__) if one not in requested),
        *(f"{code}/{subcode}" for code, subcode in LEG_ENDS),
        *(end.reason for end in LEG_ENDS.values()),
    ]

    assert [one for one in published if not found(one, ENTRIES)] == []
    assert all(one["meaning"] for one in ENTRIES)


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        ("403/7504", "7504"),
        ("403-7504", "7504"),
        ("code 403 subcode 7504", "7504"),
        ("Code: 403, Subcode: 7504", "7504"),
        ("7504", "7504"),
        ("5010", "200/5010"),
        ("200 5010", "200/5010"),
        ("500/1999", "500/1999"),
        ("503/12345", "5xx"),
        ("408/1", "408"),
        ("ORGANIZER_NOT_ALLOWED", "organizer_not_allowed"),
        ("organizer-not-allowed", "organizer_not_allowed"),
        ("organizer not allowed", "organizer_not_allowed"),
        ("organizerNotAllowed", "organizer_not_allowed"),
        ("Rollcall.Call.Unwatched.V1", "call.unwatched"),
        ("call.unwatched", "call.unwatched"),
        ("attendancereport", "attendanceReport"),
    ],
)
def test_a_word_is_found_however_it_is_written(wanted: str, word: str) -> None:
    """Signs, case and the words around numbers do not count."""
    assert [one for _, one in words(wanted)] == [word]


def test_a_word_of_several_kinds_is_explained_as_each() -> None:
    """A warning and a refusal may share one."""
    kinds = [kind for kind, _ in words("attendance_not_readable")]

    assert kinds == ["refusal", "meeting.warning"]


@pytest.mark.parametrize("wanted", ["403/9999", "12345678901234567890", "organiser", "", "\x1b["])
def test_what_is_not_there_is_not_found(wanted: str) -> None:
    """A result without a row is no fault by its code alone."""
    assert words(wanted) == []


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        ("organizer_not_allowd", "organizer_not_allowed"),
        ("consent_mising", "consent_missing"),
        ("200/5011", "200/5012"),
        ("call.start", "call.started"),
    ],
)
def test_the_nearest_is_suggested(wanted: str, word: str) -> None:
    """Of what is not there."""
    assert word in nearest(wanted, ENTRIES)


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_catalogue_fits_its_columns(columns: int) -> None:
    """As a list, and each entry by itself."""
    page = Page(columns=columns)
    lines = [*index_lines(ENTRIES, page)]
    for one in ENTRIES:
        lines += entry_lines(one, page)

    assert max(cell_len(one.text) for one in lines) <= columns


def test_an_entry_says_what_to_do() -> None:
    """In the words of the app's table."""
    (entry,) = found("consent_missing", ENTRIES)
    text = " ".join(" ".join(one.text for one in entry_lines(entry, Page())).split())

    assert text.startswith("consent_missing (refusal) The bot has no permission to join meetings")
    assert "With retryForSeconds it is retried until the cause is fixed." in text
    assert "next step An administrator of the meeting's tenant consents" in text
