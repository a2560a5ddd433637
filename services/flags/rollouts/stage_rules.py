"""The flag that a stage makes. Pure."""

from dataclasses import dataclass
from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import flag_pb2, rollout_guard_pb2, rollout_pb2
from mirante.evaluation.model import Violation

from services.runtime.errors import InvalidRequest, StateConflict

EVERYBODY: Final = 100_000
"""Full coverage."""

_PREFIX: Final = "rollout."


@dataclass(frozen=True, slots=True)
class Base:
    """What the flag was before the plan, and what those are served whom no stage has reached."""

    on: bool
    fallthrough: flag_pb2.Serve
    uncovered: flag_pb2.Serve


def base_of(flag: flag_pb2.Flag, plan: rollout_pb2.RolloutPlan) -> Base:
    """
    Return what a plan begins from.

    Raises:
        StateConflict: everybody is served the variant already, or nobody whom the plan does not reach would not be.
    """
    fallthrough = uncovered = flag.fallthrough
    if plan.baseline_variant:
        uncovered = flag_pb2.Serve(variant=plan.baseline_variant)
        if _serves(fallthrough, plan.variant):
            # Taken back, the plan must not give its variant to more people than a stage did.
            fallthrough = uncovered
    elif not flag.on:
        uncovered = flag_pb2.Serve(variant=flag.off_variant)
    return _sound(Base(flag.on, fallthrough, uncovered), flag, plan)


def base_after(flag: flag_pb2.Flag, written: flag_pb2.Flag, base: Base, plan: rollout_pb2.RolloutPlan) -> Base:
    """
    Return what a plan goes on from when somebody has changed the flag: another fallthrough is what they want now.

    Raises:
        StateConflict: as `base_of` does.
    """
    return _sound(_rebased(flag, written, base), flag, plan)


def base_to_go_back_to(flag: flag_pb2.Flag, written: flag_pb2.Flag, base: Base, plan: rollout_pb2.RolloutPlan) -> Base:
    """Return the same for a plan that is taken back, from which nobody is to be served its variant any more."""
    rebased = _rebased(flag, written, base)
    return base if _serves(rebased.uncovered, plan.variant) else rebased


def with_stage(flag: flag_pb2.Flag, base: Base, plan: rollout_pb2.RolloutPlan, stage: int) -> flag_pb2.Flag:
    """Return the flag as a stage makes it; stage 0 is what it was before. Its own rules stay, whatever they are now."""
    made = without_stages(flag)
    made.on = base.on or stage > 0
    made.fallthrough.CopyFrom(base.uncovered if stage else base.fallthrough)
    reached = plan.stages[:stage]
    if any(not each.HasField("audience") and each.coverage >= EVERYBODY for each in reached):
        made.fallthrough.CopyFrom(flag_pb2.Serve(variant=plan.variant))
        return made
    newest = {each.audience.SerializeToString(deterministic=True): number for number, each in enumerate(reached, 1)}
    # Everybody last: who is left out by chance must not lack those who have the variant by another rule.
    for number in sorted(newest.values(), key=lambda each: not plan.stages[each - 1].HasField("audience")):
        made.rules.append(_rule(plan, number))
    return made


def without_stages(flag: flag_pb2.Flag) -> flag_pb2.Flag:
    """Return a copy of the flag without the rules of plans."""
    copy = flag_pb2.Flag()
    copy.CopyFrom(flag)
    del copy.rules[:]
    copy.rules.extend(rule for rule in flag.rules if not is_stage_rule(rule.id))
    return copy


def is_stage_rule(rule_id: str) -> bool:
    """Whether a rule is one that a plan has written."""
    return rule_id.startswith(_PREFIX) and rule_id.removeprefix(_PREFIX).isdecimal()


def require_no_new_stage_rules(flag: flag_pb2.Flag, current: flag_pb2.Flag | None) -> None:
    """Raise `InvalidRequest` for a rule with the id of a plan's that the flag does not have: plans take those away."""
    found = new_stage_rules("flag", flag, current)
    if found:
        raise InvalidRequest(found, reason=reasons.ERROR_REASON_INVALID_DEFINITION)


def new_stage_rules(path: str, flag: flag_pb2.Flag, current: flag_pb2.Flag | None) -> list[Violation]:
    """Return what is wrong with such rules of the flag at a path."""
    present = {rule.id for rule in current.rules} if current is not None else frozenset()
    return [
        Violation(f"{path}.rules[{position}].id", "belongs to rollout plans: name it otherwise")
        for position, rule in enumerate(flag.rules)
        if is_stage_rule(rule.id) and rule.id not in present
    ]


def stage_of_rule(rule_id: str) -> int:
    """Return the number of the stage that such a rule is of."""
    return int(rule_id.removeprefix(_PREFIX))


def serves_alike(one: flag_pb2.Flag, other: flag_pb2.Flag) -> bool:
    """Whether two versions of a flag serve the same: what only describes it may differ."""
    return _served(one) == _served(other)


def _served(flag: flag_pb2.Flag) -> bytes:
    copy = flag_pb2.Flag()
    copy.CopyFrom(flag)
    for name in ("version", "description", "owner", "tags", "client_visible"):
        copy.ClearField(name)
    for variant in copy.variants:
        variant.description = ""
    return copy.SerializeToString(deterministic=True)


def _rebased(flag: flag_pb2.Flag, written: flag_pb2.Flag, base: Base) -> Base:
    return base if flag.fallthrough == written.fallthrough else Base(flag.on, flag.fallthrough, flag.fallthrough)


def only_watches(plan: rollout_pb2.RolloutPlan) -> bool:
    """Whether a plan only guards what everybody is served already: one stage of all, and guards that kill or pause."""
    if len(plan.stages) != 1 or plan.stages[0].HasField("audience") or plan.stages[0].coverage < EVERYBODY:
        return False
    return bool(plan.guards) and all(map(_stops, plan.guards))


def _stops(guard: rollout_guard_pb2.Guard) -> bool:
    if guard.action:
        return guard.action != rollout_guard_pb2.GUARD_ACTION_ROLL_BACK
    return guard.HasField("sample_ratio")


def _serves(serve: flag_pb2.Serve, variant: str) -> bool:
    return variant in (serve.variant, *(each.variant for each in serve.rollout.splits))


def _sound(base: Base, flag: flag_pb2.Flag, plan: rollout_pb2.RolloutPlan) -> Base:
    if base.uncovered.variant == plan.variant and not only_watches(plan):
        raise StateConflict(
            f"flag {flag.key} serves {plan.variant} to everybody whom no stage has reached: name a baseline variant, "
            "or change the flag's fallthrough",
            metadata={"state": "rolled out"},
        )
    return base


def _rule(plan: rollout_pb2.RolloutPlan, number: int) -> flag_pb2.Rule:
    stage = plan.stages[number - 1]
    rule = flag_pb2.Rule(id=f"{_PREFIX}{number}", description=stage.name)
    kind = stage.audience.WhichOneof("kind")
    if kind == "targeting":
        rule.conditions.extend(stage.audience.targeting.conditions)
    elif kind is not None:
        key = stage.audience.ring.segment_key if kind == "ring" else stage.audience.segment_key
        rule.conditions.add(operator=flag_pb2.OPERATOR_IN_SEGMENT, values=[value_pb2.Value(string_value=key)])
    rollout = rule.serve.rollout
    rollout.bucket_by = plan.bucket_by
    rollout.splits.add(variant=plan.variant, weight=EVERYBODY)
    rollout.coverage = stage.coverage
    return rule
