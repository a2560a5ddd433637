"""`mirante segments`: named sets of contexts. Their rules are written as YAML, see `mirante flags import`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import segment_admin_service_pb2 as segments_pb2

from services.cli.assignments import names, split
from services.cli.command import command, complete_segment_keys
from services.cli.flags.arguments import Comment
from services.cli.flags.showing import condition_text, show_history
from services.cli.output import Output, local_time, styled
from services.cli.paging import pages
from services.cli.plain import plain
from services.cli.refusals import usage
from services.cli.rewriting import rewrite
from services.cli.session import Session

segments = typer.Typer(help="Named sets of contexts that flags refer to.", no_args_is_help=True)

SegmentKey = Annotated[
    str, typer.Argument(help="Key of the segment.", autocompletion=complete_segment_keys, show_default=False)
]
_Members = Annotated[list[str] | None, typer.Option(metavar="ATTRIBUTE=VALUE,...", help="May be repeated.")]


@dataclass(frozen=True, slots=True)
class Edit:
    """What `create` and `set` were told; None where nothing was said."""

    include: _Members = None
    exclude: _Members = None
    remove: Annotated[list[str] | None, typer.Option(metavar="ATTRIBUTE=VALUE,...", help="From both lists.")] = None
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="Who they are.")] = None
    tag: Annotated[list[str] | None, typer.Option(metavar="TAG", help="May be repeated.")] = None

    def apply(self, segment: flag_pb2.Segment) -> None:
        """Change the definition; raise Refusal (wrong usage) for texts that make no sense."""
        for text in self.remove or ():
            attribute, listed = _members("--remove", text)
            _forget(segment.included, attribute, listed)
            _forget(segment.excluded, attribute, listed)
        for option, texts, groups in (
            ("--include", self.include, segment.included),
            ("--exclude", self.exclude, segment.excluded),
        ):
            for text in texts or ():
                attribute, listed = _members(option, text)
                same = [group for group in groups if group.attribute == attribute]
                group = same[0] if same else groups.add(attribute=attribute)
                group.values.extend([value for value in dict.fromkeys(listed) if value not in group.values])
        if self.description is not None:
            segment.description = self.description
        segment.tags.extend([tag for tag in dict.fromkeys(self.tag or ()) if tag not in segment.tags])


@command(segments, "list")
def list_segments(session: Session) -> None:
    """List segments."""
    request = segments_pb2.ListSegmentsRequest(environment=session.environment, page_size=1000)
    records = [each for page in pages(session, session.segments.ListSegments, request) for each in page.records]
    rows = [
        (
            record.segment.key,
            str(sum(len(group.values) for group in record.segment.included)),
            str(sum(len(group.values) for group in record.segment.excluded)),
            str(len(record.segment.rules)),
            f"v{record.segment.version}",
            ", ".join(record.segment.tags),
            record.segment.description,
        )
        for record in records
    ]
    columns = ("SEGMENT", "INCLUDED", "EXCLUDED", "RULES", "VERSION", "TAGS", "DESCRIPTION")
    session.output.answer(
        lambda: {"records": [plain(record) for record in records]},
        lambda output: output.table(columns, rows) if rows else output.remark("no segments"),
    )


@command(segments, "get")
def get_segment(session: Session, key: SegmentKey) -> None:
    """Show a segment."""
    _answer(session, _read(session, key))


@command(segments, "create")
def create_segment(
    session: Session,
    key: Annotated[str, typer.Argument(help="Key of the new segment.", show_default=False)],
    edit: Edit,
    comment: Comment = "",
) -> None:
    """Create a segment."""
    segment = flag_pb2.Segment(key=key)
    edit.apply(segment)
    request = segments_pb2.CreateSegmentRequest(environment=session.environment, segment=segment, comment=comment)
    _answer(session, session.call(session.segments.CreateSegment, request).record)


@command(segments, "set")
def set_segment(
    session: Session,
    key: SegmentKey,
    edit: Edit,
    comment: Comment = "",
) -> None:
    """Change the members of a segment; what no option names stays as it is."""

    def once() -> segments_pb2.SegmentRecord:
        record = _read(session, key)
        segment = flag_pb2.Segment.FromString(record.segment.SerializeToString())
        edit.apply(segment)
        if segment == record.segment:
            session.output.remark("nothing changed: the segment is like that already")
            return record
        request = segments_pb2.UpdateSegmentRequest(
            environment=session.environment, segment=segment, etag=record.etag, comment=comment
        )
        return session.call(session.segments.UpdateSegment, request).record

    _answer(session, rewrite(once))


@command(segments, "archive")
def archive_segment(session: Session, key: SegmentKey, comment: Comment = "") -> None:
    """Take a segment away; refused while something refers to it."""
    request = segments_pb2.ArchiveSegmentRequest(environment=session.environment, segment_key=key, comment=comment)
    record = session.call(session.segments.ArchiveSegment, request).record
    session.output.answer(lambda: {"record": plain(record)}, lambda output: output.line(f"{key}: archived"))


@command(segments, "history")
def get_history(
    session: Session,
    key: SegmentKey,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many versions.")] = 50,
) -> None:
    """Show the versions of a segment, newest first."""
    request = segments_pb2.GetSegmentHistoryRequest(environment=session.environment, segment_key=key, page_size=limit)
    entries = session.call(session.segments.GetSegmentHistory, request).entries
    session.output.answer(
        lambda: {"entries": [plain(entry) for entry in entries]}, lambda output: show_history(output, entries)
    )


def _members(option: str, text: str) -> tuple[str, list[str]]:
    attribute, listed = split(option, text)
    if not names(listed):
        raise usage(f"{option} {text}: expected ATTRIBUTE=VALUE[,VALUE]")
    return attribute, names(listed)


def _forget(groups: Sequence[flag_pb2.SegmentMembers], attribute: str, listed: Sequence[str]) -> None:
    for group in groups:
        if group.attribute == attribute:
            left = [value for value in group.values if value not in listed]
            del group.values[:]
            group.values.extend(left)


def _read(session: Session, key: str) -> segments_pb2.SegmentRecord:
    request = segments_pb2.GetSegmentRequest(environment=session.environment, segment_key=key)
    return session.call(session.segments.GetSegment, request).record


def _answer(session: Session, record: segments_pb2.SegmentRecord) -> None:
    session.output.answer(lambda: {"record": plain(record)}, lambda output: _show(output, record))


def _show(output: Output, record: segments_pb2.SegmentRecord) -> None:
    segment = record.segment
    output.line(styled(segment.key, "bold"), f"  version {segment.version}", ", archived" if record.archived else "")
    if segment.description:
        output.line(segment.description)
    rows = [("excluded", group.attribute, ", ".join(group.values)) for group in segment.excluded]
    rows += [("included", group.attribute, ", ".join(group.values)) for group in segment.included]
    rows += [("or", "", " and ".join([condition_text(each) for each in rule.conditions])) for rule in segment.rules]
    output.table(("", "ATTRIBUTE", "VALUES"), rows)
    output.line(f"changed {local_time(record.updated_at)} by {record.updated_by}, revision {record.revision}")
