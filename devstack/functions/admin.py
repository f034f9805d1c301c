"""What the host answers itself under `/admin`: its status, and its switches.

Azure asks for the master key there; this host listens on loopback alone and asks for none.
"""

import json
from typing import Any

from devstack.functions.rpc_http import TEXT, Answer
from devstack.functions.switches import FunctionsSwitches
from devstack.switches import SwitchMistake


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
            self.switches = self.switches.changed(_members(body))
        except SwitchMistake as exc:
            return Answer(status=400, headers=tuple(TEXT.items()), body=str(exc).encode())
        return _json(self.switches.shown())


def _members(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body)
    except ValueError as exc:
        raise SwitchMistake("the body is not JSON") from exc
    if not isinstance(members, dict):
        raise SwitchMistake("the body is not a JSON object of switches")
    return members


def _json(value: object) -> Answer:
    return Answer(
        status=200,
        headers=(("content-type", "application/json; charset=utf-8"),),
        body=json.dumps(value).encode(),
    )
