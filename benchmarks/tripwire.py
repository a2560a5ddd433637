"""
How long does it take from the first bad event of a rolled out variant until the last client serves it no more?

Half of 500 users have the variant, 1,000 events a second in all, 20 in-process clients. Again and again the users with
the variant begin to meet errors, a tripwire on the share of users with errors kills the flag, and a person resumes the
rollout. The time begins when the first bad event is made, and ends when the last client evaluates the flag as off. The
services and the load share the machine.
"""

import argparse
import asyncio
import random
import threading
import time
from contextlib import AsyncExitStack
from functools import partial

import grpc
import grpc.aio
from mirante import Mirante
from mirante.api.flags.v1 import flag_pb2, rollout_guard_pb2, rollout_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as rollouts_pb2
from mirante.api.flags.v1.rollout_service_pb2_grpc import RolloutServiceStub
from mirante.api.telemetry.v1 import event_pb2, ingest_service_pb2
from mirante.api.telemetry.v1.ingest_service_pb2_grpc import IngestServiceStub
from mirante.telemetry.event_id import uuid7
from mirante.wire import value_to_proto

from benchmarks.measuring import median, report
from benchmarks.processes import child
from benchmarks.services_under_test import ENVIRONMENT, create_flag, free_port, serving, switch_flag
from benchmarks.services_with_telemetry import Telemetry, telemetry_services

USERS = 500
CLIENTS = 20
TICK_SECONDS = 0.02
FLAG = "nova"
_MOST_IN_A_BATCH = 1_000


class Clients:
    """In-process clients, and the moment at which the last of them turned."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._turned = threading.Semaphore(0)
        self._times: list[float] = []
        self._wanted: dict[int, bool] = {}
        services = telemetry.services
        self.clients = [
            Mirante(f"127.0.0.1:{services.ports[0]}", api_key=services.keys["server"], name="bench")
            for _ in range(CLIENTS)
        ]
        for number, client in enumerate(self.clients):
            assert client.wait_until_ready(30)
            client.on_change(partial(self._look, number))

    def treated(self) -> list[int]:
        """Return the users who have the variant now."""
        return [user for user in range(USERS) if self.clients[0].is_enabled(FLAG, _context(user))]

    def first_treated(self) -> int:
        """Wait for the first stage; return a user who has the variant in it."""
        while not (treated := self.treated()):
            time.sleep(0.05)
        return treated[0]

    def expect(self, user: int, *, enabled: bool) -> None:
        """Wait until all give a user this answer."""
        self._user, self._times = user, []
        self._wanted = dict.fromkeys(range(CLIENTS), enabled)
        for number in range(CLIENTS):
            self._look(number, ())

    def last_turned(self) -> float:
        """Return when the last client gave the answer (`time.perf_counter`)."""
        for _ in self.clients:
            assert self._turned.acquire(timeout=60)
        return max(self._times)

    def _look(self, number: int, _keys: object) -> None:
        wanted = self._wanted.get(number)
        if wanted is None or self.clients[number].is_enabled(FLAG, _context(self._user)) is not wanted:
            return
        if self._wanted.pop(number, None) is not None:
            self._times.append(time.perf_counter())
            self._turned.release()


class Traffic:
    """Events at a steady rate; while `bad`, users of the list meet errors."""

    def __init__(self, channel: grpc.aio.Channel, key: str, rate: int) -> None:
        self._stub, self._rate = IngestServiceStub(channel), rate
        self._metadata = (("authorization", f"Bearer {key}"),)
        self._random = random.Random(3)
        self.bad: set[int] = set()
        self.first_bad: float | None = None
        self.sent = 0

    async def run(self) -> None:
        """Send for ever."""
        began = time.monotonic()
        while True:
            due = min(_MOST_IN_A_BATCH, int((time.monotonic() - began) * self._rate) - self.sent)
            if due > 0:
                self.sent += due
                await self.send([self._event(self._random.randrange(USERS)) for _ in range(due)])
            await asyncio.sleep(TICK_SECONDS)

    async def send(self, events: list[event_pb2.Event]) -> None:
        """Send a batch."""
        request = ingest_service_pb2.IngestRequest(environment=ENVIRONMENT, events=events)
        answer = await self._stub.Ingest(request, metadata=self._metadata, timeout=30)
        if set(answer.statuses) != {ingest_service_pb2.EVENT_STATUS_ACCEPTED}:
            raise RuntimeError(f"not all were accepted: {answer.problems[:1]}")

    def _event(self, user: int) -> event_pb2.Event:
        if user not in self.bad:
            return event(user, "dashboard_acessado")
        if self.first_bad is None:
            self.first_bad = time.perf_counter()
        return event(user, "erro_frontend", tipo="TypeError", mensagem="x is undefined")


def event(user: int, name: str, **properties: str | int) -> event_pb2.Event:
    """Return an event that happens now."""
    made = event_pb2.Event(id=uuid7().bytes, name=name, tenant="acme", user_id=f"user-{user}")
    made.occurred_at.FromNanoseconds(time.time_ns())
    for key, value in properties.items():
        made.properties[key].CopyFrom(value_to_proto(value))
    return made


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--rate", type=int, default=1_000, help="events per second in all")
    arguments = parser.parse_args()
    async with AsyncExitStack() as stack:
        telemetry = await stack.enter_async_context(telemetry_services(pinned=False))
        port = free_port()
        settings = {
            "DATABASE_URL": telemetry.services.datastores.database_url,
            "REDIS_URL": telemetry.services.datastores.redis_url,
            "MIRANTE_HOME": str(telemetry.services.home),
            "MIRANTE_FLAGS_ADDRESS": f"127.0.0.1:{telemetry.services.ports[0]}",
            "MIRANTE_TELEMETRY_ADDRESS": f"127.0.0.1:{telemetry.ports[0]}",
            "MIRANTE_METRICS_PORT": str(port),
        }
        stack.enter_context(child(["-m", "services.metrics"], settings, pinned=False))
        await serving(port)
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{telemetry.ports[0]}"))
        traffic = Traffic(channel, telemetry.services.keys["server"], arguments.rate)
        sending = asyncio.create_task(traffic.run())
        began = time.monotonic()
        times = await _trials(telemetry, traffic, arguments.trials)
        rate = traffic.sent / (time.monotonic() - began)
        sending.cancel()
    ordered = sorted(times)
    report(
        "first bad event to the last client off",
        {
            "trials": len(ordered),
            "clients": CLIENTS,
            "events_per_second": round(rate),
            "p50_ms": median(ordered),
            "p90_ms": _at(ordered, 0.9),
            "p99_ms": _at(ordered, 0.99),
            "max_ms": _at(ordered, 1.0),
        },
    )


async def _trials(telemetry: Telemetry, traffic: Traffic, trials: int) -> list[float]:
    plans = RolloutServiceStub(grpc.insecure_channel(f"127.0.0.1:{telemetry.services.ports[0]}"))
    metadata = (("authorization", f"Bearer {telemetry.services.keys['admin']}"),)
    flag = switch_flag(FLAG)
    flag.ClearField("rules")
    flag.fallthrough.CopyFrom(flag_pb2.Serve(variant="off"))
    create_flag(telemetry.services, flag)
    draft = rollouts_pb2.CreateRolloutRequest(environment=ENVIRONMENT, plan=_plan())
    rollout_id = plans.CreateRollout(draft, metadata=metadata).rollout.id
    plans.StartRollout(
        rollouts_pb2.StartRolloutRequest(environment=ENVIRONMENT, rollout_id=rollout_id), metadata=metadata
    )
    clients = await asyncio.to_thread(Clients, telemetry)
    resume = rollouts_pb2.ResumeRolloutRequest(environment=ENVIRONMENT, rollout_id=rollout_id, comment="benchmark")
    always = await asyncio.to_thread(clients.first_treated)
    chance = random.Random(5)
    found: list[float] = []
    for trial in range(trials):
        if trial:
            await asyncio.to_thread(plans.ResumeRollout, resume, metadata=metadata)
        clients.expect(always, enabled=True)
        await asyncio.to_thread(clients.last_turned)
        treated = clients.treated()
        given = [clients.clients[0].details(FLAG, _context(user)) for user in treated]
        told = [
            event(user, "flag_exposta", flag=FLAG, variant="on", version=each.flag_version, rule_id=each.rule_id)
            for user, each in zip(treated, given, strict=True)
        ]
        await traffic.send(told)
        await asyncio.sleep(chance.uniform(2.0, 4.0))
        clients.expect(treated[0], enabled=False)
        traffic.first_bad, traffic.bad = None, set(treated)
        last = await asyncio.to_thread(clients.last_turned)
        traffic.bad = set()
        assert traffic.first_bad is not None
        found.append((last - traffic.first_bad) * 1e3)
    for client in clients.clients:
        client.close()
    return found


def _plan() -> rollout_pb2.RolloutPlan:
    wire = rollout_guard_pb2.Tripwire(
        measure=rollout_guard_pb2.TRIPWIRE_MEASURE_ACTOR_SHARE, events=["erro_frontend"], limit=0.05
    )
    guard = rollout_guard_pb2.Guard(name="errors", tripwire=wire, action=rollout_guard_pb2.GUARD_ACTION_KILL)
    plan = rollout_pb2.RolloutPlan(flag_key=FLAG, variant="on", guards=[guard])
    plan.stages.add(coverage=50_000).soak.seconds = 86_400
    return plan


def _context(user: int) -> dict[str, str]:
    return {"targeting_key": f"user-{user}"}


def _at(ordered: list[float], share: float) -> float:
    return float(f"{ordered[min(len(ordered) - 1, int(len(ordered) * share))]:.4g}")


if __name__ == "__main__":
    asyncio.run(main())
