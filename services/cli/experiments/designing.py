"""`mirante experiments list | show | create | update | plan | history`."""

from typing import Annotated

import typer
from mirante.api.metrics.v1 import experiment_result_pb2 as results_pb2
from mirante.api.metrics.v1 import experiment_service_pb2 as pb2

from services.cli.command import command
from services.cli.experiments.arguments import SECONDS, DesignFile, ExperimentKey, read_design, read_experiment
from services.cli.experiments.showing import STATES, answer, number, state_of
from services.cli.flags.arguments import Comment
from services.cli.output import Output, local_time
from services.cli.paging import pages
from services.cli.plain import enum_name, plain
from services.cli.session import Session

designing = typer.Typer()

_PAGE = 1_000


@command(designing, "list")
def list_experiments(
    session: Session, flag: Annotated[str, typer.Option(help="Only those of this flag.", show_default=False)] = ""
) -> None:
    """List experiments that are not archived."""
    request = pb2.ListExperimentsRequest(environment=session.environment, page_size=_PAGE, flag_key=flag)
    found = [each for page in pages(session, session.experiments.ListExperiments, request) for each in page.records]
    rows = [
        (
            each.experiment.key,
            state_of(each),
            each.experiment.flag_key,
            each.experiment.owner,
            local_time(each.started_at),
            f"v{each.version} {local_time(each.updated_at)} by {each.updated_by}",
        )
        for each in found
    ]
    columns = ("KEY", "STATE", "FLAG", "OWNER", "STARTED", "CHANGED")
    session.output.answer(
        lambda: {"experiments": [plain(each) for each in found]}, lambda output: output.table(columns, rows)
    )


@command(designing, "get")
def get_experiment(session: Session, experiment: ExperimentKey) -> None:
    """Show an experiment."""
    answer(session, read_experiment(session, experiment))


@command(designing, "create")
def create_experiment(session: Session, file: DesignFile, comment: Comment = "") -> None:
    """Make a draft of a design."""
    request = pb2.CreateExperimentRequest(
        environment=session.environment, experiment=read_design(file), comment=comment
    )
    answer(session, session.call(session.experiments.CreateExperiment, request).record)


@command(designing, "update")
def update_experiment(session: Session, file: DesignFile, comment: Comment = "") -> None:
    """Replace a draft."""
    design = read_design(file)
    request = pb2.UpdateExperimentRequest(
        environment=session.environment,
        experiment=design,
        etag=read_experiment(session, design.key).etag,
        comment=comment,
    )
    answer(session, session.call(session.experiments.UpdateExperiment, request).record)


@command(designing, "plan")
def plan_experiment(
    session: Session,
    file: DesignFile,
    weeks: Annotated[int, typer.Option(min=1, max=26, help="Of the past, to go by.")] = 4,
    power: Annotated[float, typer.Option(help="How surely the effect is to be found.")] = 0.8,
) -> None:
    """Say how many units a design needs, how long that takes, and what it can find. Nothing is stored."""
    request = pb2.PlanExperimentRequest(
        environment=session.environment, experiment=read_design(file), weeks=weeks, power=power
    )
    plan = session.call(session.experiments.PlanExperiment, request, timeout_seconds=SECONDS).plan
    session.output.answer(lambda: plain(plan), lambda output: _show_plan(output, plan))


@command(designing, "history")
def show_history(session: Session, experiment: ExperimentKey) -> None:
    """List who has changed what about an experiment, newest first."""
    request = pb2.GetExperimentHistoryRequest(environment=session.environment, experiment_key=experiment, page_size=200)
    found = session.call(session.experiments.GetExperimentHistory, request).changes
    rows = [
        (f"v{each.version}", local_time(each.at), each.actor, each.action, enum_name(STATES, each.state), each.comment)
        for each in found
    ]
    columns = ("VERSION", "TIME", "WHO", "WHAT", "STATE", "COMMENT")
    session.output.answer(
        lambda: {"changes": [plain(each) for each in found]}, lambda output: output.table(columns, rows)
    )


def _show_plan(output: Output, plan: results_pb2.ExperimentPlan) -> None:
    past = f"{local_time(plan.past_from)} to {local_time(plan.past_until)}"
    baseline = number(plan.primary.baseline) if plan.primary.HasField("baseline") else "not known"
    output.facts(
        [
            ("past", f"{past}, by {plan.population}"),
            ("baseline", baseline),
            ("units a day", f"{plan.units_per_day:,.0f}"),
            ("units an arm", f"{plan.units_per_arm:,}" if plan.units_per_arm else "not known"),
            ("days", str(plan.days) if plan.days else "not known"),
            ("power", f"{plan.power:.0%}"),
        ]
    )
    rows = [
        (
            str(each.days),
            f"{each.units_per_arm:,}",
            number(each.effect) if each.HasField("effect") else "-",
            f"{each.lift:+.1%}" if each.HasField("lift") else "-",
        )
        for each in plan.detectable
    ]
    output.table(("DAYS", "UNITS AN ARM", "SMALLEST EFFECT", "LIFT"), rows)
    for warning in plan.warnings:
        output.remark(warning)
