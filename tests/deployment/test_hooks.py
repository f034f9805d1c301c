"""What azd's hooks print and how they end, with a fake az and an app on loopback.

PowerShell is not needed here: the .ps1 forms are held to the same commands and sentences.
"""

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from shared.words.problems import CATALOGUE
from tests.deployment.bicep import INFRA, read
from tests.deployment.hooks import ANSWERS, GRAPH, Toolbox

HOOKS = INFRA / "hooks"
SHELL_HOOKS = sorted(HOOKS.glob("*.sh"))
TRUST = '{"name":"rollcall","issuer":"https://i","subject":"the-identity","audiences":["a"]}'
DEPLOYED = {
    "BOT_APP_ID": "the-bot",
    "BOT_TRUST": TRUST,
    "GRAPH_ROLES": "OnlineMeetings.ReadWrite.All Calls.JoinGroupCall.All",
    "ORGANIZER_ID": "the-organizer",
}
CREATE_CREDENTIAL = f"az ad app federated-credential create --id the-bot --parameters '{TRUST}'"
CONSENT = "az ad app permission admin-consent --id the-bot"
ADD_MEETINGS = (
    f"az ad app permission add --id the-bot --api {GRAPH} --api-permissions id-meetings=Role"
)
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="smoke.sh needs curl")
UNWELL = {"status": "degraded", "serviceBus": "it did not answer within 20 seconds"}


@pytest.fixture
def toolbox(tmp_path: Path) -> Toolbox:
    """The tools that a hook may use; az is added by the test."""
    return Toolbox.at(tmp_path)


def test_next_steps_prints_the_lines_for_teams(toolbox: Toolbox) -> None:
    """Those that a refused request names, with the ids of the deployment."""
    toolbox.add_az(ANSWERS)

    ran = toolbox.run("next_steps.sh", DEPLOYED)

    advice = CATALOGUE["organizer_not_allowed"].next_step
    lines = re.findall(r"(?:New|Grant)-CsApplicationAccessPolicy[^;]*?(?=;|\. )", advice)
    assert len(lines) == ran.said.count("CsApplicationAccessPolicy") == 2
    for line in lines:
        assert line.format(app="the-bot", organizer="the-organizer") in ran.said
    assert ran.status == 0


def test_next_steps_is_content_with_a_bot_that_has_everything(toolbox: Toolbox) -> None:
    """No command is printed that needs no running."""
    toolbox.add_az(ANSWERS)

    ran = toolbox.run("next_steps.sh", DEPLOYED)

    assert f"every permission: {DEPLOYED['GRAPH_ROLES']}." in ran.said
    assert "  az " not in ran.said
    [asked] = [one for one in ran.asked if one.startswith("rest --method get")]
    assert asked.endswith("graph.example/v1.0/servicePrincipals/the-principal/appRoleAssignments")


def test_next_steps_names_a_missing_permission(toolbox: Toolbox) -> None:
    """And how to give it; those that are given are not repeated."""
    toolbox.add_az(ANSWERS | {"rest": "id-join"})

    ran = toolbox.run("next_steps.sh", DEPLOYED)

    assert "(permissions: OnlineMeetings.ReadWrite.All)" in ran.said
    assert commands(ran.said) == [ADD_MEETINGS, CONSENT]
    assert ran.status == 0


def test_next_steps_names_a_missing_credential(toolbox: Toolbox) -> None:
    """The bot trusts another identity than the one that was deployed."""
    toolbox.add_az(ANSWERS | {"ad app federated-credential list": "another-identity"})

    ran = toolbox.run("next_steps.sh", DEPLOYED)

    assert commands(ran.said) == [CREATE_CREDENTIAL]


@pytest.mark.parametrize(
    "answered", [None, {}, {name: ANSWERS[name] for name in ANSWERS if name != "rest"}]
)
def test_next_steps_says_what_to_run_where_az_does_not_answer(
    toolbox: Toolbox, answered: dict[str, str] | None
) -> None:
    """It is not there, not signed in, or may read a part only."""
    if answered is not None:
        toolbox.add_az(answered)

    ran = toolbox.run("next_steps.sh", DEPLOYED)

    assert "az did not answer" in ran.said
    assert DEPLOYED["GRAPH_ROLES"] in ran.said
    assert commands(ran.said) == ["az ad sp create --id the-bot", CREATE_CREDENTIAL, CONSENT]
    assert ran.status == 0


def test_next_steps_refuses_a_permission_that_graph_does_not_know(toolbox: Toolbox) -> None:
    """A misspelt one would else count as granted."""
    toolbox.add_az(ANSWERS)

    ran = toolbox.run("next_steps.sh", DEPLOYED | {"GRAPH_ROLES": "Calls.Typo.All"})

    assert "Calls.Typo.All is no application permission of Microsoft Graph" in ran.said
    assert ran.status != 0


@pytest.mark.parametrize("missing", DEPLOYED)
def test_next_steps_says_where_its_ids_come_from(toolbox: Toolbox, missing: str) -> None:
    """Run without azd it has none."""
    ran = toolbox.run("next_steps.sh", {**DEPLOYED, missing: ""})

    assert f"{missing}: is not set: run this by azd hooks run postprovision" in ran.said
    assert ran.status != 0


class App(ThreadingHTTPServer):
    """Stands in for the deployed app: its health is given by the test, one status a request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.statuses: list[int] = []
        self.keys: list[str | None] = []

    @property
    def deployed(self) -> dict[str, str]:
        """The environment that azd gives the hook."""
        return {
            "SERVICE_ROLLCALL_ENDPOINT_URL": f"http://127.0.0.1:{self.server_port}/",
            "SERVICE_ROLLCALL_NAME": "func-x",
            "AZURE_RESOURCE_GROUP": "rg-x",
            "SMOKE_PAUSE": "0",
            "NO_PROXY": "127.0.0.1",
        }


class Answering(BaseHTTPRequestHandler):
    """Answers health as the deployed app does."""

    server: App
    routes: ClassVar = {"/api/health": "status", "/api/health/details": "details"}

    def do_GET(self) -> None:
        """Answer the next status, or, with the key, what is wrong."""
        if self.routes[self.path] == "details":
            self.server.keys.append(self.headers["x-functions-key"])
            self._answer(503, UNWELL)
        else:
            status = self.server.statuses.pop(0)
            self._answer(status, {"status": "ok" if status == 200 else "degraded"})

    def _answer(self, status: int, body: dict[str, str]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base
        """Print nothing."""


@pytest.fixture
def app() -> Iterator[App]:
    """An app on loopback; the test says how well it is."""
    with App() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@needs_curl
def test_smoke_waits_until_the_app_is_well(toolbox: Toolbox, app: App) -> None:
    """Says what it met meanwhile; asks for no key."""
    app.statuses = [404, 503, 200]
    toolbox.add_az(ANSWERS)

    ran = toolbox.run("smoke.sh", app.deployed)

    assert ran.status == 0
    assert re.findall(r"said: (\d+ .*)", ran.said) == [
        '404 {"status": "degraded"}',
        '503 {"status": "degraded"}',
    ]
    assert ran.said.splitlines()[-1].startswith("Rollcall is well: http://127.0.0.1:")
    assert ran.asked == app.keys == []


@needs_curl
def test_smoke_fails_with_what_is_wrong(toolbox: Toolbox, app: App) -> None:
    """By the details, which want the function key that az gives. It stands in no command line."""
    app.statuses = [503]
    toolbox.add_az(ANSWERS)

    ran = toolbox.run("smoke.sh", app.deployed | {"SMOKE_SECONDS": "0"})

    assert ran.status == 1
    assert json.dumps(UNWELL) in ran.said
    assert app.keys == ["the-key"]
    assert "the-key" not in ran.said
    [asked] = ran.asked
    assert "--resource-group rg-x --name func-x" in asked


@needs_curl
@pytest.mark.parametrize("signed_in", [True, False])
def test_smoke_fails_without_a_key(toolbox: Toolbox, app: App, signed_in: bool) -> None:
    """Az is not there, or gives none: then it says so."""
    app.statuses = [503]
    if signed_in:
        toolbox.add_az({})

    ran = toolbox.run("smoke.sh", app.deployed | {"SMOKE_SECONDS": "0"})

    assert ran.status == 1
    assert "az gave no function key" in ran.said
    assert app.keys == []


@needs_curl
def test_smoke_fails_where_nothing_listens(toolbox: Toolbox, app: App) -> None:
    """An app that does not start, or a host name that is not there yet."""
    toolbox.add_az(ANSWERS)
    closed = app.deployed | {"SERVICE_ROLLCALL_ENDPOINT_URL": "http://127.0.0.1:1"}

    ran = toolbox.run("smoke.sh", closed | {"SMOKE_SECONDS": "0"})

    assert ran.status == 1
    assert "http://127.0.0.1:1/api/health said: no answer" in ran.said
    assert "Logs: azd monitor --logs." in ran.said


@pytest.mark.parametrize("hook", SHELL_HOOKS, ids=lambda path: path.name)
def test_hooks_pass_shellcheck(hook: Path) -> None:
    """As POSIX shell, with every optional check but those about style."""
    shellcheck = shutil.which("shellcheck", path=str(Path(sys.executable).parent))
    assert shellcheck is not None

    checked = subprocess.run(  # noqa: S603 - our own hook
        [shellcheck, "--shell=sh", hook], capture_output=True, text=True, check=False
    )

    assert checked.stdout == ""
    assert checked.returncode == 0
    assert hook.stat().st_mode & 0o111 == 0o111


@pytest.mark.parametrize("hook", SHELL_HOOKS, ids=lambda path: path.name)
def test_both_forms_of_a_hook_say_and_run_the_same(hook: Path) -> None:
    """The commands of az, the variables that are wanted, and every line that is printed."""
    shell, power = hook.read_text(), hook.with_suffix(".ps1").read_text()

    assert commands_named(shell) == commands_named(power)
    assert variables(shell) == variables(power) != set()
    assert [one for one in sentences(shell) if one not in spelt_alike(power)] == []
    assert len(sentences(shell)) >= 5


@pytest.mark.parametrize("hook", SHELL_HOOKS, ids=lambda path: path.name)
def test_a_hook_wants_only_what_the_template_gives(hook: Path) -> None:
    """The outputs of main.bicep are the hook's environment."""
    assert variables(hook.read_text()) <= read(INFRA / "main.bicep").outputs.keys()


def commands(said: str) -> list[str]:
    """Return the az commands that were printed for running."""
    return re.findall(r"^  (az .*)$", said, re.MULTILINE)


def commands_named(source: str) -> set[str]:
    """Return the commands in a hook, without their values, in no order."""
    code = "\n".join(line for line in source.splitlines() if not line.startswith("#"))
    az = re.findall(r"\b(?:az|Invoke-Az)((?: [a-z][a-z-]*)+)", code)
    queries = re.findall(r"--query ('[^']+'|\S+)", code)
    return {f"az{words}" for words in az} | set(queries)


def variables(source: str) -> set[str]:
    """Return the variables that a hook cannot do without."""
    shell = re.findall(r"\$\{([A-Z_]+):\?", source)
    power = re.search(r"^foreach \(\$name in (.*)\) \{$", source, re.MULTILINE)
    return {*shell, *re.findall(r"'([A-Z_]+)'", power[1] if power else "")}


def sentences(source: str) -> list[str]:
    """Return what a shell hook prints, each line up to what differs by shell."""
    blocks = re.findall(r"<<TEXT\n(.*?)^TEXT$", source, re.MULTILINE | re.DOTALL)
    printed = re.findall(r"^ *(?:echo \"|printf '\\n)([^%\n]*)", source, re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    texts = [re.split(r"\$\(|\$\{|\"", one)[0] for one in printed]
    return [spelt_alike(one.strip()) for one in (*lines, *texts) if one.strip()]


def spelt_alike(text: str) -> str:
    """Return a text with names as in either shell: create_credential is createCredential."""
    return text.replace("_", "").lower()
