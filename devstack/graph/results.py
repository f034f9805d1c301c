"""The codes with which a leg ends, in Graph's words. Pure."""

from devstack.graph.json_values import JsonObject

_MEANINGS = {
    (200, 4097): "The other side hung up.",
    (200, 5000): "Removed from the meeting by a participant.",
    (200, 5001): "The conversation has ended.",
    (200, 5002): "The conversation has ended: everyone else has left.",
    (200, 5003): "The conversation has ended.",
    (200, 5007): "The one who started the conversation has left.",
    (200, 5010): "The conversation has ended: one participant remained.",
    (200, 5012): "No participants in the roster.",
    (200, 5013): "Nobody has joined.",
    (200, 5014): "No host was found.",
    (200, 5020): "No visible participants in the roster.",
    (200, 5030): "The time of the breakout room is over.",
    (200, 5300): "Removed from the meeting by a participant.",
    (200, 5855): "Timed out in the lobby.",
    (200, 7000): "Call ended by the application.",
    (200, 10550): "Call ended by the application.",
    (400, 2203): "Bad Request.",
    (408, 8537): "No keepAlive in time.",
}
"""Texts of the simulator's own; any other pair of codes ends a leg as well."""


def result_info(code: int, subcode: int) -> JsonObject:
    """Return the resultInfo of a call that is over; the codes are integers."""
    meaning = _MEANINGS.get((code, subcode), "The call has ended.")
    return {
        "@odata.type": "#microsoft.graph.resultInfo",
        "code": code,
        "subcode": subcode,
        "message": f"{meaning} DiagCode: {code}#{subcode}.@",
    }
