"""`mirante flags import | export | promote`: flags as code, and from one environment to the next, with a plan first."""

from pathlib import Path
from typing import Annotated

import typer
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2

from services.cli.asking import ask
from services.cli.command import command
from services.cli.documents import read_document, write_document
from services.cli.flags.arguments import Comment, DryRun, FlagKey, Yes
from services.cli.flags.showing import show_changes, show_plan
from services.cli.plain import plain
from services.cli.session import Session

plans = typer.Typer()


@command(plans, "export")
def export_flags(
    session: Session,
    file: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Write all flags and segments of an environment as YAML."""
    answer = session.call(session.flags.ExportFlags, flags_pb2.ExportFlagsRequest(environment=session.environment))
    if file is None:
        session.output.answer(lambda: plain(answer), lambda output: output.verbatim(answer.yaml))
        return
    write_document(file, answer.yaml)
    session.output.answer(
        lambda: {"file": str(file), "revision": answer.revision},
        lambda output: output.line(f"revision {answer.revision} written to {file}"),
    )


@command(plans, "import")
def import_flags(
    session: Session,
    file: Annotated[Path, typer.Argument(help="YAML as `export` writes it; - reads stdin.", show_default=False)],
    *,
    yes: Yes = False,
    prune: Annotated[bool, typer.Option("--prune", help="Archive what the YAML does not name.")] = False,
    dry_run: DryRun = False,
    comment: Comment = "",
) -> None:
    """Make flags and segments as a YAML file says, all or nothing, after showing the plan."""
    request = flags_pb2.ImportFlagsRequest(
        environment=session.environment, yaml=read_document(file), dry_run=True, prune=prune, comment=comment
    )
    plan = session.call(session.flags.ImportFlags, request)
    if dry_run or not plan.changes:
        _show_import(session, plan, applied=False)
        return
    if not session.output.as_json:
        show_plan(session.output, plan.changes)
    ask(session.output, f"apply {len(plan.changes)} changes to {session.environment or 'the environment'}?", yes=yes)
    request.dry_run = False
    request.expected_revision = plan.revision
    done = session.call(session.flags.ImportFlags, request)
    session.output.answer(
        lambda: {**plain(done), "applied": True},
        lambda output: output.line(f"{len(done.changes)} changes applied, revision {done.revision}"),
    )


@command(plans, "promote", without=frozenset({"environment"}))
def promote_flag(
    session: Session,
    key: FlagKey,
    source: Annotated[str, typer.Option("--from", help="Environment to copy from.", show_default=False)],
    target: Annotated[str, typer.Option("--to", help="Environment to copy to.", show_default=False)],
    *,
    yes: Yes = False,
    dry_run: DryRun = False,
    comment: Comment = "",
) -> None:
    """Copy a definition to another environment, where on/off, kill and salts stay, after showing the plan."""
    request = flags_pb2.PromoteFlagRequest(
        from_environment=source, to_environment=target, flag_key=key, dry_run=True, comment=comment
    )
    session.environment = source  # where a mistyped key is looked for
    plan = session.call(session.flags.PromoteFlag, request)
    if dry_run or not plan.changes:
        session.output.answer(
            lambda: {**plain(plan), "applied": False},
            lambda output: (
                show_changes(output, plan.changes)
                if plan.changes
                else output.line(f"{key} is the same in {source} and {target}")
            ),
        )
        return
    if not session.output.as_json:
        show_changes(session.output, plan.changes)
    ask(session.output, f"make {key} in {target} like that?", yes=yes)
    request.dry_run, request.plan = False, plan.plan
    done = session.call(session.flags.PromoteFlag, request)
    session.output.answer(
        lambda: {**plain(done), "applied": True},
        lambda output: output.line(f"{key}: promoted to {target}, version {done.record.flag.version}"),
    )


def _show_import(session: Session, plan: flags_pb2.ImportFlagsResponse, *, applied: bool) -> None:
    session.output.answer(
        lambda: {**plain(plan), "applied": applied},
        lambda output: show_plan(output, plan.changes) if plan.changes else output.line("nothing would change"),
    )
