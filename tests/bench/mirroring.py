"""A client that mirrors everybody with the project's own SDK; prints its largest resident memory in MB."""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path

from gateway.client import Context, Identity, connect
from tests.bench.stage import LEGAL_BASIS, PURPOSE
from tests.world import BASIC


async def main() -> None:
    """Arguments: identity folder, HOST:PORT."""
    context = Context(PURPOSE, LEGAL_BASIS, "mirror", "nv-0457")
    people = 0
    async with connect(Identity.from_folder(Path(sys.argv[1])), sys.argv[2]) as client:
        async for page in client.follow_pages(fields=BASIC, context=context):
            people += len(page.people)
    if not people:
        raise RuntimeError("nobody was mirrored")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)


if __name__ == "__main__":
    asyncio.run(main())
