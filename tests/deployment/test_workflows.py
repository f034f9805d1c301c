"""The workflows are well-formed, pinned, and may do no more than they need."""

import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.deployment.reading import ROOT, complaints, yaml_at

FOLDER = ROOT / ".github/workflows"
FILES = sorted(FOLDER.glob("*.yml"))
WORKFLOWS: dict[str, dict[str, Any]] = {path.stem: yaml_at(path) for path in FILES}
JOBS: dict[str, dict[str, Any]] = {
    f"{name}/{job}": body
    for name, workflow in WORKFLOWS.items()
    for job, body in workflow["jobs"].items()
}
STEPS: list[dict[str, Any]] = [step for job in JOBS.values() for step in job["steps"]]
SCRIPTS = [step["run"] for step in STEPS if "run" in step]
WRITES = {
    "azure-dev/deploy": {"id-token"},
    "codeql/analyze": {"security-events"},
    "lock/propose": {"actions", "contents", "pull-requests"},
    "release/publish": {"attestations", "contents", "id-token"},
}
"""What a job may write; all others may write nothing."""
PINNED = re.compile(r"uses: (?P<action>[\w./-]+)@(?P<commit>[0-9a-f]{40}) # (?P<version>v\d\S*)$")
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))
DEPENDABOT = ROOT / ".github/dependabot.yml"


def script_named(job: str, name: str) -> str:
    """Return the script of the step of this name; where it is gone, StopIteration is raised."""
    return str(next(step["run"] for step in JOBS[job]["steps"] if step.get("name") == name))


def test_github_reads_them() -> None:
    """They follow the published schema of workflows."""
    assert complaints("github-workflows", *FILES) == ""


def test_every_action_is_pinned_by_commit_and_says_its_version() -> None:
    """A tag can be moved to other code; and one action has one version everywhere."""
    lines = [line for path in FILES for line in path.read_text().splitlines() if "uses:" in line]
    pins = [PINNED.search(line) for line in lines]
    versions = defaultdict(set)
    for pin in filter(None, pins):
        owner, name = pin["action"].split("/")[:2]
        versions[f"{owner}/{name}"].add((pin["commit"], pin["version"]))

    assert [line for line, pin in zip(lines, pins, strict=True) if pin is None] == []
    assert {action for action, found in versions.items() if len(found) > 1} == set()


def test_a_workflow_grants_nothing_and_a_job_what_it_needs() -> None:
    """A step of one job cannot use what another job was granted."""
    writes = {
        job: {scope for scope, access in body["permissions"].items() if access == "write"}
        for job, body in JOBS.items()
    }

    assert all(workflow["permissions"] == {} for workflow in WORKFLOWS.values())
    assert {job: scopes for job, scopes in writes.items() if scopes} == WRITES


def test_a_checkout_leaves_no_token_behind() -> None:
    """What a job runs after it cannot push."""
    checkouts = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout@")]

    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_nothing_from_an_event_becomes_part_of_a_script() -> None:
    """An expression in a script is code; values reach it through the environment."""
    assert [script for script in SCRIPTS if "${{" in script] == []


def test_the_scripts_are_sound(tmp_path: Path) -> None:
    """shellcheck finds nothing in those of the shell."""
    files = []
    for number, step in enumerate(STEPS):
        if "run" in step and step.get("shell") != "python":
            files.append(tmp_path / f"{number}.sh")
            files[-1].write_text(step["run"])

    checked = subprocess.run(  # noqa: S603 - an installed tool
        [Path(sys.executable).with_name("shellcheck"), "--shell=bash", *files],
        check=False,
        capture_output=True,
        text=True,
    )

    assert checked.stdout == ""
    assert checked.returncode == 0


def test_a_run_ends_and_meets_no_other_of_its_kind() -> None:
    """A job has its time limit, a workflow its group."""
    assert all("timeout-minutes" in job for job in JOBS.values())
    assert all(workflow["concurrency"]["group"] for workflow in WORKFLOWS.values())


def test_python_is_the_one_that_the_app_runs_on() -> None:
    """`.python-version` names it once for all."""
    setups = [step for step in STEPS if step.get("uses", "").startswith("actions/setup-python@")]

    assert {step["with"]["python-version-file"] for step in setups} == {".python-version"}
    assert (ROOT / ".python-version").read_text() == "3.13\n"


def test_ci_runs_what_must_hold_on_a_clean_clone() -> None:
    """A pull request is held to the same script as a developer's machine."""
    script = ROOT / ".ci/run"

    assert [step["run"] for step in JOBS["ci/ci"]["steps"] if "run" in step] == [".ci/run"]
    assert os.access(script, os.X_OK)


@pytest.mark.parametrize(
    "target", sorted({name for run in SCRIPTS for name in re.findall(r"\bmake (\w+)", run)})
)
def test_a_target_that_is_made_exists(target: str) -> None:
    """A renamed target would break a workflow that seldom runs."""
    assert target in TARGETS


def test_what_the_template_reads_from_the_environment_is_set_when_it_is_deployed() -> None:
    """A parameter that stays empty would take back in CI what was deployed by hand."""
    parameters = (ROOT / "infra/main.parameters.json").read_text()
    by_azd = {"AZURE_PRINCIPAL_ID"}

    read = set(re.findall(r"\$\{(\w+)", parameters)) - by_azd
    assert read <= JOBS["azure-dev/deploy"]["env"].keys()


def test_python_is_there_before_the_package_is_built() -> None:
    """azd builds it in a hook of `azd deploy`; compiled files are those of its interpreter."""
    steps = JOBS["azure-dev/deploy"]["steps"]
    does = [step.get("run") or step["uses"].partition("@")[0] for step in steps]

    assert does.index("actions/setup-python") < does.index("azd deploy --no-prompt")


@pytest.mark.parametrize(
    ("tag", "changelog", "wrong"),
    [
        ("v1.2.3", "## 1.2.3 (2026-12-01)\n\n- One.\n\n## 1.2.2 (2026-11-01)\n\n- Old.\n", ""),
        ("v1.2.3", "## Unreleased\n\n## 1.2.3 (2026-12-01)\n\n- One.\n", ""),
        ("v1.2.4", "## 1.2.4 (2026-12-01)\n\n- One.\n", "the version in pyproject.toml 1.2.3"),
        ("1.2.3", "## 1.2.3 (2026-12-01)\n\n- One.\n", "the tag is 1.2.3"),
        ("v1.2.3", "## 1.2.3\n\n- One.\n", "CHANGELOG.md has nothing"),
        ("v1.2.3", "## 1x2x3 (2026-12-01)\n\n- One.\n", "CHANGELOG.md has nothing"),
        ("v1.2.3", "## 1.2.3 (2026-12-01)\n\n## 1.2.2 (2026-11-01)\n\n- Old.\n", "has nothing"),
    ],
    ids=["newest", "with-unreleased", "other-version", "no-v", "undated", "alike", "empty"],
)
def test_a_release_has_one_version_and_its_notes(
    tmp_path: Path, tag: str, changelog: str, wrong: str
) -> None:
    """Tag, pyproject.toml and changelog agree, or nothing is published. The very script is run."""
    script = script_named(
        "release/build", "check the version, and cut its notes out of the changelog"
    )
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "rollcall"\nversion = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n{changelog}")

    ended = subprocess.run(  # noqa: S603 - the workflow's own script, in this interpreter
        [sys.executable, "-c", script],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"GITHUB_REF_NAME": tag},
    )

    notes = tmp_path / "release/notes.md"
    assert (ended.returncode == 0) is (wrong == "")
    assert wrong in ended.stderr
    assert (notes.read_text() if notes.exists() else "") == ("" if wrong else "- One.\n")


def test_the_weekly_lock_starts_from_nothing() -> None:
    """uv keeps what a lock file holds; so each file that `make lock` writes is removed first."""
    written = set(re.findall(r"--output-file (\S+)", MAKEFILE))
    script = next(step["run"] for step in JOBS["lock/resolve"]["steps"] if step.get("id") == "lock")
    removed = re.search(r"^rm (.+)$", script, re.MULTILINE)

    assert removed is not None
    assert set(removed[1].split()) == written


def test_dependabot_reads_its_file_and_finds_every_lock_of_npm() -> None:
    """It follows the published schema, and no package.json is forgotten."""
    updates = {update["package-ecosystem"]: update for update in yaml_at(DEPENDABOT)["updates"]}
    packages = {
        f"/{path.parent.relative_to(ROOT)}" for path in ROOT.glob("devstack/*/package.json")
    }

    assert complaints("dependabot", DEPENDABOT) == ""
    assert updates.keys() == {"github-actions", "npm"}
    assert set(updates["npm"]["directories"]) == packages
