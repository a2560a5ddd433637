"""How rollout plans are shown."""

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.flags.v1 import rollout_guard_pb2, rollout_pb2

from services.cli.output import Output, local_time, styled
from services.cli.plain import enum_name
from services.cli.rollouts.parts import duration_text, stage_text

_STATES = rollout_pb2.RolloutState.DESCRIPTOR
_STYLES = {
    rollout_pb2.ROLLOUT_STATE_RUNNING: "green",
    rollout_pb2.ROLLOUT_STATE_BREACHED: "bold red",
    rollout_pb2.ROLLOUT_STATE_HELD: "yellow",
    rollout_pb2.ROLLOUT_STATE_PAUSED: "yellow",
    rollout_pb2.ROLLOUT_STATE_WAITING_FOR_APPROVAL: "yellow",
}


def state_text(record: rollout_pb2.RolloutRecord) -> str:
    """Return the state in words."""
    return enum_name(_STATES, record.state).replace("_", " ")


def place_text(record: rollout_pb2.RolloutRecord) -> str:
    """Return how far a plan is, as "2 of 4, 25% of everybody"."""
    stages = record.plan.stages
    if not record.stage:
        return f"none of {len(stages)}"
    return f"{record.stage} of {len(stages)}, {stage_text(stages[record.stage - 1])}"


def show_rollout(output: Output, record: rollout_pb2.RolloutRecord) -> None:
    """Print a plan with its stages, guards and what happened to it."""
    state = styled(state_text(record), _STYLES.get(record.state, ""))
    output.line(styled(record.plan.flag_key, "bold"), f" {record.plan.variant}: ", state, f"  {record.id}")
    if record.plan.description:
        output.line(record.plan.description)
    if record.reason:
        output.line(f"since {local_time(record.state_since)}: {record.reason}")
    if record.HasField("breach"):
        output.facts(_breach_facts(record))
    if record.HasField("next_stage_not_before"):
        output.line(f"next stage not before {local_time(record.next_stage_not_before)}")
    rows = [
        (
            ">" if number == record.stage else "",
            str(number),
            stage.name,
            stage_text(stage),
            duration_text(stage.soak),
            str(stage.minimum_sample or ""),
            _approval(record, number),
        )
        for number, stage in enumerate(record.plan.stages, 1)
    ]
    output.table(("", "STAGE", "NAME", "WHO", "SOAK", "SAMPLE", "APPROVAL"), rows)
    if record.plan.guards:
        output.table(("GUARD", "STATE", "OBSERVED", "LIMIT", "DISTANCE", "SAMPLE"), _guard_rows(record))
    if record.events:
        show_events(output, record)


def show_events(output: Output, record: rollout_pb2.RolloutRecord) -> None:
    """Print what happened to a plan, newest first."""
    actions = rollout_pb2.RolloutAction.DESCRIPTOR
    rows = [
        (
            local_time(each.at),
            enum_name(actions, each.action).replace("_", " "),
            str(each.stage),
            each.actor,
            each.comment,
        )
        for each in record.events
    ]
    output.table(("AT", "WHAT", "STAGE", "BY", "WHY"), rows)


def _breach_facts(record: rollout_pb2.RolloutRecord) -> list[tuple[str, str]]:
    breach = record.breach
    guard = next((each for each in record.plan.guards if each.name == breach.guard), rollout_guard_pb2.Guard())
    seen = _precise(breach.detected_at)
    if breach.HasField("first_event_at") and breach.HasField("detected_at"):
        later = breach.detected_at.ToNanoseconds() - breach.first_event_at.ToNanoseconds()
        seen += f", {later / 1e9:.1f} s later"
    observed, limit = _measured(guard, breach.observed), _measured(guard, breach.limit)
    return [
        ("first event", _precise(breach.first_event_at)),
        ("breach seen", seen),
        ("observed", f"{observed}, on {breach.sample}; the limit is {limit}"),
    ]


def _precise(moment: Timestamp) -> str:
    """Return a moment with milliseconds: between an error and a kill there are few seconds."""
    return f"{local_time(moment)}.{moment.nanos // 1_000_000:03}" if moment.seconds else ""


def _measured(guard: rollout_guard_pb2.Guard, value: float) -> str:
    """Return what a guard measures, as people write it: all but counts and quantiles are shares."""
    counted = (rollout_guard_pb2.TRIPWIRE_MEASURE_EVENT_COUNT, rollout_guard_pb2.TRIPWIRE_MEASURE_QUANTILE)
    return f"{value:.4g}" if guard.tripwire.measure in counted else f"{value:.2%}"


def _approval(record: rollout_pb2.RolloutRecord, number: int) -> str:
    if not record.plan.stages[number - 1].needs_approval:
        return ""
    return "given" if record.approved_stage >= number else "needed"


def _guard_rows(record: rollout_pb2.RolloutRecord) -> list[tuple[str, str, str, str, str, str]]:
    states = rollout_guard_pb2.GuardState.DESCRIPTOR
    readings = {each.guard: each for each in record.guards.readings}
    rows = []
    for guard in record.plan.guards:
        reading = readings.get(guard.name, rollout_guard_pb2.GuardReading())
        state = enum_name(states, reading.state).replace("_", " ") if reading.state else "not reported"
        rows.append(
            (
                guard.name,
                state,
                _measured(guard, reading.observed) if reading.HasField("observed") else "",
                _measured(guard, reading.limit) if reading.HasField("limit") else "",
                f"{reading.distance:.0%}" if reading.HasField("distance") else "",
                str(reading.sample or ""),
            )
        )
    return rows
