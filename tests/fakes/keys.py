"""A signer whose keys tests hold: fetching takes no time."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shared.ports import Clock, KnownKeys


@dataclass
class FakeSigningKeys:
    """Implements `ports.SigningKeys`. `published`: what the signer has; `down`: it does not answer.

    `begun` has when each fetch began.
    """

    clock: Clock
    published: Mapping[str, Any]
    down: bool = False
    begun: list[datetime] = field(default_factory=list)
    now_known: KnownKeys = field(default_factory=KnownKeys)

    def known(self) -> KnownKeys:
        """See `ports.SigningKeys.known`."""
        return self.now_known

    def fetch(self) -> Awaitable[None]:
        """See `ports.SigningKeys.fetch`."""
        began = self.clock.now()
        self.begun.append(began)
        if self.down:
            self.now_known = replace(self.now_known, failed_at=began)
        else:
            self.now_known = KnownKeys(by_id=dict(self.published), read_at=began)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done
