"""The asyncio face, traits, and exposures of real evaluations."""

import asyncio
import dataclasses
from collections.abc import Iterator

import pytest
from mirante import AsyncMirante, Mirante, NotSupported
from mirante.openfeature import MiranteProvider
from openfeature.evaluation_context import EvaluationContext

from tests.integration.client_telemetry.conftest import QUICK
from tests.support.eventually import eventually
from tests.support.fake_flag_service import KEY, FakeFlagService
from tests.support.fake_telemetry import FakeTelemetry, properties_of
from tests.support.flag_messages import bool_flag

ANA = {"targeting_key": "ana", "tenant_id": "acme"}


@pytest.fixture
def flags() -> Iterator[FakeFlagService]:
    """Yield a flag service with two flags."""
    with FakeFlagService(bool_flag("a"), bool_flag("b")) as service:
        yield service


@pytest.fixture
def both(flags: FakeFlagService, telemetry: FakeTelemetry) -> Iterator[Mirante]:
    """Yield a client of both services."""
    with Mirante(flags.address, api_key=KEY, telemetry_address=telemetry.address, delivery=QUICK) as client:
        assert client.wait_until_ready(20)
        yield client


async def test_asyncio(telemetry: FakeTelemetry) -> None:
    """Tracking is a plain call; what waits is awaited, also from many tasks."""
    async with AsyncMirante("127.0.0.1:1", api_key=KEY, telemetry_address=telemetry.address, delivery=QUICK) as client:

        async def request(number: int) -> None:
            client.track("x", {"number": number})
            await asyncio.sleep(0)

        await asyncio.gather(*(request(number) for number in range(200)))
        client.identify("u1", {"plan": "premium"}, tenant="acme")
        assert await client.flush(20) == 0
        assert len(telemetry.stored) == 200
        assert await client.traits_async("u1", "acme") == {"plan": "premium"}
        assert await client.flush_to_spool(1) is False
        client.track("last")
    assert telemetry.names[-1] == "last"


def test_traits(both: Mirante, telemetry: FakeTelemetry) -> None:
    """Those of the tenant and of the user, whose own win; none when nobody answers."""
    both.identify("ana", {"plan": "premium", "compras": 3}, tenant="acme")
    both.identify("", {"plan": "free", "regiao": "Sul"}, tenant="acme")
    assert both.flush(20) == 0
    assert both.traits("ana", "acme") == {"plan": "premium", "compras": 3, "regiao": "Sul"}
    assert both.traits(tenant="acme") == {"plan": "free", "regiao": "Sul"}
    assert both.traits("ana", "other") == {}
    assert both.traits(object(), "acme") == {}  # type: ignore[arg-type]
    telemetry.stop()
    assert both.traits("ana", "acme") == {}


def test_exposures(both: Mirante, flags: FakeFlagService, telemetry: FakeTelemetry) -> None:
    """Once for each person, flag and version; whatever asks, but for all flags at once and for failures."""
    for _ in range(50):
        assert both.is_enabled("a", ANA)
        both.variant("a", ANA)
        both.details("b", ANA)
    both.is_enabled("a", {"targeting_key": "rui", "tenant_id": "acme"})
    both.is_enabled("a", {"targeting_key": 7})
    both.is_enabled("nope", ANA)
    both.details("a", {"targeting_key": ["no", "id"]})
    both.all_flags({"targeting_key": "eva"})
    assert both.flush(20) == 0
    seen = [(event.user_id, event.tenant, properties_of(event)["flag"]) for event in telemetry.named("flag_exposta")]
    assert seen == [("ana", "acme", "a"), ("ana", "acme", "b"), ("rui", "acme", "a"), ("7", "", "a")]
    assert properties_of(telemetry.named("flag_exposta")[0]) == {
        "flag": "a",
        "variant": "on",
        "version": 1,
        "reason": both.details("a", ANA).reason.value,
        "rule_id": "",
        "experiment": "",
    }
    flags.put(bool_flag("a", 2))
    assert eventually(lambda: both.details("a", ANA).flag_version == 2)
    assert both.flush(20) == 0
    assert len(telemetry.named("flag_exposta")) == 5


def test_openfeature_exposes_too(both: Mirante, telemetry: FakeTelemetry) -> None:
    """Through the provider as well."""
    provider = MiranteProvider(both)
    provider.resolve_boolean_details("a", False, EvaluationContext("ana", {"tenant_id": "acme"}))
    assert both.flush(20) == 0
    assert [event.user_id for event in telemetry.named("flag_exposta")] == ["ana"]


def test_exposures_can_be_left_out(flags: FakeFlagService, telemetry: FakeTelemetry) -> None:
    """Then nothing stands between the caller and the evaluation."""
    with Mirante(
        flags.address, api_key=KEY, telemetry_address=telemetry.address, delivery=QUICK, exposures=False
    ) as client:
        assert client.wait_until_ready(20)
        client.is_enabled("a", ANA)
        assert "details" not in vars(client)
        client.track("x")
        assert client.flush(20) == 0
    assert telemetry.names == ["x"]


async def test_remote_evaluations_expose_too(flags: FakeFlagService, telemetry: FakeTelemetry) -> None:
    """Awaited or not."""
    async with AsyncMirante(
        flags.address, api_key=KEY, telemetry_address=telemetry.address, delivery=QUICK, mode="remote"
    ) as client:
        await client.details_async("a", ANA)
        await client.details_async("a", ANA)
        await asyncio.to_thread(client.details, "b", ANA)
        await client.details_async("nope", ANA)
        assert await client.flush(20) == 0
        with pytest.raises(NotSupported):
            client.on_change(print)
    assert sorted(str(properties_of(event)["flag"]) for event in telemetry.stored.values()) == ["a", "b"]


def test_from_environment(flags: FakeFlagService, telemetry: FakeTelemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address of telemetry may come from there, and be left out."""
    monkeypatch.setenv("MIRANTE_ADDRESS", flags.address)
    monkeypatch.setenv("MIRANTE_API_KEY", KEY)
    with Mirante.from_environment() as client:
        assert client.track("x") is False
    monkeypatch.setenv("MIRANTE_TELEMETRY_ADDRESS", telemetry.address)
    with Mirante.from_environment(release="7") as client:
        assert client.track("x")
    assert [event.context.release for event in telemetry.stored.values()] == ["7"]


def test_exposures_are_recorded_again_after_the_window(flags: FakeFlagService, telemetry: FakeTelemetry) -> None:
    """And when they were forgotten for others."""
    delivery = dataclasses.replace(QUICK, exposure_window=0.05, exposure_keys=1_000)
    with Mirante(flags.address, api_key=KEY, telemetry_address=telemetry.address, delivery=delivery) as client:
        assert client.wait_until_ready(20)

        def exposed_again() -> bool:
            client.is_enabled("a", ANA)
            client.flush(5)
            return len(telemetry.named("flag_exposta")) >= 3

        assert eventually(exposed_again)
