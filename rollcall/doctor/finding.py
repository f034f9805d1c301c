"""What a check says, and the place that its commands are filled in for. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from shlex import quote
from typing import Any
from urllib.parse import urlsplit

from rollcall.plain import plain

type Seen = Mapping[str, Any]
"""The app's examination of itself; shapes.py has what is known of it."""
GROUP, NAMESPACE = "<resource group>", "<namespace>"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
DOCS = "docs/doctor.md#{check}"


class Verdict(StrEnum):
    """How it stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Check(StrEnum):
    """The names of the checks, which stay."""

    APP = "app"
    SETTINGS = "settings"
    TOKEN = "token"  # noqa: S105 - the name of a check
    ORGANIZER = "organizer"
    POLICY = "policy"
    CALLBACK = "callback"
    SIGNING_KEYS = "signingKeys"
    SERVICE_BUS = "serviceBus"
    STORE = "store"
    BOT = "bot"
    CANARY = "canary"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check has seen. `mend`: commands to copy; a line that begins with # is text.

    `link`: where more is said; an address, or a page of this repository.
    """

    check: Check
    verdict: Verdict
    seen: str
    mend: tuple[str, ...] = ()
    link: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as `--json` prints it."""
        return {
            "check": self.check,
            "verdict": self.verdict,
            "seen": plain(self.seen),
            "mend": [plain(line) for line in self.mend],
            "link": plain(self.link) or DOCS.format(check=self.check.lower()),
        }


def ok(check: Check, seen: str) -> Finding:
    """Return that a check found nothing wrong."""
    return Finding(check=check, verdict=Verdict.OK, seen=seen)


def warn(check: Check, seen: str, *mend: str, link: str = "") -> Finding:
    """Return what a check saw that limits the deployment, or that it saw nothing."""
    return Finding(check=check, verdict=Verdict.WARN, seen=seen, mend=mend, link=link)


def fail(check: Check, seen: str, *mend: str, link: str = "") -> Finding:
    """Return what a check saw that does not work."""
    return Finding(check=check, verdict=Verdict.FAIL, seen=seen, mend=mend, link=link)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The deployment that commands name. `url`: the function app's.

    `bot`, `site`: resource ids of the Azure Bot and the function app, "" where they are not known.
    `bot_app_id`: "" where the app did not say it.
    """

    url: str
    bot: str = ""
    site: str = ""
    namespace: str = NAMESPACE
    bot_app_id: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is a stack on this machine."""
        return urlsplit(self.url).hostname in LOOPBACK

    @property
    def app(self) -> str:
        """How the function app is called."""
        if self.site:
            return _last(self.site)
        name, _, rest = (urlsplit(self.url).hostname or "").partition(".")
        return name if "azurewebsites." in rest else "<function app>"

    @property
    def group(self) -> str:
        """The resource group, where one of the resources is known. Its name may have brackets."""
        parts = (self.site or self.bot).split("/")
        lowered = [part.lower() for part in parts]
        found = lowered.index("resourcegroups") + 1 if "resourcegroups" in lowered else 0
        return quote(parts[found]) if 0 < found < len(parts) else GROUP

    @property
    def bot_name(self) -> str:
        """How the Azure Bot is called."""
        return _last(self.bot) or "<bot>"

    def az(self, command: str, options: str = "") -> str:
        """Return an `az functionapp` command about the app."""
        named = f"az functionapp {command} --name {self.app} --resource-group {self.group}"
        return f"{named} {options}".rstrip()


def _last(resource_id: str) -> str:
    return resource_id.rstrip("/").rpartition("/")[2]


def exit_code(findings: tuple[Finding, ...]) -> int:
    """Return 1 where a check failed, else 0."""
    return int(any(one.verdict is Verdict.FAIL for one in findings))
