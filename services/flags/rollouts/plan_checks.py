"""Whether a plan is sound by itself. Pure."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Final

from mirante.api.flags.v1 import flag_pb2, rollout_guard_pb2, rollout_pb2
from mirante.evaluation.model import Violation

from services.flags.rollouts.stage_rules import EVERYBODY
from services.flags.texts import MAX_COMMENT, MAX_DESCRIPTION, is_key
from services.runtime.errors import InvalidRequest
from services.runtime.texts import text_violations

_STAGES: Final = 50
_GUARDS: Final = 20
_EVENTS: Final = 20
_CONDITIONS: Final = 20
_NAME: Final = 100
_TEXT: Final = 128
_BYTES: Final = 16 * 1024
"""A page of plans has to fit into a message."""
_NANOS: Final = 1_000_000_000
_LARGEST_SAMPLE: Final = 100_000
"""Metrics tells so many users of one plan apart."""
_MOST_EVENTS: Final = 100_000
"""Metrics counts so many events in the window of a tripwire: one that needs more would never break."""
_LONGEST_SOAK: Final = 90 * 86_400
_WINDOW: Final = (5, 600)
_GUARD_NAME: Final = re.compile(r"[a-z0-9_-]{1,63}", re.ASCII)
_LARGEST_ALPHA: Final = 0.5

_ACTIONS: Final = frozenset(rollout_guard_pb2.GuardAction.values())
_DIRECTIONS: Final = frozenset(rollout_guard_pb2.HarmDirection.values())
_QUANTILE: Final = rollout_guard_pb2.TRIPWIRE_MEASURE_QUANTILE


def require_sound_plan(plan: rollout_pb2.RolloutPlan, flag: flag_pb2.Flag) -> None:
    """Raise `InvalidRequest` unless the plan is sound by itself and for the variants of this flag."""
    found = list(_violations(plan, flag))
    if found:
        raise InvalidRequest(found[:100])


def checked_evidence(
    evidence: rollout_guard_pb2.GuardEvidence, field: str = "evidence"
) -> rollout_guard_pb2.GuardEvidence:
    """Return evidence as it can be stored; raise `InvalidRequest` for texts or times that cannot be."""
    found = list(text_violations(f"{field}.guard", evidence.guard, _NAME))
    found += text_violations(f"{field}.text", evidence.text, MAX_COMMENT)
    for name in ("start_time", "end_time", "first_event_at", "detected_at"):
        try:
            getattr(evidence, name).ToDatetime()
        except (ValueError, OverflowError):
            found.append(Violation(f"{field}.{name}", "is no time of the years 1 to 9999"))
    if found:
        raise InvalidRequest(found)
    copy = rollout_guard_pb2.GuardEvidence()
    copy.CopyFrom(evidence)
    copy.DiscardUnknownFields()
    return copy


def _violations(plan: rollout_pb2.RolloutPlan, flag: flag_pb2.Flag) -> Iterator[Violation]:
    if plan.ByteSize() > _BYTES:
        yield Violation("plan", f"may have {_BYTES} bytes at most: put conditions into a segment")
    variants = {each.name for each in flag.variants}
    if plan.variant not in variants:
        yield Violation("plan.variant", f"is none of the flag's: {', '.join(sorted(variants))}")
    if plan.baseline_variant and plan.baseline_variant not in variants:
        yield Violation("plan.baseline_variant", f"is none of the flag's: {', '.join(sorted(variants))}")
    elif plan.baseline_variant and plan.baseline_variant == plan.variant:
        yield Violation("plan.baseline_variant", "is the variant that is rolled out")
    yield from text_violations("plan.description", plan.description, MAX_DESCRIPTION, lines=True)
    yield from text_violations("plan.origin", plan.origin, _TEXT)
    yield from text_violations("plan.bucket_by", plan.bucket_by, _TEXT)
    if not 0.0 <= plan.guardrail_alpha < _LARGEST_ALPHA:
        yield Violation("plan.guardrail_alpha", f"must be above 0 and below {_LARGEST_ALPHA}; 0 means 0.05")
    yield from _count("plan.stages", len(plan.stages), _STAGES, fewest=1)
    yield from _count("plan.guards", len(plan.guards), _GUARDS)
    yield from _stages(plan)
    names: set[str] = set()
    for position, guard in enumerate(plan.guards):
        field = f"plan.guards[{position}]"
        if not _GUARD_NAME.fullmatch(guard.name):
            yield Violation(f"{field}.name", "must have 1 to 63 of a-z, 0-9, '_' and '-'")
        elif guard.name in names:
            yield Violation(f"{field}.name", f"{guard.name!r} is used twice")
        names.add(guard.name)
        yield from _guard(field, guard)


def _stages(plan: rollout_pb2.RolloutPlan) -> Iterator[Violation]:
    coverages: dict[bytes, int] = {}
    for position, stage in enumerate(plan.stages):
        field = f"plan.stages[{position}]"
        yield from text_violations(f"{field}.name", stage.name, _NAME)
        audience = stage.audience.SerializeToString(deterministic=True)
        if not 1 <= stage.coverage <= EVERYBODY:
            yield Violation(f"{field}.coverage", f"must be 1 to {EVERYBODY}, got {stage.coverage}")
        elif stage.coverage <= coverages.get(audience, 0):
            yield Violation(f"{field}.coverage", "must be more than in earlier stages with the same audience")
        coverages[audience] = stage.coverage
        if coverages.get(b"", 0) >= EVERYBODY and position < len(plan.stages) - 1:
            yield Violation(f"{field}.coverage", "reaches everybody, so it must be the last stage")
        if not 0 <= stage.soak.seconds <= _LONGEST_SOAK or not 0 <= stage.soak.nanos < _NANOS:
            yield Violation(f"{field}.soak", f"must be 0 to {_LONGEST_SOAK} seconds")
        if stage.minimum_sample > _LARGEST_SAMPLE:
            yield Violation(f"{field}.minimum_sample", f"must be at most {_LARGEST_SAMPLE}")
        yield from _audience(f"{field}.audience", stage)


def _audience(field: str, stage: rollout_pb2.RolloutStage) -> Iterator[Violation]:
    if not stage.HasField("audience"):
        return
    audience = stage.audience
    match audience.WhichOneof("kind"):
        case None:
            yield Violation(field, "names no segment, ring or targeting: leave it out for everybody")
        case "segment_key" if not is_key(audience.segment_key):
            yield Violation(f"{field}.segment_key", "is no key of a segment")
        case "ring" if not is_key(audience.ring.segment_key):
            yield Violation(f"{field}.ring.segment_key", "is no key of a segment")
        case "targeting":
            count = len(audience.targeting.conditions)
            yield from _count(f"{field}.targeting.conditions", count, _CONDITIONS, fewest=1)


def _guard(field: str, guard: rollout_guard_pb2.Guard) -> Iterator[Violation]:
    if guard.action not in _ACTIONS:
        yield Violation(f"{field}.action", f"is unknown: {guard.action}")
    match guard.WhichOneof("kind"):
        case None:
            yield Violation(field, "needs a tripwire, a guardrail or a sample_ratio")
        case "tripwire":
            yield from _tripwire(f"{field}.tripwire", guard.tripwire)
        case "guardrail":
            yield from _events(f"{field}.guardrail.events", guard.guardrail.events)
            if guard.guardrail.harm not in _DIRECTIONS:
                yield Violation(f"{field}.guardrail.harm", f"is unknown: {guard.guardrail.harm}")


def _tripwire(field: str, tripwire: rollout_guard_pb2.Tripwire) -> Iterator[Violation]:
    yield from _events(f"{field}.events", tripwire.events)
    measure = tripwire.measure
    if measure not in rollout_guard_pb2.TripwireMeasure.values() or not measure:
        yield Violation(f"{field}.measure", "is required: actor_share, event_count or quantile")
    if measure == _QUANTILE:
        if not tripwire.property or len(tripwire.property) > _TEXT:
            yield Violation(f"{field}.property", f"is required for quantiles, 1 to {_TEXT} characters")
        if not 0.0 < tripwire.quantile < 1.0:
            yield Violation(f"{field}.quantile", "must be above 0 and below 1")
    elif tripwire.property or tripwire.quantile:
        yield Violation(f"{field}.property", "is for quantiles only, as is quantile")
    share = measure == rollout_guard_pb2.TRIPWIRE_MEASURE_ACTOR_SHARE
    if not math.isfinite(tripwire.limit) or tripwire.limit < 0.0 or (share and tripwire.limit >= 1.0):
        yield Violation(f"{field}.limit", "must be 0 or more; of a share below 1")
    elif measure == rollout_guard_pb2.TRIPWIRE_MEASURE_EVENT_COUNT and tripwire.limit >= _MOST_EVENTS:
        yield Violation(f"{field}.limit", f"must be below {_MOST_EVENTS}: no more events are counted")
    if tripwire.minimum > _MOST_EVENTS:
        yield Violation(f"{field}.minimum", f"must be at most {_MOST_EVENTS}")
    if tripwire.HasField("window"):
        window = tripwire.window
        if not _WINDOW[0] <= window.seconds <= _WINDOW[1] or not 0 <= window.nanos < _NANOS:
            yield Violation(f"{field}.window", f"must be {_WINDOW[0]} to {_WINDOW[1]} seconds")


def _events(field: str, events: Sequence[str]) -> Iterator[Violation]:
    yield from _count(field, len(events), _EVENTS, fewest=1)
    for position, name in enumerate(events):
        if not name:
            yield Violation(f"{field}[{position}]", "is empty")
        yield from text_violations(f"{field}[{position}]", name, _TEXT)


def _count(field: str, count: int, most: int, *, fewest: int = 0) -> Iterator[Violation]:
    if not fewest <= count <= most:
        yield Violation(field, f"must have {fewest} to {most}, got {count}")
