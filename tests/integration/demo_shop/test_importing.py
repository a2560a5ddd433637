"""The demo's history on its way into a real log: each event once, and the numbers that are made of it."""

import asyncio
import datetime
import sys
import time
from asyncio.subprocess import Process
from collections import defaultdict
from decimal import Decimal

from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.api.telemetry.v1.event_pb2 import StoredEvent

from services.demo_shop.history import history
from services.demo_shop.messages import message_of
from services.demo_shop.position import Position
from services.demo_shop.telemetry_calls import IMPORT_KEY
from services.demo_shop.tenants import TENANTS
from services.demo_shop.world import instant_ms, local_time
from tests.support.demo_story import HashedFlags
from tests.support.fake_key_registry import INTERNAL_KEY
from tests.support.metrics_recount import recount
from tests.support.metrics_serving import MetricsServing, metrics_serving
from tests.support.serving import PATIENCE_SECONDS, Datastores, eventually
from tests.support.telemetry_serving import TelemetryServing

PROGRAM = "tests.support.importing_program"
TENANT = TENANTS[0]
DAY = datetime.timedelta(days=1)


def tuesday_noon() -> Position:
    """Return a history that ends at noon of a Tuesday: some thousands of events, older than what is kept in memory."""
    day = local_time(time.time_ns() // 1_000_000).date() - 2 * DAY
    while day.weekday() != 1:
        day -= DAY
    return Position(seed=7, began=str(day + DAY), days=1, until_ms=instant_ms(day, 12 * 3600))


async def importing(telemetry: TelemetryServing, position: Position) -> Process:
    """Start a process that brings it in."""
    address = f"127.0.0.1:{telemetry.service.port}"
    return await asyncio.create_subprocess_exec(sys.executable, "-m", PROGRAM, address, INTERNAL_KEY, position.text)


async def accepted(telemetry: TelemetryServing) -> int:
    """Return how many events of the history there are."""
    found = await telemetry.fetch("SELECT accepted FROM imports WHERE import_key = $1", IMPORT_KEY)
    return found[0][0] if found else 0


async def imported(telemetry: TelemetryServing, position: Position) -> None:
    """Bring it in, with a `kill -9` in the middle."""
    process = await importing(telemetry, position)

    async def under_way() -> bool:
        return await accepted(telemetry) > 500

    try:
        await eventually(under_way)
    finally:
        process.kill()
        await process.wait()
    request = ingest_pb2.GetImportRequest(environment="production", import_key=IMPORT_KEY)
    state = await telemetry.ingest.GetImport(request, metadata=telemetry.key("reader"))
    assert not Position.read(state.position).done
    process = await importing(telemetry, position)
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await process.wait() == 0


def numbers_of(events: list[StoredEvent]) -> dict[tuple[str, str, int], Decimal]:
    """Return counts and sums of hours by metric, currency and hour, and at their last minutes the conversion."""
    found: dict[tuple[str, str, int], Decimal] = defaultdict(Decimal)
    cancelled = {
        each.event.properties["venda_id"].string_value for each in events if each.event.name == "venda_cancelada"
    }
    for each in events:
        properties = each.event.properties
        if each.event.name == "venda_criada" and properties["venda_id"].string_value not in cancelled:
            hour = each.occurred_at.seconds // 3600
            found["vendas_hora", "", hour] += 1
            found["receita_hora", "BRL", hour] += Decimal(properties["valor"].string_value)
    for hour in {each.occurred_at.seconds // 3600 for each in events}:
        rate = recount(events, hour * 60 + 59)["conversao_rate", ""]
        assert rate is not None
        found["conversao_rate", "", hour] = rate
    return dict(found)


async def rolled_up(serving: MetricsServing, until_hour: int) -> dict[tuple[str, str, int], Decimal]:
    """Return the same from the roll-ups of a tenant; windows go on after the last event."""
    return {
        (row["metric"], row["currency"], int(row["hour"].timestamp()) // 3600): rolled(row)
        for row in await serving.rollups()
        if row["tenant"] == TENANT.key
        and row["metric"] in ("vendas_hora", "receita_hora", "conversao_rate")
        and int(row["hour"].timestamp()) // 3600 < until_hour
    }


def rolled(row: dict[str, object]) -> Decimal:
    """Return the number of a row as `recount` shows it."""
    value, denominator = Decimal(str(row["value"])), row["denominator"]
    return value if denominator is None else (value / Decimal(str(denominator))).quantize(Decimal("0.000001"))


async def test_a_killed_import_goes_on_and_its_numbers_are_right(stores: Datastores) -> None:
    """Each event is there once, as it was told; and the hours of a tenant are those of a recount."""
    position = tuesday_noon()
    day = position.world.began - DAY
    expected = {
        happening.event_id: message_of(happening)
        for tenant in TENANTS
        for happening in history(position.world, tenant, day, HashedFlags())
        if happening.at_ms < position.until_ms
    }
    async with metrics_serving(stores) as serving:
        await imported(serving.telemetry, position)
        stored = await serving.telemetry.stored()
        assert sorted(each.event.id for each in stored) == sorted(expected)
        assert await accepted(serving.telemetry) == len(expected)
        for each in stored[::50]:
            assert each.imported
            assert each.event == expected[each.event.id]
        of_tenant = [each for each in stored if each.event.tenant == TENANT.key]
        for each in of_tenant:
            each.actor_id = each.event.user_id.encode()  # the log adds it when it is read
        wanted = numbers_of(of_tenant)
        assert len(wanted) > 20

        async def written() -> bool:
            return await rolled_up(serving, position.until_ms // 3_600_000) == wanted

        await eventually(written)
