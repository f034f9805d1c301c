"""Which tokens open the local Service Bus, where it knows the key of Entra ID."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from devstack.bus.amqp_request import Request
from devstack.bus.tokens import ANY_TOKEN, TokenCheck
from devstack.graph.access_tokens import GRAPH, SERVICE_BUS, AccessTokens
from devstack.graph.identities import Tenant

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CHECK = TokenCheck(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
NOW = datetime.now(UTC)
SHARED_KEY = "SharedAccessSignature sr=sb%3A%2F%2F127.0.0.1&sig=x&se=1&skn=Root"


def issued(
    resource: str = SERVICE_BUS,
    *,
    at: datetime = NOW,
    key: rsa.RSAPrivateKey | None = KEY,
) -> str:
    """Return a token as the token endpoint issues it."""
    return AccessTokens(Tenant(), key=key).issue(now=at, resource=resource).token


def put(token: str) -> Request:
    """Return the request that puts a token to `$cbs`."""
    return Request(encoded_id=b"", reply_to=None, operation="put-token", body={}, token=token)


@pytest.mark.parametrize("token", [issued(), SHARED_KEY])
def test_an_identitys_token_for_the_bus_opens_it_and_so_does_a_shared_key(token: str) -> None:
    """Clients on this machine go on with the connection string."""
    assert CHECK.answer(put(token)).status == 202


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (issued(GRAPH), "InvalidAudience"),
        (issued(at=NOW - timedelta(days=2)), "ExpiredToken"),
        (issued(key=None), "InvalidSignature"),
        ("made.up.one", "InvalidSignature"),
        ("", "InvalidSignature"),
    ],
)
def test_every_other_token_is_refused_in_the_services_words(token: str, words: str) -> None:
    """Audience, time and signature."""
    answer = CHECK.answer(put(token))

    assert answer.status == 401
    assert answer.description.startswith(f"{words}: ")


def test_without_a_key_any_token_is_taken() -> None:
    """A broker that was started alone has nobody to trust."""
    assert ANY_TOKEN.answer(put("made.up.one")).status == 202
