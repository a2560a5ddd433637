"""What a breach of a guard does to a plan and its flag."""

from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2, rollout_guard_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as pb2

from services.runtime.errors import StateConflict
from tests.support.flag_desk import fields, reason
from tests.support.rollout_desk import ERRORS, METRICS, RolloutDeskOfTest, plan_message, state


async def test_a_breach_rolls_back_and_only_a_person_goes_on(rollouts: RolloutDeskOfTest) -> None:
    """To the last good stage, with its evidence; a second report changes nothing."""
    begun = await rollouts.begun(guards=[ERRORS])
    second = await rollouts.passes(begun.id, 61)
    broken = await rollouts.breach(second)
    assert (state(broken), broken.stage, broken.breach.guard, broken.reason) == ("breached", 1, "errors", "errors: bad")
    flag = (await rollouts.desk.get("f")).flag
    assert [rule.id for rule in flag.rules] == ["rollout.1"]
    assert (await rollouts.desk.history("f"))[0].comment == "errors: bad"
    assert await rollouts.breach(second) == broken
    assert state(await rollouts.passes(begun.id, 200)) == "breached"
    back = pb2.RollBackRolloutRequest(environment="production", rollout_id=begun.id, reason="x")
    assert reason(await rollouts.desk.refused(rollouts.plans.RollBackRollout, back, METRICS)) == "ROLE_DENIED"
    silent = pb2.ResumeRolloutRequest(environment="production", rollout_id=begun.id)
    assert fields(await rollouts.desk.refused(rollouts.plans.ResumeRollout, silent)) == ["comment"]
    on = await rollouts.resume(begun.id)
    assert (state(on), on.stage) == ("running", 1)
    old = pb2.ReportBreachRequest(environment="production", rollout_id=begun.id, step=second.step)
    old.evidence.guard = "errors"
    assert isinstance(await rollouts.desk.refused(rollouts.guards.ReportBreach, old, METRICS), StateConflict)


async def test_a_breach_kills_when_the_guard_says_so(rollouts: RolloutDeskOfTest) -> None:
    """No machine lifts that; a person who resumes the plan does."""
    kills = type(ERRORS).FromString(ERRORS.SerializeToString())
    kills.action = rollout_guard_pb2.GUARD_ACTION_KILL
    begun = await rollouts.begun(guards=[kills])
    assert state(await rollouts.breach(begun)) == "breached"
    flag = (await rollouts.desk.get("f")).flag
    assert (flag.kill.by, flag.kill.reason, list(flag.rules)) == ("metrics", "errors: bad", [])
    restore = flags_pb2.RestoreFlagRequest(environment="production", flag_key="f", reason="ok")
    refused = await rollouts.desk.refused(rollouts.desk.flags.RestoreFlag, restore, METRICS)
    assert reason(refused) == "ROLE_DENIED"
    on = await rollouts.resume(begun.id)
    assert (state(on), on.stage) == ("running", 1)
    assert not (await rollouts.desk.get("f")).flag.HasField("kill")


async def test_a_wrong_sample_ratio_pauses(rollouts: RolloutDeskOfTest) -> None:
    """What is served stays, as often as it is reported."""
    ratio = rollout_guard_pb2.Guard(name="ratio", sample_ratio=rollout_guard_pb2.SampleRatioGuard())
    begun = await rollouts.begun(guards=[ratio])
    paused = await rollouts.breach(begun, "ratio")
    assert (state(paused), paused.stage, paused.step) == ("paused", 1, 1)
    assert await rollouts.breach(begun, "ratio") == paused


async def test_evidence_that_nobody_could_show_is_refused(rollouts: RolloutDeskOfTest) -> None:
    """Texts without end, times outside of the calendar, guards that the plan does not have."""
    begun = await rollouts.begun(guards=[ERRORS])
    back = pb2.RollBackRolloutRequest(environment="production", rollout_id=begun.id, reason="x")
    back.evidence.text = "x" * 501
    back.evidence.end_time.seconds = 1 << 60
    found = fields(await rollouts.desk.refused(rollouts.plans.RollBackRollout, back))
    assert found == ["evidence.text", "evidence.end_time"]
    other = pb2.ReportBreachRequest(environment="production", rollout_id=begun.id, step=begun.step)
    other.evidence.guard = "unknown"
    assert fields(await rollouts.desk.refused(rollouts.guards.ReportBreach, other, METRICS)) == ["evidence.guard"]


async def test_a_kill_by_a_person_is_not_lifted_by_resuming(rollouts: RolloutDeskOfTest) -> None:
    """Also when the plan was breached before."""
    begun = await rollouts.begun(guards=[ERRORS])
    await rollouts.breach(begun)
    await rollouts.desk.kill("f", "errors everywhere")
    resume = pb2.ResumeRolloutRequest(environment="production", rollout_id=begun.id, comment="fixed")
    assert isinstance(await rollouts.desk.refused(rollouts.plans.ResumeRollout, resume), StateConflict)


async def test_what_everybody_has_already_is_guarded(rollouts: RolloutDeskOfTest) -> None:
    """No version is written before the breach, which kills the flag; resumed it is as before."""
    await rollouts.flag(fallthrough=flag_pb2.Serve(variant="on"))
    kills = type(ERRORS).FromString(ERRORS.SerializeToString())
    kills.action = rollout_guard_pb2.GUARD_ACTION_KILL
    draft = await rollouts.create(plan_message(coverages=(100_000,), guards=[kills]))
    begun = await rollouts.start(draft.id)
    assert (state(begun), begun.flag_version) == ("running", 1)
    assert state(await rollouts.breach(begun)) == "breached"
    assert (await rollouts.desk.get("f")).flag.HasField("kill")
    await rollouts.resume(begun.id)
    flag = (await rollouts.desk.get("f")).flag
    assert (flag.HasField("kill"), flag.fallthrough.variant) == (False, "on")
