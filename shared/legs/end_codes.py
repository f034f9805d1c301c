"""What the end of a leg says: was the conversation over, and why. Core: a table and one lookup.

Source: https://learn.microsoft.com/graph/api/call-delete (codes); the reading "over" is ours.
A pair that is not listed says only that the leg ended.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LegEnd:
    """What one pair of code and subcode means. `over`: nobody is left in the conversation."""

    reason: str
    meaning: str
    over: bool = False
    rejoin: bool = False


UNKNOWN = LegEnd("unknown", "The leg ended; Graph's code does not say what became of the call.")

LEG_ENDS: dict[tuple[int, int], LegEnd] = {
    (200, 5000): LegEnd("removed", "A participant removed the bot."),
    (200, 5300): LegEnd("removed", "A participant removed the bot."),
    (200, 5001): LegEnd("conversationEnded", "The conversation ended.", over=True),
    (200, 5003): LegEnd("conversationEnded", "The conversation ended.", over=True),
    (200, 5002): LegEnd("everyoneLeft", "Everyone else left.", over=True),
    (200, 5007): LegEnd("initiatorLeft", "The initiator left and ended the call.", over=True),
    (200, 5010): LegEnd("oneRemained", "Only one participant remained."),
    (200, 5012): LegEnd("everyoneLeft", "No participants were in the roster.", over=True),
    (200, 5020): LegEnd("everyoneLeft", "No visible participants were in the roster.", over=True),
    (200, 5013): LegEnd("nobodyJoined", "Nobody joined.", over=True),
    (200, 5014): LegEnd("nobodyJoined", "No host was found.", over=True),
    (200, 5855): LegEnd("lobbyTimeout", "The bot waited in the lobby until it timed out."),
    (200, 7000): LegEnd("left", "The bot left."),
    (200, 10550): LegEnd("left", "The bot left."),
    (408, 8537): LegEnd("keepAliveMissed", "Graph had no keepAlive for 45 minutes."),
    (408, 1106): LegEnd("signalingLost", "Graph's acceptance was not acknowledged."),
    (408, 10057): LegEnd("signalingLost", "There was no signalling with the bot."),
    (410, 301005): LegEnd("mediaFailed", "The media connection failed."),
    (500, 1005): LegEnd("mediaFailed", "The media connection failed."),
    (480, 10037): LegEnd("notReachable", "The meeting could not be reached."),
    (480, 10076): LegEnd("notReachable", "The meeting could not be reached."),
    (480, 10134): LegEnd("notReachable", "The meeting could not be reached."),
    (480, 10199): LegEnd("notReachable", "The meeting could not be reached."),
    (400, 2203): LegEnd("badCoordinates", "Graph did not accept the meeting's coordinates."),
    (403, 5221): LegEnd("notAllowed", "The bot is not allowed into this meeting."),
    (403, 5222): LegEnd("notAllowed", "The bot is not allowed into this meeting."),
}


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
    """Return what `code`/`subcode` mean; a pair not listed, or none at all, is `UNKNOWN`."""
    if code is None or subcode is None:
        return UNKNOWN
    return LEG_ENDS.get((code, subcode), UNKNOWN)
