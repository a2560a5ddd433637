"""Callers who ask about flags without a pause while something breaks, and remember every answer that was none."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grpc.aio
from mirante import Mirante
from mirante.api.flags.v1 import evaluation_service_pb2 as pb2
from mirante.api.flags.v1.evaluation_service_pb2_grpc import EvaluationServiceStub
from mirante.client.channel import EVALUATION_RETRIES

from tests.support.flag_service_process import CHANNEL_OPTIONS, ENVIRONMENT

if TYPE_CHECKING:
    from mirante.api.flags.v1.evaluation_service_pb2_grpc import EvaluationServiceAsyncStub

CONTEXT = {"targeting_key": "ana", "tenant_id": "empresa-1"}
_PAUSE_SECONDS = 0.005


@dataclass
class ClientProbe:
    """
    Asks a client, on a thread of its own, until the block ends.

    `in_order` says that revisions must not go back, which calls to several replicas cannot promise.
    """

    client: Mirante
    keys: Sequence[str]
    in_order: bool = True
    asked: int = 0
    faults: list[str] = field(default_factory=list)
    lineages: set[str] = field(default_factory=set)

    def __enter__(self) -> "ClientProbe":
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="probe")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        newest: dict[str, int] = {}
        while not self._stop.wait(_PAUSE_SECONDS):
            for key in self.keys:
                answer = self.client.details(key, CONTEXT)
                self.asked += 1
                if answer.error is not None:
                    self.faults.append(f"{key}: {answer.error} {answer.error_message}")
                stamp = answer.stamp
                if self.in_order and stamp.revision < newest.get(stamp.lineage, 0):
                    self.faults.append(f"went back from {newest[stamp.lineage]} to {stamp.revision}")
                newest[stamp.lineage] = stamp.revision
                self.lineages.add(stamp.lineage)


@dataclass
class CallProbe:
    """Asks over gRPC, one call after the other, and remembers failures and how long answers took, in seconds."""

    keys: Sequence[str]
    asked: int = 0
    faults: list[str] = field(default_factory=list)
    took: list[float] = field(default_factory=list)

    async def run(self, target: str, secret: str, pause: float = _PAUSE_SECONDS) -> None:
        """Ask until cancelled."""
        options = (*CHANNEL_OPTIONS, ("grpc.service_config", EVALUATION_RETRIES))
        async with grpc.aio.insecure_channel(target, options=options) as channel:
            stub = EvaluationServiceStub(channel)
            while True:
                for key in self.keys:
                    await self._ask(stub, key, secret)
                    await asyncio.sleep(pause)

    async def _ask(self, stub: "EvaluationServiceAsyncStub", key: str, secret: str) -> None:
        request = pb2.EvaluateFlagRequest(flag_key=key, environment=ENVIRONMENT)
        request.context.targeting_key = CONTEXT["targeting_key"]
        start = time.perf_counter()
        try:
            await stub.EvaluateFlag(request, metadata=(("authorization", f"Bearer {secret}"),), timeout=10)
        except grpc.aio.AioRpcError as error:
            self.faults.append(f"{key}: {error.code().name} {error.details()}")
        else:
            self.took.append(time.perf_counter() - start)
        self.asked += 1


@asynccontextmanager
async def going_on(*work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Do some work beside the block; when the block ends it is cancelled. What it raises, is raised here."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
