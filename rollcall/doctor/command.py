"""Gathers what is there, has it checked, prints the findings."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from rollcall.console import progress, say, write_json
from rollcall.doctor import of_app, of_bus, of_outside
from rollcall.doctor.asked import Asked
from rollcall.doctor.finding import NAMESPACE, Check, Finding, Place, Verdict, exit_code
from rollcall.doctor.gathering import app, bus, canary
from rollcall.doctor.gathering.resources import NotRead, resource_manager
from rollcall.doctor.report import lines, summary
from rollcall.doctor.seen import AppSeen, BotSeen, CanarySeen
from rollcall.target import Target

ENDPOINT = re.compile(r"Endpoint=sb://([^/:;]+)", re.IGNORECASE)
HOST = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]*")
STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


def run(target: Target, asked: Asked) -> int:
    """Examine a deployment and print what was found; return the exit code. Raises `Failed`."""
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
    asked = asked.or_of(target.local).checked()
    now = datetime.now(UTC)

    with progress("the app examines itself ..."):
        of_itself = app.examined(url, target.key, asked.organizers)
    place = _place(url, bus_at, asked, of_itself)
    findings = [*of_outside.app(of_itself, place), *_of_app(of_itself, place, target, asked)]

    answer = of_itself.answer or {}
    public_url = str(answer.get("publicUrl") or url)
    with progress("knocking at the callback URL ..."):
        knocked = app.callback(public_url, tenant_id=str(answer.get("tenantId", "")), now=now)
    findings += of_outside.callback(knocked, place)

    with progress("looking at Service Bus ..."):
        findings += of_bus.service_bus(bus.looked_at(target), place)

    with progress("looking at the Azure Bot ..."):
        seen = _bot(target, asked)
    findings += of_outside.bot(seen, place, f"{public_url}/api/calls")

    if asked.canary:
        with progress("a canary meeting is made, joined and cancelled ..."):
            findings += of_outside.canary(_canary(target, findings))
    order = list(Check)
    return sorted(findings, key=lambda one: order.index(one.check))


def _place(url: str, bus_at: str, asked: Asked, seen: AppSeen) -> Place:
    named = ENDPOINT.search(bus_at)
    host = named[1] if named else "" if "=" in bus_at else bus_at
    known = {}
    if seen.answer is not None:
        known["bot_app_id"] = str(seen.answer["botAppId"])
    # A host name of Azure begins with the namespace's name; an address of this machine does not.
    local = host in ("127.0.0.1", "localhost")
    return Place(
        url=url,
        bot=asked.bot,
        site=asked.site,
        namespace=NAMESPACE if local or not HOST.fullmatch(host) else host.partition(".")[0],
        **known,
    )


def _of_app(seen: AppSeen, place: Place, target: Target, asked: Asked) -> list[Finding]:
    answer = seen.answer
    if answer is not None:
        return [one for check in of_app.OF_APP.values() for one in check(answer, place)]
    found = list(of_outside.unexamined(tuple(of_app.OF_APP)))
    if not asked.site:
        return found
    others = [one for one in found if one.check is not Check.SETTINGS]
    try:
        with resource_manager(asked.manager, target.local) as manager:
            return [of_app.settings_of_site(manager.setting_names(asked.site), place), *others]
    except NotRead as error:
        text = f"not examined, for the app did not examine itself, and Azure lists none: {error}"
        return [Finding(check=Check.SETTINGS, verdict=Verdict.WARN, seen=text), *others]


def _bot(target: Target, asked: Asked) -> BotSeen | None:
    if not asked.bot:
        return None
    try:
        with resource_manager(asked.manager, target.local) as manager:
            return manager.bot(asked.bot)
    except NotRead as error:
        return BotSeen(error=str(error))


def _canary(target: Target, findings: Sequence[Finding]) -> CanarySeen:
    """Send a canary, unless it would be refused and leave a copy of the refusal."""
    needed = (Check.APP, Check.TOKEN, Check.POLICY, Check.SERVICE_BUS)
    failed = {one.check for one in findings if one.verdict is Verdict.FAIL}
    if first := next((one for one in needed if one in failed), None):
        return CanarySeen(done=(), took=timedelta(), failed=f"not sent; mend check {first} first")
    return canary.run(target)
