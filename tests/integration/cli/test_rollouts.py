"""Rollout plans on the command line."""

import json
from pathlib import Path

from mirante.api.flags.v1 import rollout_guard_pb2, rollout_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as pb2

from tests.integration.cli.conftest import Mirante
from tests.support.scripted_service import ScriptedService

ID = "0b0e7a3c-0000-4000-8000-000000000001"


def record() -> rollout_pb2.RolloutRecord:
    """Return a plan at its first stage."""
    message = rollout_pb2.RolloutRecord(id=ID, state=rollout_pb2.ROLLOUT_STATE_RUNNING, stage=1, step=1)
    message.plan.MergeFrom(rollout_pb2.RolloutPlan(flag_key="f", variant="on"))
    for coverage in (10_000, 100_000):
        message.plan.stages.add(coverage=coverage).soak.seconds = 172_800
    message.plan.stages[1].needs_approval = True
    message.plan.guards.add(name="erros").tripwire.limit = 0.05
    reading = message.guards.readings.add(guard="erros", state=rollout_guard_pb2.GUARD_STATE_CLEAR, sample=40)
    reading.observed, reading.limit, reading.distance = 0.01, 0.05, 0.8
    breach = rollout_guard_pb2.GuardEvidence(guard="erros", observed=0.4, limit=0.05, sample=30)
    breach.first_event_at.FromMilliseconds(1_700_000_000_250)
    breach.detected_at.FromMilliseconds(1_700_000_001_050)
    message.breach.CopyFrom(breach)
    message.events.add(action=rollout_pb2.ROLLOUT_ACTION_START, stage=1, actor="ana", comment="vamos").at.seconds = 1
    return message


def scripted(service: ScriptedService) -> None:
    """Let the flag "f" have one plan."""
    service.answers["ListRollouts"] = lambda request: pb2.ListRolloutsResponse(
        rollouts=[record()] if request.flag_key in ("", "f") else []
    )
    service.answers["GetRollout"] = lambda _: pb2.GetRolloutResponse(rollout=record())
    service.answers["CreateRollout"] = lambda _: pb2.CreateRolloutResponse(rollout=record())
    service.answers["StartRollout"] = lambda _: pb2.StartRolloutResponse(rollout=record())
    service.answers["StepRollout"] = lambda _: pb2.StepRolloutResponse(rollout=record())
    service.answers["RollBackRollout"] = lambda _: pb2.RollBackRolloutResponse(rollout=record())
    service.answers["ApproveStage"] = lambda _: pb2.ApproveStageResponse(rollout=record())


def test_a_plan_is_shown_with_its_guards(service: ScriptedService, mirante: Mirante) -> None:
    """By the key of its flag, for people and for programs; a flag without one says so."""
    scripted(service)
    shown = mirante("rollouts", "get", "f").stdout
    for word in (
        "running",
        "10% of everybody",
        "2d",
        "needed",
        "erros",
        "clear",
        "80%",
        "vamos",
        "40.00%, on 30; the limit is 5.00%",
        ":20.250",
        ":21.050, 0.8 s later",
    ):
        assert word in shown
    assert "1 of 2" in mirante("rollouts", "list").stdout
    found = json.loads(mirante("rollouts", "get", ID, "--json").stdout)["rollout"]
    assert (found["stage"], found["plan"]["flag_key"]) == (1, "f")
    missing = mirante("rollouts", "get", "g")
    assert (missing.exit_code, "has no rollout plan" in missing.stderr) == (1, True)


def test_a_plan_is_written_with_options_and_a_file(service: ScriptedService, mirante: Mirante, tmp_path: Path) -> None:
    """Stages, guards, and what is in neither."""
    scripted(service)
    options = ("--stage", "25%,2d,beta", "--stage", "100%,12h,sample=500,approval", "--no-fewer", "venda_criada")
    more = ("--error-share", "erro_frontend=5%", "--sample-ratio", "--kill", "--start", "--bucket-by", "tenant_id")
    assert mirante("rollouts", "create", "f", "on", *options, *more).exit_code == 0
    (created,) = service.requests("CreateRollout")
    first, second = created.plan.stages
    assert (first.coverage, first.audience.segment_key, first.soak.seconds) == (25_000, "beta", 172_800)
    assert (second.minimum_sample, second.needs_approval, second.soak.seconds) == (500, True, 43_200)
    wire, rail, ratio = created.plan.guards
    assert (wire.tripwire.limit, list(wire.tripwire.events)) == (0.05, ["erro_frontend"])
    assert wire.action == rollout_guard_pb2.GUARD_ACTION_KILL
    assert rail.guardrail.harm == rollout_guard_pb2.HARM_DIRECTION_LESS
    assert ratio.HasField("sample_ratio")
    assert len(service.requests("StartRollout")) == 1
    file = tmp_path / "plan.yaml"
    file.write_text("stages: [{coverage: 5000, soak: 60s}]\nguards: []\n")
    assert mirante("rollouts", "create", "f", "on", "--file", str(file)).exit_code == 0
    assert service.requests("CreateRollout")[1].plan.stages[0].coverage == 5_000
    for wrong in ((), ("--stage", "x"), ("--stage", "10%,sample=x"), ("--error-share", "e=200%")):
        assert mirante("rollouts", "create", "f", "on", *wrong).exit_code == 2
    file.write_text("stages: [{coverage: -1}]")
    assert mirante("rollouts", "create", "f", "on", "--file", str(file)).exit_code == 2


def test_a_step_names_the_stage_and_asks_first(service: ScriptedService, mirante: Mirante) -> None:
    """So do an approval and a roll-back name what they mean."""
    scripted(service)
    assert mirante("rollouts", "step", "f").exit_code == 2
    assert mirante("rollouts", "step", "f", "--yes").exit_code == 0
    (step,) = service.requests("StepRollout")
    assert (step.rollout_id, step.stage) == (ID, 2)
    assert mirante("rollouts", "approve", "f").exit_code == 0
    assert service.requests("ApproveStage")[0].stage == 2
    assert mirante("rollouts", "rollback", "f", "-r", "erros", "--to-nothing").exit_code == 0
    (back,) = service.requests("RollBackRollout")
    assert (back.target, back.reason) == (pb2.ROLL_BACK_TARGET_NOTHING, "erros")
