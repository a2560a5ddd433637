"""What an experiment says, recounted event by event with the rules of the statistics core."""

from collections.abc import Mapping, Sequence

from services.metrics.experiments.data.questions import LARGEST, Metric, Part, Question
from services.metrics.experiments.statistics.comparing import Kind
from services.metrics.experiments.statistics.exposures import Exposure, Observation, measured, participants
from services.metrics.experiments.statistics.sums import NONE, Sums, sums_of
from tests.support.report_events import Happened

ARMS = ("a", "b", "c")


def recounted(
    question: Question, events: Sequence[Happened], merges: Mapping[int, int]
) -> tuple[dict[str, list[dict[str, Sums]]], tuple[int, ...]]:
    """
    Return the sums at the last look, by arm, of each phase, by metric; and how many repeated exposures, crossovers,
    nameless exposures, unknown variants, units first exposed in pauses and units that were moved there are.
    """
    enrolment = question.enrolment
    rows = []
    for event in events:
        told = (event.name, event.properties.get("flag"), event.properties.get("reason"))
        if told == ("flag_exposta", "f", "SPLIT") and enrolment.start <= event.time < enrolment.end:
            actor = merges.get(event.actor, event.actor)
            phase = max(at for at, start in enumerate(enrolment.phases) if start <= event.time)
            rows.append(Exposure(str(actor or ""), str(event.properties["variant"]), event.time, phase))
    first: dict[str, int] = {}
    for row in rows:
        if row.unit and row.arm in ARMS:
            first[row.unit] = min(first.get(row.unit, 2**62), int(row.at))
    paused = {unit for unit, at in first.items() if any(start <= at < end for start, end in enrolment.pauses)}
    kept = [row for row in rows if row.unit not in paused]
    moved, stays = _moved(kept)
    taking_part = participants(stays, ARMS)
    left_out = participants(rows, ARMS)
    counts = (left_out.repeated, taking_part.crossovers, left_out.nameless, left_out.unknown, len(paused), moved)
    found = {}
    for metric in question.metrics:
        observations = [
            Observation(str(merges.get(event.actor, event.actor)), event.time, *_amount(part, event))
            for event in events
            for part in metric.parts
            if event.name == part.selection.event
        ]
        sums = measured(
            taking_part,
            observations,
            window=metric.window,
            until=question.until,
            cap=metric.cap,
            once=metric.kind is Kind.PROPORTION,
        )
        if metric.covariate:
            sums = _with_covariate(metric, taking_part.units, observations, question.until)
        found[metric.key] = [
            {arm: sums.get((phase, arm), NONE) for arm in ARMS} for phase in range(len(enrolment.phases))
        ]
    return found, counts


def _moved(rows: Sequence[Exposure]) -> tuple[int, list[Exposure]]:
    """
    Return how many units saw one arm in each phase, but not the same in all, and the rows without those in which they
    saw another arm than their first one.
    """
    arms: dict[str, dict[int, set[str]]] = {}
    for row in rows:
        if row.unit and row.arm in ARMS:
            arms.setdefault(row.unit, {}).setdefault(row.phase, set()).add(row.arm)
    moved = {
        unit: phases[min(phases)]
        for unit, phases in arms.items()
        if all(len(each) == 1 for each in phases.values()) and len(set.union(*phases.values())) > 1
    }
    return len(moved), [row for row in rows if row.unit not in moved or row.arm in moved[row.unit]]


def _amount(part: Part, event: Happened) -> tuple[float, float]:
    value: float = 1.0
    if part.property is not None:
        given = event.properties.get(part.property.name)
        value = float(given) if isinstance(given, int | float) and not isinstance(given, bool) else 0.0
        value = value if abs(value) <= LARGEST else 0.0
    return (0.0, value) if part.is_denominator else (part.sign * value, 0.0)


def _with_covariate(
    metric: Metric, units: Mapping[str, Exposure], observations: Sequence[Observation], until: int
) -> dict[tuple[int, str], Sums]:
    rows: dict[tuple[int, str], tuple[list[float], list[float]]] = {}
    for unit, exposure in units.items():
        if exposure.at + metric.window > until:
            continue
        own = [each for each in observations if each.unit == unit]
        ys, xs = rows.setdefault((exposure.phase, exposure.arm), ([], []))
        cap = float("inf") if metric.cap is None else metric.cap
        ys.append(min(sum(each.y for each in own if exposure.at <= each.at < exposure.at + metric.window), cap))
        xs.append(min(sum(each.y for each in own if exposure.at - metric.covariate <= each.at < exposure.at), cap))
    return {place: sums_of(ys, xs) for place, (ys, xs) in rows.items()}
