"""How much may be saved."""

import contextlib

import grpc.aio
from mirante.api.metrics.v1 import analytics_service_pb2 as pb2
from mirante.api.metrics.v1 import saved_report_pb2
from mirante.api.metrics.v1.analytics_service_pb2_grpc import AnalyticsServiceStub

from tests.support.metrics_serving import metrics_serving
from tests.support.serving import Datastores, eventually, refused
from tests.support.telemetry_events import sale


async def test_what_is_saved_can_always_be_listed(stores: Datastores) -> None:
    """However large each is: what would not go into one message any more is refused."""
    async with metrics_serving(stores, analytics=True, analytics_seconds=0.05) as serving:
        await serving.telemetry.send(sale(user_id="ana"))
        stub, editor = AnalyticsServiceStub(serving.channel), serving.key("admin")
        wish = saved_report_pb2.Cohort(info=saved_report_pb2.SavedInfo(name="1"))
        for _ in range(10):
            wish.definition.conditions.add().actors.actors.extend(range(10_000))
        request = pb2.CreateCohortRequest(cohort=wish)

        async def created() -> bool:
            # Until something has come in there is no store, and no name can be checked.
            with contextlib.suppress(grpc.aio.AioRpcError):
                await stub.CreateCohort(request, metadata=editor)
                return True
            return False

        await eventually(created)
        for name in ("2", "3"):
            request.cohort.info.name = name
            saved = (await stub.CreateCohort(request, metadata=editor)).cohort
        request.cohort.info.name = "4"
        error = await refused(stub.CreateCohort(request, metadata=editor))
        assert (error.code, error.fields) == ("INVALID_ARGUMENT", ["cohort"])
        saved.info.name = "5"
        await stub.UpdateCohort(pb2.UpdateCohortRequest(cohort=saved), metadata=editor)
        listed = await stub.ListCohorts(pb2.ListCohortsRequest(), metadata=editor)
        assert [each.info.name for each in listed.cohorts] == ["1", "2", "5"]
