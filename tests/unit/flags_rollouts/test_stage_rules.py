"""What stages make of a flag, as everybody evaluates it."""

import pytest
from google.protobuf.duration_pb2 import Duration
from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import flag_pb2, rollout_guard_pb2, rollout_pb2
from mirante.evaluation import Stamp, compile, evaluate  # noqa: A004 - the client's name
from mirante.wire import flag_from_proto, segment_from_proto

from services.flags.redefinition import created
from services.flags.rollouts.plan_checks import require_sound_plan
from services.flags.rollouts.stage_rules import (
    EVERYBODY,
    base_after,
    base_of,
    base_to_go_back_to,
    serves_alike,
    with_stage,
    without_stages,
)
from services.flags.rollouts.templates import TEMPLATES, stages_of
from services.runtime.errors import InvalidRequest, StateConflict
from tests.support.flag_store import bool_flag, segment

NOW = 1_772_323_200.0
PEOPLE = [f"user-{number}" for number in range(400)]
SEGMENTS = {
    "equipe_interna": PEOPLE[:10],
    "beta_testers": PEOPLE[5:60],
    "empresas_piloto": PEOPLE[50:150],
}


def sound_flag(**fields: object) -> flag_pb2.Flag:
    """Return a flag as it is stored, that serves off to everybody."""
    fields = {"fallthrough": flag_pb2.Serve(variant="off"), **fields}
    salts = iter(("one", "two"))
    return created(bool_flag("f", **fields), lambda: next(salts))


def plan(template: str = "canary", **fields: object) -> rollout_pb2.RolloutPlan:
    """Return a plan of a template."""
    message = rollout_pb2.RolloutPlan(flag_key="f", variant="on", stages=stages_of(template, ()))
    message.MergeFrom(rollout_pb2.RolloutPlan(**fields))  # type: ignore[arg-type]  # the fields are the caller's
    return message


def _tripwire(**fields: object) -> rollout_guard_pb2.Guard:
    wire = rollout_guard_pb2.Tripwire(measure=rollout_guard_pb2.TRIPWIRE_MEASURE_ACTOR_SHARE, events=["e"], limit=0.1)
    wire.MergeFrom(rollout_guard_pb2.Tripwire(**fields))  # type: ignore[arg-type]  # the fields are the caller's
    return rollout_guard_pb2.Guard(name="a", tripwire=wire)


def served(flag: flag_pb2.Flag) -> dict[str, str | None]:
    """Return the variant that each person is served."""
    segments = [segment_from_proto(segment(key, *members)) for key, members in SEGMENTS.items()]
    ruleset = compile([flag_from_proto(flag)], segments, Stamp(1, "lineage"))
    return {person: evaluate(ruleset, "f", {"targeting_key": person}, NOW).variant for person in PEOPLE}


@pytest.mark.parametrize("template", [each.key for each in TEMPLATES])
def test_who_is_in_a_stage_stays_in(template: str) -> None:
    """Each stage adds people, the last one is everybody, and nobody else is served anything else than before."""
    flag, rollout = sound_flag(), plan(template)
    base = base_of(flag, rollout)
    inside: set[str] = set()
    for stage in range(1, len(rollout.stages) + 1):
        found = served(with_stage(flag, base, rollout, stage))
        now = {person for person, variant in found.items() if variant == "on"}
        assert inside <= now
        assert set(found.values()) <= {"on", "off"}
        inside = now
    assert inside == set(PEOPLE)
    assert with_stage(with_stage(flag, base, rollout, 2), base, rollout, 0) == flag


def test_rings_lie_around_each_other() -> None:
    """The internal team, then beta testers beside them, then tenants: here all of each."""
    flag, rollout = sound_flag(), plan("rings")
    assert [stage.coverage for stage in rollout.stages] == [1_000, 5_000, 20_000, EVERYBODY]
    for each in rollout.stages:
        each.coverage = EVERYBODY
    base = base_of(flag, rollout)
    for stage, members in ((1, PEOPLE[:10]), (2, PEOPLE[:60]), (3, PEOPLE[:150])):
        found = served(with_stage(flag, base, rollout, stage))
        assert [person for person, variant in found.items() if variant == "on"] == members


def test_a_ring_is_served_before_everybody_is_drawn_from() -> None:
    """Whichever came first: those whom chance left out are then not those of the ring, who all have the variant."""
    rollout = rollout_pb2.RolloutPlan(flag_key="f", variant="on")
    for coverage in (10_000, EVERYBODY, 50_000):
        rollout.stages.add(coverage=coverage)
    rollout.stages[1].audience.ring.segment_key = "empresas_piloto"
    flag = sound_flag()
    third = with_stage(flag, base_of(flag, rollout), rollout, 3)
    assert [rule.id for rule in third.rules] == ["rollout.2", "rollout.3"]
    found = served(third)
    assert {found[person] for person in PEOPLE[50:150]} == {"on"}
    outside = [found[person] for person in PEOPLE if person not in PEOPLE[50:150]]
    assert 0.4 < outside.count("on") / len(outside) < 0.6


def test_the_flags_own_rules_decide_first_and_stay() -> None:
    """Also after the whole plan; a person who edits them meanwhile loses nothing."""
    condition = flag_pb2.Condition(
        attribute="targeting_key", operator=flag_pb2.OPERATOR_IN, values=[value_pb2.Value(string_value="user-1")]
    )
    mine = flag_pb2.Rule(id="mine", conditions=[condition], serve=flag_pb2.Serve(variant="off"))
    flag, rollout = sound_flag(rules=[mine]), plan()
    base = base_of(flag, rollout)
    half = with_stage(flag, base, rollout, 3)
    assert [rule.id for rule in half.rules] == ["mine", "rollout.3"]
    whole = with_stage(half, base, rollout, 4)
    assert (list(whole.rules), whole.fallthrough.variant) == ([mine], "on")
    assert served(whole)["user-1"] == "off"


def test_a_flag_that_is_off_is_switched_on_for_those_who_are_reached() -> None:
    """The others are served what they were, and taken back it is off as before."""
    flag = sound_flag(on=True, fallthrough=flag_pb2.Serve(variant="on"))
    flag.on = False
    rollout = plan()
    base = base_of(flag, rollout)
    first = with_stage(flag, base, rollout, 1)
    assert first.on
    assert 0 < sum(variant == "on" for variant in served(first).values()) < 100
    assert with_stage(first, base, rollout, 0) == flag


def test_a_variant_that_everybody_has_cannot_be_rolled_out() -> None:
    """Unless a baseline is named, which those get whom no stage has reached."""
    flag = sound_flag(fallthrough=flag_pb2.Serve(variant="on"))
    with pytest.raises(StateConflict, match="baseline"):
        base_of(flag, plan())
    based = plan(baseline_variant="off")
    assert set(served(with_stage(flag, base_of(flag, based), based, 1)).values()) == {"on", "off"}


def test_what_is_taken_back_is_not_given_to_more_people() -> None:
    """After an experiment, or from a flag that serves the variant: with a baseline nobody has it any more."""
    split = flag_pb2.Serve()
    for variant in ("on", "off"):
        split.rollout.splits.add(variant=variant, weight=50_000)
    rollout = plan(baseline_variant="off")
    for before in (split, flag_pb2.Serve(variant="on")):
        flag = sound_flag(fallthrough=before)
        base = base_of(flag, rollout)
        first = with_stage(flag, base, rollout, 1)
        assert 0 < sum(variant == "on" for variant in served(first).values()) < 100
        assert set(served(with_stage(first, base, rollout, 0)).values()) == {"off"}


def test_what_everybody_has_already_can_be_guarded() -> None:
    """By one stage that changes nothing, with guards that kill: there is nothing to go back to."""
    flag = sound_flag(fallthrough=flag_pb2.Serve(variant="on"))
    guarded = rollout_pb2.RolloutPlan(flag_key="f", variant="on", guards=[_tripwire()])
    guarded.stages.add(coverage=EVERYBODY)
    with pytest.raises(StateConflict):
        base_of(flag, guarded)
    guarded.guards[0].action = rollout_guard_pb2.GUARD_ACTION_KILL
    base = base_of(flag, guarded)
    assert with_stage(flag, base, guarded, 1) == with_stage(flag, base, guarded, 0) == flag


def test_another_fallthrough_is_what_a_person_wants_now() -> None:
    """A plan goes on from it; taken back it never serves what failed."""
    flag, rollout = sound_flag(), plan()
    base = base_of(flag, rollout)
    written = with_stage(flag, base, rollout, 1)
    edited = flag_pb2.Flag()
    edited.CopyFrom(written)
    edited.fallthrough.CopyFrom(flag_pb2.Serve(variant="on"))
    assert base_after(written, written, base, rollout) == base
    with pytest.raises(StateConflict):
        base_after(edited, written, base, rollout)
    assert base_to_go_back_to(edited, written, base, rollout) == base
    for variant in ("on", "off"):
        edited.fallthrough.rollout.splits.add(variant=variant, weight=50_000)
    assert base_to_go_back_to(edited, written, base, rollout) == base


def test_what_only_describes_a_flag_does_not_count_as_a_change() -> None:
    """Owner, tags and texts may be edited while a plan runs; anything that is served may not."""
    flag = sound_flag()
    other = sound_flag(owner="ana", tags=["x"], description="y", version=7, client_visible=True)
    assert serves_alike(flag, other)
    other.on = False
    assert not serves_alike(flag, other)
    assert without_stages(flag) == flag


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("plan.variant", {"variant": "maybe"}),
        ("plan.baseline_variant", {"baseline_variant": "on"}),
        ("plan.stages", {"stages": []}),
        ("plan.stages[1].coverage", {"stages": [(50, 0), (50, 0)]}),
        ("plan.stages[0].coverage", {"stages": [(0, 0)]}),
        ("plan.stages[0].coverage", {"stages": [(EVERYBODY, 0), (EVERYBODY + 1, 0)]}),
        ("plan.stages[0].soak", {"stages": [(5, -1)]}),
        ("plan.guardrail_alpha", {"guardrail_alpha": 0.7}),
        ("plan.guardrail_alpha", {"guardrail_alpha": float("nan")}),
        ("plan", {"guards": [rollout_guard_pb2.Guard(name="a" * 17_000)]}),
        ("plan.guards[0].name", {"guards": [rollout_guard_pb2.Guard(name="A")]}),
        ("plan.guards[0]", {"guards": [rollout_guard_pb2.Guard(name="a")]}),
        ("plan.guards[0].tripwire.window", {"guards": [_tripwire(window=Duration(seconds=4))]}),
        ("plan.guards[0].tripwire.limit", {"guards": [_tripwire(limit=float("inf"))]}),
        (
            "plan.guards[0].tripwire.limit",
            {"guards": [_tripwire(measure="TRIPWIRE_MEASURE_EVENT_COUNT", limit=100_000)]},
        ),
        ("plan.guards[0].tripwire.minimum", {"guards": [_tripwire(minimum=100_001)]}),
        ("plan.guards[0].tripwire.events", {"guards": [_tripwire(events=[""] * 21)]}),
        ("plan.guards[0].tripwire.quantile", {"guards": [_tripwire(measure="TRIPWIRE_MEASURE_QUANTILE")]}),
    ],
)
def test_what_is_wrong_with_a_plan_is_named(field: str, fields: dict[str, object]) -> None:
    """By the field of the request."""
    message = plan()
    if "stages" in fields:
        del message.stages[:]
        for coverage, soak in fields["stages"]:  # type: ignore[attr-defined]  # a list, as above
            message.stages.add(coverage=coverage).soak.seconds = soak
    else:
        message.MergeFrom(rollout_pb2.RolloutPlan(**fields))  # type: ignore[arg-type]  # the fields are of the plan
    with pytest.raises(InvalidRequest) as caught:
        require_sound_plan(message, sound_flag())
    assert field in [each.field for each in caught.value.violations]
