"""Where flags are in their life."""

import datetime
from collections.abc import Callable

import pytest
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2, rollout_pb2
from mirante.api.metrics.v1 import experiment_pb2
from mirante.api.metrics.v1 import programme_service_pb2 as pb2

from services.metrics.programme.stages import Work, count_stages, lifecycle_of, served_to_all, works

NOW = datetime.datetime(2026, 11, 26, 12, tzinfo=datetime.UTC)
MONTH = datetime.timedelta(days=30)
NOTHING = Work()


def record(days_untouched: float = 0.0) -> flags_pb2.FlagRecord:
    """A flag that gives everybody the variant "on"."""
    made = flags_pb2.FlagRecord(flag=flag_pb2.Flag(key="f", on=True, off_variant="off", owner="time-vendas"))
    made.flag.fallthrough.variant = "on"
    made.updated_at.FromDatetime(NOW - datetime.timedelta(days=days_untouched))
    return made


def stage(of: flags_pb2.FlagRecord, work: Work = NOTHING) -> str:
    """The name of its stage."""
    return pb2.FlagStage.Name(lifecycle_of(of, work, NOW, MONTH).stage).removeprefix("FLAG_STAGE_")


def split(serve: flag_pb2.Serve, *, coverage: int | None = None, **weights: int) -> None:
    """Let something be served by lot."""
    serve.rollout.SetInParent()
    for variant, weight in weights.items():
        serve.rollout.splits.add(variant=variant, weight=weight)
    if coverage is not None:
        serve.rollout.coverage = coverage


CHANGES: list[tuple[Callable[[flag_pb2.Flag], object], str]] = [
    (lambda flag: flag.tags.append("ui"), "on"),
    (lambda flag: setattr(flag, "on", False), "off"),
    (lambda flag: flag.kill.SetInParent(), "off"),
    (lambda flag: flag.starts_at.FromDatetime(NOW + MONTH), "off"),
    (lambda flag: flag.starts_at.FromDatetime(NOW), "on"),
    (lambda flag: flag.ends_at.FromDatetime(NOW), "off"),
    (lambda flag: flag.targets.add(attribute="tenant_id", variant="off", values=["acme"]), ""),
    (lambda flag: flag.targets.add(attribute="tenant_id", variant="on", values=["acme"]), "on"),
    (lambda flag: flag.prerequisites.add(flag_key="g", variants=["on"]), ""),
    (lambda flag: split(flag.fallthrough, on=100_000, off=0), "on"),
    (lambda flag: split(flag.fallthrough, on=50_000, off=50_000), ""),
    (lambda flag: split(flag.fallthrough, on=100_000, coverage=99_999), ""),
    (lambda flag: split(flag.fallthrough, on=100_000, coverage=100_000), "on"),
    # Whom a rule does not cover gets what the fallthrough serves.
    (lambda flag: split(flag.rules.add(id="r").serve, on=100_000, coverage=1), "on"),
    (lambda flag: split(flag.rules.add(id="r").serve, off=100_000, coverage=1), ""),
]


@pytest.mark.parametrize(("change", "served"), CHANGES)
def test_what_everybody_gets(change: Callable[[flag_pb2.Flag], object], served: str) -> None:
    """One variant, or none when it differs."""
    made = record().flag
    change(made)
    assert served_to_all(made, NOW) == served


def test_stages() -> None:
    """The first that holds; a flag is stale when nothing keeps it from being taken out of the code."""
    assert (stage(record(29.9)), stage(record(30))) == ("FULLY_ON", "STALE")
    assert stage(record(60), Work(("e",))) == "IN_EXPERIMENT"
    assert stage(record(60), Work((), "id")) == "ROLLING_OUT"
    killed, off, meant_to_stay, ending, partly = record(60), record(60), record(60), record(60), record(60)
    killed.flag.kill.by = "ana"
    off.flag.on = False
    meant_to_stay.flag.tags.append("permanente")
    ending.flag.ends_at.FromDatetime(NOW + MONTH)
    split(partly.flag.fallthrough, on=100_000, coverage=10_000)
    found = [stage(each, Work(("e",))) for each in (killed, off)]
    assert found == ["KILLED", "OFF"]
    assert [stage(each) for each in (meant_to_stay, ending, partly)] == ["FULLY_ON", "FULLY_ON", "ROLLING_OUT"]
    lives = [lifecycle_of(each, NOTHING, NOW, MONTH) for each in (killed, off, partly, record(60), record(60))]
    assert count_stages(lives) == pb2.StageCounts(killed=1, off=1, rolling_out=1, stale=2)


def test_what_goes_on_with_a_flag() -> None:
    """Experiments that are started and not decided, and plans that somebody has to see through."""
    experiments = [
        experiment_pb2.ExperimentRecord(experiment=experiment_pb2.Experiment(key=key, flag_key="f"), state=state)
        for key, state in (
            ("b", experiment_pb2.EXPERIMENT_STATE_STOPPED),
            ("a", experiment_pb2.EXPERIMENT_STATE_RUNNING),
            ("c", experiment_pb2.EXPERIMENT_STATE_DRAFT),
            ("d", experiment_pb2.EXPERIMENT_STATE_DECIDED),
        )
    ]
    plans = [
        rollout_pb2.RolloutRecord(id=flag, plan=rollout_pb2.RolloutPlan(flag_key=flag), state=state)
        for flag, state in (
            ("g", rollout_pb2.ROLLOUT_STATE_BREACHED),
            ("h", rollout_pb2.ROLLOUT_STATE_COMPLETED),
            ("i", rollout_pb2.ROLLOUT_STATE_DRAFT),
        )
    ]
    assert works(experiments, plans) == {"f": Work(("a", "b")), "g": Work((), "g")}
