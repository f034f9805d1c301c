"""Who a roster says is there."""

from typing import Any

import pytest

from shared.domain import Person, Present, SessionId
from shared.roster import Roster, read_roster

BOT = "2891555a-92ff-42e6-80fa-6e1300c6b5c6"
NOBODY = Roster(people=(), lists_ourselves=False, in_lobby=False)


def entry(participant_id: Any, identity: Any, **members: Any) -> dict[str, Any]:
    """Return one participant as Graph writes it."""
    return {"id": participant_id, "info": {"identity": identity}, "isInLobby": False} | members


def read(*participants: Any, mine: frozenset[str] = frozenset()) -> Roster:
    """Return what a roster of these participants says."""
    return read_roster(list(participants), bot_app_id=BOT, my_participant_ids=mine)


def ids(roster: Roster) -> list[str]:
    """Return the session ids of the people in a roster."""
    return [present.session_id for present in roster.people]


def test_people_are_listed_by_session_and_told_from_ourselves() -> None:
    """A person and our own bot: one is there, the other shows that the roster is ours."""
    ada = {
        "@odata.type": "#microsoft.graph.identitySet",
        "user": {"id": "u-ada", "displayName": "Ada", "tenantId": "t"},
    }

    roster = read(entry("0D7664B6643243ED8D27D9E7ADEC188C", ada), entry("p-bot", us()))

    assert roster == Roster(
        people=(
            Present(
                session_id=SessionId("0d7664b6643243ed8d27d9e7adec188c"),
                person=Person(kind="user", user_id="u-ada", display_name="Ada", tenant_id="t"),
            ),
        ),
        lists_ourselves=True,
        in_lobby=False,
    )


def us() -> dict[str, Any]:
    """Return our own identity, spelled in another case."""
    return {"application": {"id": BOT.upper(), "displayName": "Rollcall"}}


@pytest.mark.parametrize(
    "kind",
    [
        "user", "guest", "phone", "device", "encrypted", "onPremises", "assertedIdentity",
        "azureCommunicationServicesUser", "acsUser", "somethingNewOfGraphs",
    ],
)  # fmt: skip
def test_whatever_is_not_an_application_is_a_person(kind: str) -> None:
    """New kinds of people appear without notice; they must not be lost."""
    roster = read(entry("p-1", {"application": None, kind: {"id": "x"}}))

    assert [present.person.kind for present in roster.people] == [kind]


@pytest.mark.parametrize(
    "kind",
    [
        "application", "applicationInstance", "acsApplicationInstance", "azureApplicationInstance",
    ],
)  # fmt: skip
def test_other_bots_are_nobody(kind: str) -> None:
    """They are not in the call, and they are not us."""
    assert read(entry("p-1", {kind: {"id": "24701998-1a73-4d42-8085-bf46ed0ae039"}})) == NOBODY


def test_of_several_identities_the_most_telling_names_the_person() -> None:
    """A phone that is known to be somebody's carries both."""
    both = {"assertedIdentity": {"id": "a"}, "device": {"id": "d"}, "phone": {"id": "+1"}}

    assert [one.person.user_id for one in read(entry("p-1", both)).people] == ["+1"]


def test_a_participant_id_of_ours_is_us_under_any_identity() -> None:
    """A bot that joined as a guest has a guest's identity."""
    guest = entry("AB12EF34AB12EF34AB12EF34AB12EF34", {"guest": {"id": "g"}})
    mine = frozenset({"ab12ef34-ab12-ef34-ab12-ef34ab12ef34"})

    assert read(guest, mine=mine) == Roster(people=(), lists_ourselves=True, in_lobby=False)


def test_who_waits_or_was_removed_is_not_there() -> None:
    """People in the lobby, and people marked as removed, are not in the meeting."""
    ada = {"user": {"id": "u-ada"}}

    assert read(entry("p-1", ada, isInLobby=True)) == NOBODY
    assert read(entry("p-1", ada, removedState={"reason": "Removed"})) == NOBODY
    assert read(entry(None, None, removedState={})) == NOBODY
    assert ids(read(entry("p-1", ada, removedState=None))) == ["p-1"]


def test_ourselves_in_the_lobby_are_waiting_and_not_listed() -> None:
    """Until somebody lets us in, a roster proves nothing about the meeting."""
    waiting = entry("p-bot", us(), isInLobby=True)

    assert read(waiting) == Roster(people=(), lists_ourselves=False, in_lobby=True)
    assert not read(waiting, entry("p-bot-2", us())).in_lobby


@pytest.mark.parametrize(
    "odd",
    [
        None, 7, "p-1", [], {}, entry(None, {"user": {"id": "x"}}), entry(5, {"user": {"id": "x"}}),
        entry("", {"user": {"id": "x"}}), entry("p-1", None), entry("p-1", {}),
        entry("p-1", {"user": None}), entry("p-1", {"user": "x"}), {"id": "p-1", "info": []},
    ],
)  # fmt: skip
def test_entries_that_name_nobody_are_counted_and_hide_nobody(odd: Any) -> None:
    """One bad entry does not cost the others."""
    roster = read(odd, entry("p-2", {"user": {"id": "x"}}))

    assert (ids(roster), roster.skipped) == (["p-2"], 1)


def test_a_person_listed_without_an_id_of_their_own_is_still_there() -> None:
    """The session id is what identifies a presence; who it was may be unknown."""
    roster = read(entry("p-1", {"guest": {"displayName": 7}}))

    assert [present.person for present in roster.people] == [Person(kind="guest")]


def test_people_are_sorted_by_session_and_listed_once() -> None:
    """The same roster in another order, or with a doubled entry, is the same roster."""
    first, second = entry("p-1", {"user": {"id": "a"}}), entry("p-2", {"user": {"id": "b"}})

    assert read(second, first, second) == read(first, second)
