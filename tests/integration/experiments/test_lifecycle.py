"""Experiments from the draft to the archive: what is refused, what is recorded, what becomes of the flag."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.api.metrics.v1 import experiment_result_pb2 as result_pb2

from services.metrics.experiments import deciding
from services.metrics.experiments.as_drawn import AsDrawn, warned
from services.metrics.experiments.deciding import Wish
from services.metrics.experiments.results.looking import Kept
from services.metrics.experiments.results_desk import ResultsDesk
from services.metrics.experiments.statistics.always_valid import Running
from services.metrics.experiments.statistics.facts import HorizonTest
from services.metrics.experiments.statistics.intervals import Interval
from services.runtime.errors import AlreadyExists, EtagMismatch, InvalidRequest, StateConflict
from tests.support.experiment_records import ARMS, START_S, design
from tests.support.experiment_world import PRODUCTION, ExperimentWorld, experiment_world

SHIP, KILL = pb2.DECISION_KIND_SHIP, pb2.DECISION_KIND_KILL


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[ExperimentWorld]:
    """Yield a world without experiments."""
    async with experiment_world(database_url, tmp_path) as made:
        yield made


def _arms(*weights: int) -> list[pb2.ExperimentArm]:
    return [pb2.ExperimentArm(variant=arm, weight=weight) for arm, weight in zip(ARMS, weights, strict=True)]


async def test_a_life(world: ExperimentWorld) -> None:
    """The design is frozen, allocations are phases, everything is recorded with its author, the flag follows."""
    draft = await world.create(design())
    changed = await world.desk.update(world.asked(etag=draft.etag), design(hypothesis="Outra"))
    assert (changed.version, changed.experiment.hypothesis) == (2, "Outra")
    await world.desk.start(world.asked(comment="vamos"), changed.experiment)
    with pytest.raises(StateConflict, match="is running"):
        await world.desk.update(world.asked(etag="3"), design())
    world.now += 100
    await world.desk.pause(world.asked())
    world.now += 100
    await world.desk.resume(world.asked())
    record = await world.desk.reallocate(world.asked(), _arms(2, 1, 1), 50_000)
    assert [[arm.weight for arm in phase.arms] for phase in record.phases] == [[1, 1, 1], [2, 1, 1]]
    assert [pause.ended_at.seconds - pause.started_at.seconds for pause in record.pauses] == [100]
    rollout = world.flags.flags["recomendacao"].flag.fallthrough.rollout
    assert {each.variant: each.weight for each in rollout.splits} == dict(
        zip(ARMS, (50_000, 25_000, 25_000), strict=True)
    )
    assert rollout.coverage == 50_000
    assert not rollout.HasField("range")
    await world.desk.stop(world.asked())
    with pytest.raises(InvalidRequest, match="comment"):
        await world.deciding.decide(world.asked(), Wish(SHIP, ARMS[1]))
    decided = await world.deciding.decide(world.asked(comment="o armazém caiu, e sabemos"), Wish(SHIP, ARMS[1]))
    assert (decided.decision.variant, decided.decision.by) == (ARMS[1], "ana")
    assert decided.decision.against_verdict
    assert world.flags.flags["recomendacao"].flag.fallthrough.variant == ARMS[1]
    assert {caller for _, caller in world.flags.changes} == {"ana"}
    del world.flags.flags["recomendacao"]
    archived = await world.deciding.archive(world.asked())
    assert archived.state == pb2.EXPERIMENT_STATE_ARCHIVED
    assert "todos ficam com “collaborative”" in await world.deciding.report(PRODUCTION, "recomendacao")
    changes, token = await world.experiments.history(PRODUCTION, "recomendacao", None, 50)
    actions = ["archive", "decide", "stop", "allocate", "resume", "pause", "start", "update", "create"]
    assert ([each.action for each in changes], token) == (actions, "")
    assert {each.actor for each in changes} == {"ana"}


async def test_a_kill_gives_everybody_the_control(world: ExperimentWorld) -> None:
    """With one call, whether there are numbers or not."""
    await world.start(design())
    decided = await world.deciding.decide(world.asked(comment="erros"), Wish(KILL))
    assert (decided.state, decided.decision.variant) == (pb2.EXPERIMENT_STATE_DECIDED, ARMS[0])
    assert world.flags.flags["recomendacao"].flag.fallthrough.variant == ARMS[0]
    with pytest.raises(StateConflict, match="is decided"):
        await world.deciding.decide(world.asked(comment="de novo"), Wish(KILL))


async def test_a_kill_does_not_wait_for_numbers(world: ExperimentWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the analytics store is."""

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(deciding, "_KILL_SECONDS", 0.01)
    monkeypatch.setattr(ResultsDesk, "results", never)
    await world.start(design())
    decided = await world.deciding.decide(world.asked(comment="erros"), Wish(KILL))
    assert decided.state == pb2.EXPERIMENT_STATE_DECIDED


async def test_a_winner_goes_out_by_a_plan(world: ExperimentWorld) -> None:
    """The plan begins from the control, in the name of whoever decided."""
    await world.start(design())
    decided = await world.deciding.decide(world.asked(comment="sim"), Wish(SHIP, ARMS[2], "canary"))
    assert decided.decision.rollout_id == "plan of recomendacao"
    assert world.flags.shipped == [(ARMS[2], ARMS[0], "canary", "ana")]
    world.flags.add("regrada", "clientes")
    await world.start(design(key="de-regra", flag_key="regrada", rule_id="clientes"))
    with pytest.raises(InvalidRequest, match="rollout_template"):
        await world.deciding.decide(world.asked("de-regra", comment="sim"), Wish(SHIP, ARMS[2], "canary"))
    assert (await world.experiments.get(PRODUCTION, "de-regra")).state == pb2.EXPERIMENT_STATE_RUNNING


async def test_a_change_of_weights_keeps_the_order_of_the_arms(world: ExperimentWorld) -> None:
    """Buckets are laid out in it: another order would give people other variants for nothing."""
    await world.start(design())
    record = await world.desk.reallocate(world.asked(), _arms(1, 1, 2)[::-1], 0)
    assert [(arm.variant, arm.weight) for arm in record.phases[1].arms] == list(zip(ARMS, (1, 1, 2), strict=True))
    splits = world.flags.flags["recomendacao"].flag.fallthrough.rollout.splits
    assert [each.variant for each in splits] == list(ARMS)


async def test_phases_follow_one_another_whatever_the_clock_says(world: ExperimentWorld) -> None:
    """The store looks up an instant's phase in their order."""
    await world.start(design())
    world.now -= 100
    record = await world.desk.reallocate(world.asked(), _arms(1, 1, 2), 0)
    assert [phase.started_at.seconds for phase in record.phases] == [START_S, START_S]


async def test_a_flag_that_draws_in_another_way_is_told(world: ExperimentWorld) -> None:
    """Whoever changes weights by hand, switches it off or kills it; nobody after the end."""
    as_drawn, name = AsDrawn(world.flags), "recomendacao"
    await world.start(design(layer_share=50_000))
    record = await world.desk.reallocate(world.asked(), _arms(1, 1, 2), 50_000)
    assert await as_drawn.holds(PRODUCTION, record)
    drawn = world.flags.flags[name].flag.SerializeToString()
    flag = world.flags.flags[name].flag
    flag.fallthrough.rollout.splits[0].weight += 1
    assert not await as_drawn.holds(PRODUCTION, record)
    assert not await as_drawn.holds(PRODUCTION, await world.desk.pause(world.asked()))
    flag.ParseFromString(drawn)
    flag.on = False
    assert not await as_drawn.holds(PRODUCTION, record)
    del world.flags.flags[name]
    assert not await as_drawn.holds(PRODUCTION, record)
    assert await as_drawn.holds(PRODUCTION, await world.desk.stop(world.asked()))
    results = result_pb2.ExperimentResults()
    assert (len(warned(results).health.warnings), len(results.health.warnings)) == (1, 0)


async def test_layers_are_shared_out(world: ExperimentWorld) -> None:
    """Experiments of a layer never overlap, the holdout is nobody's, and more than 100 % is refused."""
    for key in ("um", "dois", "tres"):
        world.flags.add(key)
    layered = {"layer": "precos", "layer_share": 50_000, "holdout": 10_000}
    first = await world.start(design(key="um", flag_key="um", **layered))
    with pytest.raises(StateConflict, match="40 % are free"):
        await world.start(design(key="dois", flag_key="dois", **layered))
    assert (await world.experiments.get(PRODUCTION, "dois")).state == pb2.EXPERIMENT_STATE_DRAFT
    third = await world.start(design(key="tres", flag_key="tres", layer="precos", layer_share=40_000))
    ranges = [(each.layer_range.start, each.layer_range.end) for each in (first, third)]
    assert ranges == [(10_000, 60_000), (60_000, 100_000)]
    held = world.flags.flags["tres"].flag.fallthrough.rollout.range
    assert (held.salt, held.start, held.end) == ("layer:precos", 60_000, 100_000)
    await world.desk.stop(world.asked("um"))
    await world.desk.start(world.asked("dois"), design(key="dois", flag_key="dois", **layered))


async def test_what_stands_in_the_way_of_a_start(world: ExperimentWorld) -> None:
    """A flag that is off, killed, rolled out or taken, another version than was read, a key that is taken."""
    world.flags.add("regrada", "clientes")
    draft = await world.create(design())
    with pytest.raises(AlreadyExists):
        await world.create(design())
    with pytest.raises(EtagMismatch):
        await world.desk.start(world.asked(etag="7"), draft.experiment)
    flag = world.flags.flags["recomendacao"].flag
    flag.on = False
    with pytest.raises(StateConflict, match="is off"):
        await world.desk.start(world.asked(), draft.experiment)
    flag.on = True
    flag.kill.by = "guarda"
    with pytest.raises(StateConflict, match="is killed"):
        await world.desk.start(world.asked(), draft.experiment)
    flag.ClearField("kill")
    world.flags.plans["recomendacao"] = "p-1"
    with pytest.raises(StateConflict, match="rolled out by the plan p-1"):
        await world.desk.start(world.asked(), draft.experiment)
    world.flags.plans.clear()
    await world.desk.start(world.asked(), draft.experiment)
    with pytest.raises(StateConflict, match="draws by the same rule"):
        await world.start(design(key="outro"))
    await world.start(design(key="de-regra", flag_key="regrada", rule_id="clientes"))
    assert world.flags.flags["regrada"].flag.rules[0].serve.HasField("rollout")
    assert world.flags.flags["regrada"].flag.fallthrough.variant == ARMS[0]
    with pytest.raises(InvalidRequest, match="arms"):
        await world.desk.reallocate(world.asked(), _arms(1, 1, 1)[:2], 0)


async def test_a_decision_leaves_another_experiment_of_the_flag_alone(world: ExperimentWorld) -> None:
    """One that was stopped cannot be decided while another draws by its rule: it can be archived."""
    await world.start(design())
    await world.desk.stop(world.asked())
    await world.start(design(key="outro"))
    with pytest.raises(StateConflict, match="'outro' draws by the same rule"):
        await world.deciding.decide(world.asked(comment="tarde"), Wish(KILL))
    assert world.flags.flags["recomendacao"].flag.fallthrough.HasField("rollout")
    archived = await world.deciding.archive(world.asked())
    assert archived.state == pb2.EXPERIMENT_STATE_ARCHIVED


async def test_looks_are_never_taken_back(world: ExperimentWorld) -> None:
    """Whoever saves later, with less: the smallest p, the narrowest interval, the first test at the planned size."""
    place = ("conversao", ARMS[1])
    first = Kept(
        Running(0.01, Interval(-1.0, float("inf"))), horizon=HorizonTest(0.03, 0.5), horizon_at=1_790_000_000_000_000
    )
    second = Kept(Running(0.5, Interval(-2.0, 4.0)), harmed=True, horizon=HorizonTest(0.9, 0.1), horizon_at=1)
    await world.looks.save(PRODUCTION, "e", {place: first})
    await world.looks.save(PRODUCTION, "e", {place: second})
    kept = (await world.looks.load(PRODUCTION, "e"))[place]
    assert kept == Kept(Running(0.01, Interval(-1.0, 4.0)), True, False, first.horizon, first.horizon_at)
