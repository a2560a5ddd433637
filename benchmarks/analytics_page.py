"""
How long does a page of the dashboard with four reports take, cold and remembered, and what do its processes hold?

    python -m benchmarks.analytics_store --folder FOLDER
    python -m benchmarks.analytics_page --folder FOLDER

The reports are asked for at once, over gRPC and a socket, of the store that live ingestion left in the folder: a funnel
of four steps, retention, the use of features and an hourly series, over 30 days; of all tenants, and of one. Cold is
with processes that are warm and no answer remembered; the second time every answer is.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grpc.aio
from google.protobuf import json_format
from mirante.api.metrics.v1 import analytics_service_pb2 as pb2
from mirante.api.metrics.v1 import cohort_pb2, report_pb2
from mirante.api.metrics.v1.analytics_service_pb2_grpc import (
    AnalyticsServiceServicer,
    AnalyticsServiceStub,
    add_AnalyticsServiceServicer_to_server,
)
from mirante.api.telemetry.v1 import catalogue_service_pb2 as catalogue_pb2

from benchmarks.analytics_questions import STEPS
from benchmarks.analytics_store import ENVIRONMENT
from benchmarks.measuring import median, report, spread
from services.metrics.analytics.answering.cache import AnswerCache
from services.metrics.analytics.answering.desk import Clocks, ReportDesk
from services.metrics.analytics.answering.names import NameBook
from services.metrics.analytics.answering.processes import ReportBounds, ReportProcesses
from services.metrics.analytics.store.reading import AnalyticsStore
from services.runtime.background import in_background
from services.runtime.errors import NotFound

if TYPE_CHECKING:
    from mirante.api.metrics.v1.analytics_service_pb2_grpc import AnalyticsServiceAsyncStub

_CACHE_BYTES: Final = 64 * 2**20


class _NoCatalogue:
    async def get(self, _environment: str) -> catalogue_pb2.Catalogue:
        return catalogue_pb2.Catalogue()


class _NoCohorts:
    async def definition(self, _environment: str, cohort_id: str) -> cohort_pb2.CohortDefinition:
        raise NotFound(f"there is no cohort {cohort_id!r}")


class _Servicer(AnalyticsServiceServicer):
    """Answers as the service does; who asks is not looked at here."""

    def __init__(self, desk: ReportDesk) -> None:
        self._desk = desk

    async def RunReport(  # noqa: N802 - as the contract names it
        self, request: pb2.RunReportRequest, _: object
    ) -> pb2.RunReportResponse:
        return pb2.RunReportResponse(answer=await self._desk.answer(ENVIRONMENT, request.question, "page"))


def _page(tenant: str) -> Sequence[report_pb2.Question]:
    reports: Sequence[dict[str, object]] = (
        {"funnel": {"steps": [{"event": step} for step in STEPS]}},
        {"retention": {}},
        {"feature_use": {}},
        {"series": {"unit": "CALENDAR_UNIT_HOUR"}},
    )
    scope = {"scope": {"tenant": tenant, "last": {"count": 30}}}
    return [json_format.ParseDict(scope | each, report_pb2.Question()) for each in reports]


@asynccontextmanager
async def _served(folder: Path, processes: ReportProcesses, now: float) -> AsyncIterator["AnalyticsServiceAsyncStub"]:
    desk = ReportDesk(
        folder,
        processes,
        NameBook(folder, _NoCatalogue(), time.monotonic),
        _NoCohorts(),
        cache=AnswerCache(_CACHE_BYTES),
        clocks=Clocks(lambda: now, time.monotonic),
    )
    server = grpc.aio.server()
    add_AnalyticsServiceServicer_to_server(_Servicer(desk), server)  # type: ignore[abstract]  # one method is enough
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield AnalyticsServiceStub(channel)
    await server.stop(None)


async def _milliseconds(stub: "AnalyticsServiceAsyncStub", tenant: str) -> float:
    start = time.perf_counter()
    await asyncio.gather(*(stub.RunReport(pb2.RunReportRequest(question=each)) for each in _page(tenant)))
    return 1_000 * (time.perf_counter() - start)


async def _measured(folder: Path, rounds: int) -> dict[str, object]:
    snapshot = AnalyticsStore(folder).snapshot(ENVIRONMENT)
    now = snapshot.watermark.complete_us / 1_000_000
    tenants = snapshot.tenants()
    processes = ReportProcesses(folder, ReportBounds(), time.monotonic)
    found: dict[str, list[float]] = {}
    async with in_background(processes.run):
        for number in range(rounds + 1):
            for whose, tenant in (("all", ""), ("one tenant", sorted(tenants)[len(tenants) // 2])):
                # Another desk remembers nothing yet.
                async with _served(folder, processes, now) as stub:
                    cold, remembered = await _milliseconds(stub, tenant), await _milliseconds(stub, tenant)
                if number:
                    found.setdefault(f"{whose}, cold", []).append(cold)
                    found.setdefault(f"{whose}, remembered", []).append(remembered)
        held = sorted(_peak_mib(pid) for pid in processes.pids)
    return {
        "events": snapshot.rows(None),
        "tenants": len(tenants),
        "milliseconds": {name: {"median": median(each), "spread": spread(each)} for name, each in found.items()},
        "peak_mib_of_processes": held,
    }


def _peak_mib(pid: int) -> int:
    """Return the most memory that a process had, mapped files among it. Linux."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1_024
    return 0


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="of the stores")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    figures = asyncio.run(_measured(arguments.folder, arguments.rounds))
    report("How long does a page of the dashboard with four reports take?", figures)


if __name__ == "__main__":
    main()
