"""What a sound deployment answers when it is examined, for tests that change one thing of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rollcall.doctor.finding import Finding, Place, Verdict
from rollcall.doctor.of_bus import QUEUES, TOPIC
from rollcall.doctor.seen import (
    AppSeen,
    BotSeen,
    BusSeen,
    CallbackSeen,
    Described,
    EntitySeen,
    Knock,
)

NOW = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
ORGANIZER = "2f6b0c1d-94d4-4b8a-8f0e-7a1d5c3e0b02"
BOT_APP = "9d2e4b7a-5f8c-4d1e-a3b6-8c7f0e1d2a05"
URL = "https://func-rollcall.azurewebsites.net"
WEBHOOK = f"{URL}/api/calls"
BOT = "/subscriptions/s/resourceGroups/rg-rollcall/providers/Microsoft.BotService/botServices/bot-1"
PLACE = Place(url=URL, bot=BOT, namespace="sb-rollcall", bot_app_id=BOT_APP)
LOCAL = Place(url="http://127.0.0.1:7071", bot_app_id=BOT_APP)
NEEDED = ["OnlineMeetings.ReadWrite.All", "Calls.JoinGroupCall.All"]


def examination(**changes: Any) -> dict[str, Any]:
    """Return the answer of a sound app, with members of its parts changed."""
    parts: dict[str, Any] = {
        "settings": {
            "required": ["TABLES", "TENANT_ID"],
            "given": ["CALL_RECORDS", "TABLES", "TENANT_ID"],
            "missing": [],
        },
        "token": {"error": None, "needed": NEEDED, "roles": NEEDED},
        "organizer": {
            "id": ORGANIZER,
            "error": None,
            "status": 200,
            "code": "",
            "enabled": True,
            "teams": True,
        },
        "signingKeys": {"url": "https://keys.example", "error": None, "count": 3},
        "store": {"error": None},
        "clock": {"now": "2026-09-14T08:00:00Z", "graphAheadSeconds": 0.4, "withinSeconds": 0.6},
    }
    changed = {name: {**part, **changes.get(name, {})} for name, part in parts.items()}
    ids = {"version": "1.2.3", "publicUrl": URL, "tenantId": "t", "botAppId": BOT_APP}
    return {**ids, **changed, "policy": changes.get("policy", [probe()])}


def probe(**changes: Any) -> dict[str, Any]:
    """Return what became of a probe meeting."""
    return {
        "organizerId": ORGANIZER,
        "made": True,
        "code": None,
        "message": None,
        "status": None,
        "left": None,
    } | changes


def knock(status: int | None = 401, *, seconds: float = 0.02, error: str = "") -> Knock:
    """Return an answer of the callback URL."""
    return Knock(status=status, took=timedelta(seconds=seconds), error=error)


def callback_seen(**changes: Any) -> CallbackSeen:
    """Return a sound callback URL."""
    sound: dict[str, Any] = {
        "url": WEBHOOK,
        "first": knock(),
        "again": knock(),
        "foreign": knock(),
        "expires": NOW + timedelta(days=60),
        "at": NOW,
    }
    return CallbackSeen(**sound | changes)


def described(**changes: Any) -> Described:
    """Return how a queue is set up by infra/."""
    sound: dict[str, Any] = {
        "active": True,
        "duplicate_detection": False,
        "lock": timedelta(minutes=1),
        "most_deliveries": 10,
        "sessions": False,
    }
    return Described(**sound | changes)


def bus_seen(changed: EntitySeen | None = None) -> BusSeen:
    """Return a sound namespace, with one entity in place of that of its name."""
    topic = EntitySeen(name=TOPIC, described=Described(active=True, duplicate_detection=True))
    queues = [EntitySeen(name=name, dead_letters=0, described=described()) for name in QUEUES]
    entities = [
        changed if changed is not None and changed.name == one.name else one
        for one in (*queues, topic)
    ]
    return BusSeen(entities=tuple(entities))


def bot_seen(**changes: Any) -> BotSeen:
    """Return a sound bot; `channel` members replace those of a sound channel."""
    channel = {"isEnabled": True, "enableCalling": True, "callingWebhook": WEBHOOK}
    return BotSeen(status=200, app_id=BOT_APP, channel=channel | changes)


def app_seen(status: int | None, **members: Any) -> AppSeen:
    """Return an app that did not examine itself."""
    return AppSeen(status=status, **members)


def verdicts(findings: tuple[Finding, ...]) -> list[Verdict]:
    """Return the verdict of each."""
    return [one.verdict for one in findings]


def mended(finding: Finding) -> str:
    """Return all of what mends it, in one text."""
    return "\n".join(finding.mend)
