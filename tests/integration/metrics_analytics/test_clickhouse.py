"""A metrics service whose reports ClickHouse answers: its own engine, behind HTTP, in a process of its own."""

import contextlib
from typing import Any

import grpc
import grpc.aio
from google.protobuf import json_format
from mirante.api.metrics.v1 import analytics_service_pb2 as pb2
from mirante.api.metrics.v1 import report_pb2
from mirante.api.metrics.v1.analytics_service_pb2_grpc import AnalyticsServiceStub
from mirante.api.telemetry.v1 import event_pb2, identity_service_pb2, privacy_service_pb2
from pydantic import SecretStr

from tests.support.clickhouse_http import clickhouse_process
from tests.support.metrics_serving import metrics_serving
from tests.support.serving import Datastores, eventually
from tests.support.telemetry_events import event_id, sale

_ACTORS: dict[str, Any] = {
    "scope": {"tenant": "acme", "last": {"count": 7}},
    "series": {"measure": "SERIES_MEASURE_ACTORS"},
}

_IS_PRO = {"property": {"name": "plano", "origin": "PROPERTY_ORIGIN_TRAIT"}, "values": ["pro"]}
_OF_PLAN: dict[str, Any] = {**_ACTORS, "scope": {**_ACTORS["scope"], "filters": [_IS_PRO]}}


async def test_reports_are_answered_by_clickhouse(stores: Datastores) -> None:
    """People who are joined are one, who is erased is gone, and without it there is no answer."""
    with clickhouse_process() as (url, server):
        settings: dict[str, Any] = {"analytics_clickhouse_url": SecretStr(url), "report_processes": 1}
        settings |= {"analytics": True, "analytics_seconds": 0.05, "analytics_trait_seconds": 0.05}
        async with metrics_serving(stores, **settings) as serving:
            telemetry, stub = serving.telemetry, AnalyticsServiceStub(serving.channel)
            admin = telemetry.key("admin")

            async def actors(asked: dict[str, Any] = _ACTORS) -> int:
                request = pb2.RunReportRequest(question=json_format.ParseDict(asked, report_pb2.Question()))
                answer: Any = await stub.RunReport(request, metadata=serving.key("reader"))
                return int(answer.answer.result.series.total)

            async def until(expected: int) -> None:
                async def holds() -> bool:
                    # Until something has come in, there is no such event.
                    with contextlib.suppress(grpc.aio.AioRpcError):
                        return await actors() == expected
                    return False

                await eventually(holds)

            visit = event_pb2.Event(id=event_id(), name="pagina_vista", tenant="acme", anonymous_id="d-1")
            await telemetry.send(sale(user_id="ana"), sale(user_id="ana"), sale(user_id="bia"), visit)
            await until(3)
            alias = identity_service_pb2.AliasRequest(tenant="acme", anonymous_id="d-1", user_id="bia")
            await telemetry.identity.Alias(alias, metadata=telemetry.key("server"))
            await until(2)
            identify = identity_service_pb2.IdentifyRequest(tenant="acme", user_id="bia")
            identify.traits["plano"].string_value = "pro"
            await telemetry.identity.Identify(identify, metadata=telemetry.key("server"))

            async def is_of_plan() -> bool:
                # Until telemetry has told of it, nobody has such a trait.
                with contextlib.suppress(grpc.aio.AioRpcError):
                    return await actors(_OF_PLAN) == 1
                return False

            await eventually(is_of_plan)
            subject = privacy_service_pb2.Subject(tenant="acme", user_id="ana")
            erase = privacy_service_pb2.EraseSubjectRequest(subject=subject, reason="pedido")
            await telemetry.privacy.EraseSubject(erase, metadata=admin)
            await until(1)
            server.kill()
            server.wait()
            await telemetry.send(sale(user_id="eva"))

            async def unanswered() -> bool:
                # What was answered before is remembered until something is new.
                try:
                    await actors()
                except grpc.aio.AioRpcError as error:
                    return error.code() is grpc.StatusCode.UNAVAILABLE
                return False

            await eventually(unanswered)
