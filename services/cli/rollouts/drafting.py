"""`mirante rollouts create | delete`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.json_format import ParseDict, ParseError
from mirante.api.flags.v1 import rollout_guard_pb2, rollout_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as pb2
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from services.cli.command import command
from services.cli.documents import read_document
from services.cli.flags.arguments import Comment, FlagKey
from services.cli.plain import plain
from services.cli.refusals import Refusal, usage
from services.cli.rollouts.arguments import Plan, plan_id
from services.cli.rollouts.parts import guardrails_of, stage_of, tripwire_of
from services.cli.rollouts.showing import show_rollout
from services.cli.session import Session

drafting = typer.Typer()


@dataclass(frozen=True, slots=True)
class Design:
    """What a plan is to be like."""

    template: Annotated[str, typer.Option(metavar="KEY", help="canary or rings, when no stages are given.")] = ""
    ring: Annotated[
        list[str] | None, typer.Option(metavar="SEGMENT", help="For the template's rings, from the inside.")
    ] = None
    stage: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PERCENT,...", help="As 25%,2d,beta_testers or 100%,1d,sample=500,approval; may be repeated."
        ),
    ] = None
    baseline: Annotated[str, typer.Option(metavar="VARIANT", help="For those whom no stage has reached.")] = ""
    bucket_by: Annotated[str, typer.Option(metavar="ATTRIBUTE", help="Whose value decides, as tenant_id.")] = ""
    error_share: Annotated[
        list[str] | None,
        typer.Option(metavar="EVENT,...=PERCENT", help="Stop when more of its users have it, within 30 seconds."),
    ] = None
    no_more: Annotated[
        list[str] | None,
        typer.Option(metavar="EVENT,...", help="Stop when more users than of the others are proven to have it."),
    ] = None
    no_fewer: Annotated[
        list[str] | None, typer.Option(metavar="EVENT,...", help="The same for fewer: sales, for instance.")
    ] = None
    sample_ratio: Annotated[bool, typer.Option("--sample-ratio", help="Pause when the shares are not as planned.")] = (
        False
    )
    kill: Annotated[bool, typer.Option("--kill", help="Breaches kill the flag instead of going back a stage.")] = False
    description: Annotated[str, typer.Option(metavar="TEXT", help="What it is for.")] = ""
    start: Annotated[bool, typer.Option("--start", help="Start it at once.")] = False
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A RolloutPlan as YAML, - for stdin; options add to it.")
    ] = None

    def plan(self, flag_key: str, variant: str) -> rollout_pb2.RolloutPlan:
        """Return the plan; raise Refusal (wrong usage) for texts that make no sense."""
        plan = _read(self.file) if self.file is not None else rollout_pb2.RolloutPlan()
        plan.flag_key, plan.variant = flag_key, variant
        plan.baseline_variant = self.baseline or plan.baseline_variant
        plan.bucket_by = self.bucket_by or plan.bucket_by
        plan.description = self.description or plan.description
        plan.stages.extend(stage_of(text) for text in self.stage or ())
        action = rollout_guard_pb2.GUARD_ACTION_KILL if self.kill else rollout_guard_pb2.GUARD_ACTION_UNSPECIFIED
        plan.guards.extend(tripwire_of(text, action) for text in self.error_share or ())
        plan.guards.extend(guardrails_of(self.no_more or (), self.no_fewer or (), action))
        if self.sample_ratio:
            plan.guards.add(name="sample-ratio").sample_ratio.SetInParent()
        if not plan.stages and not self.template:
            raise usage("a plan needs stages: --template canary, --stage 10%,2d ... or --file")
        return plan


@command(drafting, "create")
def create_rollout(
    session: Session,
    key: FlagKey,
    variant: Annotated[str, typer.Argument(help="The variant that is rolled out.", show_default=False)],
    design: Design,
    comment: Comment = "",
) -> None:
    """Draft a plan, which may be started at once."""
    request = pb2.CreateRolloutRequest(
        environment=session.environment,
        plan=design.plan(key, variant),
        template=design.template,
        ring_segments=design.ring or (),
        comment=comment,
    )
    record = session.call(session.rollouts.CreateRollout, request).rollout
    if design.start:
        begin = pb2.StartRolloutRequest(environment=session.environment, rollout_id=record.id, comment=comment)
        try:
            record = session.call(session.rollouts.StartRollout, begin).rollout
        except Refusal:
            session.output.remark(f"not started; the draft stays: {record.id}")
            raise
    session.output.answer(lambda: {"rollout": plain(record)}, lambda output: show_rollout(output, record))


@command(drafting, "delete")
def delete_rollout(session: Session, plan: Plan) -> None:
    """Remove a draft."""
    rollout_id = plan_id(session, plan)
    request = pb2.DeleteRolloutRequest(environment=session.environment, rollout_id=rollout_id)
    session.call(session.rollouts.DeleteRollout, request)
    session.output.answer(lambda: {"deleted": rollout_id}, lambda output: output.line(f"{rollout_id}: deleted"))


def _read(file: Path) -> rollout_pb2.RolloutPlan:
    try:
        document = YAML(typ="safe", pure=True).load(read_document(file))
    except YAMLError as error:
        raise usage(f"{file} is not YAML: {error}") from None
    if not isinstance(document, dict):
        raise usage(f"{file} is no plan: it has to be a map with stages and guards")
    try:
        return ParseDict(document, rollout_pb2.RolloutPlan())
    except ParseError as error:
        raise usage(f"{file}: {error}") from None
