"""How long it took until a flag was off. Pure."""

import datetime
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import rollout_guard_pb2, rollout_pb2
from mirante.api.metrics.v1 import alert_pb2
from mirante.api.metrics.v1 import programme_service_pb2 as pb2

MOST_SHOWN: Final = 50
LOOK_BACK: Final = datetime.timedelta(hours=24)
"""An alert that was open for longer before a kill was hardly its reason."""

SAME_MOMENT: Final = datetime.timedelta(seconds=1)
"""A kill so close to a breach of the same flag was made by it: both are written in one transaction."""

OF_GUARDS: Final = "rollout."
"""How rule keys of alerts begin that guards have raised: what those are about was turned off, or paused, already."""

_UTC: Final = datetime.UTC
_STOPPING: Final = (rollout_guard_pb2.GUARD_ACTION_KILL, rollout_guard_pb2.GUARD_ACTION_ROLL_BACK)


@dataclass(frozen=True, slots=True)
class Recovered:
    """A flag that was turned off: when trouble began, how that is known, when it was off, by whom, and why."""

    flag_key: str
    sign: pb2.RecoverySign.ValueType
    began: datetime.datetime
    off: datetime.datetime
    by: str
    text: str

    @property
    def length(self) -> datetime.timedelta:
        """How long it took; clocks of others may be ahead, so never less than nothing."""
        return max(self.off - self.began, datetime.timedelta())


def breaches(
    rollouts: Sequence[rollout_pb2.RolloutRecord], since: datetime.datetime
) -> Iterator[tuple[str, rollout_pb2.RolloutEvent]]:
    """Yield the flag and the event of breaches since then that turned something off; a pause turns nothing off."""
    for record in rollouts:
        pausing = {each.name for each in record.plan.guards if not _stops(each)}
        for event in record.events:
            is_breach = event.action == rollout_pb2.ROLLOUT_ACTION_BREACH and event.evidence.guard not in pausing
            if is_breach and event.at.ToDatetime(_UTC) >= since:
                yield record.plan.flag_key, event


def by_guard(flag: str, event: rollout_pb2.RolloutEvent) -> Recovered | None:
    """Return what a breach has turned off; None when it does not say which event was the first bad one."""
    evidence = event.evidence
    if not evidence.HasField("first_event_at"):
        return None
    began, off = evidence.first_event_at.ToDatetime(_UTC), event.at.ToDatetime(_UTC)
    return Recovered(flag, pb2.RECOVERY_SIGN_FIRST_BAD_EVENT, began, off, event.actor, evidence.text)


def by_people(
    histories: Mapping[str, Sequence[flags_pb2.HistoryEntry]],
    alerts: Sequence[alert_pb2.Alert],
    guarded: Sequence[tuple[str, rollout_pb2.RolloutEvent]],
    since: datetime.datetime,
) -> Iterator[Recovered | None]:
    """Yield the kills since then that no breach has made; None for one while no alert was open."""
    made: dict[str, list[datetime.datetime]] = {}
    for flag, event in guarded:
        made.setdefault(flag, []).append(event.at.ToDatetime(_UTC))
    for flag, entries in histories.items():
        for entry in entries:
            off = entry.at.ToDatetime(_UTC)
            if entry.action != flags_pb2.HISTORY_ACTION_KILL or off < since:
                continue
            if any(abs(off - at) <= SAME_MOMENT for at in made.get(flag, ())):
                continue
            began = _alarm(alerts, off)
            if began is None:
                yield None
            else:
                yield Recovered(flag, pb2.RECOVERY_SIGN_ALERT, began, off, entry.actor, entry.comment)


def recovery_times(found: Sequence[Recovered | None], *, truncated: bool) -> pb2.RecoveryTimes:
    """Return what recoveries say together; None stands for one of which nothing says when trouble began."""
    recovered = sorted((each for each in found if each is not None), key=lambda each: each.off, reverse=True)
    times = pb2.RecoveryTimes(
        count=len(recovered), kills_without_alert=len(found) - len(recovered), truncated=truncated
    )
    for each in recovered[:MOST_SHOWN]:
        shown = times.recoveries.add(flag_key=each.flag_key, sign=each.sign, by=each.by, text=each.text)
        shown.began_at.FromDatetime(each.began)
        shown.off_at.FromDatetime(each.off)
    if recovered:
        seconds = [each.length.total_seconds() for each in recovered]
        for field, value in (
            (times.mean, statistics.fmean(seconds)),
            (times.median, statistics.median(seconds)),
            (times.slowest, max(seconds)),
        ):
            field.FromTimedelta(datetime.timedelta(seconds=value))
    return times


def _stops(guard: rollout_guard_pb2.Guard) -> bool:
    if guard.action:
        return guard.action in _STOPPING
    return guard.WhichOneof("kind") != "sample_ratio"


def _alarm(alerts: Sequence[alert_pb2.Alert], off: datetime.datetime) -> datetime.datetime | None:
    """Return when the oldest alert opened that was open then and not too old; None when there was none."""
    opened = [
        each.opened_at.ToDatetime(_UTC)
        for each in alerts
        if not each.rule_key.startswith(OF_GUARDS)
        and (not each.HasField("resolved_at") or each.resolved_at.ToDatetime(_UTC) >= off)
    ]
    return min((each for each in opened if off - LOOK_BACK <= each <= off), default=None)
