"""`mirante experiments start | allocate | pause | resume | stop | ship | kill | archive`."""

from typing import Annotated

import typer
from mirante.api.metrics.v1 import experiment_pb2 as model
from mirante.api.metrics.v1 import experiment_service_pb2 as pb2

from services.cli.asking import ask
from services.cli.command import command
from services.cli.experiments.arguments import SECONDS, ExperimentKey, read_experiment
from services.cli.experiments.showing import answer
from services.cli.flags.arguments import Comment, Yes
from services.cli.refusals import usage
from services.cli.session import Session

running = typer.Typer()

_WHOLE = 100_000


@command(running, "start")
def start(session: Session, experiment: ExperimentKey, comment: Comment = "", *, yes: Yes = False) -> None:
    """Freeze the design of a draft, and let its flag draw."""
    record = read_experiment(session, experiment)
    ask(session.output, f"Start {experiment} on the flag {record.experiment.flag_key}?", yes=yes)
    request = pb2.StartExperimentRequest(
        environment=session.environment, experiment_key=experiment, etag=record.etag, comment=comment
    )
    answer(session, session.call(session.experiments.StartExperiment, request, timeout_seconds=SECONDS).record)


@command(running, "allocate")
def allocate(
    session: Session,
    experiment: ExperimentKey,
    weights: Annotated[list[str], typer.Argument(help="VARIANT=WEIGHT, for each arm.", show_default=False)],
    coverage: Annotated[
        float | None,
        typer.Option(
            min=0.001, max=100, help="Percent of those who could take part; as it is when left out.", show_default=False
        ),
    ] = None,
    comment: Comment = "",
) -> None:
    """Begin a phase with other weights or another coverage."""
    arms = [_arm(each) for each in weights]
    record = read_experiment(session, experiment)
    before = record.phases[-1].coverage if record.phases else record.experiment.coverage
    request = pb2.ChangeAllocationRequest(
        environment=session.environment,
        experiment_key=experiment,
        arms=arms,
        coverage=before if coverage is None else round(coverage / 100 * _WHOLE),
        etag=record.etag,
        comment=comment,
    )
    answer(session, session.call(session.experiments.ChangeAllocation, request).record)


@command(running, "pause")
def pause(session: Session, experiment: ExperimentKey, comment: Comment = "") -> None:
    """Let nobody new take part for a while; the flag goes on."""
    request = pb2.PauseExperimentRequest(environment=session.environment, experiment_key=experiment, comment=comment)
    answer(session, session.call(session.experiments.PauseExperiment, request).record)


@command(running, "resume")
def resume(session: Session, experiment: ExperimentKey, comment: Comment = "") -> None:
    """End a pause."""
    request = pb2.ResumeExperimentRequest(environment=session.environment, experiment_key=experiment, comment=comment)
    answer(session, session.call(session.experiments.ResumeExperiment, request).record)


@command(running, "stop")
def stop(session: Session, experiment: ExperimentKey, comment: Comment = "") -> None:
    """Let nobody new take part for good; the flag goes on until it is decided."""
    request = pb2.StopExperimentRequest(environment=session.environment, experiment_key=experiment, comment=comment)
    answer(session, session.call(session.experiments.StopExperiment, request).record)


@command(running, "ship")
def ship(
    session: Session,
    experiment: ExperimentKey,
    variant: Annotated[str, typer.Option(help="The winner of the verdict when left out.", show_default=False)] = "",
    by: Annotated[
        str, typer.Option(help="A template of rollout plans, such as canary; at once without.", show_default=False)
    ] = "",
    comment: Comment = "",
    *,
    yes: Yes = False,
) -> None:
    """Give a variant to everybody, and write down what was learned."""
    ask(session.output, f"Ship {variant or 'the winner'} of {experiment} to everybody?", yes=yes)
    request = pb2.DecideExperimentRequest(
        environment=session.environment,
        experiment_key=experiment,
        kind=model.DECISION_KIND_SHIP,
        variant=variant,
        rollout_template=by,
        comment=comment,
    )
    answer(session, session.call(session.experiments.DecideExperiment, request, timeout_seconds=SECONDS).record)


@command(running, "kill")
def kill(session: Session, experiment: ExperimentKey, comment: Comment = "", *, yes: Yes = False) -> None:
    """Give the control to everybody, and write down what was learned."""
    ask(session.output, f"End {experiment}, so that everybody gets the control?", yes=yes)
    request = pb2.DecideExperimentRequest(
        environment=session.environment, experiment_key=experiment, kind=model.DECISION_KIND_KILL, comment=comment
    )
    answer(session, session.call(session.experiments.DecideExperiment, request, timeout_seconds=SECONDS).record)


@command(running, "archive")
def archive(session: Session, experiment: ExperimentKey, comment: Comment = "") -> None:
    """Put an experiment out of the way; its report stays."""
    request = pb2.ArchiveExperimentRequest(environment=session.environment, experiment_key=experiment, comment=comment)
    answer(session, session.call(session.experiments.ArchiveExperiment, request, timeout_seconds=SECONDS).record)


def _arm(text: str) -> model.ExperimentArm:
    variant, equals, weight = text.rpartition("=")
    if not equals or not (weight.isascii() and weight.isdigit()) or len(weight) > 6:
        raise usage(f"{text} is no VARIANT=WEIGHT, such as control=50")
    return model.ExperimentArm(variant=variant, weight=int(weight))
