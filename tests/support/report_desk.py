"""A desk that answers questions, over a small store made in a test, with processes of its own."""

import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mirante.api.common.v1.value_pb2 import Value
from mirante.api.metrics.v1 import cohort_pb2, report_pb2
from mirante.api.telemetry.v1 import catalogue_service_pb2 as catalogue_pb2
from mirante.api.telemetry.v1.event_pb2 import Event, StoredEvent

from services.metrics.analytics.answering.cache import AnswerCache
from services.metrics.analytics.answering.desk import Clocks, ReportDesk
from services.metrics.analytics.answering.names import NameBook
from services.metrics.analytics.answering.processes import ReportBounds, ReportProcesses
from services.runtime.background import in_background
from services.runtime.errors import NotFound
from tests.support.analytics_store import ENVIRONMENT, NOW, BuiltStore

_DAY = 86_400


def stored(user: str, name: str, seconds_ago: float = 60.0, tenant: str = "acme", **properties: str) -> StoredEvent:
    """An event as the log streams it."""
    event = Event(name=name, tenant=tenant, user_id=user)
    for key, text in properties.items():
        event.properties[key].CopyFrom(Value(string_value=text))
    entry = StoredEvent(event=event, actor_id=f"{tenant}-{user}".encode().ljust(16, b"-")[:16])
    entry.occurred_at.FromMicroseconds(int((NOW - seconds_ago) * 1_000_000))
    return entry


def question(days: float = 7.0, tenant: str = "acme") -> report_pb2.Question:
    """A question about the days before the store's now, without its report."""
    asked = report_pb2.Question()
    asked.scope.tenant = tenant
    asked.scope.start.FromSeconds(int(NOW - days * _DAY))
    asked.scope.end.FromSeconds(int(NOW))
    return asked


def funnel(*events: str, days: float = 7.0, tenant: str = "acme") -> report_pb2.Question:
    """A funnel of events."""
    asked = question(days, tenant)
    for event in events:
        asked.funnel.steps.add(event=event)
    return asked


class GivenCatalogue:
    """A catalogue that declares these events."""

    def __init__(self, *events: str) -> None:
        self._events: Sequence[str] = events

    async def get(self, _environment: str) -> catalogue_pb2.Catalogue:
        """Return it."""
        return catalogue_pb2.Catalogue(events=[catalogue_pb2.EventDefinition(name=name) for name in self._events])


class NoCohorts:
    """Nothing was saved."""

    async def definition(self, _environment: str, cohort_id: str) -> cohort_pb2.CohortDefinition:
        """Refuse."""
        raise NotFound(f"there is no cohort {cohort_id!r}")


class AnsweringDesk:
    """A desk and what it is made of."""

    def __init__(self, folder: Path, entries: Iterable[StoredEvent], declared: Sequence[str], **bounds: float) -> None:
        self.store = BuiltStore(folder)
        self.store.take(*entries)
        asked: dict[str, Any] = {"concurrent": 1, "seconds": 90.0, **bounds}
        self.processes = ReportProcesses(folder, ReportBounds(**asked), time.monotonic)
        self.cache = AnswerCache(1 << 20)
        self.desk = ReportDesk(
            folder,
            self.processes,
            NameBook(folder, GivenCatalogue(*declared), time.monotonic),
            NoCohorts(),
            cache=self.cache,
            clocks=Clocks(lambda: NOW, time.monotonic),
        )

    async def ask(self, asked: report_pb2.Question, caller: str = "ana", fresh: float = 0.0) -> report_pb2.Answer:
        """Return the answer."""
        return await self.desk.answer(ENVIRONMENT, asked, caller, fresh)


@asynccontextmanager
async def answering(
    folder: Path, entries: Iterable[StoredEvent], declared: Sequence[str] = (), **bounds: float
) -> AsyncIterator[AnsweringDesk]:
    """Run a desk."""
    desk = AnsweringDesk(folder, entries, declared, **bounds)
    async with in_background(desk.processes.run):
        yield desk
