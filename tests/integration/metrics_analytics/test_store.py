"""The analytics store of a running service: from events that are sent, through the log, to files that are read."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from mirante.api.metrics.v1 import analytics_store_service_pb2 as pb2
from mirante.api.metrics.v1.analytics_store_service_pb2_grpc import AnalyticsStoreServiceStub
from mirante.api.telemetry.v1 import event_pb2, identity_service_pb2, privacy_service_pb2
from typer.testing import CliRunner

from services.cli.app import app
from services.metrics.analytics.store import StoreUnavailable
from services.metrics.analytics.store.reading import AnalyticsStore
from tests.support.metrics_serving import MetricsServing, metrics_serving
from tests.support.serving import Datastores, eventually, refused
from tests.support.telemetry_events import event_id, sale
from tests.support.telemetry_serving import ACCEPTED

_QUICK: dict[str, Any] = {"analytics": True, "analytics_seconds": 0.05}


def _visit(device: str) -> event_pb2.Event:
    return event_pb2.Event(id=event_id(), name="pagina_vista", tenant="acme", anonymous_id=device)


def _people(stores: Datastores) -> dict[str | None, int]:
    """Return how many events there are of each actor, by the name that one of them has."""
    try:
        with AnalyticsStore(stores.home / "analytics").snapshot("production").connect("acme") as connection:
            query = "SELECT max(user_id), count(*) FROM events GROUP BY actor"
            return dict(connection.sql(query).fetchall())
    except StoreUnavailable:
        return {}


async def _until(stores: Datastores, people: dict[str | None, int]) -> None:
    async def holds() -> bool:
        return await asyncio.to_thread(_people, stores) == people

    await eventually(holds)


async def test_what_is_sent_joined_and_erased_is_seen_in_the_store(stores: Datastores) -> None:
    """An anonymous visitor becomes a user and takes it back; a user who is erased is gone, also from the files."""
    async with metrics_serving(stores, **_QUICK) as serving:
        telemetry = serving.telemetry
        assert await telemetry.send(sale(user_id="ana"), sale(user_id="bia"), _visit("d-1")) == [ACCEPTED] * 3
        await _until(stores, {"ana": 1, "bia": 1, None: 1})
        admin = telemetry.key("admin")
        alias = identity_service_pb2.AliasRequest(tenant="acme", anonymous_id="d-1", user_id="bia")
        await telemetry.identity.Alias(alias, metadata=telemetry.key("server"))
        await telemetry.send(_visit("d-1"))
        await _until(stores, {"ana": 1, "bia": 3})
        unalias = identity_service_pb2.UnaliasRequest(tenant="acme", anonymous_id="d-1")
        await telemetry.identity.Unalias(unalias, metadata=admin)
        await _until(stores, {"ana": 1, "bia": 1, None: 2})
        subject = privacy_service_pb2.Subject(tenant="acme", user_id="ana")
        erase = privacy_service_pb2.EraseSubjectRequest(subject=subject, reason="pedido")
        await telemetry.privacy.EraseSubject(erase, metadata=admin)
        await _until(stores, {"bia": 1, None: 2})


async def test_a_store_goes_on_where_it_was_when_the_service_comes_back(stores: Datastores) -> None:
    """What was taken in is not taken in again, and what was sent meanwhile is."""
    async with metrics_serving(stores, **_QUICK) as serving:
        await serving.telemetry.send(sale(user_id="ana"), sale(user_id="ana"))
        await _until(stores, {"ana": 2})
    async with metrics_serving(stores, **_QUICK) as serving:
        await serving.telemetry.send(sale(user_id="bia"))
        await _until(stores, {"ana": 2, "bia": 1})


async def test_a_store_is_made_anew_by_a_command(stores: Datastores, tmp_path: Path) -> None:
    """Admins may ask for it, readers may look; the status says which copy answers and how far it is."""
    async with metrics_serving(stores, **_QUICK) as serving:
        await serving.telemetry.send(sale(user_id="ana"), sale(user_id="bia"))
        await _until(stores, {"ana": 1, "bia": 1})
        first = (await _told(serving, tmp_path, "status"))["answering"]
        assert (first["events"], first["tenants"], first["at_end"]) == (2, 1, True)
        stub: Any = AnalyticsStoreServiceStub(serving.channel)
        denied = await refused(
            stub.RebuildAnalyticsStore(pb2.RebuildAnalyticsStoreRequest(), metadata=serving.key("reader"))
        )
        assert denied.reason == "ROLE_DENIED"
        await _told(serving, tmp_path, "rebuild")

        async def made_anew() -> bool:
            now = await _told(serving, tmp_path, "status")
            return bool(now["answering"]["id"] != first["id"] and now["answering"]["events"] == 2)

        await eventually(made_anew)
        await _until(stores, {"ana": 1, "bia": 1})


async def _told(serving: MetricsServing, home: Path, *arguments: str) -> Any:
    """Return what the command line says to programs."""
    environment = {
        "MIRANTE_METRICS_ADDRESS": f"127.0.0.1:{serving.port}",
        "MIRANTE_API_KEY": "secret of admin",
        "MIRANTE_HOME": str(home),
    }
    call = ["analytics", *arguments, "--json"]
    result = await asyncio.to_thread(CliRunner().invoke, app, call, env=environment, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("arguments", [("status",), ("rebuild",)])
async def test_people_are_told_in_words(stores: Datastores, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Also when there is no store yet."""
    async with metrics_serving(stores, **_QUICK) as serving:
        environment = {
            "MIRANTE_METRICS_ADDRESS": f"127.0.0.1:{serving.port}",
            "MIRANTE_API_KEY": "secret of admin",
            "MIRANTE_HOME": str(tmp_path),
        }
        result = await asyncio.to_thread(CliRunner().invoke, app, ["analytics", *arguments], env=environment)
        assert result.exit_code == 0, result.output
        assert "store" in result.output or "mirante analytics status" in result.output
