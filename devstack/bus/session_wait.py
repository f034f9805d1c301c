"""A client's link that waits for the next session: attached when there is one, or refused in time.

Source: the article message-sessions; azure-sdk-for-python issue 29878 for the refusal.
"""

import asyncio
from collections.abc import Callable

from proton import Delivery, Link, Sender

from devstack.bus.directory import Place
from devstack.bus.roles import refuse
from devstack.bus.sessions import SessionLock
from devstack.bus.station import Station

_TIMEOUT = "com.microsoft:timeout"
_USUAL_SECONDS = 65.0


class SessionWait:
    """Stands for a link until it has a session; `accepted` makes the link's lasting role."""

    path = None

    def __init__(
        self,
        link: Sender,
        place: Place,
        station: Station,
        *,
        accepted: Callable[[SessionLock], None],
        refused: Callable[[Link], None],
    ) -> None:
        assert place.queue is not None
        self.holder = link.name
        self.accepted = accepted
        self._link = link
        self._queue = place.queue
        self._station = station
        self._refused = refused
        milliseconds = (link.remote_properties or {}).get(_TIMEOUT)
        seconds = _USUAL_SECONDS if milliseconds is None else int(milliseconds) / 1000
        self._seconds = seconds
        self._ending = asyncio.get_running_loop().call_later(seconds, self._give_up)

    def start(self) -> None:
        """Take a place in the row, unless the link is gone by now."""
        if not self._ending.cancelled():
            self._station.wait(self, self._queue)

    def flow(self) -> None:
        """Credit counts once the link is attached."""

    def delivery(self, delivery: Delivery) -> None:
        """Nothing is delivered before the link is attached."""

    def gone(self, *, closed: bool) -> None:
        """Wait no longer."""
        self.end()

    def end(self) -> None:
        """Wait no longer."""
        self._ending.cancel()
        self._station.stop_waiting(self, self._queue)

    def _give_up(self) -> None:
        self._station.stop_waiting(self, self._queue)
        text = f"The operation did not complete within the allotted timeout of {self._seconds:g} s."
        refuse(self._link, _TIMEOUT, text)
        self._refused(self._link)
