"""
How long does a kill take, from KillFlag's answer until the last in-process client evaluates the flag as off?

Two replicas on one Postgres, 20 real clients, half on each replica; the kill goes to the replicas in turn. Once with
Redis, once with Redis dead.
"""

import asyncio
import threading
import time
from functools import partial

from mirante import Mirante
from mirante.api.flags.v1 import flag_admin_service_pb2 as admin_pb2

from benchmarks.measuring import median, report
from benchmarks.services_under_test import ENVIRONMENT, Services, create_flag, flag_services, switch_flag

CLIENTS = 20
KILLS = 200
KILLS_WITHOUT_REDIS = 100
CONTEXT = {"targeting_key": "user-1", "plan": "premium", "regiao": "Sul"}


class Watchers:
    """The clients, and the moment at which the last of them turned."""

    def __init__(self, services: Services) -> None:
        self._turned = threading.Semaphore(0)
        self._times: list[float] = []
        self._wanted = False
        self.clients = [
            Mirante(f"127.0.0.1:{services.ports[number % 2]}", api_key=services.keys["server"], name="bench")
            for number in range(CLIENTS)
        ]
        for client in self.clients:
            client.on_change(partial(self._look, client))
            assert client.wait_until_ready(10)

    def expect(self, *, enabled: bool) -> None:
        """Wait for this answer from now on."""
        self._times.clear()
        self._wanted = enabled

    def last_turned(self) -> float:
        """Return when the last client evaluated as expected (`time.perf_counter`)."""
        for _ in self.clients:
            assert self._turned.acquire(timeout=30)
        return max(self._times)

    def _look(self, client: Mirante, _keys: object) -> None:
        if client.is_enabled("nova", CONTEXT) is self._wanted:
            self._times.append(time.perf_counter())
            self._turned.release()


async def main() -> None:
    """Measure and print."""
    async with flag_services(2) as services:
        create_flag(services, switch_flag("nova"))
        await asyncio.sleep(2)
        watchers = Watchers(services)
        with_redis = [await asyncio.to_thread(_kill, services, watchers, number) for number in range(KILLS)]
        assert services.datastores.valkey is not None
        await services.datastores.valkey.stop()
        await asyncio.sleep(2)
        without = [await asyncio.to_thread(_kill, services, watchers, n) for n in range(KILLS_WITHOUT_REDIS)]
        for client in watchers.clients:
            client.close()
    report(
        "from KillFlag's answer to the last client",
        {"clients": CLIENTS, "replicas": 2, "with_redis_ms": _figures(with_redis), "redis_dead_ms": _figures(without)},
    )


def _kill(services: Services, watchers: Watchers, number: int) -> float:
    admin, metadata = services.admin(number % 2)
    watchers.expect(enabled=False)
    admin.KillFlag(
        admin_pb2.KillFlagRequest(environment=ENVIRONMENT, flag_key="nova", reason="benchmark"), metadata=metadata
    )
    answered = time.perf_counter()
    took = watchers.last_turned() - answered
    watchers.expect(enabled=True)
    admin.RestoreFlag(
        admin_pb2.RestoreFlagRequest(environment=ENVIRONMENT, flag_key="nova", reason="benchmark"), metadata=metadata
    )
    watchers.last_turned()
    return max(0.0, took) * 1e3


def _figures(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "kills": len(ordered),
        "p50": median(ordered),
        "p99": float(f"{ordered[int(len(ordered) * 0.99)]:.4g}"),
        "max": float(f"{ordered[-1]:.4g}"),
    }


if __name__ == "__main__":
    asyncio.run(main())
