"""Gathers what is there, has it checked, prints the findings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rollcall.console import progress, say, write_json
from rollcall.doctor import of_app, of_bus, of_outside
from rollcall.doctor.finding import Check, Finding, Place, Verdict, exit_code
from rollcall.doctor.gathering import app, bot, bus, canary
from rollcall.doctor.report import lines, summary
from rollcall.doctor.seen import AppSeen, BotSeen, BusSeen, CanarySeen
from rollcall.target import Target

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the options say. `bot`: the resource id of the Azure Bot; `manager`: who reads it."""

    canary: bool
    as_json: bool
    bot: str
    manager: str
    organizers: Sequence[str]


def run(target: Target, asked: Asked) -> int:
    """Examine a deployment and print what was found; return the exit code."""
    findings = tuple(examined(target, asked))
    if asked.as_json:
        write_json([one.as_json() for one in findings])
    else:
        for line, verdict in lines(findings):
            say(line, style=STYLES.get(verdict) if verdict else None)
        say(summary(findings))
    return exit_code(findings)


def examined(target: Target, asked: Asked) -> list[Finding]:
    """Return what was found, in the order of the checks."""
    url, bus_at = target.app, target.bus
    asked_bot = asked.bot or str(target.local.get("bot", ""))
    now = datetime.now(UTC)

    with progress("the app examines itself ..."):
        of_itself = app.examined(url, target.key, asked.organizers)
    place = _place(url, bus_at, asked_bot, of_itself)
    findings = [*of_outside.app(of_itself, place), *_of_app(of_itself, place)]

    answer = of_itself.answer or {}
    public_url = str(answer.get("publicUrl") or url)
    with progress("knocking at the callback URL ..."):
        knocked = app.callback(public_url, tenant_id=str(answer.get("tenantId", "")), now=now)
    findings += of_outside.callback(knocked, place)

    with progress("looking at Service Bus ..."):
        findings += of_bus.service_bus(_bus(target), place)

    with progress("looking at the Azure Bot ..."):
        seen = _bot(target, asked_bot, asked.manager)
    findings += of_outside.bot(seen, place, f"{public_url}/api/calls")

    if asked.canary:
        with progress("a canary meeting is made, joined and cancelled ..."):
            findings += of_outside.canary(_canary(target, findings))
    order = list(Check)
    return sorted(findings, key=lambda one: order.index(one.check))


def _place(url: str, bus_at: str, asked_bot: str, seen: AppSeen) -> Place:
    host = bus_at
    if "Endpoint=" in bus_at:
        host = urlsplit(bus_at.partition("Endpoint=")[2].partition(";")[0]).hostname or ""
    known = {}
    if seen.answer is not None:
        known["bot_app_id"] = str(seen.answer["botAppId"])
    # A host name of Azure begins with the namespace's name; an address of this machine does not.
    local = host in ("127.0.0.1", "localhost")
    return Place(
        url=url,
        bot=asked_bot,
        namespace="<namespace>" if local else host.partition(".")[0],
        **known,
    )


def _of_app(seen: AppSeen, place: Place) -> list[Finding]:
    answer = seen.answer
    if answer is None:
        return list(of_outside.unexamined(tuple(of_app.OF_APP)))
    return [one for check in of_app.OF_APP.values() for one in check(answer, place)]


def _bus(target: Target) -> BusSeen:
    management = str(target.local.get("serviceBusManagement") or target.bus)
    credential: TokenCredential | None = None
    if "=" not in target.bus:
        from azure.identity import DefaultAzureCredential

        credential = DefaultAzureCredential()
    return bus.looked_at(target.bus, management, credential)


def _bot(target: Target, asked_bot: str, manager: str) -> BotSeen | None:
    if not asked_bot:
        return None
    at = str(target.local.get("resourceManager") or manager)
    return bot.looked_at(asked_bot, at, bot.credential_for(target.local))


def _canary(target: Target, findings: Sequence[Finding]) -> CanarySeen:
    """Send a canary, unless it would be refused and leave a copy of the refusal."""
    needed = (Check.APP, Check.TOKEN, Check.POLICY, Check.SERVICE_BUS)
    failed = {one.check for one in findings if one.verdict is Verdict.FAIL}
    if first := next((one for one in needed if one in failed), None):
        return CanarySeen(done=(), took=timedelta(), failed=f"not sent; mend check {first} first")
    return canary.run(target)
