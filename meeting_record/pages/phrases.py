"""The words of the record in plain sentences, and how each basis is drawn. Core: tables."""

from collections.abc import Mapping

BOT: Mapping[str, str] = {
    "never": "No bot was sent.",
    "scheduled": "The bot joins at the start.",
    "waiting": "The bot waits for its next try.",
    "joining": "The bot is joining.",
    "lobby": "The bot waits in the lobby.",
    "in": "The bot is in.",
    "gone": "The bot has left.",
    "failed": "The bot did not get in.",
}
"""By the state of the bot."""

HOW: Mapping[str, str] = {
    "attendanceReport": "r",
    "callRecord": "r",
    "graphEvent": "r",
    "observed": "h",
    "polled": "h",
    "assumed": "a",
}
"""How what is known so is drawn: by a report, heard, or assumed."""

WARNINGS: Mapping[str, tuple[str, str]] = {
    "callback_silent": (
        "Graph did not call back, so the roster is read again and again.",
        "See whether Graph reaches PUBLIC_URL. Times are as exact as POLL_SECONDS.",
    ),
    "roster_unreadable": (
        "Graph did not say who was in the meeting.",
        "Nothing has to be done. The end of the call comes from the bot's leg, or from a report.",
    ),
    "recording_limited": (
        "More people were in a call than the record of a meeting holds.",
        "Take the number of people as the least, and the others from the attendance report.",
    ),
    "attendance_not_readable": (
        "Graph did not let this app read what it knows of the calls.",
        "An administrator grants OnlineMeetingArtifact.Read.All and the access policy.",
    ),
    "source_missing": (
        "Graph had no attendance report of the meeting, as long as one was looked for.",
        "See whether attendance reports are on for the organizer. Times are those the bot saw.",
    ),
    "answer_undelivered": (
        "An answer to a request reached no queue of the caller's.",
        "Name a queue of the namespace as reply_to, and send the request again.",
    ),
}
"""What each warning of a record means, and what to do. The event `meeting.warning` says more."""


def how_known(start_basis: str, end_basis: str | None) -> str:
    """Return how a call is drawn: by the basis of its end, or of its start while it lasts."""
    return HOW[end_basis or start_basis]
