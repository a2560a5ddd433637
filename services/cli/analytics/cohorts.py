"""`mirante analytics cohorts | segment`: the cohorts that were saved, and segments of flags that are made from them."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import typer
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.common.v1.value_pb2 import Value
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import segment_admin_service_pb2 as segments_pb2
from mirante.api.metrics.v1 import analytics_service_pb2 as pb2
from mirante.api.metrics.v1 import cohort_report_pb2, report_pb2, saved_report_pb2

from services.cli.analytics.naming import named
from services.cli.analytics.showing import answer_of
from services.cli.command import command
from services.cli.flags.arguments import Comment
from services.cli.output import Output, local_time
from services.cli.plain import plain
from services.cli.refusals import Refusal
from services.cli.rewriting import rewrite
from services.cli.session import Session

cohorting = typer.Typer()

_PAGE: Final = 1_000
_MOST_VALUES: Final = 1_000
"""Of one condition, as the flag service takes it."""
_NO_SEGMENT: Final = reasons.ErrorReason.Name(reasons.ERROR_REASON_SEGMENT_NOT_FOUND).removeprefix("ERROR_REASON_")

User = tuple[str, str]
"""Tenant and user id."""


@command(cohorting, "cohorts")
def cohorts(session: Session) -> None:
    """List the cohorts that were saved."""
    found = session.call(session.analytics.ListCohorts, pb2.ListCohortsRequest(environment=session.environment))
    rows = [
        (
            each.info.id,
            each.info.name,
            f"{each.info.updated_by}, {local_time(each.info.updated_at)}",
            each.info.description,
        )
        for each in found.cohorts
    ]
    session.output.answer(
        lambda: plain(found),
        lambda output: (
            output.table(("ID", "NAME", "CHANGED", "DESCRIPTION"), rows) if rows else output.remark("no cohorts")
        ),
    )


@command(cohorting, "segment")
def segment(
    session: Session,
    *,
    cohort: Annotated[str, typer.Argument(metavar="COHORT", help="Its id or name, as `cohorts` shows them.")],
    key: Annotated[str, typer.Argument(metavar="SEGMENT", help="Key of the segment.", show_default=False)],
    tenant: Annotated[
        str, typer.Option("--tenant", "-t", help="Only this one's users. \\[all]", show_default=False)
    ] = "",
    comment: Comment = "",
) -> None:
    """
    Make a segment of flags of the users who are in a cohort now; one that was made so before is made anew.

    It does not follow the cohort by itself: run this again, for instance every night. A user is known by `tenant_id`
    and `targeting_key` of contexts. Who has no user id, or no tenant, is left out.
    """
    saved = _cohort(session, cohort)
    members = _members(session, saved.info.id, tenant)
    users = sorted({(each.tenant, each.user_id) for each in members if each.tenant and each.user_id})
    record = rewrite(lambda: _written(session, key, saved.info, users, comment))
    session.output.answer(lambda: {"record": plain(record)}, lambda output: _show(output, record, users))
    left_out = sum(not (each.tenant and each.user_id) for each in members)
    if left_out:
        session.output.remark(f"{left_out} without a user id or a tenant are left out")


def rules_of(users: Iterable[User]) -> list[flag_pb2.SegmentRule]:
    """Return rules that hold for these users, who are in the order of their tenants."""
    by_tenant: dict[str, list[str]] = {}
    for tenant, user in users:
        by_tenant.setdefault(tenant, []).append(user)
    return [
        flag_pb2.SegmentRule(
            conditions=[_is_one_of("tenant_id", [tenant]), _is_one_of("targeting_key", ids[at : at + _MOST_VALUES])]
        )
        for tenant, ids in by_tenant.items()
        for at in range(0, len(ids), _MOST_VALUES)
    ]


def _is_one_of(attribute: str, texts: Sequence[str]) -> flag_pb2.Condition:
    values = [Value(string_value=text) for text in texts]
    return flag_pb2.Condition(attribute=attribute, operator=flag_pb2.OPERATOR_IN, values=values)


def _cohort(session: Session, name: str) -> saved_report_pb2.Cohort:
    request = pb2.ListCohortsRequest(environment=session.environment)
    found = session.call(session.analytics.ListCohorts, request).cohorts
    return named("cohort", name, found, lambda info: info.name)


def _members(session: Session, cohort_id: str, tenant: str) -> list[cohort_report_pb2.CohortMember]:
    question = report_pb2.Question()
    question.scope.tenant = tenant
    # Of the period only its end matters.
    question.scope.last.count = 1
    asked = question.cohort_members
    asked.cohort_id, asked.limit = cohort_id, _PAGE
    members: list[cohort_report_pb2.CohortMember] = []
    while True:
        page = answer_of(session, question).result.cohort_members
        members += page.members
        if not page.HasField("next_after"):
            return members
        asked.after = page.next_after


def _written(
    session: Session, key: str, cohort: saved_report_pb2.SavedInfo, users: Sequence[User], comment: str
) -> segments_pb2.SegmentRecord:
    tag = f"cohort:{cohort.id}"
    record = _existing(session, key)
    made = flag_pb2.Segment(key=key, description=f"Users of the cohort {cohort.name}", tags=[tag])
    if record is not None:
        if tag not in record.segment.tags:
            raise Refusal(
                f"the segment {key!r} was not made from this cohort", hint="choose another key, or archive it first"
            )
        made.CopyFrom(record.segment)
    del made.rules[:]
    made.rules.extend(rules_of(users))
    if record is None:
        create = segments_pb2.CreateSegmentRequest(environment=session.environment, segment=made, comment=comment)
        return session.call(session.segments.CreateSegment, create).record
    if made == record.segment:
        session.output.remark("nothing changed: the segment is like that already")
        return record
    update = segments_pb2.UpdateSegmentRequest(
        environment=session.environment, segment=made, etag=record.etag, comment=comment
    )
    return session.call(session.segments.UpdateSegment, update).record


def _existing(session: Session, key: str) -> segments_pb2.SegmentRecord | None:
    request = segments_pb2.GetSegmentRequest(environment=session.environment, segment_key=key)
    try:
        return session.call(session.segments.GetSegment, request).record
    except Refusal as refusal:
        if refusal.reason != _NO_SEGMENT:
            raise
        return None


def _show(output: Output, record: segments_pb2.SegmentRecord, users: Sequence[User]) -> None:
    tenants = len({tenant for tenant, _ in users})
    output.line(f"{record.segment.key}: {len(users):,} users of {tenants:,} tenants, version {record.segment.version}")
