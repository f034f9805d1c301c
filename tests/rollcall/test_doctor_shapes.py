"""What an answer must look like before doctor makes anything of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs.contract.health_data import Examination
from rollcall.doctor import of_app
from rollcall.doctor.shapes import EXAMINATION, fits, misfits
from tests.rollcall.doctored import PLACE, examination

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each part of an answer."""
    yield at
    if isinstance(value, dict):
        for name, member in value.items():
            yield from places(member, (*at, name))
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from places(each, (*at, index))


def changed(at: tuple[Any, ...], new: Any) -> Any:
    """Return a sound answer with one part of it replaced."""
    whole = {"whole": json.loads(json.dumps(examination()))}
    part: Any = whole
    *way, last = ("whole", *at)
    for each in way:
        part = part[each]
    part[last] = new
    return whole["whole"]


def test_a_sound_answer_fits() -> None:
    """Members that are not read may be anything: a newer app has more of them."""
    keys = {"url": "https://login.example/v2.0/.well-known/openid-configuration?appid=a-1"}
    answer = examination(signingKeys=keys) | {"news": [1], "version": "1.0+7"}

    assert list(misfits(answer, EXAMINATION)) == []


@given(at=st.sampled_from(list(places(examination()))), new=JSON)
def test_an_answer_that_fits_is_read_and_any_other_is_refused(
    at: tuple[Any, ...], new: Any
) -> None:
    """Whatever stands at one place of it: no check fails otherwise than by a finding."""
    answer = changed(at, new)

    if fits(answer, EXAMINATION):
        for check in of_app.OF_APP.values():
            assert check(answer, PLACE)


@pytest.mark.parametrize("text", ["$(reboot)", "a;b", "a b", "`x`", 'a"', "a\nb", "a|b", "é", ""])
@pytest.mark.parametrize(
    "at", [("botAppId",), ("policy", 0, "organizerId"), ("token", "roles", 0), ("publicUrl",)]
)
def test_what_goes_into_a_command_has_nothing_that_a_shell_acts_upon(
    at: tuple[Any, ...], text: str
) -> None:
    """People copy the commands."""
    new = f"https://{text}.example" if at == ("publicUrl",) else text

    assert list(misfits(changed(at, new), EXAMINATION)) == ["/" + "/".join(map(str, at))]


def test_each_member_that_is_read_is_one_of_the_documented_answer() -> None:
    """By the model of docs/openapi.json."""
    documented = Examination.model_json_schema(by_alias=True)["properties"]

    assert EXAMINATION.keys() <= documented.keys()
