"""What a client sees: the app's door, the callback URL, the Azure Bot, a canary meeting. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from rollcall.doctor.finding import LOOPBACK, Check, Finding, Place, Verdict, fail, ok, warn
from rollcall.doctor.seen import AppSeen, BotSeen, CallbackSeen, CanarySeen

QUICK = timedelta(seconds=1)
SOON_EXPIRED = timedelta(days=14)
UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404
CALLS_PAGE = "https://learn.microsoft.com/graph/cloud-communications-get-started"
CHANNEL_PAGE = "https://learn.microsoft.com/microsoftteams/platform/bots/calls-and-meetings/registering-calling-bot"
CERTIFICATE_PAGE = "https://learn.microsoft.com/azure/app-service/configure-ssl-certificate"
KEYS_PAGE = "https://learn.microsoft.com/azure/azure-functions/function-keys-how-to"
BOTS = "az resource list --resource-type Microsoft.BotService/botServices"
ADDRESS = "# Give the address of the function app: --url or ROLLCALL_URL."
MOST_NAMED = 3
REJECTED = "rejected-requests"
STEPS = ("requested", "made", "joined", "left", "recorded", "cancelled")
"""What happens to a canary, in its order."""


def app(seen: AppSeen, place: Place) -> tuple[Finding, ...]:
    """The app answers, and takes the key."""
    answer = seen.answer
    if answer is not None:
        text = f"version {answer['version']} answers at {place.url}"
        return (ok(Check.APP, text),)
    verdict, link = Verdict.FAIL, "docs/operations.md#alerts"
    said = f": {seen.message.rstrip('.')}" if seen.message else ""
    match seen.status:
        case None:
            text = f"{place.url} does not answer: {seen.error}"
            start = "make up" if place.is_local else place.az("start")
            mend: tuple[str, ...] = (start, "# Or give the right address: --url or ROLLCALL_URL.")
        case 401 | 403 as status:
            text = f"{place.url} refuses the function key ({status})"
            link = KEYS_PAGE
            query = "--query functionKeys.default --output tsv"
            key = f"$({place.az('keys list', query)})"
            if place.is_local:
                key = "$(python3 -c \"import json; print(json.load(open('.devstack/endpoints.json'))['functionKey'])\")"  # noqa: E501 - to copy
            mend = (f'export ROLLCALL_KEY="{key}"',)
        case 404 if seen.healthy in (200, 503):
            text = f"the app at {place.url} is older than this command, and examines nothing"
            mend = ("azd deploy",)
        case 404:
            text = (
                f"{place.url} answers, and has none of Rollcall's functions: it is another address,"
                " or the host found no functions, for a setting is missing or wrong"
            )
            link = "docs/operations.md#app-not-indexed"
            mend = (
                place.az("function list", "--output table"),
                place.az("config appsettings list", '--query "[].name" --output tsv'),
            )
        case 200 if seen.misfits:
            text = (
                f"{place.url} answers with members that this command does not know:"
                f" {', '.join(seen.misfits[:MOST_NAMED])}"
            )
            mend = ("azd deploy", "# Or use the rollcall of the app's own version.")
        case 200:
            text = f"something else than Rollcall answers at {place.url}"
            mend = (ADDRESS,)
        case status if 300 <= status < 400:
            text = f"{place.url} redirects to another address ({status})"
            mend = (ADDRESS, "# It begins with https://.")
        case 429 as status:
            text = f"{place.url} answers {status}{said}: it gets too many requests"
            mend = ("# Run it again in a minute.",)
        case status if 400 <= status < 500:
            text = f"{place.url} refuses what this command requests ({status}){said}"
            mend = ("# Check the options. Or use the rollcall of the app's own version.",)
        case status:
            text = f"{place.url} answers {status}{said}"
            mend = ("make up" if place.is_local else place.az("restart"),)
    return (Finding(check=Check.APP, verdict=verdict, seen=text, mend=mend, link=link),)


def unexamined(checks: Sequence[Check]) -> tuple[Finding, ...]:
    """Return what is said of checks that need the app, which did not examine itself."""
    text = "not examined, for the app did not examine itself"
    return tuple(warn(one, text) for one in checks)


def callback(seen: CallbackSeen, place: Place) -> tuple[Finding, ...]:
    """Graph can reach the app, over https, within a second; requests of others are refused."""
    host = urlsplit(seen.url).hostname or ""
    local = host in LOOPBACK
    if local and not place.is_local:
        return (
            _callback_fails(
                f"{seen.url} leads to the app's own machine: Graph cannot reach it",
                place.az("config appsettings set", f"--settings PUBLIC_URL={place.url}"),
            ),
        )
    if seen.first.status is None:
        if "certificate" in seen.first.error.lower():
            command = f"openssl s_client -connect {host}:443 -servername {host} </dev/null"
            return (_callback_fails(f"{host}: {seen.first.error}", command, link=CERTIFICATE_PAGE),)
        start = "make up" if local else place.az("start")
        text = f"{seen.url} does not answer: {seen.first.error}"
        return (_callback_fails(text, start, "# Or PUBLIC_URL names another address."),)
    findings = []
    for knock, what in ((seen.first, "without a token"), (seen.foreign, "for another audience")):
        if knock.status != UNAUTHORIZED:
            text = (
                f"{seen.url} answers a request {what} with {knock.status or knock.error}, not 401"
            )
            findings.append(_callback_fails(text, _curl(seen.url)))
    if seen.expires is not None and seen.expires - seen.at < SOON_EXPIRED:
        text = f"the certificate of {host} expires on {seen.expires:%Y-%m-%d}"
        command = f"az webapp config ssl list --resource-group {place.group} --output table"
        findings.append(warn(Check.CALLBACK, text, command, link=CERTIFICATE_PAGE))
    for knock, what in ((seen.first, "first"), (seen.again, "next")):
        if knock.took > QUICK and not findings:
            text = f"the {what} request took {knock.took.total_seconds():.1f} s; Graph wants 1 s"
            findings.append(
                warn(
                    Check.CALLBACK,
                    text,
                    "azd env set ALWAYS_READY_HTTP 1",
                    "azd provision",
                    link="docs/operations.md#callbacks-slow",
                )
            )
    first, again = (round(knock.took.total_seconds() * 1000) for knock in (seen.first, seen.again))
    scheme = "http on loopback" if local else "https"
    return tuple(findings) or (
        ok(Check.CALLBACK, f"{scheme}, strangers get 401 in {first} ms, then {again} ms"),
    )


def bot(seen: BotSeen | None, place: Place, webhook: str) -> tuple[Finding, ...]:
    """The Azure Bot has the channel of Teams, with calling, and our webhook."""
    named = f"--name {place.bot_name} --resource-group {place.group}"
    if seen is None:
        return (
            warn(
                Check.BOT,
                "not looked at: give the resource id of the Azure Bot, which you get by",
                f'export ROLLCALL_BOT="$({BOTS} --query [].id --output tsv)"',
                link="docs/doctor.md#bot",
            ),
        )
    if seen.error:
        text = f"not looked at: {seen.error}"
        return (warn(Check.BOT, text, "az login", link="docs/doctor.md#bot"),)
    if seen.status != 200:
        text = f"Azure Resource Manager answers {seen.status} for {place.bot}"
        command = f"az bot show {named}"
        if seen.status == NOT_FOUND:
            command = f"{BOTS} --output table"
        return (fail(Check.BOT, text, command),)
    if place.bot_app_id and seen.app_id.lower() != place.bot_app_id.lower():
        text = f"it is the bot of app {seen.app_id}, and BOT_APP_ID is {place.bot_app_id}"
        command = place.az("config appsettings set", f"--settings BOT_APP_ID={seen.app_id}")
        return (fail(Check.BOT, text, command),)
    enable = f"az bot msteams create {named} --enable-calling true --calling-web-hook {webhook}"
    again = (f"az bot msteams delete {named}", enable)
    if seen.channel is None or not seen.channel.get("isEnabled"):
        return (_bot_fails("it has no channel of Teams that is enabled", enable),)
    if not seen.channel.get("enableCalling"):
        return (_bot_fails("calling is off in its channel of Teams: Graph answers 7503", *again),)
    names = str(seen.channel.get("callingWebhook"))
    if names.rstrip("/").lower() != webhook.lower():
        return (_bot_fails(f"its webhook for calls is {names}, not {webhook}", *again),)
    text = "the channel of Teams is on, with calling and our webhook"
    return (ok(Check.BOT, text),)


def canary(seen: CanarySeen) -> tuple[Finding, ...]:
    """A meeting was made, joined, left, recorded and cancelled, and nothing of it is left."""
    if seen.failed:
        at = next((step for step in STEPS if step not in seen.done), STEPS[-1])
        code = f" ({seen.code})" if seen.code else ""
        what = fail(
            Check.CANARY,
            f"not {at}{code}: {seen.failed}",
            f"# {seen.next_step}" if seen.next_step else "rollcall doctor --json",
            link=f"docs/problems.md#{seen.code}" if seen.code else "",
        )
        return (what, *_left(seen))
    seconds = seen.took.total_seconds()
    text = f"made, joined, left, recorded and cancelled in {seconds:.1f} s"
    return _left(seen) or (ok(Check.CANARY, text),)


def _left(seen: CanarySeen) -> tuple[Finding, ...]:
    found = []
    if seen.left:
        text = "its meeting may be left: no cancellation of it was seen"
        send = "# Send this to the queue create-meeting:"
        found.append(fail(Check.CANARY, text, send, seen.left))
    if seen.copies:
        numbers = seen.copies if isinstance(seen.copies, tuple) else ()
        text = (
            f"copies of its refused requests stay in {REJECTED}: {', '.join(map(str, numbers))}"
            if numbers
            else f"copies of its refused requests may stay in {REJECTED}: {seen.copies}"
        )
        named = " ".join(f"--sequence-number {number}" for number in numbers)
        drop = f"rollcall requeue drop --queue {REJECTED} {named}"
        mend = drop if numbers else f"rollcall requeue list --queue {REJECTED}"
        found.append(warn(Check.CANARY, text, mend, link="docs/doctor.md#the-canary"))
    return tuple(found)


def _callback_fails(seen: str, *mend: str, link: str = CALLS_PAGE) -> Finding:
    return fail(Check.CALLBACK, seen, *mend, link=link)


def _bot_fails(seen: str, *mend: str) -> Finding:
    return fail(Check.BOT, seen, *mend, link=CHANNEL_PAGE)


def _curl(url: str) -> str:
    return f"curl --include --request POST --data '{{}}' {url}"
