"""`mirante rollouts list | get | templates`."""

from typing import Annotated

import typer
from mirante.api.flags.v1 import rollout_service_pb2 as pb2

from services.cli.command import command
from services.cli.output import local_time
from services.cli.paging import pages
from services.cli.plain import plain
from services.cli.rollouts.arguments import STARTED, Plan, read_plan
from services.cli.rollouts.parts import duration_text, stage_text
from services.cli.rollouts.showing import place_text, show_rollout, state_text
from services.cli.session import Session

reading = typer.Typer()


@command(reading, "list")
def list_rollouts(
    session: Session,
    flag: Annotated[str, typer.Option(metavar="KEY", help="Of this flag alone.")] = "",
    all_states: Annotated[bool, typer.Option("--all", help="Also drafts, and those that are over.")] = False,
) -> None:
    """List rollout plans that are started and not over, newest first; --all lists every plan."""
    request = pb2.ListRolloutsRequest(
        environment=session.environment, page_size=200, flag_key=flag, states=() if all_states else STARTED
    )
    records = [each for page in pages(session, session.rollouts.ListRollouts, request) for each in page.rollouts]
    rows = [
        (
            each.plan.flag_key,
            each.plan.variant,
            state_text(each),
            place_text(each),
            local_time(each.state_since),
            each.id,
        )
        for each in records
    ]
    session.output.answer(
        lambda: {"rollouts": [plain(each) for each in records]},
        lambda output: (
            output.table(("FLAG", "VARIANT", "STATE", "STAGE", "SINCE", "ID"), rows)
            if rows
            else output.remark("no rollouts" if all_states else "no rollouts under way; --all lists every plan")
        ),
    )


@command(reading, "get")
def get_rollout(session: Session, plan: Plan) -> None:
    """Show a plan: its stages, its guards with their distance to the limit, and what happened."""
    record = read_plan(session, plan)
    session.output.answer(lambda: {"rollout": plain(record)}, lambda output: show_rollout(output, record))


@command(reading, "templates")
def list_templates(session: Session) -> None:
    """List stages to begin with."""
    templates = session.call(session.rollouts.ListRolloutTemplates, pb2.ListRolloutTemplatesRequest()).templates
    rows = [
        (each.key, str(number), stage_text(stage), duration_text(stage.soak))
        for each in templates
        for number, stage in enumerate(each.stages, 1)
    ]
    session.output.answer(
        lambda: {"templates": [plain(each) for each in templates]},
        lambda output: output.table(("TEMPLATE", "STAGE", "WHO", "SOAK"), rows),
    )
