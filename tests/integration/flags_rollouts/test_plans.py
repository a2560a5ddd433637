"""What happens to a plan and its flag, from draft to end."""

import asyncio
import datetime

from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2, rollout_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as pb2
from mirante.api.flags.v1 import segment_admin_service_pb2 as segments_pb2

from services.flags.administration import administration
from services.flags.rollouts.scheduler import RolloutScheduler
from services.runtime.errors import EtagMismatch, NotFound, StateConflict
from tests.support.flag_desk import fields
from tests.support.flag_store import bool_flag, segment
from tests.support.rollout_desk import ERRORS, RolloutDeskOfTest, actions, hold, plan_message, state


async def test_a_plan_runs_to_everybody_in_ordinary_versions(rollouts: RolloutDeskOfTest) -> None:
    """Each stage is one version of the flag, by "mirante", streamed like any other; the last one is the fallthrough."""
    begun = await rollouts.begun(guards=[ERRORS])
    assert (state(begun), begun.stage, begun.step, begun.flag_version) == ("running", 1, 1, 2)
    before = await rollouts.desk.get("f")
    assert [rule.id for rule in before.flag.rules] == ["rollout.1"]
    assert before.flag.rules[0].serve.rollout.coverage == 10_000
    half = await rollouts.passes(begun.id, 61)
    assert (half.stage, half.last_good_stage) == (2, 1)
    done = await rollouts.passes(begun.id, 130)
    assert (state(done), done.stage, done.last_good_stage) == ("completed", 3, 3)
    assert actions(done) == ["create", "start", "advance", "advance", "complete"]
    flag = (await rollouts.desk.get("f")).flag
    assert (list(flag.rules), flag.fallthrough.variant, flag.version) == ([], "on", 4)
    history = await rollouts.desk.history("f")
    assert [each.actor for each in history] == ["mirante", "mirante", "ana", "ana"]
    assert "stage 3 of 3" in history[0].comment
    assert [each.revision for each in history] == [4, 3, 2, 1]
    assert [revision for _, revision, _ in rollouts.desk.commits] == [1, 2, 3, 4]
    assert [each.revision for each in done.events] == [0, 4, 3, 2, 0]


async def _nobody_told(*_: object) -> None:
    """Hints are not what plans rest on."""


async def test_many_replicas_advance_a_plan_once(rollouts: RolloutDeskOfTest) -> None:
    """They look at the same moment; one writes the stage, and the others find it written."""
    begun = await rollouts.begun(coverages=(1, 2, 3, 4), soak=60)
    others: list[RolloutScheduler] = []
    for _ in range(3):
        desk = rollouts.desk
        others.append(administration(desk.store, _nobody_told, _nobody_told, lambda: rollouts.now).rollouts.scheduler)
    for stage in (2, 3, 4):
        rollouts.now += datetime.timedelta(seconds=60)
        await asyncio.gather(*(each.look() for each in [rollouts.scheduler, *others]))
        assert (await rollouts.get(begun.id)).stage == stage
    rollouts.now += datetime.timedelta(seconds=60)
    await asyncio.gather(*(each.look() for each in [rollouts.scheduler, *others]))
    done = await rollouts.get(begun.id)
    assert actions(done) == ["create", "start", "advance", "advance", "advance", "complete"]
    assert (await rollouts.desk.get("f")).flag.version == 5


async def test_without_metrics_a_plan_holds_and_goes_on_by_itself(rollouts: RolloutDeskOfTest) -> None:
    """It never advances on reports that it did not get, nor on too small a sample."""
    begun = await rollouts.begun(guards=[ERRORS])
    await rollouts.passes(begun.id, 30)
    held = await rollouts.passes(begun.id, 600, reported=False)
    assert (state(held), hold(held), held.stage) == ("held", "guards_blind", 1)
    on = await rollouts.passes(begun.id, 1)
    assert (state(on), on.stage) == ("running", 1)
    assert (await rollouts.passes(begun.id, 40)).stage == 2


async def test_who_edits_the_flag_holds_its_plan(rollouts: RolloutDeskOfTest) -> None:
    """With who and why; resumed it goes on from what the flag is now. What only describes it may be edited freely."""
    begun = await rollouts.begun(guards=[ERRORS])
    flag = (await rollouts.desk.get("f")).flag
    flag.description = "só texto"
    await rollouts.desk.update(flag)
    assert state(await rollouts.passes(begun.id, 1)) == "running"
    flag = (await rollouts.desk.get("f")).flag
    del flag.rules[:]
    flag.targets.add(attribute="tenant_id", variant="on", values=["acme"])
    await rollouts.desk.update(flag)
    held = await rollouts.passes(begun.id, 70)
    assert (state(held), hold(held), held.stage) == ("held", "flag_changed", 1)
    assert "changed by ana" in held.reason
    step = pb2.StepRolloutRequest(environment="production", rollout_id=begun.id, stage=2)
    assert isinstance(await rollouts.desk.refused(rollouts.plans.StepRollout, step), StateConflict)
    on = await rollouts.resume(begun.id)
    assert (state(on), on.stage, on.step) == ("running", 1, 2)
    now = (await rollouts.desk.get("f")).flag
    assert [rule.id for rule in now.rules] == ["rollout.1"]
    assert now.targets[0].values == ["acme"]


async def test_ids_of_stages_belong_to_plans(rollouts: RolloutDeskOfTest) -> None:
    """A person cannot take one for a rule, and may keep what a plan has written."""
    share = flag_pb2.Serve(rollout=flag_pb2.Rollout(splits=[flag_pb2.Split(variant="on", weight=100_000)]))
    own = bool_flag("g", rules=[flag_pb2.Rule(id="rollout.1", serve=share)])
    create = flags_pb2.CreateFlagRequest(environment="production", flag=own)
    refused = await rollouts.desk.refused(rollouts.desk.flags.CreateFlag, create)
    assert fields(refused) == ["flag.rules[0].id"]
    await rollouts.begun()
    flag = (await rollouts.desk.get("f")).flag
    flag.owner = "ana"
    assert (await rollouts.desk.update(flag)).flag.rules[0].id == "rollout.1"
    flag.rules.add(id="rollout.9", serve=share)
    update = flags_pb2.UpdateFlagRequest(environment="production", flag=flag, etag=(await rollouts.desk.get("f")).etag)
    assert fields(await rollouts.desk.refused(rollouts.desk.flags.UpdateFlag, update)) == ["flag.rules[1].id"]


async def test_rules_of_plans_stay_in_their_environment(rollouts: RolloutDeskOfTest) -> None:
    """No plan would take them away elsewhere: a promotion leaves them behind, an import is refused."""
    desk = rollouts.desk
    await rollouts.begun()
    yaml = await desk.export_yaml()
    assert "rollout.1" in yaml
    assert not (await desk.import_yaml(yaml)).changes
    copied = flags_pb2.ImportFlagsRequest(environment="staging", yaml=yaml)
    assert fields(await desk.refused(desk.flags.ImportFlags, copied)) == ["flags.f.rules[0].id"]
    promote = flags_pb2.PromoteFlagRequest(from_environment="production", to_environment="staging", flag_key="f")
    promoted = await desk.call(desk.flags.PromoteFlag, promote)
    assert not promoted.record.flag.rules


async def test_a_kill_and_an_archived_flag_hold_the_plan(rollouts: RolloutDeskOfTest) -> None:
    """A killed flag has to be restored before its plan is resumed; what is archived can only be rolled back."""
    begun = await rollouts.begun(guards=[ERRORS])
    await rollouts.desk.kill("f")
    held = await rollouts.passes(begun.id, 1)
    assert (state(held), hold(held)) == ("held", "flag_killed")
    resume = pb2.ResumeRolloutRequest(environment="production", rollout_id=begun.id)
    assert isinstance(await rollouts.desk.refused(rollouts.plans.ResumeRollout, resume), StateConflict)
    await rollouts.desk.call(
        rollouts.desk.flags.RestoreFlag,
        flags_pb2.RestoreFlagRequest(environment="production", flag_key="f", reason="ok"),
    )
    assert state(await rollouts.resume(begun.id)) == "running"
    await rollouts.desk.archive("f")
    held = await rollouts.passes(begun.id, 1)
    assert (state(held), hold(held)) == ("held", "flag_archived")
    back = pb2.RollBackRolloutRequest(environment="production", rollout_id=begun.id, reason="gone")
    assert state((await rollouts.desk.call(rollouts.plans.RollBackRollout, back)).rollout) == "rolled_back"


async def test_a_stage_that_cannot_be_written_holds_the_plan(rollouts: RolloutDeskOfTest) -> None:
    """Its segment was archived meanwhile; the flag stays as it was."""
    await rollouts.flag()
    segments = rollouts.desk.segments
    members = segments_pb2.CreateSegmentRequest(environment="production", segment=segment("beta", "ana"))
    await rollouts.desk.call(segments.CreateSegment, members)
    plan = plan_message(coverages=(10, 20, 30), soak=0)
    plan.stages[1].audience.segment_key = "beta"
    begun = await rollouts.start((await rollouts.create(plan)).id)
    gone = segments_pb2.ArchiveSegmentRequest(environment="production", segment_key="beta")
    await rollouts.desk.call(segments.ArchiveSegment, gone)
    held = await rollouts.passes(begun.id, 1)
    assert (state(held), hold(held), held.stage) == ("held", "flag_refused", 1)
    assert "plan.stages[1].audience" in held.reason
    assert (await rollouts.desk.get("f")).flag.version == begun.flag_version


async def test_a_step_is_done_once_however_often_it_is_asked_for(rollouts: RolloutDeskOfTest) -> None:
    """The request names the stage; skipping one is refused, and a stale etag too."""
    begun = await rollouts.begun(guards=[ERRORS])
    step = pb2.StepRolloutRequest(environment="production", rollout_id=begun.id, stage=2, comment="trust me")
    first = (await rollouts.desk.call(rollouts.plans.StepRollout, step)).rollout
    again = (await rollouts.desk.call(rollouts.plans.StepRollout, step)).rollout
    assert (first.stage, first.last_good_stage) == (2, 0)
    assert again == first
    step.stage = 4
    assert isinstance(await rollouts.desk.refused(rollouts.plans.StepRollout, step), StateConflict)
    stale = pb2.PauseRolloutRequest(environment="production", rollout_id=begun.id, etag=begun.etag)
    assert isinstance(await rollouts.desk.refused(rollouts.plans.PauseRollout, stale), EtagMismatch)
    stale.etag = first.etag
    paused = (await rollouts.desk.call(rollouts.plans.PauseRollout, stale)).rollout
    assert state(await rollouts.passes(begun.id, 200)) == "paused"
    assert (await rollouts.resume(begun.id)).step == paused.step + 1
    for stage in (3, 4, 4):
        step.stage = stage
        last = (await rollouts.desk.call(rollouts.plans.StepRollout, step)).rollout
    assert (state(last), actions(await rollouts.get(begun.id)).count("complete")) == ("completed", 1)


async def test_an_approval_is_waited_for(rollouts: RolloutDeskOfTest) -> None:
    """And the stage begins at the next look once it is there."""
    await rollouts.flag()
    plan = plan_message(coverages=(10, 20), soak=0)
    plan.stages[1].needs_approval = True
    begun = await rollouts.start((await rollouts.create(plan)).id)
    assert state(await rollouts.passes(begun.id, 2)) == "waiting_for_approval"
    approve = pb2.ApproveStageRequest(environment="production", rollout_id=begun.id, stage=2)
    assert (await rollouts.desk.call(rollouts.plans.ApproveStage, approve)).rollout.approved_stage == 2
    on = await rollouts.passes(begun.id, 1)
    assert (state(on), on.stage) == ("running", 2)


async def test_a_flag_has_one_plan_at_a_time(rollouts: RolloutDeskOfTest) -> None:
    """Another one is started once it was rolled back; the first may then not be resumed over it."""
    begun = await rollouts.begun()
    other = await rollouts.create(plan_message(coverages=(7,)))
    start = pb2.StartRolloutRequest(environment="production", rollout_id=other.id)
    assert isinstance(await rollouts.desk.refused(rollouts.plans.StartRollout, start), StateConflict)
    back = pb2.RollBackRolloutRequest(
        environment="production", rollout_id=begun.id, reason="new plan", target=pb2.ROLL_BACK_TARGET_NOTHING
    )
    gone = (await rollouts.desk.call(rollouts.plans.RollBackRollout, back)).rollout
    assert (state(gone), gone.stage) == ("rolled_back", 0)
    assert not (await rollouts.desk.get("f")).flag.rules
    assert (await rollouts.start(other.id)).stage == 1
    resume = pb2.ResumeRolloutRequest(environment="production", rollout_id=begun.id)
    assert isinstance(await rollouts.desk.refused(rollouts.plans.ResumeRollout, resume), StateConflict)


async def test_drafts_are_edited_listed_and_removed(rollouts: RolloutDeskOfTest) -> None:
    """Templates fill in stages; pages follow one another, newest first."""
    await rollouts.flag()
    made = [await rollouts.create(rollout_pb2.RolloutPlan(flag_key="f", variant="on"), template="canary")]
    assert [each.coverage for each in made[0].plan.stages] == [10_000, 25_000, 50_000, 100_000]
    made.append(await rollouts.create(plan_message()))
    update = pb2.UpdateRolloutRequest(
        environment="production", rollout_id=made[0].id, plan=plan_message(coverages=(5,)), etag=made[0].etag
    )
    made[0] = (await rollouts.desk.call(rollouts.plans.UpdateRollout, update)).rollout
    ask = pb2.ListRolloutsRequest(environment="production", page_size=1, flag_key="f")
    first = await rollouts.desk.call(rollouts.plans.ListRollouts, ask)
    ask.page_token = first.next_page_token
    second = await rollouts.desk.call(rollouts.plans.ListRollouts, ask)
    assert {first.rollouts[0].id, second.rollouts[0].id} == {each.id for each in made}
    assert second.next_page_token == ""
    remove = pb2.DeleteRolloutRequest(environment="production", rollout_id=made[1].id)
    await rollouts.desk.call(rollouts.plans.DeleteRollout, remove)
    assert isinstance(await rollouts.desk.refused(rollouts.plans.DeleteRollout, remove), NotFound)
    elsewhere = pb2.GetRolloutRequest(environment="staging", rollout_id=made[0].id)
    assert isinstance(await rollouts.desk.refused(rollouts.plans.GetRollout, elsewhere), NotFound)


async def test_what_cannot_be_a_plan_is_refused(rollouts: RolloutDeskOfTest) -> None:
    """With the field and nothing stored."""
    await rollouts.flag()

    async def refused(plan: rollout_pb2.RolloutPlan, **more: str) -> list[str]:
        request = pb2.CreateRolloutRequest(environment="production", plan=plan)
        request.MergeFrom(pb2.CreateRolloutRequest(**more))  # type: ignore[arg-type]  # the fields are the caller's
        return fields(await rollouts.desk.refused(rollouts.plans.CreateRollout, request))

    beta = plan_message(coverages=(10, 20))
    beta.stages[0].audience.segment_key = "nowhere"
    assert await refused(beta) == ["plan.stages[0].audience"]
    assert await refused(plan_message(coverages=(10, 10))) == ["plan.stages[1].coverage"]
    assert await refused(rollout_pb2.RolloutPlan(flag_key="f", variant="on"), template="magic") == ["template"]
    assert await refused(plan_message(), template="canary") == ["template"]
    assert await refused(plan_message("")) == ["plan.flag_key"]
    missing = pb2.CreateRolloutRequest(environment="production", plan=plan_message("g"))
    assert isinstance(await rollouts.desk.refused(rollouts.plans.CreateRollout, missing), NotFound)
    for wrong in ("", "x"):
        start = pb2.StartRolloutRequest(environment="production", rollout_id=wrong)
        assert fields(await rollouts.desk.refused(rollouts.plans.StartRollout, start)) == ["rollout_id"]
