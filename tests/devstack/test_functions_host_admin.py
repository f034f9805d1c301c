"""The host's own addresses: its status, and its switches."""

import json

import pytest

from devstack.functions.admin import Admin
from devstack.functions.switches import WORLDS, FunctionsSwitches
from devstack.switches import World


@pytest.fixture
def admin() -> Admin:
    """Return the addresses of a host of the documented world."""
    return Admin(WORLDS[World.DOCUMENTED])


def test_every_world_has_its_switches() -> None:
    """The kind one alone passes on a body without length."""
    assert {world: switches.chunked_bodies for world, switches in WORLDS.items()} == {
        World.KIND: "passed",
        World.DOCUMENTED: "empty",
        World.HARSH: "empty",
    }


def test_switches_are_shown_and_changed(admin: Admin) -> None:
    """The answer to a change is what is in force then."""
    shown = admin.answer("GET", "/admin/switches", b"")
    changed = admin.answer("POST", "/admin/switches", b'{"chunkedBodies": "passed"}')

    assert shown is not None
    assert json.loads(shown.body) == {"chunkedBodies": "empty"}
    assert changed is not None
    assert (changed.status, json.loads(changed.body)) == (200, {"chunkedBodies": "passed"})
    assert admin.switches == FunctionsSwitches(chunked_bodies="passed")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"chunkedBodies": "lost"}', "chunkedBodies: "),
        (b'{"other": 1}', "other: "),
        (b"[]", "not a JSON object"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
    ],
)
def test_mistake_is_told_and_changes_nothing(admin: Admin, body: bytes, words: str) -> None:
    """With every problem, in a sentence."""
    before = admin.switches

    answer = admin.answer("POST", "/admin/switches", body)

    assert answer is not None
    assert answer.status == 400
    assert words in answer.body.decode()
    assert admin.switches == before


def test_other_addresses_are_not_the_hosts(admin: Admin) -> None:
    """Neither another path nor another method."""
    assert admin.answer("GET", "/admin/other", b"") is None
    assert admin.answer("DELETE", "/admin/switches", b"") is None
