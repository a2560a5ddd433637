"""What the telemetry service measures beside its calls."""

from services.runtime.calls.policy import CallPolicy
from services.runtime.hints.redis import RedisHints
from services.runtime.telemetry.measurements import Instrument, Measurements
from services.telemetry.ingestion.event_quota import EventQuota
from services.telemetry.ingestion.group_commit import GroupCommit
from services.telemetry.log.event_log_servicer import EventLogServicer
from services.telemetry.log.horizon import HorizonWatch

_OPEN_STREAMS = Instrument("mirante.streams.open", "{stream}", "Open streams.", ("rpc.method",))
_COMMITTED = Instrument("mirante.events.committed", "{event}", "Events in committed groups, duplicates included.")
_WAITING = Instrument("mirante.events.waiting", "{event}", "Events that wait to be committed.")
_WAITING_BYTES = Instrument("mirante.events.waiting.size", "By", "Events that wait to be committed.")
_REFUSED = Instrument("mirante.events.refused", "{event}", "Events refused to protect the service.", ("reason",))
_CALLS_REFUSED = Instrument("mirante.calls.refused", "{call}", "Calls refused to protect the service.", ("reason",))
_LAG = Instrument("mirante.log.lag", "s", "How far the slowest follower is behind.", ("environment",))
_HORIZON = Instrument("mirante.log.horizon.age", "s", "How long the oldest open transaction has held back the log.")
_HINTS_LOST = Instrument("mirante.hints.lost", "{hint}", "Hints to other replicas that could not be published.")


def measure(
    measurements: Measurements,
    *,
    policy: CallPolicy,
    commit: GroupCommit,
    quota: EventQuota,
    log: EventLogServicer,
    hints: RedisHints,
    horizon: HorizonWatch,
) -> None:
    """Measure these parts from now on."""
    measurements.gauge(
        _OPEN_STREAMS, lambda: [((method[1:],), count) for method, count in policy.streams.counts().items()]
    )
    measurements.counter(_COMMITTED, lambda: [((), commit.committed)])
    measurements.gauge(_WAITING, lambda: [((), commit.queue.events)])
    measurements.gauge(_WAITING_BYTES, lambda: [((), commit.queue.bytes)])
    measurements.counter(_REFUSED, lambda: [(("quota",), quota.refused), (("queue",), commit.queue.refused)])
    measurements.counter(
        _CALLS_REFUSED, lambda: [(("quota",), policy.quotas.refused), (("in_flight",), policy.in_flight.refused)]
    )
    measurements.gauge(_LAG, lambda: [((environment,), lag) for environment, lag in log.lags().items()])
    measurements.gauge(_HORIZON, lambda: [((), horizon.age_seconds)])
    measurements.counter(_HINTS_LOST, lambda: [((), hints.lost)])
