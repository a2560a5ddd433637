"""The primary Postgres dies, and its synchronous standby takes over, while a node of the Valkey cluster is gone too."""

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from typing import Final

from tests.support.faults.steady_load import CrowdType, steady_load
from tests.support.postgres_pair import postgres_pair
from tests.support.replicated_mirante import replicated_mirante
from tests.support.valkey_cluster import running_cluster

_STEADY_SECONDS: Final = 4.0
_TOLD: Final = {"changes: UNAVAILABLE STORE_UNAVAILABLE", "batches: UNAVAILABLE STORE_UNAVAILABLE", "events: RETRY"}
"""What clients may be told while there is no primary. Evaluations need none."""
_LONGEST_SECONDS: Final = 20.0
"""
Of one failover, as far as clients notice. How many events are sent again meanwhile is up to those who send them: these
try ten times a second.
"""
_REFUSED_EACH: Final = 300
"""Changes, and looks at what became of them, that one writer has refused in one failover, at the most."""


async def failed_over(
    crowd_type: CrowdType, *, streams: int, failovers: int, events_per_second: float
) -> dict[str, object]:
    """Return what happened, after nothing that was acknowledged was lost and everything was well again by itself."""
    well: list[float] = []
    happened: Counter[str] = Counter()
    async with AsyncExitStack() as stack:
        # It has an event loop of its own while it starts.
        cluster = await asyncio.to_thread(stack.enter_context, running_cluster())
        pair = await stack.enter_async_context(postgres_pair())
        services = await stack.enter_async_context(replicated_mirante(pair.url, cluster.url))
        async with steady_load(services, crowd_type, streams=streams, events_per_second=events_per_second) as load:
            for number in range(failovers):
                await asyncio.sleep(_STEADY_SECONDS)
                cluster.nodes[number % len(cluster.nodes)].kill()
                happened["nodes of Valkey killed"] += 1
                await asyncio.sleep(_STEADY_SECONDS)
                began = time.monotonic()
                await pair.fail_over()
                happened["primaries killed"] += 1
                await load.until_written()
                await load.seconds_until_current()
                well.append(time.monotonic() - began)
                await asyncio.sleep(_STEADY_SECONDS)
                await pair.rejoin()
                await cluster.heal()
                await cluster.flush()
                await load.seconds_until_current()
    errors = load.errors()
    assert set(errors) <= _TOLD, errors
    assert max(well) <= _LONGEST_SECONDS, well
    assert errors.get("changes: UNAVAILABLE STORE_UNAVAILABLE", 0) <= failovers * _REFUSED_EACH, errors
    return {
        **happened,
        "seconds from the kill until both were taken and all clients current": [round(each, 1) for each in well],
        **load.counts,
    }
