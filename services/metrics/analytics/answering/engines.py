"""What answers a report: the store, or ClickHouse where that is set. Blocking."""

from typing import Any, Final

from services.metrics.analytics.clickhouse.reading import events_of
from services.metrics.analytics.clickhouse.server import ClickHouseServer, ClickHouseUnavailable
from services.metrics.analytics.reports.answers import Answer
from services.metrics.analytics.reports.running import Question, run, run_on_clickhouse
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import AnalyticsStore, Snapshot
from services.runtime.errors import InvalidRequest

_MOST_SECONDS: Final = 300.0
"""Of one query; whoever waits ends this process before, and with it the query."""
_TIMEOUT, _MEMORY = 159, 241
"""What the server calls a query that took too long, and one that needed too much memory."""


class NoMemory(Exception):
    """A report needs more memory than it may use."""


class Engines:
    """
    Answers questions.

    Args:
        store: of all environments.
        limits: of a report on the store.
        clickhouse: the server; None: the store answers.
        memory_bytes: that a query there may use.
    """

    def __init__(
        self, store: AnalyticsStore, limits: Limits, clickhouse: ClickHouseServer | None, memory_bytes: int
    ) -> None:
        self.store = store
        self._limits = limits
        self._clickhouse = clickhouse
        self._memory_bytes = memory_bytes

    @property
    def has_traits_of_its_own(self) -> bool:
        """Whether what answers has traits that may be older or newer than those of a snapshot."""
        return self._clickhouse is not None

    def answer(self, question: Question, environment: str, snapshot: Snapshot) -> tuple[Answer[Any], bool]:
        """
        Return the answer to a question, and whether all that the snapshot has of the log is certainly in it.

        Raises:
            InvalidRequest: see `run`; or it takes longer than a query may.
            NoMemory: see there.
            Unavailable: what answers cannot be read.
        """
        if self._clickhouse is None:
            return run(question, snapshot, self._limits), True
        try:
            engine, watermark = events_of(
                self._clickhouse, environment, seconds=_MOST_SECONDS, memory_bytes=self._memory_bytes
            )
            answer = run_on_clickhouse(question, engine, watermark)
        except ClickHouseUnavailable as error:
            if error.code == _MEMORY:
                raise NoMemory from None
            if error.code == _TIMEOUT:
                raise InvalidRequest.of("question", f"takes longer than {_MOST_SECONDS:g} s") from None
            raise
        # Before the end of the log a store has more than what is known to be complete.
        seen = snapshot.watermark
        return answer, seen.at_end and watermark.complete_us >= seen.complete_us
