"""What Rollcall logs: names from the code's own lists, ids, never bodies, tokens or links.

All that is said stands in the line itself: the Functions worker hands on nothing else of a record.
The libraries under it log URLs and headers at INFO; they are heard from WARNING on.
"""

import logging

TALKATIVE = ("azure", "httpx", "httpcore", "kiota", "msgraph")


def quiet_libraries() -> None:
    """Let the libraries' loggers speak from WARNING on."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
