"""A Service Bus in memory. The contract suite holds it to what the real one does."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

from shared.bus.outbox import undeliverable
from shared.words.errors import NotSent, Problem, Unavailable
from shared.words.kinds import KindName, problem
from shared.words.outgoing import Outgoing

LONGEST_ID, LARGEST_HEAD, LARGEST = 128, 64 * 1024, 256 * 1024
"""Characters of an id; bytes of all properties, and of a message.

Source: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas
"""


class InMemoryBus:
    """Implements `ports.Bus`. `sent` has everything that was accepted, in order; due or not."""

    def __init__(self, *, unknown: Iterable[str] = ()) -> None:
        """`unknown`: entities that do not exist."""
        self.sent: list[Outgoing] = []
        self.down: set[str] = set()
        """Entities that take nothing for now, as a full one does; the others take theirs."""
        self._unknown = frozenset(unknown)
        self._failing = 0

    def fail_next(self, times: int = 1) -> None:
        """Let the next `times` calls raise `Unavailable`, with nothing sent."""
        self._failing = times

    def sent_to(self, entity: str) -> list[Outgoing]:
        """Return what was sent to `entity`, in order."""
        return [message for message in self.sent if message.entity == entity]

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """See `ports.Bus.send`; entities that do not exist as `ServiceBusOutbox.send` says."""
        await self._answer()
        closed = self._unknown | self.down
        problems: list[Problem] = []
        for message in messages:
            if message.entity in self._unknown:
                missing = replace(problem("no_such_entity"), member=message.entity)
                problems += [missing] if missing not in problems else []
            elif message.entity not in closed and (kind := refused_as(message)) is not None:
                found = problem(kind, message_id=message.message_id)
                problems.append(replace(found, member=message.entity))
            elif message.entity not in closed:
                self.sent.append(message)
        if down := self.down & {message.entity for message in messages}:
            raise NotSent(
                "taking nothing (as the test asked)",
                entities=frozenset(down),
                problems=tuple(problems),
            )
        if problems:
            raise undeliverable(problems)

    def expect(self, entities: Iterable[str]) -> None:
        """See `ports.Bus.expect`; memory is always ready."""

    async def check(self) -> None:
        """See `ports.Bus.check`."""
        await self._answer()

    async def _answer(self) -> None:
        await asyncio.sleep(0)
        if self._failing > 0:
            self._failing -= 1
            raise Unavailable("Service Bus did not answer (as the test asked)")


def refused_as(message: Outgoing) -> KindName | None:
    """Return the kind of problem with a message that no entity takes; None where there is none."""
    if len(message.message_id) > LONGEST_ID or len(message.session_id or "") > LONGEST_ID:
        return "message_refused"
    head, body = head_of(message), message.body
    whole = head + len(body if isinstance(body, bytes) else body.encode())
    return "message_too_large" if head > LARGEST_HEAD or whole > LARGEST else None


def head_of(message: Outgoing) -> int:
    """Return the bytes of all properties of a message, without their encoding."""
    named = (message.message_id, message.correlation_id, message.reply_to, message.subject)
    texts = [text for pair in message.properties.items() for text in pair]
    return sum(len(text.encode()) for text in (*texts, *named) if text)
