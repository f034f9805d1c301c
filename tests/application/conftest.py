"""The points of a story at which its process dies."""

from collections.abc import Iterator

import pytest

from tests.application.crashing import Fuse, every_fuse


@pytest.fixture(params=["after", pytest.param("before", marks=pytest.mark.long)])
def fuses(request: pytest.FixtureRequest) -> Iterator[Fuse]:
    """Return a fuse for each call to the outside in a story.

    A death before a call leaves the world as the death after the call before it did, but where one
    handler ends and the next one begins.
    """
    return every_fuse(request.param)
