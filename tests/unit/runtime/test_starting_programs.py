"""Services start programs while their gRPC is at work."""

import os
import subprocess
import sys

_PROGRAM = """
import asyncio, sys
import services
import grpc.aio
from services.runtime.process import run

async def main():
    server = grpc.aio.server()
    port = server.add_insecure_port("localhost:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"localhost:{port}") as channel:
        await channel.channel_ready()
        for _ in range(5):
            process = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", "")
            print(await process.wait())
    await server.stop(None)

run(main())
"""


def test_grpc_does_nothing_about_forks() -> None:
    """What it does, or says that it has not done, would be between the fork and the start of the other program."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GRPC_")}
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, env=environment, timeout=120, check=True
    )
    assert run.stdout.split() == ["0"] * 5
    assert "fork" not in run.stderr
