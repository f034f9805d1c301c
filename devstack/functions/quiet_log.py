"""Keeps requests out of the HTTP server's log.

aiohttp logs what it cannot read with the raw line, in which a key, a token or a body may stand.
"""

import logging
from traceback import format_tb


def quiet_logger(name: str) -> logging.Logger:
    """Return a logger that says what kind of error there was, and where, and no text of it."""
    logger = logging.getLogger(name)
    logger.addFilter(_without_request)
    return logger


def _without_request(record: logging.LogRecord) -> bool:
    """Write the record again; of the error only its type and its frames stay."""
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    record.msg, record.args = "a request went wrong", ()
    if error is not None:
        record.msg += (
            f": {type(error).__name__}\n{''.join(format_tb(error.__traceback__))}".rstrip()
        )
    record.exc_info = record.exc_text = None
    return True
