"""What the code of a leg's end says, and what it must not be taken to say."""

import pytest

from shared.legs.end_codes import LEG_ENDS, NO_CODE, UNKNOWN, UNKNOWN_FAULT, LegEnd, leg_end

OVER, QUESTION, FAULT = (True, False, False), (False, True, False), (False, True, True)
"""The columns `over`, `question`, `rejoin`."""
ENDS = {
    (200, 4097): ("otherSideLeft", QUESTION),
    (200, 4521): ("otherSideLeft", QUESTION),
    (200, 5000): ("removed", QUESTION),
    (200, 5001): ("conversationEnded", OVER),
    (200, 5002): ("everyoneLeft", OVER),
    (200, 5003): ("conversationEnded", OVER),
    (200, 5007): ("initiatorLeft", OVER),
    (200, 5010): ("oneRemained", QUESTION),
    (200, 5012): ("everyoneLeft", OVER),
    (200, 5013): ("nobodyJoined", OVER),
    (200, 5014): ("nobodyJoined", OVER),
    (200, 5020): ("everyoneLeft", OVER),
    (200, 5030): ("breakoutEnded", QUESTION),
    (200, 5300): ("removed", QUESTION),
    (200, 5855): ("lobbyTimeout", QUESTION),
    (200, 7000): ("left", QUESTION),
    (200, 7015): ("transferred", FAULT),
    (200, 10550): ("left", QUESTION),
    (200, 18503): ("otherSideLeft", QUESTION),
    (200, 540000): ("otherSideLeft", QUESTION),
    (200, 560000): ("otherSideLeft", QUESTION),
    (0, 7015): ("transferred", FAULT),
    (400, 2203): ("badCoordinates", QUESTION),
    (403, 5221): ("notAllowed", QUESTION),
    (403, 5222): ("notAllowed", QUESTION),
    (408, 1106): ("signalingLost", FAULT),
    (408, 8537): ("keepAliveMissed", FAULT),
    (408, 10057): ("signalingLost", FAULT),
    (408, 13025): ("serviceFault", FAULT),
    (410, 301005): ("mediaFailed", FAULT),
    (480, 10037): ("notReachable", QUESTION),
    (480, 10076): ("notReachable", QUESTION),
    (480, 10134): ("notReachable", QUESTION),
    (480, 10199): ("notReachable", QUESTION),
    (500, 1005): ("mediaFailed", FAULT),
    (500, 1999): ("serviceFault", FAULT),
    (500, 3002): ("serviceFault", FAULT),
    (500, 3003): ("serviceFault", FAULT),
    (500, 7106): ("serviceFault", FAULT),
    (500, 7112): ("serviceFault", FAULT),
    (500, 7117): ("serviceFault", FAULT),
}
"""Every pair that is documented, and those that people reported."""


def columns(end: LegEnd) -> tuple[bool, bool, bool]:
    """Return what an end says of the call and of sending the bot again."""
    return end.over, end.question, end.rejoin


@pytest.mark.parametrize(("pair", "said"), ENDS.items())
def test_a_listed_pair_says_what_its_row_says(
    pair: tuple[int, int], said: tuple[str, tuple[bool, bool, bool]]
) -> None:
    """Only `over` closes a group call without a read; only a fault sends the bot again."""
    end = leg_end(*pair)

    assert (end.reason, columns(end)) == said


def test_every_pair_in_the_table_is_one_of_these() -> None:
    """A new row needs three decisions here."""
    assert set(LEG_ENDS) == set(ENDS)


@pytest.mark.parametrize(
    ("code", "subcode"),
    [(408, 1), (410, 1), (500, 1203002), (503, 0), (599, 1), (500, None), (408, None)],
)
def test_an_unlisted_time_out_or_error_is_a_fault(code: int, subcode: int | None) -> None:
    """Whatever its subcode, nobody in the meeting wanted the bot out."""
    end = leg_end(code, subcode)

    assert end is UNKNOWN_FAULT
    assert (end.reason, columns(end)) == ("unknown", FAULT)


@pytest.mark.parametrize(
    ("code", "subcode"),
    [(200, 0), (200, None), (0, None), (0, 0), (480, 1), (403, 1), (404, None), (603, 0),
     (600, 0), (-500, 1), (5002, 200)],
)  # fmt: skip
def test_any_other_unlisted_pair_is_no_fault(code: int, subcode: int | None) -> None:
    """An end in good order, or a refusal; code 200 does not even mean that the leg connected."""
    end = leg_end(code, subcode)

    assert end is UNKNOWN
    assert (end.reason, columns(end)) == ("unknown", QUESTION)


@pytest.mark.parametrize("subcode", [None, 5002])
def test_a_leg_that_is_gone_without_a_code_was_lost(subcode: int | None) -> None:
    """As after a 404: whether people talk on is not known, and the bot may be sent again."""
    end = leg_end(None, subcode)

    assert end is NO_CODE
    assert (end.reason, columns(end)) == ("unknown", FAULT)


def test_no_end_is_both_over_and_a_fault() -> None:
    """The bot is never sent into a conversation that is over."""
    assert not [pair for pair, end in LEG_ENDS.items() if end.over and end.rejoin]


def test_every_end_explains_itself() -> None:
    """A reason for programs, a sentence for people."""
    for end in (*LEG_ENDS.values(), UNKNOWN, UNKNOWN_FAULT, NO_CODE):
        assert end.reason.isalpha()
        assert end.meaning.endswith(".")
