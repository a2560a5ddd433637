"""How long it took until flags were off."""

import datetime

from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import rollout_pb2
from mirante.api.metrics.v1 import alert_pb2
from mirante.api.metrics.v1 import programme_service_pb2 as pb2

from services.metrics.programme.recovering import Recovered, breaches, by_guard, by_people, recovery_times

NOW = datetime.datetime(2026, 11, 26, 12, tzinfo=datetime.UTC)
SINCE = NOW - datetime.timedelta(days=90)


def ago(minutes: float) -> datetime.datetime:
    """So many minutes before now."""
    return NOW - datetime.timedelta(minutes=minutes)


def kill(minutes: float, actor: str = "ana") -> flags_pb2.HistoryEntry:
    """A kill, so long ago."""
    made = flags_pb2.HistoryEntry(action=flags_pb2.HISTORY_ACTION_KILL, actor=actor, comment="erros")
    made.at.FromDatetime(ago(minutes))
    return made


def alert(opened: float, resolved: float | None = None) -> alert_pb2.Alert:
    """An alert, opened and perhaps resolved so long ago."""
    made = alert_pb2.Alert()
    made.opened_at.FromDatetime(ago(opened))
    if resolved is not None:
        made.resolved_at.FromDatetime(ago(resolved))
    return made


def breached(at: float, guard: str = "erros", first_event: float | None = None) -> rollout_pb2.RolloutRecord:
    """A plan of the flag "f" that a guard has stopped so long ago."""
    made = rollout_pb2.RolloutRecord(plan=rollout_pb2.RolloutPlan(flag_key="f"))
    made.plan.guards.add(name="erros").tripwire.limit = 0.05
    made.plan.guards.add(name="proporcao").sample_ratio.SetInParent()
    event = made.events.add(action=rollout_pb2.ROLLOUT_ACTION_BREACH, actor="interno")
    event.at.FromDatetime(ago(at))
    event.evidence.guard = guard
    if first_event is not None:
        event.evidence.first_event_at.FromDatetime(ago(first_event))
    made.events.add(action=rollout_pb2.ROLLOUT_ACTION_START).at.FromDatetime(ago(at + 60))
    return made


def lengths(*found: Recovered | None) -> list[float | None]:
    """Minutes that each took."""
    return [None if each is None else each.length.total_seconds() / 60 for each in found]


def test_kills_by_people_count_from_the_oldest_open_alert() -> None:
    """Not from alerts that were resolved, opened later, open for more than a day already, or raised by guards."""
    of_guard = alert(40)
    of_guard.rule_key = "rollout.0b0e7a3c.1.f"
    alerts = [of_guard, alert(30), alert(25), alert(90, resolved=60), alert(5), alert(60 * 26)]
    assert lengths(*by_people({"f": [kill(10)]}, alerts, [], SINCE)) == [20]
    assert lengths(*by_people({"f": [kill(70)]}, alerts, [], SINCE)) == [20]
    assert lengths(*by_people({"f": [kill(10)]}, [alert(5)], [], SINCE)) == [None]
    assert not list(by_people({"f": [kill(10)]}, alerts, [], ago(5)))


def test_breaches_count_from_their_first_bad_event_and_once() -> None:
    """The kill that a breach makes is not counted again; a guard that pauses turns nothing off."""
    plans = [breached(10, first_event=12), breached(20, "proporcao", first_event=30), breached(60 * 24 * 100)]
    guarded = list(breaches(plans, SINCE))
    (found,) = [by_guard(*each) for each in guarded]
    assert found is not None
    assert (found.flag_key, found.sign, found.by) == ("f", pb2.RECOVERY_SIGN_FIRST_BAD_EVENT, "interno")
    assert lengths(found) == [2]
    histories = {"f": [kill(10), kill(9)], "g": [kill(10)]}
    assert lengths(*by_people(histories, [alert(11)], guarded, SINCE)) == [2, 1]
    ((flag, event),) = breaches([breached(10)], SINCE)
    assert by_guard(flag, event) is None


def test_all_of_them_together() -> None:
    """Mean, median and slowest; those of which nothing says when trouble began are counted and left out."""
    sign = pb2.RECOVERY_SIGN_ALERT
    found = [Recovered("f", sign, ago(minutes + 10), ago(minutes), "ana", "") for minutes in range(60)]
    # A clock that is ahead makes no negative time.
    found[0] = Recovered("f", sign, ago(-1), ago(0), "ana", "")
    found[1] = Recovered("f", sign, ago(71), ago(1), "ana", "")
    times = recovery_times([*found, None, None], truncated=True)
    assert (times.count, len(times.recoveries), times.kills_without_alert, times.truncated) == (60, 50, 2, True)
    assert (times.mean.seconds, times.median.seconds, times.slowest.seconds) == (650, 600, 4_200)
    assert times.recoveries[0].off_at.ToDatetime(datetime.UTC) == NOW
    nothing = recovery_times([], truncated=False)
    assert not nothing.HasField("mean")
