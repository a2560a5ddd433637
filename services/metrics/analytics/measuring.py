"""What is measured of analytics."""

from collections.abc import Callable, Sequence
from typing import Final

from services.metrics.analytics.answering.cache import AnswerCache
from services.metrics.analytics.answering.processes import ReportProcesses
from services.metrics.analytics.store.all_stores import AnalyticsStores
from services.metrics.analytics.store.building import BuildKeeper
from services.runtime.telemetry.measurements import Instrument, Measurements

_PER_ENVIRONMENT: Final = ("environment",)
_LAG = Instrument(
    "mirante.analytics.lag",
    "s",
    "How long ago everything in the log was in the analytics store; of the process that writes it.",
    _PER_ENVIRONMENT,
)
_SEGMENTS = Instrument("mirante.analytics.segments", "{segment}", "Segments of the analytics store.", _PER_ENVIRONMENT)
_ROWS = Instrument("mirante.analytics.rows", "{event}", "Events in the analytics store.", _PER_ENVIRONMENT)
_BYTES = Instrument("mirante.analytics.size", "By", "Size of the files of the analytics store.", _PER_ENVIRONMENT)
_WRITTEN = Instrument(
    "mirante.analytics.rows.written",
    "{event}",
    "Events written to segments, by why: they came in, or segments were tidied.",
    ("environment", "why"),
)
_UNREADABLE = Instrument(
    "mirante.analytics.unreadable", "{event}", "Events of the log that could not be read.", _PER_ENVIRONMENT
)
_BUILDS = Instrument(
    "mirante.analytics.builds", "{build}", "How often a store was begun to be made from the log.", _PER_ENVIRONMENT
)

_REPORTS = Instrument(
    "mirante.analytics.reports",
    "{report}",
    "Reports that were asked for, by what became of them: cached, answered, refused, too_slow, too_large, too_long, "
    "overloaded, cancelled, failed.",
    ("outcome",),
)
_RUNNING = Instrument("mirante.analytics.reports.running", "{report}", "Reports that run now.", ())
_WAITING = Instrument("mirante.analytics.reports.waiting", "{report}", "Reports that wait for a process.", ())
_CACHE = Instrument("mirante.analytics.reports.cached", "By", "Size of the answers that are remembered.", ())


def measure_reports(measurements: Measurements, processes: ReportProcesses, cache: AnswerCache) -> None:
    """Measure the reports that this process answers from now on."""
    measurements.counter(
        _REPORTS,
        lambda: [
            (("cached",), cache.hits),
            *(((outcome,), count) for outcome, count in processes.outcomes.items()),
        ],
    )
    measurements.gauge(_RUNNING, lambda: [((), processes.running)])
    measurements.gauge(_WAITING, lambda: [((), processes.waiting)])
    measurements.gauge(_CACHE, lambda: [((), cache.size_bytes)])


def measure_stores(measurements: Measurements, stores: AnalyticsStores, clock: Callable[[], float]) -> None:
    """Measure the stores that this process keeps from now on."""

    def each(of: Callable[[BuildKeeper], float]) -> Callable[[], Sequence[tuple[tuple[str, ...], float]]]:
        return lambda: [
            ((environment,), of(keeper.kept[0])) for environment, keeper in stores.kept.items() if keeper.kept
        ]

    def lag(kept: BuildKeeper) -> float:
        # Until it has caught up once, it is as far behind as its beginning.
        return max(0.0, clock() - (kept.publisher.manifest.complete_us / 1_000_000 or kept.began_at))

    measurements.gauge(_LAG, each(lag))
    measurements.gauge(_SEGMENTS, each(lambda kept: len(kept.publisher.manifest.segments)))
    measurements.gauge(_ROWS, each(lambda kept: sum(segment.rows for segment in kept.publisher.manifest.segments)))
    measurements.gauge(
        _BYTES,
        each(lambda kept: sum(each.file_bytes + each.key_bytes for each in kept.publisher.manifest.segments)),
    )
    measurements.gauge(_UNREADABLE, each(lambda kept: kept.intake.unreadable))
    measurements.gauge(
        _WRITTEN,
        lambda: [
            ((environment, why), rows)
            for environment, keeper in stores.kept.items()
            if keeper.kept
            for why, rows in (("taken", keeper.kept[0].intake.rows), ("tidied", keeper.kept[0].tidier.rows))
        ],
    )
    measurements.counter(
        _BUILDS, lambda: [((environment,), keeper.begun) for environment, keeper in stores.kept.items()]
    )
