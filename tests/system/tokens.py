"""Tokens such as Graph's callbacks carry, and forgeries of them. Pure, but for making keys."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Key:
    """An RSA key and its id."""

    kid: str
    private: rsa.RSAPrivateKey

    @classmethod
    def make(cls, kid: str) -> "Key":
        """Make a new key."""
        return cls(kid, rsa.generate_private_key(public_exponent=65537, key_size=2048))

    def as_jwk(self) -> Json:
        """Return the public half as a JSON Web Key."""
        return dict(RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)) | {
            "use": "sig",
            "kid": self.kid,
        }

    def public_pem(self) -> bytes:
        """Return the public half as anybody can write it down."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, claims: Json, **header: Any) -> str:
        """Return an RS256 token; `header` adds to, or replaces, what its header says."""
        return jwt.encode(
            claims, self.private, algorithm="RS256", headers={"kid": self.kid, **header}
        )


def claims(*, audience: str, tenant: str, lasts: int = 3600, **other: Any) -> Json:
    """Return the claims of a callback's token of now that expires in `lasts` seconds."""
    now = int(datetime.now(UTC).timestamp())
    begins = now + min(lasts, 0) - 60
    return {
        "aud": audience,
        "iss": "https://api.botframework.com",
        "tid": tenant,
        "iat": begins,
        "nbf": begins,
        "exp": now + lasts,
        **other,
    }


def unsigned(claims: Json, *, kid: str) -> str:
    """Return a token that says it needs no signature, and has none."""
    return f"{_part({'alg': 'none', 'typ': 'JWT', 'kid': kid})}.{_part(claims)}."


def signed_with_text(secret: bytes, claims: Json, *, kid: str) -> str:
    """Return an HS256 token whose secret is a text, for example somebody's public key."""
    text = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': kid})}.{_part(claims)}"
    return f"{text}.{_encoded(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def _part(members: Json) -> str:
    return _encoded(json.dumps(members).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
