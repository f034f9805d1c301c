"""Who a roster says is there."""

from typing import Any

import pytest

from shared.graph.roster import read_roster, weight_of
from shared.words.answers import Roster
from shared.words.ids import SessionId
from shared.words.observations import Person, Present
from shared.words.outside import MOST_ENTRIES

BOT = "2891555a-92ff-42e6-80fa-6e1300c6b5c6"
NOBODY = Roster(people=(), lists_ourselves=False, in_lobby=False, entries=1)


def entry(participant_id: Any, identity: Any, **members: Any) -> dict[str, Any]:
    """Return one participant as Graph writes it."""
    return {"id": participant_id, "info": {"identity": identity}, "isInLobby": False} | members


def read(
    *participants: Any, mine: frozenset[str] = frozenset(), show_names: bool = False
) -> Roster:
    """Return what a roster of these participants says."""
    return read_roster(
        list(participants), bot_app_id=BOT, my_participant_ids=mine, show_names=show_names
    )


def ids(roster: Roster) -> list[str]:
    """Return the session ids of the people in a roster."""
    return [present.session_id for present in roster.people]


def test_people_are_listed_by_session_and_told_from_ourselves() -> None:
    """A person and our own bot: one is there, the other shows that the roster is ours."""
    ada = {
        "@odata.type": "#microsoft.graph.identitySet",
        "user": {"id": "u-ada", "displayName": "Ada", "tenantId": "t"},
    }

    listed = entry("0D7664B6643243ED8D27D9E7ADEC188C", ada), entry("p-bot", us())

    roster = read(*listed, show_names=True)

    seen = Present(
        session_id=SessionId("0d7664b6643243ed8d27d9e7adec188c"),
        person=Person(kind="user", user_id="u-ada", display_name="Ada", tenant_id="t"),
    )
    assert roster == Roster(
        people=(seen,), lists_ourselves=True, in_lobby=False, entries=2, weight=weight_of(seen)
    )


def test_display_names_are_read_only_where_they_may_be() -> None:
    """Nothing else is lost with them."""
    ada = entry("p-1", {"user": {"id": "u-ada", "displayName": "Ada", "tenantId": "t"}})

    [present] = read(ada).people

    assert present.person == Person(kind="user", user_id="u-ada", tenant_id="t")


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
    """They are not in the call, and they are not us, whatever other identity they have."""
    bot = {kind: {"id": "24701998-1a73-4d42-8085-bf46ed0ae039"}}

    assert read(entry("p-1", bot)) == NOBODY
    assert read(entry("p-1", {"user": {"id": "u-ada"}} | bot)) == NOBODY
    assert read(entry("p-1", bot | {"somethingNewOfGraphs": {"id": "x"}})) == NOBODY


def test_of_several_identities_the_most_telling_names_the_person() -> None:
    """A phone that is known to be somebody's carries both."""
    both = {"assertedIdentity": {"id": "a"}, "device": {"id": "d"}, "phone": {"id": "+1"}}

    assert [one.person.user_id for one in read(entry("p-1", both)).people] == ["+1"]


def test_a_participant_id_of_ours_is_us_under_any_identity() -> None:
    """A bot that joined as a guest has a guest's identity."""
    guest = entry("AB12EF34AB12EF34AB12EF34AB12EF34", {"guest": {"id": "g"}})
    mine = frozenset({"ab12ef34-ab12-ef34-ab12-ef34ab12ef34"})

    assert read(guest, mine=mine) == Roster(
        people=(), lists_ourselves=True, in_lobby=False, entries=1
    )


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

    assert read(waiting) == Roster(people=(), lists_ourselves=False, in_lobby=True, entries=1)
    assert not read(waiting, entry("p-bot-2", us())).in_lobby


@pytest.mark.parametrize(
    "odd",
    [
        None, 7, "p-1", [], {}, entry(None, {"user": {"id": "x"}}), entry(5, {"user": {"id": "x"}}),
        entry("", {"user": {"id": "x"}}), entry("p-1", None), entry("p-1", {}),
        entry("p-1", {"user": None}), entry("p-1", {"user": "x"}), {"id": "p-1", "info": []},
    ],
)  # fmt: skip
def test_entries_that_name_nobody_are_counted_and_do_not_cost_the_others(odd: Any) -> None:
    """Each may be a person."""
    roster = read(odd, entry("p-2", {"user": {"id": "x"}}))

    assert (ids(roster), roster.entries) == (["p-2"], 2)
    assert (roster.unread, roster.hidden) == (1, 1)


@pytest.mark.parametrize(
    ("odd", "ourselves"),
    [
        (entry(None, {"application": {"id": BOT}}), True),
        (entry(None, {"application": {"id": "another"}}), False),
        (entry(None, {"application": {"id": "another"}, "user": {"id": "x"}}), False),
        (entry(None, {"user": {"id": "x"}}, isInLobby=True), False),
        (entry("p-mine", None), True),
    ],
)
def test_an_entry_that_cannot_be_a_person_in_the_meeting_hides_nobody(
    odd: Any, ourselves: bool
) -> None:
    """Ourselves, other bots, the lobby: none of them has to be named."""
    roster = read(odd, mine=frozenset({"p-mine"}))

    assert roster == Roster(
        people=(), lists_ourselves=ourselves, in_lobby=False, entries=1, unread=1
    )


def test_the_whole_list_is_counted() -> None:
    """A roster that may have been cut is known by its length, whoever is on it."""
    ada = {"user": {"id": "u-ada"}}
    listed = [
        entry("p-1", ada),
        entry("p-1", ada),
        entry("p-2", ada, isInLobby=True),
        entry("p-3", ada, removedState={"reason": "Removed"}),
        entry("p-bot", us()),
        None,
    ]

    assert read(*listed).entries == 6
    assert read().entries == 0


def test_a_person_listed_without_an_id_of_their_own_is_still_there() -> None:
    """The session id is what identifies a presence; who it was may be unknown."""
    roster = read(entry("p-1", {"guest": {"displayName": 7}}))

    assert [present.person for present in roster.people] == [Person(kind="guest")]


def test_people_are_sorted_by_session_and_listed_once() -> None:
    """In another order, or with a doubled entry, the same people are there."""
    first, second = entry("p-1", {"user": {"id": "a"}}), entry("p-2", {"user": {"id": "b"}})

    assert read(second, first) == read(first, second)
    assert read(second, first, second).people == read(first, second).people


@pytest.mark.parametrize(
    "odd",
    [
        entry("p" * 129, {"user": {"id": "x"}}),
        entry("p\n1", {"user": {"id": "x"}}),
        entry("p\x001", {"user": {"id": "x"}}),
        entry("İ" * 100, {"user": {"id": "x"}}),
        entry("p-1", {"user": {"id": "x" * 1_000_000}}),
        entry("p-1", {"user": {"id": "x\u202e"}}),
        entry("p-1", {"user": {"id": "x", "tenantId": "t" * 129}}),
    ],
    ids=["long", "line", "nul", "long in lower case", "long user", "direction", "long tenant"],
)
def test_an_entry_with_an_id_that_cannot_be_kept_hides_somebody(odd: Any) -> None:
    """A read is requested for it, and nobody leaves by the roster."""
    roster = read(odd, entry("p-2", {"user": {"id": "x"}}))

    assert (ids(roster), roster.entries) == (["p-2"], 2)
    assert (roster.unread, roster.hidden) == (1, 1)


def test_ids_of_128_characters_are_kept() -> None:
    """So long are none of Graph's."""
    longest = "x" * 128

    [present] = read(entry(longest, {"user": {"id": longest, "tenantId": longest}})).people

    assert present.session_id == present.person.user_id == present.person.tenant_id == longest


def test_names_and_kinds_are_cut_and_have_no_control_characters() -> None:
    """What is left of them is shown; nobody is lost with the rest."""
    named = {"k" * 70: {"id": "x", "displayName": "A\n\x1b👩‍👧" + "a" * 1_000_000}}

    [present] = read(entry("p-1", named), show_names=True).people

    assert present.person.kind == "k" * 64
    assert present.person.display_name == "A  👩‍👧" + "a" * 250


def test_of_a_roster_beyond_all_bounds_the_first_are_read() -> None:
    """All of it is counted, so that it is known to be cut."""
    listed = [entry(f"p-{n:05}", {"user": {"id": "x"}}) for n in range(MOST_ENTRIES + 1)]

    roster = read(*listed)

    assert (len(roster.people), roster.entries) == (MOST_ENTRIES, MOST_ENTRIES + 1)
    assert (roster.unread, roster.hidden) == (0, 0)


def test_people_who_weigh_too_much_together_are_hidden() -> None:
    """One row of the ledger has to hold them; a person weighs their ids, their name and 64 more."""
    listed = [entry(f"p-{n}", {"user": {"id": "é"}}) for n in range(3)]
    weight = 64 + len("p-0") + len("user") + len("é".encode())

    roster = read_roster(
        listed, bot_app_id=BOT, my_participant_ids=frozenset(), room=2 * weight + 1
    )

    assert ids(roster) == ["p-0", "p-1"]
    assert (roster.entries, roster.unread, roster.hidden) == (3, 1, 1)
