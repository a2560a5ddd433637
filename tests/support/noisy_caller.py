"""
A process that calls EvaluateFlag far beyond its quota, until its standard input ends.

`python -m tests.support.noisy_caller ADDRESS SECRET CALLS_PER_SECOND` prints one line of JSON when it ends: how many
calls were answered, how many refused by code, reason and whether a delay was given, and the seconds that it took.
It prints another line when it begins.
"""

import asyncio
import json
import sys
import time
from collections import Counter

import grpc.aio
from mirante.api.flags.v1 import evaluation_service_pb2 as pb2
from mirante.api.flags.v1.evaluation_service_pb2_grpc import EvaluationServiceStub

from tests.support.flag_service_process import ENVIRONMENT
from tests.support.flag_writer import refusal_of

_LANES = 20
"""Calls at once."""


async def main() -> None:
    """Call and count."""
    address, secret, rate = sys.argv[1:]
    counts: Counter[str] = Counter()
    start = time.monotonic()
    async with grpc.aio.insecure_channel(address) as channel:
        lanes = [
            asyncio.create_task(_call_for_ever(channel, secret, _LANES / float(rate), counts)) for _ in range(_LANES)
        ]
        print("calling", flush=True)  # noqa: T201
        await asyncio.to_thread(sys.stdin.read)
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
    sys.stdout.write(json.dumps({"seconds": time.monotonic() - start, **counts}) + "\n")


async def _call_for_ever(channel: grpc.aio.Channel, secret: str, every: float, counts: Counter[str]) -> None:
    stub = EvaluationServiceStub(channel)
    request = pb2.EvaluateFlagRequest(flag_key="dark_mode", environment=ENVIRONMENT)
    request.context.targeting_key = "ana"
    due = time.monotonic()
    while True:
        try:
            await stub.EvaluateFlag(request, metadata=(("authorization", f"Bearer {secret}"),), timeout=10)
        except grpc.aio.AioRpcError as error:
            refusal = refusal_of(error)
            counts[f"{refusal.code} {refusal.reason} {bool(refusal.retry_seconds)}"] += 1
        else:
            counts["answered"] += 1
        # A caller that was held up catches up, but not with more than it would have sent in a second.
        due = max(due + every, time.monotonic() - 1.0)
        await asyncio.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    asyncio.run(main())
