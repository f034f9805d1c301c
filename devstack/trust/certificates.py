"""The files with which the parts of one stack prove themselves to the app.

A certificate authority that lives for one start (its key is never written), one server certificate
for this machine, and the key that signs the tokens of Entra ID. Only a process that is given
`Trust.environment` trusts the authority, and it trusts no other: a request that strays to Azure
fails.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=30)
_STAND_INS = Path(__file__).parent / "path"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Where the files of one stack are."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The authority's certificate."""
        return self.folder / "authority.pem"

    @property
    def certificate(self) -> Path:
        """The server certificate of 127.0.0.1 and localhost."""
        return self.folder / "server.pem"

    @property
    def key(self) -> Path:
        """The private key of the server certificate."""
        return self.folder / "server.key"

    @property
    def token_key(self) -> Path:
        """The private RSA key that signs tokens."""
        return self.folder / "tokens.key"

    @property
    def token_public_key(self) -> Path:
        """Its public half, for what checks tokens."""
        return self.folder / "tokens.pem"

    def environment(self, python_path: str = "") -> dict[str, str]:
        """Return the variables of a process that trusts the authority and nothing else.

        `python_path`: what the process has on its PYTHONPATH besides.
        """
        paths = [str(_STAND_INS), *([python_path] if python_path else [])]
        return {"SSL_CERT_FILE": str(self.authority), "PYTHONPATH": os.pathsep.join(paths)}


def make_trust(folder: Path) -> Trust:
    """Make the files in `folder`, which is created; replaces those of an earlier start."""
    folder.mkdir(parents=True, exist_ok=True)
    trust = Trust(folder=folder.resolve())
    now = datetime.now(UTC)
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    token_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _write(trust.authority, _authority(authority_key, now).public_bytes(Encoding.PEM))
    _write(trust.certificate, _server(server_key, authority_key, now).public_bytes(Encoding.PEM))
    _write(trust.key, _private(server_key))
    _write(trust.token_key, _private(token_key))
    public = token_key.public_key()
    _write(
        trust.token_public_key,
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )
    return trust


_AUTHORITY = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Rollcall local stack")])


def _authority(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    may_sign = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    public = key.public_key()
    return (
        _dated(now)
        .subject_name(_AUTHORITY)
        .public_key(public)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(may_sign, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, SHA256())
    )


def _server(
    key: ec.EllipticCurvePrivateKey, authority: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.Certificate:
    names = [x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]
    # Python's default context demands both key identifiers (VERIFY_X509_STRICT, since 3.13).
    issued_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    return (
        _dated(now)
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]))
        .public_key(key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issued_by, critical=False)
        .sign(authority, SHA256())
    )


def _dated(now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .issuer_name(_AUTHORITY)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
    )


def _private(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes) -> None:
    # Readable by this user alone from the first byte on.
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(content)
