"""What the service tells about itself, and what it keeps to itself."""

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.runtime.telemetry.logs import log_handler
from services.telemetry.ingestion import ingest_servicer
from tests.support.observers import ORDINARY_LABELS, Collector, collecting, scraped
from tests.support.serving import Datastores, eventually, refused
from tests.support.telemetry_events import sale
from tests.support.telemetry_serving import ACCEPTED, INGEST, IngestStream, TelemetryServing, telemetry_serving

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


async def test_prometheus_sees_events_streams_and_the_log(stores: Datastores) -> None:
    """By method, status, reason and environment; nothing tells tenants, people, events or keys apart."""
    async with telemetry_serving(stores, prometheus_port=0, tenant_quota=2.0) as service:
        bad = sale("tenant-77", "ana-77")
        bad.name = "Evento-77"
        assert await service.send(*[sale("tenant-77", "ana-77") for _ in range(10)], bad) != []
        await refused(service.send(sale("tenant-77", "ana-77")))
        await refused(service.send(sale(), environment="staging"))
        stream = IngestStream(service.channel, service.key("server"))
        await stream.send(sale("tenant-78"))
        assert await stream.next() == (0, [ACCEPTED])
        following = service.follow()
        assert isinstance(await following.read(), log_pb2.FollowEventsResponse)

        async def seen() -> dict[str, float]:
            return await scraped(service.service.prometheus_port)

        async def caught_up() -> bool:
            return (await seen()).get('mirante_log_lag_seconds{environment="production"}') == 0

        await eventually(caught_up)
        found = await seen()
        for status, calls in (("OK", 1), ("RESOURCE_EXHAUSTED", 1), ("PERMISSION_DENIED", 1)):
            labels = f'{{rpc_grpc_status="{status}",rpc_method="{INGEST[1:]}"}}'
            assert found[f"rpc_server_duration_seconds_count{labels}"] == calls
        assert found["mirante_events_committed_total"] == 11
        assert found['mirante_events_refused_total{reason="quota"}'] == 1
        assert found['mirante_events_refused_total{reason="queue"}'] == 0
        assert found["mirante_events_waiting"] == found["mirante_events_waiting_size_bytes"] == 0
        for method in ("IngestService/IngestStream", "EventLogService/FollowEvents"):
            assert found[f'mirante_streams_open{{rpc_method="mirante.api.telemetry.v1.{method}"}}'] == 1
        assert found["mirante_log_horizon_age_seconds"] >= 0
        assert found["mirante_hints_lost_total"] == 0
        assert {label for name in found for label in re.findall(r"(\w+)=", name)} <= ORDINARY_LABELS
        assert "77" not in re.sub(r'service_instance_id="[^"]*"', "", " ".join(found))
        assert "venda" not in " ".join(found)
        following.cancel()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Yield a collector that the standard variables name."""
    with collecting() as (collector, url):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        yield collector


async def test_traced_calls_are_exported(stores: Datastores, collector: Collector) -> None:
    """As children of the caller's span, without anything of the events; metrics go the same way."""
    async with telemetry_serving(stores) as service:
        header = ("traceparent", f"00-{TRACE}-{SPAN}-01")
        bad = sale(user_id="ana-77", venda_id="venda-77")
        bad.name = "Evento-77"
        await service.send(sale(user_id="ana-77", venda_id="venda-77"), bad, key=(*service.key("server"), header))
        await refused(service.send(sale(), key=(*service.key("reader"), header)))
    spans = [span for span in collector.spans if span.trace_id.hex() == TRACE]
    assert [span.name for span in spans] == [INGEST[1:]] * 2
    assert {span.parent_span_id.hex() for span in spans} == {SPAN}
    codes = [each.value.int_value for span in spans for each in span.attributes if each.key == "rpc.grpc.status_code"]
    assert codes == [0, 7]
    told = "".join(map(str, collector.spans))
    assert [word for word in ("ana-77", "venda-77", "Evento-77", "secret of") if word in told] == []
    assert {"rpc.server.duration", "mirante.events.committed", "mirante.log.horizon.age"} <= collector.metrics


async def test_a_fault_reaches_the_log_and_not_the_caller(
    service: TelemetryServing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller of a method or stream gets a fixed text; the log has the cause under the caller's trace."""

    def broken(_results: object) -> list[object]:
        raise KeyError("the data of somebody else")

    monkeypatch.setattr(ingest_servicer, "problems", broken)
    header = ("traceparent", f"00-{TRACE}-{SPAN}-00")
    found = await refused(service.send(sale(), key=(*service.key("server"), header)))
    assert (found.code, found.reason, found.metadata) == ("INTERNAL", "INTERNAL", {"trace_id": TRACE})
    stream = IngestStream(service.channel, (*service.key("server"), header))
    await stream.send(sale())
    end = await stream.end()
    assert (end.code, end.metadata) == ("INTERNAL", {"trace_id": TRACE})
    assert found.message == end.message == "the service failed; the cause is in its log under the trace id"
    records = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert [each.trace_id for each in records] == [TRACE, TRACE]  # type: ignore[attr-defined]  # set by the logger's caller
    assert all(each.exc_info is not None for each in records)


async def test_logs_are_json_without_people_and_secrets(stores: Datastores, caplog: pytest.LogCaptureFixture) -> None:
    """Of a service that is started, used well and badly, and stopped, at whatever level."""
    caplog.set_level(logging.DEBUG)
    people = ("ana-77", "device-77", "session-77", "venda-77", "Evento-77", "tenant-77")
    async with telemetry_serving(stores) as service:
        good, bad, junk = (sale("tenant-77", "ana-77", venda_id="venda-77") for _ in range(3))
        good.anonymous_id, good.session_id = "device-77", "session-77"
        bad.name = "Evento-77"
        junk.user_id = "ana-77\x00"
        reused = sale("tenant-77", "ana-77", venda_id="outra-77")
        reused.id = good.id
        found = await service.send(good, bad, junk, reused, junk.SerializeToString()[:-2])
        assert [each.status for each in found] == ["ACCEPTED", *["REJECTED"] * 4]
        await refused(service.send(good, key=(("authorization", "Bearer hush-hush"),)))
    handler = log_handler()
    assert isinstance(handler, logging.StreamHandler)
    handler.stream = io.StringIO()
    for record in caplog.records:
        handler.handle(record)
    lines = [json.loads(line) for line in handler.stream.getvalue().splitlines()]
    assert {"ready", "draining"} <= {line["message"] for line in lines}
    everything = json.dumps(lines) + str([vars(record) for record in caplog.records])
    secrets = (*service.registry.keys, "hush-hush", stores.database_url)
    assert [word for word in (*people, *secrets) if word in everything] == []
