"""Run azd's hooks with a PATH that holds the tools they may use, and a fake `az`."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from tests.deployment.bicep import INFRA

TOOLS = ("awk", "cat", "curl", "date", "head", "mktemp", "rm", "sh", "sleep")
GRAPH = "00000003-0000-0000-c000-000000000000"
ANSWERS = {
    "cloud show": "https://graph.example/",
    "ad sp show --id the-bot": "the-principal",
    f"ad sp show --id {GRAPH}": (
        "Calls.JoinGroupCall.All\tid-join\nOnlineMeetings.ReadWrite.All\tid-meetings"
    ),
    "rest": "id-join\nid-meetings",
    "ad app federated-credential list": "the-identity",
    "functionapp keys list": "the-key",
}
"""What the fake answers to the commands that begin with these words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a hook ended, all that it printed, and the az commands that it ran."""

    status: int
    said: str
    asked: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolbox:
    """A folder that is the whole PATH."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> "Toolbox":
        """Return the tools in `folder`, without az."""
        for tool in TOOLS:
            if found := shutil.which(tool):
                (folder / tool).symlink_to(found)
        return cls(folder=folder)

    def add_az(self, answers: dict[str, str]) -> None:
        """Add an az that gives `answers` and refuses everything else."""
        cases = "".join(
            f"{quote(words + ' ')}*) echo {quote(answer)} ;;\n" for words, answer in answers.items()
        )
        az = self.folder / "az"
        az.write_text(
            "#!/bin/sh\n"
            f'echo "$*" >>{quote(str(self._calls))}\n'
            f'case "$*" in\n{cases}'
            '*) echo "az: not allowed: $*" >&2; exit 1 ;;\n'
            "esac\n"
        )
        az.chmod(0o755)

    def run(self, hook: str, environment: dict[str, str]) -> Ran:
        """Run the hook of that name to its end."""
        done = subprocess.run(  # noqa: S603 - our own hook
            [INFRA / "hooks" / hook],
            env={"PATH": str(self.folder), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=30,
            check=False,
        )
        asked = self._calls.read_text().splitlines() if self._calls.exists() else []
        return Ran(status=done.returncode, said=done.stdout, asked=asked)

    @property
    def _calls(self) -> Path:
        return self.folder / "az-calls"
