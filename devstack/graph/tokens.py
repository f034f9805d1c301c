"""The tokens that callbacks carry, and the documents that verify them.

Keys live as long as the process. Nothing here is ever logged.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from devstack.graph.identities import Tenant
from devstack.graph.json_values import Json, JsonObject

GRAPH_ISSUER = "https://graph.microsoft.com"
BOT_ISSUER = "https://api.botframework.com"
CALLBACK_LIFETIME = timedelta(minutes=65)
_REUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One RSA key and its id."""

    kid: str
    private: rsa.RSAPrivateKey

    def as_jwk(self) -> JsonObject:
        """Return the public half as a JSON Web Key."""
        jwk: JsonObject = dict(RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True))
        return jwk | {"use": "sig", "kid": self.kid, "x5t": self.kid, "endorsements": ["msteams"]}


class CallbackSigner:
    """Signs the bearer tokens of callbacks, RS256, with the newest of its keys."""

    def __init__(self, tenant: Tenant, *, issuer: str = GRAPH_ISSUER) -> None:
        """Make the first key. Issuer: GRAPH_ISSUER or BOT_ISSUER; both are seen in the wild."""
        self._tenant = tenant
        self._issuer = issuer
        self.keys: list[SigningKey] = []
        self._held: tuple[str, datetime] = ("", datetime.min.replace(tzinfo=UTC))
        self.rotate()

    def rotate(self, *, withdraw: bool = False) -> str:
        """Sign with a new key from now on; return its id.

        The old keys stay served, or none of them with `withdraw`.
        """
        if withdraw:
            self.keys.clear()
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.keys.append(SigningKey(secrets.token_urlsafe(20), private))
        self._held = ("", datetime.min.replace(tzinfo=UTC))
        return self.keys[-1].kid

    def bearer(self, *, now: datetime) -> str:
        """Return a token for a callback sent now; one token serves several callbacks."""
        token, until = self._held
        if now >= until:
            token = self.sign(now=now)
            self._held = (token, now + _REUSE)
        return token

    def sign(self, *, now: datetime, **claims: Json) -> str:
        """Return a fresh token; `claims` replace the usual ones (for tests of refusals)."""
        usual: JsonObject = {
            "aud": self._tenant.bot_app_id,
            "iss": self._issuer,
            "tid": self._tenant.tenant_id,
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int((now + CALLBACK_LIFETIME).timestamp()),
        }
        key = self.keys[-1]
        return jwt.encode(
            usual | claims, key.private, algorithm="RS256", headers={"kid": key.kid, "x5t": key.kid}
        )

    def jwks(self) -> JsonObject:
        """Return the key set, newest last."""
        return {"keys": [key.as_jwk() for key in self.keys]}


def openid_configuration(base_url: str) -> JsonObject:
    """Return the discovery document. As in the real one, its issuer is not its own URL."""
    return {
        "issuer": BOT_ISSUER,
        "authorization_endpoint": "https://invalid.botframework.com",
        "jwks_uri": f"{base_url}/v1/keys",
        # The real document names the algorithm like this; a verifier has to pin RS256 itself.
        "id_token_signing_alg_values_supported": ["RSA256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    }
