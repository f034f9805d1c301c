"""A page that has nothing to show, and says why. Core."""

from dataclasses import dataclass

from meeting_record.asked import BadRequest
from meeting_record.pages.links import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Why there is no page, and where to go on. `problems`: each parameter with what is wrong."""

    title: str
    message: str
    problems: tuple[tuple[str, str], ...] = ()
    links: tuple[Link, ...] = ()


TITLES = {
    400: "This address cannot be read",
    404: "No such meeting",
    410: "The record was purged",
    503: "The record cannot be read now",
}


def notice(status: int, message: str, links: tuple[Link, ...]) -> Notice:
    """Return the page of a status."""
    return Notice(title=TITLES[status], message=message, links=links)


def refused(found: BadRequest, links: tuple[Link, ...]) -> Notice:
    """Return the page of a request that is wrong, parameter by parameter."""
    return Notice(
        title=TITLES[400],
        message="Correct the address and load it again.",
        problems=tuple((one.parameter, one.message) for one in found.problems),
        links=links,
    )
