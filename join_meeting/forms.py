"""Which members of a join-meeting message name the meeting together. Core: names in, problems out.

Exactly one form must be given: two forms may lead to two meetings, and Rollcall could not know
which was meant.
"""

from collections.abc import Mapping
from typing import Any

from shared.words.errors import Problem
from shared.words.kinds import problem

FORMS: Mapping[str, frozenset[str]] = {
    "meetingId": frozenset(),
    "meetingRequestId": frozenset(),
    "joinWebUrl": frozenset({"tenantId"}),
    "joinMeetingId": frozenset({"passcode", "tenantId"}),
    "chatInfo": frozenset({"meetingInfo", "tenantId"}),
}
"""Each form by the member that begins it, and the members that may go with it."""
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "joinMeetingId": ("tenantId",),
    "chatInfo": ("meetingInfo", "tenantId"),
}
BEGUN_BY: Mapping[str, str] = {"meetingInfo": "chatInfo", "passcode": "joinMeetingId"}
"""Members that show which form is meant although they do not begin it."""
COMPANIONS: frozenset[str] = frozenset().union(*FORMS.values())


def form_problems(members: Mapping[str, Any]) -> list[Problem]:
    """Return the problems in how `members` name a meeting; a member that is null is absent."""
    given = {name for name, value in members.items() if value is not None}
    begun = [form for form in FORMS if form in given]
    if len(begun) > 1:
        return [
            problem("several_forms", form, others=[other for other in begun if other != form])
            for form in begun
        ]
    begun += [form for member, form in BEGUN_BY.items() if not begun and member in given][:1]
    if not begun:
        return [problem("no_form", forms=list(FORMS))]
    (form,) = begun
    missing = [
        problem("required_with", name, form=form)
        for name in REQUIRED.get(form, ())
        if name not in given
    ]
    if form not in given:
        missing.insert(0, problem("required_with", form, form="the members given"))
    foreign = [
        problem("not_with", name, form=form) for name in sorted(COMPANIONS & given - FORMS[form])
    ]
    return [*missing, *foreign]
