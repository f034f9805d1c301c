"""Why no meeting is read from a link. Core."""

from enum import IntEnum


class Weight(IntEnum):
    """How much the reason why a link is not read says about the text it stands in."""

    FOREIGN = 0
    WRAPPED = 1
    SPOILT = 2
    LEADS = 3
    """The link does lead to a meeting, just not to one that can be joined by it."""


class UnreadableLinkError(Exception):
    """One link that no meeting is read from."""

    def __init__(self, why: str, weight: Weight = Weight.SPOILT) -> None:
        super().__init__(why)
        self.weight = weight
