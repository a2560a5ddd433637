"""What the metrics service measures beside its calls."""

from collections.abc import Callable, Sequence

from services.metrics.alerts.delivery.worker import DeliveryWorker
from services.metrics.environments import Environments, Kept
from services.metrics.following.leadership import Leadership
from services.runtime.calls.policy import CallPolicy
from services.runtime.telemetry.measurements import Instrument, Measurements

_OPEN_STREAMS = Instrument("mirante.streams.open", "{stream}", "Open streams.", ("rpc.method",))
_CALLS_REFUSED = Instrument("mirante.calls.refused", "{call}", "Calls refused to protect the service.", ("reason",))
_TENANTS = Instrument("mirante.metrics.tenants", "{tenant}", "Tenants of which something is kept.", ("environment",))
_ACTORS = Instrument("mirante.metrics.actors", "{actor}", "Actors of which something is kept.", ("environment",))
_LEFT_OUT = Instrument(
    "mirante.metrics.left_out",
    "{event}",
    "What could not be counted, or not be remembered to be taken back, because of a limit.",
    ("environment", "what"),
)
_FRAMES = Instrument("mirante.metrics.frames", "{frame}", "Frames made.", ("environment",))
_AGE = Instrument("mirante.metrics.log.age", "s", "How long ago everything in the log was counted.", ("environment",))
_REBUILDS = Instrument("mirante.metrics.rebuilds", "{rebuild}", "How often the state was built.", ("environment",))
_LEADS = Instrument("mirante.metrics.leads", "{process}", "Whether this process writes the roll-ups.")
_VALUES_LOST = Instrument(
    "mirante.metrics.values.lost", "{round}", "Rounds of live values that Redis did not take.", ("environment",)
)
_ALERTS_WATCHED = Instrument("mirante.alerts.watchers", "{stream}", "Who watches alerts.", ("environment",))
_JUDGED = Instrument(
    "mirante.alerts.judged", "{hour}", "Hours of tenants that were judged by a rule.", ("environment",)
)
_OPENED = Instrument("mirante.alerts.opened", "{alert}", "Alerts opened.", ("environment",))
_WAITING = Instrument("mirante.alerts.waiting.age", "s", "How long the oldest message to a webhook has waited.")
_ATTEMPTS = Instrument("mirante.alerts.attempts", "{attempt}", "Attempts to tell webhooks.", ("outcome",))


def measure(
    measurements: Measurements,
    *,
    policy: CallPolicy,
    environments: Environments,
    leadership: Leadership,
    deliveries: DeliveryWorker,
    clock: Callable[[], float],
) -> None:
    """Measure these parts from now on."""

    def each(of: Callable[[Kept], float]) -> Callable[[], Sequence[tuple[tuple[str, ...], float]]]:
        return lambda: [((environment,), of(kept)) for environment, kept in environments.kept.items()]

    measurements.gauge(
        _OPEN_STREAMS, lambda: [((method[1:],), count) for method, count in policy.streams.counts().items()]
    )
    measurements.counter(
        _CALLS_REFUSED, lambda: [(("quota",), policy.quotas.refused), (("in_flight",), policy.in_flight.refused)]
    )
    measurements.gauge(_TENANTS, each(lambda kept: len(kept.follower.view.metrics.tenants)))
    measurements.gauge(
        _ACTORS, each(lambda kept: sum(len(one.actors) for one in kept.follower.view.metrics.tenants.values()))
    )
    measurements.gauge(
        _LEFT_OUT,
        lambda: [
            ((environment, what), getattr(kept.follower.view.metrics.keeping.left, what))
            for environment, kept in environments.kept.items()
            for what in ("unreadable", "actors", "keys", "traces", "tenants")
        ],
    )
    measurements.counter(_FRAMES, each(lambda kept: kept.hub.frames_made))
    measurements.gauge(_AGE, each(lambda kept: log_age_seconds(kept, clock)))
    measurements.counter(_REBUILDS, each(lambda kept: kept.follower.rebuilds))
    measurements.gauge(_LEADS, lambda: [((), int(leadership.writer is not None))])
    measurements.counter(_VALUES_LOST, each(lambda kept: kept.values.lost))
    measurements.gauge(_ALERTS_WATCHED, each(lambda kept: kept.alerting.hub.watchers))
    measurements.counter(_JUDGED, each(lambda kept: kept.alerting.runner.judged))
    measurements.counter(_OPENED, each(lambda kept: kept.alerting.runner.opened))
    measurements.gauge(_WAITING, lambda: [((), waiting_seconds(deliveries, clock))])
    measurements.counter(_ATTEMPTS, lambda: [(("delivered",), deliveries.delivered), (("failed",), deliveries.failed)])


def log_age_seconds(kept: Kept, clock: Callable[[], float]) -> float:
    """Return how long ago everything in the log of an environment was counted; 0 before the first time."""
    read_at = kept.follower.view.log_read_at
    return clock() - read_at.timestamp() if read_at is not None else 0.0


def waiting_seconds(deliveries: DeliveryWorker, clock: Callable[[], float]) -> float:
    """Return how long the oldest message to a webhook has waited; 0 when none does."""
    return 0.0 if deliveries.oldest is None else max(0.0, clock() - deliveries.oldest)
