"""What the host answers itself under `/admin`: its status, and its switches.

Azure asks for the master key there; this host listens on loopback alone and asks for none.
"""

import json

from devstack.functions.rpc_http import TEXT, Answer
from devstack.functions.switches import FunctionsSwitches
from devstack.switches import SwitchMistake, members_of


class Admin:
    """The host's own addresses; it holds the switches that are in force."""

    def __init__(self, switches: FunctionsSwitches) -> None:
        """Begin with `switches`."""
        self.switches = switches

    def answer(self, method: str, path: str, body: bytes) -> Answer | None:
        """Answer a request for an address of the host; None where it is none."""
        match method, path:
            case "GET", "/admin/host/status":
                return _json({"state": "Running", "version": "local"})
            case "GET", "/admin/switches":
                return _json(self.switches.shown())
            case "POST", "/admin/switches":
                return self._change(body)
            case _:
                return None

    def _change(self, body: bytes) -> Answer:
        try:
            self.switches = self.switches.changed(members_of(body))
        except SwitchMistake as exc:
            return Answer(status=400, headers=tuple(TEXT.items()), body=str(exc).encode())
        return _json(self.switches.shown())


def _json(value: object) -> Answer:
    return Answer(
        status=200,
        headers=(("content-type", "application/json; charset=utf-8"),),
        body=json.dumps(value).encode(),
    )
