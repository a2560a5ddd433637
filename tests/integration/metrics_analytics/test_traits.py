"""Traits of a running service: told to telemetry, seen in reports, gone with who is erased."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from mirante.api.telemetry.v1 import identity_service_pb2, privacy_service_pb2
from mirante.wire import value_to_proto

from services.metrics.analytics.reports.asking import Breakdown, Cohort, CohortFilter, IsAmong, Origin, Property, Scope
from services.metrics.analytics.reports.running import run
from services.metrics.analytics.reports.series.asking import Series
from services.metrics.analytics.store import StoreUnavailable
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import AnalyticsStore
from services.metrics.analytics.store.traits import read_traits
from services.metrics.analytics.store.wire.decoding import actor_number
from tests.support.metrics_serving import metrics_serving
from tests.support.serving import Datastores, eventually
from tests.support.telemetry_events import sale

PLAN = Property("plano", Origin.TRAIT)


def _sales(stores: Datastores, *cohorts: CohortFilter) -> dict[str | None, Any]:
    """How many sales there are, by the plan that who made them has now."""
    now = datetime.now(UTC)
    scope = Scope(start=now - timedelta(days=2), end=now + timedelta(days=2), tenant="acme", cohorts=cohorts)
    try:
        snapshot = AnalyticsStore(stores.home / "analytics").snapshot("production")
        result = run(Series(scope=scope, breakdown=Breakdown(PLAN)), snapshot, Limits()).result
    except StoreUnavailable:
        return {}
    return {group.group.value: group.total for group in result.groups}


async def test_traits_are_those_of_now_and_erased_with_their_user(stores: Datastores) -> None:
    """A plan that changes moves what was done before; nothing of who is erased is left, in no file either."""
    async with metrics_serving(stores, analytics=True, analytics_seconds=0.05, analytics_trait_seconds=0.05) as serving:
        telemetry = serving.telemetry

        async def identify(user: str, plan: str) -> int:
            request = identity_service_pb2.IdentifyRequest(
                tenant="acme", user_id=user, traits={"plano": value_to_proto(plan)}
            )
            response = await telemetry.identity.Identify(request, metadata=telemetry.key("server"))
            return actor_number(response.actor_id)

        async def until(sales: dict[str | None, int], *cohorts: CohortFilter) -> None:
            async def holds() -> bool:
                return await asyncio.to_thread(_sales, stores, *cohorts) == sales

            await eventually(holds)

        await telemetry.send(sale(user_id="ana"), sale(user_id="ana"), sale(user_id="bia"))
        ana, _ = await identify("ana", "free"), await identify("bia", "free")
        await until({"free": 3})
        await identify("ana", "pro")
        await until({"free": 1, "pro": 2})
        only_ana = CohortFilter(Cohort((IsAmong((ana,)),)))
        await until({"pro": 2}, only_ana)
        subject = privacy_service_pb2.Subject(tenant="acme", user_id="ana")
        erase = privacy_service_pb2.EraseSubjectRequest(subject=subject, reason="pedido")
        await telemetry.privacy.EraseSubject(erase, metadata=telemetry.key("admin"))
        await until({"free": 1})
        await until({}, only_ana)

        async def is_clean() -> bool:
            table = (await asyncio.to_thread(read_traits, stores.home / "analytics" / "production")).table
            return ana not in table["actor"].to_pylist()

        await eventually(is_clean)
