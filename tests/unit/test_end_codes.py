"""What the code of a leg's end says, and what it must not be taken to say."""

import pytest

from shared.legs.end_codes import LEG_ENDS, UNKNOWN, leg_end

OVER = [
    (200, 5001), (200, 5002), (200, 5003), (200, 5007), (200, 5012), (200, 5013), (200, 5014),
    (200, 5020),
]  # fmt: skip
"""Ends after which nobody is left in the conversation."""
GOES_ON = {
    (200, 5000): "removed",
    (200, 5300): "removed",
    (200, 5010): "oneRemained",
    (200, 5855): "lobbyTimeout",
    (200, 7000): "left",
    (200, 10550): "left",
    (408, 8537): "keepAliveMissed",
    (408, 1106): "signalingLost",
    (408, 10057): "signalingLost",
    (410, 301005): "mediaFailed",
    (500, 1005): "mediaFailed",
    (480, 10037): "notReachable",
    (480, 10076): "notReachable",
    (480, 10134): "notReachable",
    (480, 10199): "notReachable",
    (400, 2203): "badCoordinates",
    (403, 5221): "notAllowed",
    (403, 5222): "notAllowed",
}
"""Ends of our leg alone: people may talk on."""


@pytest.mark.parametrize(("code", "subcode"), OVER)
def test_a_conversation_that_is_over_is_known_by_its_code(code: int, subcode: int) -> None:
    """Only these close a group call without asking who is there."""
    assert leg_end(code, subcode).over


@pytest.mark.parametrize(("pair", "reason"), GOES_ON.items())
def test_the_end_of_our_leg_alone_closes_no_call(pair: tuple[int, int], reason: str) -> None:
    """Removed, timed out, hung up, broken: the people are not gone with the bot."""
    end = leg_end(*pair)

    assert (end.over, end.reason) == (False, reason)


def test_every_pair_in_the_table_is_one_of_these() -> None:
    """A new row needs a decision here: is the conversation over?"""
    assert set(LEG_ENDS) == {*OVER, *GOES_ON}


@pytest.mark.parametrize(
    ("code", "subcode"),
    [(200, 4097), (200, 5030), (200, 7015), (200, 0), (5002, 200), (0, 0), (None, None),
     (200, None), (None, 5002)],
)  # fmt: skip
def test_an_unknown_or_incomplete_pair_says_nothing_about_the_call(
    code: int | None, subcode: int | None
) -> None:
    """Code 200 alone does not even mean that the leg was ever connected."""
    assert leg_end(code, subcode) is UNKNOWN
    assert not UNKNOWN.over


def test_every_end_explains_itself() -> None:
    """A reason for programs, a sentence for people."""
    for end in (*LEG_ENDS.values(), UNKNOWN):
        assert end.reason.isalpha()
        assert end.meaning.endswith(".")
