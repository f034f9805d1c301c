"""What the end of a leg says: is the conversation over, may people talk on, was it a fault.

Core: a table and one lookup. Graph documents some of the codes, and says only what happened:
https://learn.microsoft.com/graph/api/call-delete. The columns are our reading. Codes that people
reported in issues stand below them, each with its issue.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LegEnd:
    """What one pair of code and subcode means.

    `over`: the conversation is over; the group call is closed. `rejoin`: a fault threw the bot out;
    to send it again makes sense while people talk.
    """

    reason: str
    meaning: str
    over: bool = False
    rejoin: bool = False

    @property
    def question(self) -> bool:
        """Whether people may talk on: the group call stays open, unwatched."""
        return not self.over


UNKNOWN = LegEnd("unknown", "The leg ended; Graph's code does not say what became of the call.")
UNKNOWN_FAULT = LegEnd("unknown", "The leg ended by a fault that has no row here.", rejoin=True)
NO_CODE = LegEnd("unknown", "The leg is gone; Graph gave no code.", rejoin=True)
"""Graph answers 404 for the leg, or the notification of its end has no `resultInfo`."""

LEG_ENDS: dict[tuple[int, int], LegEnd] = {
    # Documented. A call between two has another end than a meeting: our bot makes none.
    (200, 4097): LegEnd("otherSideLeft", "The other side of a call between two ended it."),
    (200, 4521): LegEnd("otherSideLeft", "The other side of a call between two ended it."),
    (200, 18503): LegEnd("otherSideLeft", "The other side of a call between two left."),
    (200, 540000): LegEnd("otherSideLeft", "The person on the telephone ended the call."),
    (200, 560000): LegEnd("otherSideLeft", "The person on the telephone ended the call."),
    (200, 5000): LegEnd("removed", "A participant removed the bot."),
    (200, 5300): LegEnd("removed", "A participant removed the bot."),
    (200, 5001): LegEnd("conversationEnded", "The conversation ended.", over=True),
    (200, 5003): LegEnd("conversationEnded", "The conversation ended.", over=True),
    (200, 5002): LegEnd("everyoneLeft", "Everyone else left.", over=True),
    (200, 5007): LegEnd("initiatorLeft", "The initiator left and ended the call.", over=True),
    # One person is still a call, and the bot may be that one: neither over nor a fault.
    (200, 5010): LegEnd("oneRemained", "Only one participant remained."),
    (200, 5012): LegEnd("everyoneLeft", "No participants were in the roster.", over=True),
    (200, 5020): LegEnd("everyoneLeft", "No visible participants were in the roster.", over=True),
    (200, 5013): LegEnd("nobodyJoined", "Nobody joined.", over=True),
    (200, 5014): LegEnd("nobodyJoined", "No host was found.", over=True),
    # The room is over, not the meeting; the bot was not thrown out by a fault.
    (200, 5030): LegEnd("breakoutEnded", "The time of the breakout room was over."),
    (200, 5855): LegEnd("lobbyTimeout", "The bot waited in the lobby until it timed out."),
    (200, 7000): LegEnd("left", "The bot left."),
    (200, 10550): LegEnd("left", "The bot left."),
    # Others go on without the bot, and nobody wanted it out. The documented notification of a
    # transfer has the code 0: https://learn.microsoft.com/graph/api/call-transfer
    (200, 7015): LegEnd("transferred", "The bot's call was transferred.", rejoin=True),
    (0, 7015): LegEnd("transferred", "The bot's call was transferred.", rejoin=True),
    (408, 8537): LegEnd("keepAliveMissed", "Graph had no keepAlive for 45 minutes.", rejoin=True),
    (408, 1106): LegEnd("signalingLost", "Graph's acceptance was not acknowledged.", rejoin=True),
    (408, 10057): LegEnd("signalingLost", "There was no signalling with the bot.", rejoin=True),
    (410, 301005): LegEnd("mediaFailed", "The media connection failed.", rejoin=True),
    (500, 1005): LegEnd("mediaFailed", "The media connection failed.", rejoin=True),
    # Never in, and the same try ends the same way.
    (480, 10037): LegEnd("notReachable", "The meeting could not be reached."),
    (480, 10076): LegEnd("notReachable", "The meeting could not be reached."),
    (480, 10134): LegEnd("notReachable", "The meeting could not be reached."),
    (480, 10199): LegEnd("notReachable", "The meeting could not be reached."),
    # https://github.com/microsoftgraph/microsoft-graph-comms-samples/issues/433
    (400, 2203): LegEnd("badCoordinates", "Graph did not accept the meeting's coordinates."),
    # https://github.com/Azure-Samples/communication-services-web-calling-tutorial/issues/21, /27
    (403, 5221): LegEnd("notAllowed", "The bot is not allowed into this meeting."),
    (403, 5222): LegEnd("notAllowed", "The bot is not allowed into this meeting."),
    # https://github.com/microsoftgraph/microsoft-graph-comms-samples/issues/742: in the middle of
    # a call that goes on.
    (500, 1999): LegEnd("serviceFault", "A fault in Graph ended the leg.", rejoin=True),
    # https://github.com/microsoftgraph/microsoft-graph-comms-samples/issues/725, /750, /571, and
    # https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/63: for hours on end,
    # then not at all, most of them before the bot is in.
    (500, 3002): LegEnd("serviceFault", "A fault in Graph ended the leg.", rejoin=True),
    (500, 3003): LegEnd("serviceFault", "A fault in Graph ended the leg.", rejoin=True),
    (500, 7106): LegEnd("serviceFault", "A fault in Graph ended the leg.", rejoin=True),
    (500, 7112): LegEnd("serviceFault", "A fault in Graph ended the leg.", rejoin=True),
    (500, 7117): LegEnd("serviceFault", "A fault in Graph ended the leg.", rejoin=True),
    (408, 13025): LegEnd("serviceFault", "A request within Graph timed out.", rejoin=True),
}
FAULTS = frozenset({408, 410, *range(500, 600)})
"""Codes whose pairs without a row are faults: each of their rows is one (a time-out, lost media, an
error of Graph's). The rows of 200 are ends in good order. Those of 480 and of the other 4xx are
refusals, which the same try would meet again."""


TRY_AGAIN = "Send the join request again; if it ends the same way, see `result`."
NEXT_STEPS = {
    "lobbyTimeout": "Send the join request again and let somebody in the meeting admit the bot, or "
    "let the organizer set the meeting's lobbyBypassSettings so that it need not wait.",
    "badCoordinates": "Check that the link, or join id and passcode, are the meeting's own and "
    "that the meeting was not deleted; then send the join request again.",
    "notAllowed": "The meeting's tenant has to admit the bot: an administrator of it consents to "
    "the application permission Calls.JoinGroupCall.All (Calls.JoinGroupCallAsGuest.All for a "
    "guest), and the organizer's policies must not keep bots out.",
    "removed": "Somebody in the meeting removed the bot: ask them before you send it again.",
    "nobodyJoined": "Send the join request again when the meeting has begun.",
}
"""What to do about a leg that ended before it came in, by the reason of its end."""


def next_step(reason: str) -> str:
    """Return what to do about a leg that ended for that reason, before it came in."""
    return NEXT_STEPS.get(reason, TRY_AGAIN)


def leg_end(code: int | None, subcode: int | None) -> LegEnd:
    """Return what `code`/`subcode` mean.

    A pair without a row is never over. Its code alone tells whether it is a fault.
    """
    if code is None:
        return NO_CODE
    unlisted = UNKNOWN_FAULT if code in FAULTS else UNKNOWN
    return unlisted if subcode is None else LEG_ENDS.get((code, subcode), unlisted)
