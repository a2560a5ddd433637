"""What taking a plan back leaves alone, and what a breach does when the stage before cannot be served any more."""

import pytest
from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as pb2
from mirante.api.flags.v1 import segment_admin_service_pb2 as segments_pb2

from services.flags import references
from services.runtime.errors import StateConflict
from tests.support.flag_store import segment
from tests.support.rollout_desk import ERRORS, RolloutDeskOfTest, hold, plan_message, state


async def test_a_plan_that_was_taken_back_leaves_the_next_one_alone(rollouts: RolloutDeskOfTest) -> None:
    """Taken back again while another plan serves the flag, it is refused; without one it is not."""
    first = await rollouts.begun()
    back = pb2.RollBackRolloutRequest(environment="production", rollout_id=first.id, reason="x")
    await rollouts.desk.call(rollouts.plans.RollBackRollout, back)
    again = (await rollouts.desk.call(rollouts.plans.RollBackRollout, back)).rollout
    assert state(again) == "rolled_back"
    second = await rollouts.start((await rollouts.create(plan_message())).id)
    assert isinstance(await rollouts.desk.refused(rollouts.plans.RollBackRollout, back), StateConflict)
    assert [rule.id for rule in (await rollouts.desk.get("f")).flag.rules] == ["rollout.1"]
    assert state(await rollouts.passes(second.id, 61)) == "running"


async def test_a_breach_leaves_a_flag_off_that_somebody_has_switched_off(rollouts: RolloutDeskOfTest) -> None:
    """Whoever resumes the plan switches it on."""
    begun = await rollouts.begun(guards=[ERRORS])
    second = await rollouts.passes(begun.id, 61)
    held = await rollouts.desk.get("f")
    held.flag.on = False
    await rollouts.desk.update(held.flag, held.etag)
    assert hold(await rollouts.passes(begun.id, 1)) == "flag_changed"
    broken = await rollouts.breach(second)
    flag = (await rollouts.desk.get("f")).flag
    assert (state(broken), flag.on, [rule.id for rule in flag.rules]) == ("breached", False, ["rollout.1"])
    await rollouts.resume(begun.id)
    assert (await rollouts.desk.get("f")).flag.on


async def test_a_breach_goes_to_nothing_when_the_good_stage_is_gone(rollouts: RolloutDeskOfTest) -> None:
    """The last stage needs no segment any more, so that of the stage before may be archived meanwhile."""
    segments = rollouts.desk.segments
    made = segments_pb2.CreateSegmentRequest(environment="production", segment=segment("beta", "ana"))
    await rollouts.desk.call(segments.CreateSegment, made)
    await rollouts.flag()
    plan = plan_message(coverages=(100_000, 100_000), guards=[ERRORS])
    plan.stages[0].audience.segment_key = "beta"
    begun = await rollouts.start((await rollouts.create(plan)).id)
    everybody = await rollouts.passes(begun.id, 61)
    gone = segments_pb2.ArchiveSegmentRequest(environment="production", segment_key="beta")
    await rollouts.desk.call(segments.ArchiveSegment, gone)
    broken = await rollouts.breach(everybody)
    flag = (await rollouts.desk.get("f")).flag
    assert (state(broken), broken.stage, broken.last_good_stage) == ("breached", 0, 0)
    assert (flag.fallthrough.variant, list(flag.rules)) == ("off", [])


async def test_a_breach_kills_when_nothing_else_can_be_served(rollouts: RolloutDeskOfTest) -> None:
    """Somebody has removed the variant that was served before; a person who resumes the plan lifts that."""
    old = flag_pb2.Variant(name="old", value=value_pb2.Value(bool_value=False))
    await rollouts.flag(variants=[old], fallthrough=flag_pb2.Serve(variant="old"))
    begun = await rollouts.start((await rollouts.create(plan_message(coverages=(50_000, 100_000), guards=[ERRORS]))).id)
    everybody = await rollouts.passes(begun.id, 61)
    held = await rollouts.desk.get("f")
    del held.flag.variants[2:]
    await rollouts.desk.update(held.flag, held.etag)
    broken = await rollouts.breach(everybody)
    flag = (await rollouts.desk.get("f")).flag
    assert (state(broken), flag.kill.by, flag.kill.reason) == ("breached", "metrics", "errors: bad")
    assert (await rollouts.desk.history("f"))[0].action == flags_pb2.HISTORY_ACTION_KILL


async def test_a_breach_finds_room_in_a_full_environment(
    rollouts: RolloutDeskOfTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In which nothing else can be written."""
    begun = await rollouts.begun(guards=[ERRORS])
    monkeypatch.setattr(references, "MOST_BYTES", 1)
    assert state(await rollouts.breach(begun)) == "breached"
    assert (await rollouts.desk.get("f")).flag.HasField("kill")
