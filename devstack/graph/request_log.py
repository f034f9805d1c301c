"""Every Graph request received, for tests to read. An entry stands from arrival, unanswered yet."""

from dataclasses import dataclass

from devstack.graph.json_values import Json, JsonObject


@dataclass(slots=True, kw_only=True)
class LoggedRequest:
    """One request. `status` is None until it was answered."""

    method: str
    path: str
    query: dict[str, str]
    body: Json
    client_request_id: str | None
    status: int | None = None

    def shown(self) -> JsonObject:
        """Return the entry as /lab/requests shows it."""
        return {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "body": self.body,
            "status": self.status,
            "clientRequestId": self.client_request_id,
        }


class RequestLog:
    """The requests in order of arrival."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries: list[LoggedRequest] = []

    def arrived(self, entry: LoggedRequest) -> LoggedRequest:
        """Keep a request that has just arrived; its status is filled in later."""
        self._entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forget them all, also those that are still being answered."""
        self._entries.clear()

    def shown(self) -> list[JsonObject]:
        """Return all entries, oldest first."""
        return [entry.shown() for entry in self._entries]
