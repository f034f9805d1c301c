"""The certificates of one stack: believed by a process that is given them, and by no other."""

import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from devstack.trust.certificates import Trust, make_trust
from tests.stack.process import ROOT

ASK_CERTIFI = "import certifi; print(certifi.where()); print(certifi.contents())"


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    """A stack's files."""
    return make_trust(tmp_path / "trust")


@pytest.fixture
async def url(trust: Trust) -> AsyncIterator[str]:
    """A server that proves itself by them."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(trust.certificate, trust.key)
    runner = web.AppRunner(web.Application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_the_authority_is_enough_to_believe_a_part(trust: Trust, url: str) -> None:
    """By address and by name."""
    context = ssl.create_default_context(cafile=trust.authority)
    async with aiohttp.ClientSession() as http:
        for address in (url, url.replace("127.0.0.1", "localhost")):
            async with http.get(address, ssl=context) as answer:
                assert answer.status == 404


async def test_nobody_else_believes_a_part(url: str, tmp_path: Path) -> None:
    """Neither this process, nor that of another stack."""
    other = ssl.create_default_context(cafile=make_trust(tmp_path / "other").authority)
    async with aiohttp.ClientSession() as http:
        for context in (True, other):
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await http.get(url, ssl=context)


def test_each_start_makes_files_of_its_own_that_only_this_user_reads(trust: Trust) -> None:
    """The authority's own key is kept nowhere: nobody can issue a second certificate."""
    before = {path.name: path.read_bytes() for path in trust.folder.iterdir()}

    make_trust(trust.folder)

    after = {path.name: path.read_bytes() for path in trust.folder.iterdir()}
    assert set(after) == {"authority.pem", "server.pem", "server.key", "tokens.key", "tokens.pem"}
    assert all(before[name] != after[name] for name in after)
    assert {path.stat().st_mode & 0o777 for path in trust.folder.iterdir()} == {0o600}


@pytest.mark.parametrize("more", ["", "/elsewhere"])
def test_a_process_with_the_environment_trusts_the_authority_alone(trust: Trust, more: str) -> None:
    """In OpenSSL's defaults, and in certifi's, which the Service Bus SDK reads."""
    environment = trust.environment(more)
    asked = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", ASK_CERTIFI],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    where, _, contents = asked.stdout.partition("\n")
    assert where == environment["SSL_CERT_FILE"] == str(trust.authority)
    assert contents.strip() == trust.authority.read_text().strip()
    assert environment["PYTHONPATH"].endswith(more)
