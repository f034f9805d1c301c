"""Calls to the bot that ring, and how its webhook hears of them. State in memory, no I/O."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from devstack.graph.calls import Leg
from devstack.graph.identities import Tenant, new_guid, same_guid
from devstack.graph.incoming import (
    invitation,
    new_incoming,
    render_incoming,
    render_legacy_incoming,
    render_rejected,
)
from devstack.graph.json_values import JsonObject
from devstack.graph.meeting_book import Venue
from devstack.graph.meeting_shapes import chat_info
from devstack.graph.notifications import render_end


class Ringing:
    """Keeps the calls to the bot until they are rejected, hung up or ended."""

    def __init__(
        self, *, tenant: Tenant, ids: Random, notify: Callable[[Leg, JsonObject], None]
    ) -> None:
        """Start with none. `notify` takes what is posted to a call's webhook."""
        self._tenant = tenant
        self._ids = ids
        self._notify = notify
        self._calls: dict[str, Leg] = {}
        self._sent_in_legacy: dict[str, Leg] = {}

    def forget(self) -> None:
        """Forget every call without a callback."""
        self._calls.clear()
        self._sent_in_legacy.clear()

    def find(self, call_id: str) -> Leg | None:
        """Return a call that rings; None where none of that id does."""
        return self._calls.get(same_guid(call_id))

    def ring(
        self,
        *,
        webhook_uri: str,
        user_id: str | None = None,
        display_name: str | None = None,
        venue: Venue | None = None,
        legacy: bool = False,
    ) -> Leg:
        """Let a user call the bot, or invite it to a meeting; its webhook is notified.

        Sent in the `legacy` format, the call is known to Graph only when its form is requested.
        """
        leg = new_incoming(
            self._tenant,
            webhook_uri=webhook_uri,
            user_id=user_id or new_guid(self._ids),
            display_name=display_name,
            ids=self._ids,
        )
        if venue is not None:
            chat, chain_id = chat_info(venue.meeting), venue.room.chain_id
            leg = invitation(leg, chat_info=chat, chain_id=chain_id, ids=self._ids)
        if legacy:
            self._sent_in_legacy[leg.call_id] = leg
            self._notify(leg, render_legacy_incoming(leg))
        else:
            self._send(leg)
        return leg

    def ask_for_graph_form(self, leg: Leg) -> None:
        """Send a call again as Graph does, once, if so far it was sent in the legacy format."""
        if self._sent_in_legacy.pop(leg.call_id, None) is not None:
            self._send(leg)

    def reject(self, leg: Leg, *, callback_uri: str | None) -> None:
        """Let the bot turn down a call that rings; `callback_uri` is where its end goes."""
        over = replace(self._stopped(leg), callback_uri=callback_uri or leg.callback_uri)
        self._notify(over, render_rejected(over, self._ids))

    def end(self, leg: Leg, code: int, subcode: int) -> None:
        """End a call that rings, as the service does."""
        over = self._stopped(leg)
        self._notify(over, render_end(over, code, subcode, self._ids))

    def _send(self, leg: Leg) -> None:
        self._calls[same_guid(leg.call_id)] = leg
        self._notify(leg, render_incoming(leg, self._ids))

    def _stopped(self, leg: Leg) -> Leg:
        del self._calls[same_guid(leg.call_id)]
        return replace(leg, state="terminated")
