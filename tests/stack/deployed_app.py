"""`python -m tests.stack.deployed_app`: builds the app's services from the environment.

Prints what each part says of itself, as one JSON object. A process of its own, because what it
trusts is said before Python starts.
"""

import asyncio
import json

from shared.bootstrap import build
from shared.settings import Settings


async def main() -> None:
    """Examine the parts once, and end without a word more."""
    report = await build(Settings.load()).checkup.report()
    print(json.dumps(dict(report.parts)))  # noqa: T201 - its one line


if __name__ == "__main__":
    asyncio.run(main())
