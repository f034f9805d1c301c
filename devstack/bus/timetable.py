"""What is due when: one point in time per key, cheap to change. Knows no clock."""

import heapq


class Timetable:
    """A changeable set of (key, due time); times in seconds since the epoch."""

    def __init__(self) -> None:
        self._due: dict[int, float] = {}
        self._heap: list[tuple[float, int]] = []

    def set(self, key: int, when: float | None) -> None:
        """Make the key due at this time instead of any earlier given one; None takes it out."""
        if when is None:
            self._due.pop(key, None)
            return
        self._due[key] = when
        heapq.heappush(self._heap, (when, key))
        # Every delivery leaves a stale pair behind; rebuilding keeps memory in step with the keys.
        if len(self._heap) > 2 * len(self._due) + 64:
            self._heap = [(when, key) for key, when in self._due.items()]
            heapq.heapify(self._heap)

    def next(self) -> float | None:
        """Give the earliest due time, None when nothing is due at all."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: float) -> list[int]:
        """Take out the keys due by now, earliest first, in key order where times are equal."""
        found = []
        while (first := self.next()) is not None and first <= now:
            _, key = heapq.heappop(self._heap)
            del self._due[key]
            found.append(key)
        return found
