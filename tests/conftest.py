"""Parts of the local stack that tests share. Each starts when the first test asks for it."""

import os
import signal
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from tests.stack.connections import bus_at, tables_at
from tests.stack.process import StackProcess

# A shell without job control lets its background jobs ignore Ctrl-C, and the commands that tests
# start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadlines: speed is measured in the benchmark. In CI the same examples every time.
settings.register_profile(
    "rollcall", deadline=None, max_examples=25, derandomize="CI" in os.environ
)
settings.load_profile("rollcall")
# For `make test-app`, which is run after every change: few of the examples.
settings.register_profile("quick", deadline=None, max_examples=15, derandomize="CI" in os.environ)
# For `make test-long`, without coverage.
settings.register_profile("thorough", deadline=None, max_examples=200)
# For many more histories, 5,000 for each law of the record: pytest --hypothesis-profile=deep.
settings.register_profile("deep", deadline=None, max_examples=1_250)
# For `make mutants`: the same examples every time, and no search for a simpler one that fails.
settings.register_profile(
    "mutants",
    deadline=None,
    max_examples=100,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
)

TESTS = Path(__file__).parent
LONG_SECONDS = 600


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the local stack, and give time to what is long; put the files in order."""
    for item in items:
        if _needs_the_stack(item):
            item.add_marker("devstack")
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(LONG_SECONDS))
    items[:] = _in_turn(items)


def _in_turn(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield the tests of a file that waits for the stack, then those of one that only computes.

    So neither the processors stand idle nor every worker waits. What is left at the end are short
    files of `unit`, which leave no worker alone with a long one.
    """
    waiting, computing = dict[Path, list[pytest.Item]](), dict[Path, list[pytest.Item]]()
    for item in items:
        kind = waiting if item.get_closest_marker("devstack") else computing
        kind.setdefault(item.path, []).append(item)
    for pair in zip_longest(waiting.values(), computing.values(), fillvalue=()):
        for file in pair:
            yield from file


def _needs_the_stack(item: pytest.Item) -> bool:
    """Tell by the folder; a contract is held by fakes, too, which need nothing."""
    folder = item.path.relative_to(TESTS).parts[0]
    if folder == "contract":
        callspec = getattr(item, "callspec", None)
        return callspec is None or "fake" not in callspec.params.values()
    return folder in {"browser", "integration", "system"}


@pytest.fixture(scope="session")
def azurite_connection() -> Iterator[str]:
    """Return the connection string of the tables; take a table of your own."""
    with StackProcess("azurite") as azurite:
        yield tables_at(azurite.port)


@pytest.fixture(scope="session")
def bus_connection_string() -> Iterator[str]:
    """Return the connection string of the Service Bus with its standard entities."""
    with StackProcess("bus") as bus:
        yield bus_at(bus.port)
