"""Answers questions: what is asked is settled and checked, looked for among the answers that were given, and run."""

import asyncio
import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from mirante.api.metrics.v1 import cohort_pb2, cohort_report_pb2, report_pb2
from mirante.evaluation.model import Violation

from services.metrics.analytics.answering.cache import AnswerCache, Kept, Made
from services.metrics.analytics.answering.flights import SharedFlights
from services.metrics.analytics.answering.frames import Frame
from services.metrics.analytics.answering.names import NameBook, Names
from services.metrics.analytics.answering.periods import settle
from services.metrics.analytics.answering.processes import ReportProcesses
from services.metrics.analytics.answering.wire.cohorts import cohort_of
from services.metrics.analytics.answering.wire.reports import field_of, looks_at_traits, question_of, report_of
from services.metrics.analytics.reports.checking import MOST_COHORTS, Checks
from services.metrics.analytics.reports.running import check
from services.metrics.analytics.store.reading import AnalyticsStore
from services.runtime.errors import InvalidRequest

_HOUR_US: Final = 3_600_000_000


_NamesCohort = cohort_pb2.CohortFilter | cohort_report_pb2.CohortSizeQuestion | cohort_report_pb2.CohortMembersQuestion


class Cohorts(Protocol):
    """Knows saved cohorts."""

    async def definition(self, environment: str, cohort_id: str) -> cohort_pb2.CohortDefinition:
        """Return what defines a cohort; raise NotFound."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds since 1970, and seconds that only grow."""

    wall: Callable[[], float]
    steady: Callable[[], float]


class ReportDesk:
    """
    Answers questions.

    Args:
        folder: of all stores.
        processes: that run reports.
        names: that questions may say.
        cohorts: that were saved.
        cache: of answers.
        clocks: see there.
    """

    def __init__(
        self,
        folder: Path,
        processes: ReportProcesses,
        names: NameBook,
        cohorts: Cohorts,
        *,
        cache: AnswerCache,
        clocks: Clocks,
    ) -> None:
        self._store = AnalyticsStore(folder)
        self._processes = processes
        self._names = names
        self._cohorts = cohorts
        self._cache = cache
        self._clocks = clocks
        self._flights: SharedFlights[bytes] = SharedFlights()
        self._remembered: dict[str, tuple[str, int]] = {}

    async def names(self, environment: str) -> Names:
        """Return the names that there are; raise StoreUnavailable."""
        return await self._names.names(environment)

    async def names_of_tenant(self, environment: str, tenant: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return the events and the properties of which a tenant has any; raise StoreUnavailable."""
        return await self._names.of_tenant(environment, tenant)

    async def check(self, environment: str, question: report_pb2.Question) -> None:
        """Raise InvalidRequest, naming every field of a question (as `question....`) that is wrong."""
        await self._settled(environment, question)

    async def check_cohort(self, environment: str, definition: cohort_pb2.CohortDefinition) -> None:
        """Raise InvalidRequest, naming every field of a definition (as `definition....`) that is wrong."""
        names = await self._names.names(environment)
        checks = Checks(names.known)
        checks.cohort("definition", cohort_of(definition, "definition"))
        checks.finish()

    async def answer(
        self, environment: str, question: report_pb2.Question, caller: str, fresh_seconds: float = 0.0
    ) -> report_pb2.Answer:
        """
        Return the answer to a question.

        Args:
            environment: its key.
            question: what is asked.
            caller: in whose turn it runs.
            fresh_seconds: how old an answer may be that is not as the store is now.

        Raises:
            InvalidRequest: naming every field that is wrong; or the report is too slow or too large.
            NotFound: a cohort that it names.
            Overloaded: too many reports wait.
            StoreUnavailable: there is no store yet, or it cannot be read.
        """
        settled = await self._settled(environment, question)
        tenant = settled.scope.tenant or None
        definition = environment.encode() + b"\0" + settled.SerializeToString(deterministic=True)
        traits = looks_at_traits(settled)
        made, first_us = await asyncio.to_thread(self._made, environment, tenant, traits=traits)
        self._forget(environment, made)
        since = self._clocks.steady() - fresh_seconds if fresh_seconds else float("inf")
        found = self._cache.get(definition, made, since)
        cached = found is not None
        if found is None:
            work = partial(self._run, environment, settled, definition, caller)
            found = await self._flights.get((definition, made), work)
        answer = report_pb2.Answer.FromString(found)
        answer.cached = cached
        self._fill_limits(answer)
        if first_us is not None:
            answer.first_event.FromMicroseconds(first_us)
        return answer

    async def _run(self, environment: str, question: report_pb2.Question, definition: bytes, caller: str) -> bytes:
        asked = Frame({"environment": environment}, question.SerializeToString())
        answer = await self._processes.answer(caller, asked)
        traits = answer.head["traits"] if looks_at_traits(question) else ""
        key = (*answer.head["key"], answer.head["complete_us"] // _HOUR_US, traits)
        # Of the store as the process saw it: it may have gone on meanwhile.
        made = Made(key, str(key[0]), answer.head["forgets"])
        if (made.build, made.forgets) == self._remembered[environment]:
            # Otherwise somebody may have been erased since, of whom nothing is kept.
            self._cache.put(definition, Kept(answer.body, made, self._clocks.steady()))
        return answer.body

    def _forget(self, environment: str, made: Made) -> None:
        """Keep nothing that was made before somebody was erased, whether it is asked for again or not."""
        now = (made.build, made.forgets)
        if self._remembered.setdefault(environment, now) != now:
            self._remembered[environment] = now
            self._cache.forget(environment.encode() + b"\0")

    def _made(self, environment: str, tenant: str | None, *, traits: bool) -> tuple[Made, int | None]:
        """Return what an answer is made of now, and when the first event of the tenant occurred."""
        snapshot = self._store.snapshot(environment)
        key = snapshot.key(tenant)
        version = snapshot.traits_version() if traits else ""
        # What is incomplete becomes complete with time, without any event.
        made = Made((*key, snapshot.watermark.complete_us // _HOUR_US, version), key[0], snapshot.forgets)
        return made, snapshot.first_us(tenant)

    async def _settled(self, environment: str, asked: report_pb2.Question) -> report_pb2.Question:
        question = report_pb2.Question()
        question.CopyFrom(asked)
        name = report_of(question)
        try:
            settle(question.scope, datetime.datetime.fromtimestamp(self._clocks.wall(), datetime.UTC))
            await self._define_cohorts(environment, question)
            names = await self._names.names(environment)
            if name == "feature_use" and question.feature_use.declared_in_catalogue:
                _declare(question, names.declared or {})
            specified = question_of(question)
        except InvalidRequest as error:
            raise _within_question(error.violations) from None
        try:
            check(specified, names.known)
        except InvalidRequest as error:
            found = [Violation(field_of(name, each.field), each.description) for each in error.violations]
            raise _within_question(found) from None
        return question

    async def _define_cohorts(self, environment: str, question: report_pb2.Question) -> None:
        if len(question.scope.cohorts) > MOST_COHORTS:
            # Before any is looked up: each may be large.
            raise InvalidRequest.of("scope.cohorts", f"may be {MOST_COHORTS} at most")
        named: list[tuple[str, _NamesCohort]] = [
            (f"scope.cohorts[{at}]", cohort) for at, cohort in enumerate(question.scope.cohorts)
        ]
        if report_of(question) == "cohort_size":
            named.append(("cohort_size", question.cohort_size))
        elif report_of(question) == "cohort_members":
            named.append(("cohort_members", question.cohort_members))
        for field, cohort in named:
            kind = cohort.WhichOneof("cohort")
            if kind is None:
                raise InvalidRequest.of(field, "needs cohort_id or definition")
            if kind == "cohort_id":
                cohort.definition.CopyFrom(await self._cohorts.definition(environment, cohort.cohort_id))

    def _fill_limits(self, answer: report_pb2.Answer) -> None:
        bounds = self._processes.bounds
        answer.limits.time.FromMilliseconds(int(bounds.seconds * 1_000))
        answer.limits.memory_bytes = bounds.memory_mib * 2**20
        answer.limits.concurrent = bounds.concurrent
        answer.limits.waiting_per_caller = bounds.waiting_per_caller


def _declare(question: report_pb2.Question, declared: Iterable[str]) -> None:
    asked = question.feature_use
    if asked.declared:
        raise InvalidRequest.of("feature_use.declared", "cannot be combined with declared_in_catalogue")
    asked.declared.extend(sorted(declared))
    asked.declared_in_catalogue = False


def _within_question(violations: Iterable[Violation]) -> InvalidRequest:
    return InvalidRequest([Violation(f"question.{each.field}", each.description) for each in violations])
