"""`mirante privacy erase | requests`."""

from collections.abc import Mapping
from typing import Annotated

import grpc
import typer
from mirante.api.telemetry.v1 import privacy_service_pb2 as pb2

from services.cli.command import command
from services.cli.output import Output, local_time, styled
from services.cli.plain import enum_name, plain
from services.cli.privacy.subjects import Anonymous, Tenant, User, subject_of
from services.cli.refusals import ExitCode, Refusal, usage
from services.cli.session import Session

erasing = typer.Typer()

_SECONDS = 3_600.0
_KINDS = pb2.PrivacyRequestKind.DESCRIPTOR
_GOES_ON = "what was begun goes on by itself: see `mirante privacy requests`"
_MAY_HAVE_BEGUN = {code.name for code in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE)}


@command(erasing, "erase")
def erase(
    session: Session,
    tenant: Tenant,
    reason: Annotated[
        str, typer.Option("--reason", "-r", help="Kept on record; must not name the person.", show_default=False)
    ],
    user: User = "",
    anonymous: Anonymous = "",
    *,
    whole_tenant: Annotated[bool, typer.Option("--whole-tenant", help="Everything of the tenant instead.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> None:
    """Erase a person or a whole tenant everywhere, for good, and show the proof."""
    if whole_tenant and (user or anonymous):
        raise usage("--whole-tenant erases everybody: it goes without --user and --anonymous")
    subject = None if whole_tenant else subject_of(tenant, user, anonymous)
    whom = f"all data of tenant {tenant}" if subject is None else f"{user or anonymous} of tenant {tenant}"
    _ask(session.output, f"erase {whom}, everywhere and for good?", yes=yes)
    try:
        done = _erase(session, tenant, subject, reason)
    except Refusal as refusal:
        if refusal.status in _MAY_HAVE_BEGUN and not refusal.hint:
            refusal.hint = _GOES_ON
        raise
    session.output.answer(lambda: {"request": plain(done)}, lambda output: _show(output, done))
    if not done.HasField("completed_at"):
        raise Refusal("something was still found: the erasure goes on", _GOES_ON)


@command(erasing, "requests")
def list_requests(
    session: Session, limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many.")] = 100
) -> None:
    """List what was exported and erased, newest first, by whom and why."""
    request = pb2.ListPrivacyRequestsRequest(environment=session.environment, page_size=limit)
    found = session.call(session.privacy.ListPrivacyRequests, request).requests
    rows = [
        (
            local_time(each.requested_at),
            enum_name(_KINDS, each.kind),
            each.tenant,
            each.subject_hash[:12],
            each.requested_by,
            each.reason,
            local_time(each.completed_at) or styled("not complete", "yellow"),
            _numbers(each.counts),
        )
        for each in found
    ]
    columns = ("REQUESTED", "KIND", "TENANT", "SUBJECT", "BY", "REASON", "COMPLETED", "COUNTS")
    session.output.answer(
        lambda: {"requests": [plain(each) for each in found]},
        lambda output: output.table(columns, rows) if rows else output.remark("no requests"),
    )


def _erase(session: Session, tenant: str, subject: pb2.Subject | None, reason: str) -> pb2.PrivacyRequest:
    if subject is None:
        whole = pb2.EraseTenantRequest(environment=session.environment, tenant=tenant, reason=reason)
        return session.call(session.privacy.EraseTenant, whole, timeout_seconds=_SECONDS).request
    person = pb2.EraseSubjectRequest(environment=session.environment, subject=subject, reason=reason)
    return session.call(session.privacy.EraseSubject, person, timeout_seconds=_SECONDS).request


def _ask(output: Output, question: str, *, yes: bool) -> None:
    if yes:
        return
    if not output.is_interactive:
        raise usage("nobody can be asked here: pass --yes")
    if not typer.confirm(question):
        raise Refusal("nothing was erased", exit_code=ExitCode.REFUSED)


def _show(output: Output, done: pb2.PrivacyRequest) -> None:
    output.facts(
        [
            ("request", done.id),
            ("erased", _numbers(done.counts) or "nothing was there"),
            ("left", _numbers(done.left)),
            ("completed", local_time(done.completed_at)),
        ]
    )


def _numbers(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{place} {number}" for place, number in sorted(counts.items()))
