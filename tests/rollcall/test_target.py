"""Which deployment a command speaks to."""

import json
from pathlib import Path

import pytest

from rollcall.console import Exit, Failed
from rollcall.target import Given, target

LOCAL = {
    "functions": "http://127.0.0.1:7071",
    "functionKey": "a key",
    "serviceBus": "Endpoint=sb://localhost;…",
}


def given(folder: Path, **parts: str) -> Given:
    return Given(
        url=parts.get("url"),
        key=parts.get("key"),
        service_bus=parts.get("service_bus"),
        folder=folder,
    )


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Return the folder of a stack that runs."""
    (tmp_path / "endpoints.json").write_text(json.dumps(LOCAL))
    return tmp_path


def test_without_options_it_is_the_local_stack(stack: Path) -> None:
    """With the key and the bus that its file names."""
    found = target(given(stack))

    assert (found.app, found.key, found.bus) == tuple(LOCAL.values())


def test_a_key_alone_is_never_sent_to_the_local_stack(stack: Path) -> None:
    """It is the key of another deployment, whose address is missing."""
    found = target(given(stack, key="another key"))

    with pytest.raises(Failed, match=r"--url or ROLLCALL_URL"):
        _ = found.app
    with pytest.raises(Failed, match=r"--service-bus or SERVICE_BUS"):
        _ = found.bus


@pytest.mark.parametrize("text", ["[]", '{"functions": 1}', "[" * 100_000])
def test_a_file_of_another_form_is_named(tmp_path: Path, text: str) -> None:
    """With what to do."""
    (tmp_path / "endpoints.json").write_text(text)

    with pytest.raises(Failed, match=r"endpoints\.json .*Start `make up` again\."):
        target(given(tmp_path))


def test_a_part_that_is_given_is_never_completed_by_the_local_stack(stack: Path) -> None:
    """A command must not read one deployment's record and write to another's queue."""
    found = target(given(stack, url="https://prod.example/"))

    assert (found.app, found.key) == ("https://prod.example", "")
    with pytest.raises(Failed, match=r"--service-bus") as failed:
        _ = found.bus
    assert failed.value.code == Exit.USAGE


def test_where_nothing_is_given_the_advice_is_how_to_give_it(tmp_path: Path) -> None:
    """For the app and for the bus."""
    found = target(given(tmp_path))

    with pytest.raises(Failed, match=r"--url or ROLLCALL_URL.*make up"):
        _ = found.app
    with pytest.raises(Failed, match=r"--service-bus or SERVICE_BUS.*make up"):
        _ = found.bus


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    """With what to do."""
    (tmp_path / "endpoints.json").write_text("{")

    with pytest.raises(Failed, match=r"endpoints\.json cannot be read"):
        target(given(tmp_path))


@pytest.mark.parametrize("key", ["SEKRET\n123", "SEKRET…"])
def test_a_key_that_can_be_none_is_refused_without_being_shown(tmp_path: Path, key: str) -> None:
    """The HTTP library would print it in its error. Space around it is left out."""
    with pytest.raises(Failed) as failed:
        target(given(tmp_path, url="https://prod.example", key=key))

    assert "SEKRET" not in str(failed.value)
    assert target(given(tmp_path, url="https://prod.example", key=" a key\r\n")).key == "a key"


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1",
        "http://x:99999",
        "x y",
        "func.azurewebsites.net",
        "ftp://x",
        "https://x/?code=secret",
        "https://secret@x",
        "https://x/$(reboot)",
        "https://",
    ],
)
def test_an_address_that_is_none_is_refused_and_not_shown(tmp_path: Path, url: str) -> None:
    """It may hold a key."""
    with pytest.raises(Failed, match="--url is no address") as failed:
        target(given(tmp_path, url=url))

    assert failed.value.code == Exit.USAGE
    assert "secret" not in str(failed.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:7071", "https://x.example/base/", "http://[::1]:1"]
)
def test_an_address_may_have_a_port_and_a_path(tmp_path: Path, url: str) -> None:
    """Behind a gateway."""
    assert target(given(tmp_path, url=url)).app == url.rstrip("/")
