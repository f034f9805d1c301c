"""Which function answers a path, with which parameters."""

import pytest

from devstack.functions.routes import Route, RouteError, find, route


def _routes(*templates: str, prefix: str = "api", methods: str = "GET POST") -> list[Route]:
    return [
        route(template, prefix=prefix, methods=methods.split(), key=template)
        for template in templates
    ]


def _found(
    routes: list[Route], path: str, method: str = "GET"
) -> tuple[str, dict[str, str]] | None:
    found = find(routes, method, path)
    return None if found is None else (found[0].key, found[1])


def test_parameters_are_decoded() -> None:
    """Each segment is decoded by itself; an encoded slash stays as it is."""
    routes = _routes("calls/{meeting}/{leg}")

    assert _found(routes, "/api/calls/a%20b/c%2Fd%C3%A9") == (
        "calls/{meeting}/{leg}",
        {"meeting": "a b", "leg": "c%2Fdé"},
    )


def test_literals_ignore_case() -> None:
    """ASP.NET does."""
    assert _found(_routes("Calls"), "/API/caLLs/") == ("Calls", {})


def test_literal_beats_parameter_beats_rest() -> None:
    """The tightest template answers, in whatever order they were declared."""
    routes = _routes("{*rest}", "{id}", "{id:int}", "first")

    assert _found(routes, "/api/first") == ("first", {})
    assert _found(routes, "/api/7") == ("{id:int}", {"id": "7"})
    assert _found(routes, "/api/x") == ("{id}", {"id": "x"})
    assert _found(routes, "/api/x/y%20z") == ("{*rest}", {"rest": "x/y z"})


def test_optional_parameter_may_be_absent() -> None:
    """It is not in the parameters then."""
    routes = _routes("calls/{id?}")

    assert _found(routes, "/api/calls") == ("calls/{id?}", {})
    assert _found(routes, "/api/calls/1") == ("calls/{id?}", {"id": "1"})


def test_constraint_must_fit() -> None:
    """What does not fit is not found."""
    routes = _routes("{id:guid}")

    assert _found(routes, "/api/8f1b0c5e-1111-2222-3333-444455556666") is not None
    assert _found(routes, "/api/8f1b0c5e") is None


@pytest.mark.parametrize("path", ["/calls/1", "/api", "/api/calls", "/api/calls/1/2", "/"])
def test_other_paths_are_not_found(path: str) -> None:
    """Neither without the prefix nor with too few or too many segments."""
    assert _found(_routes("calls/{id}"), path) is None


def test_other_methods_are_not_found() -> None:
    """HEAD is not a GET."""
    routes = _routes("calls", methods="GET")

    assert _found(routes, "/api/calls", "HEAD") is None
    assert _found(routes, "/api/calls", "POST") is None


def test_same_path_with_different_methods() -> None:
    """Two functions may share a template."""
    routes = [
        route("calls", prefix="api", methods=[method], key=method) for method in ("GET", "POST")
    ]

    assert _found(routes, "/api/calls", "POST") == ("POST", {})


def test_empty_prefix() -> None:
    """Routes then start at the root."""
    assert _found(_routes("calls", prefix=""), "/calls") == ("calls", {})


@pytest.mark.parametrize("template", ["{id:regex(^a$)}", "a{id}", "{id:datetime}"])
def test_templates_it_cannot_read_are_refused(template: str) -> None:
    """Better than to answer wrongly."""
    with pytest.raises(RouteError):
        _routes(template)
