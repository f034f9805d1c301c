"""What `make up` starts, from the environment."""

from pathlib import Path
from typing import Any

import pytest

from devstack.plan import plan_from_environment

RECORDS = "CallRecords.Read.All"


def granted(**environment: str) -> Any:
    """Return the permissions that Graph is started with; None: those of the world."""
    return plan_from_environment(Path(), environment).switches["graph"].get("granted")


@pytest.mark.parametrize("setting", [{}, {"CALL_RECORDS": "off"}])
def test_call_records_may_be_read_only_by_an_app_that_reads_them(setting: dict[str, str]) -> None:
    """Else `rollcall doctor` warns of one permission too many."""
    assert "OnlineMeetings.ReadWrite.All" in granted(**setting)
    assert RECORDS not in granted(**setting)


def test_with_call_records_the_permission_is_there() -> None:
    """As the world has it."""
    assert granted(CALL_RECORDS="on") is None


def test_what_the_environment_grants_wins() -> None:
    """Other switches of Graph do not count as that."""
    named = '{"graph": {"granted": ["User.Read.All"]}}'

    assert granted(DEVSTACK_SWITCHES=named) == ["User.Read.All"]
    assert RECORDS not in granted(DEVSTACK_SWITCHES='{"graph": {"rosterCap": 100}}')
