"""A bus whose events name the schema of their data. Adapter: knows where this app is served."""

from collections.abc import Iterable, Sequence

from shared.events.cloud_events import naming_schema
from shared.ports import Bus
from shared.words.outgoing import Outgoing


class NamingSchemas:
    """Implements `ports.Bus` over another one."""

    def __init__(self, bus: Bus, *, schemas: str) -> None:
        """`schemas` is the absolute URL under which the schemas are served."""
        self._bus, self._schemas = bus, schemas

    async def send(self, messages: Sequence[Outgoing]) -> None:
        await self._bus.send([naming_schema(one, self._schemas) for one in messages])

    def expect(self, entities: Iterable[str]) -> None:
        self._bus.expect(entities)

    async def check(self) -> None:
        await self._bus.check()
