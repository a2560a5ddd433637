"""The live numbers of tenants, asked of one replica of the metrics service after the other."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Final

import grpc.aio
from google.protobuf.json_format import MessageToDict
from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2
from mirante.api.metrics.v1.live_metrics_service_pb2_grpc import LiveMetricsServiceStub

from tests.support.faults.live_views import View, differences
from tests.support.faults.telemetry_traffic import TENANTS
from tests.support.flag_service_process import CHANNEL_OPTIONS, ENVIRONMENT
from tests.support.replicated_mirante import ReplicatedMirante
from tests.support.sql_recount import minute_of, shown

_CATCH_UP_SECONDS: Final = 120.0


async def all_numbers_right(services: ReplicatedMirante) -> None:
    """Return once every metrics replica shows of every tenant what the database holds; fail with what is wrong."""
    for replica in services.metrics.replicas:
        wrong: Mapping[str, str] = {"": "not asked"}
        try:
            async with asyncio.timeout(_CATCH_UP_SECONDS):
                while wrong:
                    await asyncio.sleep(0.2)
                    views = await _views(replica.address, services.metadata("internal"), TENANTS)
                    missing = {tenant: "catching up" for tenant in TENANTS if tenant not in views}
                    wrong = missing or await differences(services.database_url, views)
        except TimeoutError:
            raise AssertionError(json.dumps(dict(wrong))) from None


async def _views(address: str, metadata: tuple[tuple[str, str], ...], tenants: Iterable[str]) -> dict[str, View]:
    found = {}
    async with grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS) as channel:
        for tenant in tenants:
            request = pb2.GetLiveMetricsRequest(environment=ENVIRONMENT, tenant=tenant)
            answer = await LiveMetricsServiceStub(channel).GetLiveMetrics(request, metadata=metadata, timeout=30)
            if not answer.frame.catching_up:
                frame = MessageToDict(answer.frame)
                found[tenant] = minute_of(frame["asOf"]), shown(frame["metrics"])
    return found
