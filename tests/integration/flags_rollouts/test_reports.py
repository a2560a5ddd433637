"""What reports of the guards do to a plan."""

import datetime

from tests.support.rollout_desk import RolloutDeskOfTest, plan_message


async def test_a_sample_that_was_seen_stays_seen(rollouts: RolloutDeskOfTest) -> None:
    """Who watches from now on knows a part of it: the plan goes on all the same, and the next step counts anew."""
    plan = plan_message(coverages=(10_000, 50_000, 100_000), soak=60)
    for stage in plan.stages:
        stage.minimum_sample = 1_000
    await rollouts.flag()
    begun = await rollouts.start((await rollouts.create(plan)).id)
    await rollouts.report(begun, sample=1_000)
    for _ in range(3):
        rollouts.now += datetime.timedelta(minutes=1)
        await rollouts.report(await rollouts.get(begun.id), sample=5)
        await rollouts.scheduler.look()
    second = await rollouts.get(begun.id)
    assert (second.stage, second.guards.sample) == (2, 5)
