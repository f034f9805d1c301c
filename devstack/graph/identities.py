"""Who exists in the simulated tenant, and the styles of Graph's ids.

Randomness is an argument everywhere: the same seed gives the same ids.
"""

import base64
from dataclasses import dataclass
from random import Random
from uuid import NAMESPACE_DNS, NAMESPACE_URL, UUID, uuid5

TENANT_ID = "6c5e9a3e-1f0b-4f3a-9d57-2b8f4f6d1a01"
ORGANIZER_ID = "2f6b0c1d-94d4-4b8a-8f0e-7a1d5c3e0b02"
SECOND_ORGANIZER_ID = "b7a4de52-6c1e-4c57-9a7b-0d9e8f2c1a03"
ORGANIZER_WITHOUT_POLICY_ID = "e13c7f90-2b6d-4e8f-b5a1-4c0d7e9f2b04"
BOT_APP_ID = "9d2e4b7a-5f8c-4d1e-a3b6-8c7f0e1d2a05"
BOT_NAME = "Rollcall"
USER_IDENTITY = "5b8f1e2c-7d3a-4b96-8c4e-1f2a9d6b3c06"
"""Client id of the user-assigned managed identity that a deployed app has."""
IDENTITY_HEADER = "devstack-identity"
"""What the managed-identity endpoint expects in X-IDENTITY-HEADER unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppIdentities:
    """The managed identities of the function app, by client id.

    `system` is the one that a request without a client id gets; None: the app has none of its own.
    `user` are the user-assigned ones. `federated` are those that the bot's app registration trusts
    (its federated credentials).
    """

    system: str | None = BOT_APP_ID
    user: frozenset[str] = frozenset()
    federated: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        """Every identity of the app."""
        return self.user | ({self.system} if self.system else frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """The directory: who may organise meetings through this app, and who the app is.

    `without_policy` are people who exist but whom no application access policy names.
    """

    tenant_id: str = TENANT_ID
    bot_app_id: str = BOT_APP_ID
    bot_name: str = BOT_NAME
    identities: AppIdentities = AppIdentities()
    organizers: frozenset[str] = frozenset({ORGANIZER_ID, SECOND_ORGANIZER_ID})
    without_policy: frozenset[str] = frozenset({ORGANIZER_WITHOUT_POLICY_ID})

    def is_organizer(self, user_id: str) -> bool:
        """Whether the directory has this user, covered by an access policy or not."""
        return user_id.lower() in self.organizers | self.without_policy


def principal_of(client_id: str) -> str:
    """Return the object id of a managed identity's service principal."""
    return derived_guid("principal", client_id.lower())


def seeded(seed: int | str) -> Random:
    """Return randomness that repeats: ids, variation and luck of a simulator are no secrets."""
    return Random(seed)  # noqa: S311 - meant to be repeatable


def new_guid(ids: Random) -> str:
    """Return a fresh GUID, dashed and in lower case."""
    return str(UUID(int=ids.getrandbits(128), version=4))


def derived_guid(*parts: str) -> str:
    """Return the GUID that always stands for these parts, dashed and in lower case."""
    return str(uuid5(NAMESPACE_URL, "/".join(parts)))


def same_guid(text: str) -> str:
    """Return the form under which all spellings of one GUID are equal."""
    return text.replace("-", "").lower()


def restyled(guid: str, variation: Random) -> str:
    """Return the GUID in one of the spellings seen in callbacks: upper or lower, dashed or not."""
    spelled = guid if variation.random() < 0.6 else guid.replace("-", "")
    return spelled if variation.random() < 0.6 else spelled.upper()


def user_id_of(upn: str) -> str:
    """Return the object id the directory holds for a UPN that came without one."""
    return str(uuid5(NAMESPACE_DNS, upn.lower()))


def new_thread_id(ids: Random) -> str:
    """Return a meeting's thread id, `19:meeting_…@thread.v2`."""
    code = base64.urlsafe_b64encode(new_guid(ids).encode()).decode()
    return f"19:meeting_{code}@thread.v2"


def online_meeting_id(*, organizer_id: str, thread_id: str) -> str:
    """Return a meeting's id in Graph's own style: base64 of organizer and thread."""
    return base64.b64encode(f"1*{organizer_id}*0**{thread_id}".encode()).decode().rstrip("=")


def new_digits(ids: Random, count: int) -> str:
    """Return `count` digits, the first of them not zero."""
    return str(ids.randrange(10 ** (count - 1), 10**count))


def new_passcode(ids: Random) -> str:
    """Return a passcode such as Graph generates: six letters and digits."""
    return "".join(ids.choices("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=6))
