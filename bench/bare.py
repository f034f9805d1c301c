"""The floor: the same Graph requests in a bare loop with httpx, one client, nothing kept."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import httpx

from bench.cost import Cost, steady_rate
from bench.load import ATTENDEES, request_of

TIMEOUT_SECONDS = 60.0


async def bare_loop(
    graph: str, organizer_id: str, token: str, *, name: str, count: int, at_once: int
) -> Cost:
    """Send `count` createOrGet requests, `at_once` at a time, and read the answers."""
    url = f"{graph}/v1.0/users/{organizer_id}/onlineMeetings/createOrGet"
    bodies = (_body(f"{name}-{number}") for number in range(count))
    async with httpx.AsyncClient(
        timeout=TIMEOUT_SECONDS,
        limits=httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once),
        trust_env=False,
        headers={"Authorization": f"Bearer {token}"},
    ) as client:
        done: list[float] = []
        used = time.process_time()
        await asyncio.gather(*(_work(client, url, bodies, done) for _ in range(at_once)))
        used = time.process_time() - used
    return Cost(rate=steady_rate(done), cpu_ms=1000 * used / count)


async def _work(
    client: httpx.AsyncClient, url: str, bodies: Iterator[dict[str, Any]], done: list[float]
) -> None:
    for body in bodies:
        answer = await client.post(url, json=body)
        answer.raise_for_status()
        answer.json()
        done.append(time.monotonic())


def _body(request_id: str) -> dict[str, Any]:
    return {
        "externalId": request_id,
        "subject": request_of(request_id)["subject"],
        "startDateTime": "2027-01-04T09:00:00Z",
        "endDateTime": "2027-01-04T10:00:00Z",
        "participants": {"attendees": [{"upn": upn, "role": role} for upn, role in ATTENDEES]},
    }
