"""What the options of `rollcall doctor` say. Pure.

What cannot be is refused before anything is requested: a token for Azure Resource Manager goes to
no other host.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from rollcall.console import Exit, Failed

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MOST_ORGANIZERS = 20
"""So many the app probes at a time."""
MANAGER = re.compile(r"https://[0-9A-Za-z.-]+/?")
_GROUP = r"/subscriptions/[0-9A-Za-z-]+/resourceGroups/[\w.()-]+/providers"
BOT = re.compile(rf"{_GROUP}/Microsoft\.BotService/botServices/[\w-]+/?", re.ASCII | re.IGNORECASE)
SITE = re.compile(
    rf"{_GROUP}/Microsoft\.Web/sites/[\w-]+(/slots/[\w-]+)?/?", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the options say.

    `bot`, `site`: resource ids of the Azure Bot and the function app; `manager`: the address of the
    cloud's Azure Resource Manager, which shows them. "" where it is not given.
    """

    canary: bool
    as_json: bool
    bot: str
    site: str
    manager: str
    organizers: Sequence[str]

    def checked(self) -> Self:
        """Return it without slashes at the ends. Raises `Failed`, which names every problem."""
        if problems := list(self._problems()):
            raise Failed("\n".join(problems), Exit.USAGE)
        return replace(
            self,
            bot=self.bot.rstrip("/"),
            site=self.site.rstrip("/"),
            manager=self.manager.rstrip("/"),
        )

    def or_of(self, local: Mapping[str, Any]) -> Self:
        """Return it with the resources that `endpoints.json` names where no option does."""
        return replace(
            self,
            bot=self.bot or str(local.get("bot", "")),
            site=self.site or str(local.get("site", "")),
        )

    def _problems(self) -> Iterator[str]:
        for one in self.organizers:
            if not GUID.fullmatch(one):
                yield (
                    f"--organizer {one!r} is no object id, which is a GUID. Of a user it is:"
                    " az ad user show --id <name@domain> --query id --output tsv"
                )
        if len(self.organizers) > MOST_ORGANIZERS:
            yield f"--organizer may be given {MOST_ORGANIZERS} times. Run it again for the others."
        if self.bot and not BOT.fullmatch(self.bot):
            yield (
                f"--bot {self.bot!r} is no resource id of an Azure Bot: /subscriptions/…"
                "/resourceGroups/…/providers/Microsoft.BotService/botServices/…. List them by:"
                " az resource list --resource-type Microsoft.BotService/botServices --query [].id"
            )
        if self.site and not SITE.fullmatch(self.site):
            yield (
                f"--site {self.site!r} is no resource id of a function app: /subscriptions/…"
                "/resourceGroups/…/providers/Microsoft.Web/sites/…. List them by:"
                " az functionapp list --query [].id"
            )
        if not MANAGER.fullmatch(self.manager):
            yield (
                f"--resource-manager {self.manager!r} is no address of a cloud's Azure Resource"
                " Manager: https and a host name, as https://management.azure.com."
            )
