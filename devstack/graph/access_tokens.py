"""Access tokens of Entra ID: issued to identities and applications, recognised, exchanged. Pure.

The resources are those that a deployed app needs tokens for, and Azure Resource Manager, for those
who look after it. Nothing here is ever logged.
Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from devstack.graph.identities import Tenant, principal_of
from devstack.graph.json_values import JsonObject

GRAPH = "https://graph.microsoft.com"
SERVICE_BUS = "https://servicebus.azure.net"
STORAGE = "https://storage.azure.com"
EXCHANGE = "api://AzureADTokenExchange"
MANAGEMENT = "https://management.azure.com"
RESOURCES = frozenset({GRAPH, SERVICE_BUS, STORAGE, EXCHANGE, MANAGEMENT})
"""What tokens are issued for: no slash at the end."""
LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A token, and when it expires."""

    token: str
    expires: datetime


class BadAssertion(Exception):
    """An assertion that no federated credential of the app registration matches.

    `code` is Entra's number, as in AADSTS700213.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"AADSTS{code}: {message}")
        self.code = code


class AccessTokens:
    """Issues tokens, RS256 under one key, and recognises those that it issued."""

    def __init__(self, tenant: Tenant, *, key: rsa.RSAPrivateKey | None = None) -> None:
        """Sign with `key`; by default with one of this process, so that no other's tokens count."""
        self._tenant = tenant
        self._key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._revocations = 0
        self.challenge = False

    def issue(
        self,
        *,
        now: datetime,
        resource: str = GRAPH,
        application: str | None = None,
        roles: Sequence[str] = (),
    ) -> Issued:
        """Return a token for one of RESOURCES; `application`: a client id, by default the bot's.

        `roles`: the permissions of that application, which a token for Graph names.
        """
        application = application or self._tenant.bot_app_id
        principal = principal_of(application)
        expires = now + LIFETIME
        # An assertion is a token of version 2: a federated credential names that issuer.
        version_2 = resource == EXCHANGE
        claims: JsonObject = {
            "aud": resource,
            "iss": self._issuer_2 if version_2 else self._issuer_1,
            "tid": self._tenant.tenant_id,
            "azp" if version_2 else "appid": application,
            "oid": principal,
            "sub": principal,
            "idtyp": "app",
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int(expires.timestamp()),
            "ver": "2.0" if version_2 else "1.0",
            "uti": f"{self._revocations}.{uuid4().hex}",
        }
        if resource == GRAPH and roles:
            claims["roles"] = list(roles)
        return Issued(token=jwt.encode(claims, self._key, algorithm="RS256"), expires=expires)

    def caller(self, authorization: str | None) -> str | None:
        """Return the app id that calls Graph with this Authorization header; None: no good token.

        Good is a token for Graph that was issued here, has not expired and was not revoked.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        claims = self._claims(token, audience=GRAPH)
        if claims is None:
            return None
        # The number of revocations before a token was issued; one of an earlier process has fewer.
        if int(str(claims["uti"]).partition(".")[0]) < self._revocations:
            return None
        return str(claims["appid"])

    def may_manage(self, authorization: str | None) -> bool:
        """Say whether an Authorization header has a good token for Azure Resource Manager."""
        scheme, _, token = (authorization or "").partition(" ")
        return scheme.lower() == "bearer" and self._claims(token, audience=MANAGEMENT) is not None

    def revoke(self, *, challenge: bool) -> None:
        """Let Graph take none of the tokens issued until now.

        `challenge`: refusals from now on name claims that the next token has to be requested with.
        """
        self._revocations += 1
        self.challenge = challenge

    def check_assertion(self, assertion: str, *, any_subject: bool) -> None:
        """Return where a federated credential of the bot's app registration matches.

        Raises BadAssertion. `any_subject`: every identity of this tenant is trusted.
        Source of the numbers: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
        """
        try:
            claims = self._read(assertion)
        except jwt.ExpiredSignatureError:
            raise BadAssertion(
                700024, "Client assertion is not within its valid time range."
            ) from None
        except jwt.InvalidTokenError:
            raise BadAssertion(
                700027,
                "The certificate with identifier used to sign the client assertion is not "
                "registered on application.",
            ) from None
        if claims.get("iss") != self._issuer_2:
            raise _no_record(700211, "issuer", claims.get("iss"))
        if claims.get("aud") != EXCHANGE:
            raise _no_record(700212, "audience", claims.get("aud"))
        trusted = {principal_of(one) for one in self._tenant.identities.federated}
        if not any_subject and claims.get("sub") not in trusted:
            raise _no_record(700213, "subject", claims.get("sub"))

    @property
    def _issuer_1(self) -> str:
        return f"https://sts.windows.net/{self._tenant.tenant_id}/"

    @property
    def _issuer_2(self) -> str:
        return f"https://login.microsoftonline.com/{self._tenant.tenant_id}/v2.0"

    def _claims(self, token: str, *, audience: str) -> dict[str, Any] | None:
        try:
            return self._read(token, audience=audience, issuer=self._issuer_1)
        except jwt.InvalidTokenError:
            return None

    def _read(
        self, token: str, *, audience: str | None = None, issuer: str | None = None
    ) -> dict[str, Any]:
        return jwt.decode(
            token,
            self._key.public_key(),
            algorithms=["RS256"],
            audience=audience,
            issuer=issuer,
            options={"verify_aud": audience is not None},
        )


def _no_record(code: int, claim: str, found: object) -> BadAssertion:
    return BadAssertion(
        code,
        f"No matching federated identity record found for presented assertion {claim} '{found}'.",
    )
