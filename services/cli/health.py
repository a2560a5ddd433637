"""`mirante health`: how the programme of flags and experiments does."""

from collections.abc import Iterator
from typing import Annotated, Final

import typer
from google.protobuf.duration_pb2 import Duration
from mirante.api.metrics.v1 import programme_service_pb2 as pb2

from services.cli.command import command
from services.cli.output import Output, local_time, styled
from services.cli.plain import plain
from services.cli.session import Session

health_group = typer.Typer()

_SECONDS: Final = 60.0
_MOST_RECOVERIES: Final = 5
_MOST_UNSEEN: Final = 8
_SIGNS: Final = {
    pb2.RECOVERY_SIGN_FIRST_BAD_EVENT: "first bad event",
    pb2.RECOVERY_SIGN_ALERT: "alert",
}
_STAGES: Final = ("off", "rolling_out", "in_experiment", "fully_on", "stale", "killed")


@command(health_group, "health")
def show_health(
    session: Session,
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days back.")] = 90,
    untouched: Annotated[int, typer.Option(min=1, max=400, help="Days without a change until a flag is stale.")] = 30,
) -> None:
    """Say how the programme of flags and experiments does, from what is on record."""
    request = pb2.GetProgrammeHealthRequest(environment=session.environment, days=days, stale_days=untouched)
    health = session.call(session.programme.GetProgrammeHealth, request, timeout_seconds=_SECONDS).health
    session.output.answer(lambda: plain(health), lambda output: _show(output, health))


def _show(output: Output, health: pb2.ProgrammeHealth) -> None:
    output.line(styled(f"The last {health.days} days", "bold"), f", as of {local_time(health.as_of)}")
    unknown = {each.figure: f"not known: {each.reason}" for each in health.unknown}
    output.facts(
        [
            ("from trouble to off", unknown.get("recovery") or _recovery(health.recovery)),
            ("declared events seen", unknown.get("coverage") or _coverage(health.coverage)),
            ("age of live numbers", unknown.get("live") or _live(health.live)),
            ("flags", unknown.get("stages") or _stages(health.stages)),
            ("experiments undecided", unknown.get("experiments") or str(health.experiments.undecided)),
        ]
    )
    if health.recovery.recoveries:
        output.line("")
        output.table(("FLAG", "TROUBLE SINCE", "KNOWN BY", "OFF AFTER", "BY", "WHY"), _recoveries(health.recovery))
    if "experiments" not in unknown:
        output.line("")
        months = [
            (each.month, str(each.started), str(each.shipped), str(each.killed), str(each.against_verdict))
            for each in health.experiments.months
        ]
        output.table(("MONTH", "STARTED", "SHIPPED", "KILLED", "AGAINST THE VERDICT"), months)


def _recovery(times: pb2.RecoveryTimes) -> str:
    without = times.kills_without_alert
    left_out = f"; left out, without an open alert: {without}" if without else ""
    some = "; not all changes of these days were read" if times.truncated else ""
    if not times.count:
        return f"nothing was turned off because of trouble{left_out}{some}"
    mean, median, slowest = map(length_text, (times.mean, times.median, times.slowest))
    return f"{mean} on average of {times.count} (median {median}, slowest {slowest}){left_out}{some}"


def _coverage(coverage: pb2.EventCoverage) -> str:
    if not coverage.declared:
        return "the catalogue declares none"
    unseen = ", ".join(coverage.unseen[:_MOST_UNSEEN])
    more = len(coverage.unseen) - _MOST_UNSEEN
    never = f"; never seen: {unseen}{f' and {more} more' if more > 0 else ''}" if unseen else ""
    return f"{coverage.seen / coverage.declared:.0%} ({coverage.seen} of {coverage.declared}){never}"


def _live(live: pb2.LiveAge) -> str:
    return length_text(live.age) + (", still catching up" if live.catching_up else "")


def _stages(stages: pb2.StageCounts) -> str:
    return ", ".join(f"{getattr(stages, name)} {name.replace('_', ' ')}" for name in _STAGES)


def _recoveries(times: pb2.RecoveryTimes) -> Iterator[tuple[str, ...]]:
    for each in times.recoveries[:_MOST_RECOVERIES]:
        took = Duration()
        took.FromNanoseconds(max(each.off_at.ToNanoseconds() - each.began_at.ToNanoseconds(), 0))
        began, sign = local_time(each.began_at), _SIGNS.get(each.sign, "")
        yield each.flag_key, began, sign, length_text(took), each.by, each.text


def length_text(length: Duration) -> str:
    """Return a length of time as people say it: "2.4 s", "3 min 20 s", "1 h 5 min"."""
    seconds = length.seconds + length.nanos / 1e9
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
