"""What the command line says about identities: who the app is, and what Entra ID needs.

The authority of azure-identity has to be an https URL; so there is a second port, with TLS.
"""

import argparse
import ssl
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from devstack.graph.identities import AppIdentities


def add_identity_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that the functions below read."""
    parser.add_argument(
        "--user-identity",
        action="append",
        default=[],
        metavar="CLIENT_ID",
        help="a user-assigned identity of the app, in place of one of its own; may be repeated",
    )
    parser.add_argument(
        "--federated",
        action="append",
        default=[],
        metavar="CLIENT_ID",
        help="an identity that the bot's app registration trusts; may be repeated",
    )
    parser.add_argument("--token-key", type=Path, help="PEM: the RSA key that signs access tokens")
    parser.add_argument("--tls-port", type=int, default=0, help="with --certificate")
    parser.add_argument("--certificate", type=Path, help="PEM: listen with TLS, too")
    parser.add_argument("--key", type=Path, help="PEM: the private key of the certificate")


def identities_of(options: argparse.Namespace) -> AppIdentities:
    """Return the identities of the app; by default one of its own, which is the bot."""
    usual = AppIdentities()
    return AppIdentities(
        system=None if options.user_identity else usual.system,
        user=frozenset(one.lower() for one in options.user_identity),
        federated=frozenset(one.lower() for one in options.federated),
    )


def token_key_of(options: argparse.Namespace) -> rsa.RSAPrivateKey | None:
    """Return the key that signs tokens; None: the simulator makes one."""
    return None if options.token_key is None else key_in(options.token_key)


def key_in(path: Path) -> rsa.RSAPrivateKey:
    """Return the RSA key of a PEM file."""
    key = load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


async def start_tls(runner: web.AppRunner, options: argparse.Namespace) -> None:
    """Serve on the port with TLS, too, where there is a certificate. Raises OSError."""
    if options.certificate is None:
        return
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(options.certificate, options.key)
    await web.TCPSite(runner, "127.0.0.1", options.tls_port, ssl_context=context).start()
