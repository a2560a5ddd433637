"""What taking a plan back leaves alone: other plans, and flags that somebody has switched off."""

from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as pb2

from services.runtime.errors import StateConflict
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
    update = flags_pb2.UpdateFlagRequest(environment="production", flag=held.flag, etag=held.etag)
    await rollouts.desk.call(rollouts.desk.flags.UpdateFlag, update)
    assert hold(await rollouts.passes(begun.id, 1)) == "flag_changed"
    broken = await rollouts.breach(second)
    flag = (await rollouts.desk.get("f")).flag
    assert (state(broken), flag.on, [rule.id for rule in flag.rules]) == ("breached", False, ["rollout.1"])
    await rollouts.resume(begun.id)
    assert (await rollouts.desk.get("f")).flag.on
