"""Who may ask what, and what is refused with which words."""

import asyncio
import importlib
import pkgutil
import time
from typing import Any

import grpc
import pytest
from mirante.api.metrics import v1
from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2

from services.metrics.roles import ROLES, SERVICES
from tests.support.fake_key_registry import INTERNAL_KEY
from tests.support.metrics_serving import MetricsServing, metrics_serving
from tests.support.serving import PATIENCE_SECONDS, Datastores, Refused, bearer, refused


def test_every_method_of_the_contract_has_roles() -> None:
    """A method that is not in the table could be called by nobody."""
    modules = [each.name for each in pkgutil.iter_modules(v1.__path__) if each.name.endswith("_service_pb2")]
    files = [importlib.import_module(f"{v1.__name__}.{module}").DESCRIPTOR for module in modules]
    services = [service for file in files for service in file.services_by_name.values()]
    methods = {f"/{service.full_name}/{method.name}" for service in services for method in service.methods}
    assert set(ROLES) == methods
    assert set(SERVICES) == {service.full_name for service in services}


def query(**fields: Any) -> pb2.QuerySeriesRequest:
    """Return a request for sales of the last minute, with these fields instead."""
    request: dict[str, Any] = {"tenant": "acme", "metric": "vendas_hora", "resolution": pb2.RESOLUTION_MINUTE}
    made = pb2.QuerySeriesRequest(**(request | fields))
    if "start_time" not in fields:
        made.start_time.seconds = int(time.time()) - 60
    return made


async def stream_refused(serving: MetricsServing, *tenants: str, role: str, **fields: Any) -> Refused:
    """Return how a stream was refused."""
    call = serving.watch(*tenants, role=role, **fields)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    return Refused.of(caught.value.code(), caught.value.details(), caught.value.trailing_metadata())


async def test_roles(stores: Datastores) -> None:
    """Browsers' keys open nothing; a backend's key opens one tenant at a time."""
    async with metrics_serving(stores) as serving:
        for role in ("server", "reader", "editor", "admin", "internal"):
            assert (await serving.frame(role=role)).tenant == "acme"
            assert await serving.live.QuerySeries(query(), metadata=serving.key(role))
            assert await serving.watch("acme", role=role).read()
        anything = pb2.GetLiveMetricsRequest()
        denied = await refused(
            serving.live.GetLiveMetrics(pb2.GetLiveMetricsRequest(), metadata=serving.key("browser"))
        )
        assert (denied.code, denied.reason) == ("PERMISSION_DENIED", "ROLE_DENIED")
        denied = await refused(serving.live.QuerySeries(query(), metadata=serving.key("browser")))
        assert denied.reason == "ROLE_DENIED"
        assert (await stream_refused(serving, "acme", role="browser")).reason == "ROLE_DENIED"
        for tenants in ((), ("acme", "globex")):
            assert (await stream_refused(serving, *tenants, role="server")).fields == ["tenants"]
        unknown = await refused(serving.live.GetLiveMetrics(anything, metadata=bearer("nobody's")))
        assert unknown.reason == "UNKNOWN_KEY"


async def test_other_environments_are_closed(stores: Datastores) -> None:
    """A key opens those that it holds; one that does not exist is not there for a key of all."""
    async with metrics_serving(stores) as serving:
        request = pb2.GetLiveMetricsRequest(environment="staging", tenant="acme")
        denied = await refused(serving.live.GetLiveMetrics(request, metadata=serving.key("reader")))
        assert denied.reason == "ENVIRONMENT_DENIED"
        request.environment = "nowhere"
        for key, reason in (
            (serving.key("admin"), "ENVIRONMENT_DENIED"),
            (bearer("secret for all"), "ENVIRONMENT_NOT_FOUND"),
        ):
            denied = await refused(serving.live.GetLiveMetrics(request, metadata=key))
            assert (denied.reason, denied.metadata) == (reason, {"environment": "nowhere"})


async def test_a_service_whose_key_holds_all_follows_what_is_created(stores: Datastores) -> None:
    """Without a restart."""
    async with metrics_serving(stores) as serving:
        registry = serving.telemetry.registry
        registry.keys[INTERNAL_KEY].api_key.environments[:] = ["*"]
        registry.environments.append("just-made")
        registry.version += 1
        request = pb2.GetLiveMetricsRequest(environment="just-made", tenant="acme")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    answer = await serving.live.GetLiveMetrics(request, metadata=bearer("secret for all"))
                    break
                except grpc.aio.AioRpcError as error:
                    if error.code() is not grpc.StatusCode.NOT_FOUND:
                        raise
                    await asyncio.sleep(0.05)
        assert answer.frame.environment == "just-made"


async def test_bad_input_names_the_field(stores: Datastores) -> None:
    """Nothing of it reaches the database or the memory of the service."""
    far = pb2.QuerySeriesRequest(resolution=pb2.RESOLUTION_HOUR)
    far.start_time.seconds = 1
    year_zero = pb2.QuerySeriesRequest()
    year_zero.start_time.seconds = -(2**40)
    async with metrics_serving(stores) as serving:
        for request, field in (
            (query(tenant=""), "tenant"),
            (query(tenant="a\x00b"), "tenant"),
            (query(tenant="é" * 51), "tenant"),
            (query(metric="vendas_dia"), "metric"),
            (query(currency="reais"), "currency"),
            (query(currency="BRL"), "currency"),
            (query(resolution=0), "resolution"),
            (query(resolution=7), "resolution"),
            (query(start_time=None), "start_time"),
            (query(start_time=far.start_time, resolution=pb2.RESOLUTION_HOUR), "end_time"),
            (query(start_time=far.start_time), "end_time"),
            (query(end_time=far.start_time), "end_time"),
            (query(start_time=year_zero.start_time), "start_time"),
        ):
            refusal = await refused(serving.live.QuerySeries(request, metadata=serving.key("reader")))
            assert (refusal.code, refusal.fields) == ("INVALID_ARGUMENT", [field]), request
        for tenant in ("", "x" * 101):
            asked = pb2.GetLiveMetricsRequest(tenant=tenant)
            assert (await refused(serving.live.GetLiveMetrics(asked, metadata=serving.key("reader")))).fields == [
                "tenant"
            ]
        assert (await stream_refused(serving, "acme", "", role="reader")).fields == ["tenants[1]"]
        many = [str(number) for number in range(1001)]
        assert (await stream_refused(serving, *many, role="reader")).fields == ["tenants"]
        too_many = [pb2.FramePosition(tenant=each) for each in many]
        assert (await stream_refused(serving, "acme", role="reader", received=too_many)).fields == ["received"]
