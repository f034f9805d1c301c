"""Stands for certifi in the local Functions host: the bundle is the one that OpenSSL reads.

azure-servicebus trusts certifi's bundle alone, and no variable leads it to another. Systems that
keep certificates of their own ship certifi like this.
Source: https://docs.openssl.org/3.0/man3/SSL_CTX_load_verify_locations/ (SSL_CERT_FILE)
"""

import os
from pathlib import Path


def where() -> str:
    """Return the path of the bundle."""
    return os.environ["SSL_CERT_FILE"]


def contents() -> str:
    """Return the bundle's PEM text."""
    return Path(where()).read_text(encoding="ascii")
