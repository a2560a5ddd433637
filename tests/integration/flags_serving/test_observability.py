"""What the service tells about itself."""

import json
import logging
import re
from collections.abc import Iterator

import grpc
import pytest
from mirante.api.flags.v1 import evaluation_service_pb2 as pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from services.flags import evaluation_servicer
from tests.support.flag_store import bool_flag
from tests.support.observers import ORDINARY_LABELS, Collector, collecting, scraped
from tests.support.serving import Datastores, Serving, eventually, refused, serving

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def ask(flag_key: str = "a") -> pb2.EvaluateFlagRequest:
    """A question."""
    return pb2.EvaluateFlagRequest(flag_key=flag_key, context=pb2.EvaluationContext(targeting_key="ana"))


async def test_prometheus_sees_calls_streams_and_delivery(stores: Datastores) -> None:
    """By method and status; nothing tells flags, keys or tenants apart."""
    async with serving(stores, prometheus_port=0) as service:
        revision = await service.create(bool_flag("a"))
        await service.evaluation.EvaluateFlag(ask(), metadata=service.key("server"))
        await refused(service.evaluation.EvaluateFlag(ask("missing"), metadata=service.key("server")))
        watcher = await service.watch()
        await watcher.until(revision)
        await watcher.send(applied=sync_pb2.Applied(revision=revision))

        async def delivered() -> bool:
            seen = await scraped(service.service.prometheus_port)
            lag = seen.get('mirante_rules_lag{environment="production"}')
            return seen.get("mirante_rules_delivery_seconds_count") == 1 and lag == 0

        await eventually(delivered)
        seen = await scraped(service.service.prometheus_port)
        method = "mirante.api.flags.v1.EvaluationService/EvaluateFlag"
        for status in ("OK", "NOT_FOUND"):
            assert seen[f'rpc_server_duration_seconds_count{{rpc_grpc_status="{status}",rpc_method="{method}"}}'] == 1
        assert seen['mirante_streams_open{rpc_method="mirante.api.flags.v1.FlagSyncService/WatchFlags"}'] == 1
        assert seen['mirante_calls_refused_total{reason="quota"}'] == 0
        labels = {label for name in seen for label in re.findall(r"(\w+)=", name)}
        assert labels <= ORDINARY_LABELS


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Yield a collector that the standard variables name."""
    with collecting() as (collector, url):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        yield collector


async def test_traced_calls_are_exported(stores: Datastores, collector: Collector) -> None:
    """As children of the caller's span; calls whose caller does not trace them are not. Metrics go the same way."""
    async with serving(stores) as service:
        await service.create(bool_flag("a"))
        for flags in ("01", "00"):
            header = ("traceparent", f"00-{TRACE}-{SPAN}-{flags}")
            await service.evaluation.EvaluateFlag(ask(), metadata=(*service.key("server"), header))
        header = ("traceparent", f"00-{TRACE}-{SPAN}-01")
        await refused(service.evaluation.EvaluateFlag(ask("missing"), metadata=(*service.key("server"), header)))
        await (await service.watch()).transfer()
    spans = [span for span in collector.spans if span.trace_id.hex() == TRACE]
    assert [span.name for span in spans] == ["mirante.api.flags.v1.EvaluationService/EvaluateFlag"] * 2
    assert {span.parent_span_id.hex() for span in spans} == {SPAN}
    attributes = [
        {each.key: each.value.string_value or each.value.int_value for each in span.attributes} for span in spans
    ]
    assert [each["rpc.grpc.status_code"] for each in attributes] == [0, 5]
    assert attributes[0]["rpc.method"] == "EvaluateFlag"
    assert {"rpc.server.duration", "mirante.streams.open", "mirante.rules.lag"} <= collector.metrics


async def test_a_fault_reaches_the_log_and_not_the_caller(
    service: Serving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller gets a fixed text and the trace id under which the log has the cause."""

    def broken(_context: object) -> dict[str, object]:
        raise KeyError("the data of somebody else")

    await service.create(bool_flag("a"))
    monkeypatch.setattr(evaluation_servicer, "read_context", broken)
    header = ("traceparent", f"00-{TRACE}-{SPAN}-00")
    for metadata in (service.key("server"), (*service.key("server"), header)):
        caplog.clear()
        found = await refused(service.evaluation.EvaluateFlag(ask(), metadata=metadata))
        assert (found.code, found.reason) == ("INTERNAL", "INTERNAL")
        assert "somebody" not in found.message
        (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
        assert record.trace_id == found.metadata["trace_id"]  # type: ignore[attr-defined] # set by the logger's caller
        assert record.exc_info is not None
    assert found.metadata["trace_id"] == TRACE


async def test_a_fault_on_a_stream_is_no_different(service: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream ends, and tells nothing."""

    def broken(_context: object) -> dict[str, object]:
        raise KeyError("the data of somebody else")

    monkeypatch.setattr(evaluation_servicer, "read_context", broken)
    call = service.evaluation.EvaluateStream(metadata=service.key("server"))
    await call.write(pb2.EvaluateStreamRequest(flag_key="a"))
    assert (await call.code(), await call.details()) == (
        grpc.StatusCode.INTERNAL,
        "the service failed; the cause is in its log under the trace id",
    )


async def test_secrets_are_not_logged(service: Serving, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever is logged, at whatever level, holds no key."""
    caplog.set_level(logging.DEBUG)
    await service.create(bool_flag("a"))
    await service.evaluation.EvaluateFlag(ask(), metadata=service.key("server"))
    await refused(service.evaluation.EvaluateFlag(ask(), metadata=(("authorization", "Bearer hush-hush"),)))
    logged = json.dumps([[record.getMessage(), str(vars(record))] for record in caplog.records])
    for secret in (*service.keys.values(), "hush-hush"):
        assert secret not in logged
