"""
A process that brings in the demo's history, for tests to kill: `python importing_program.py ADDRESS KEY POSITION`.

Goes on where the service says that the history stands; POSITION is where it begins.
"""

import asyncio
import sys

import grpc.aio

from services.demo_shop.importing import import_history
from services.demo_shop.position import Position
from services.demo_shop.telemetry_calls import TelemetryCalls
from tests.support.demo_story import HashedFlags


async def main(address: str, key: str, position: str) -> None:
    """Bring it in."""
    async with grpc.aio.insecure_channel(address) as channel:
        calls = TelemetryCalls(channel, key, key)
        found = await calls.imported()
        await import_history(calls, found[0] if found else Position.read(position), HashedFlags())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
