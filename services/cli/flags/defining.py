"""`mirante flags create | set`. What these options cannot say, `mirante flags import` can."""

import enum
from dataclasses import dataclass
from typing import Annotated

import typer
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2

from services.cli.command import command
from services.cli.flags import edits
from services.cli.flags.arguments import Comment, FlagKey
from services.cli.flags.rules import set_rules
from services.cli.flags.showing import record_data, show_record
from services.cli.flags.writing import change_flag
from services.cli.refusals import usage
from services.cli.session import Session

defining = typer.Typer()

_REPEAT = "may be repeated."


class Type(enum.Enum):
    """Types of flags."""

    BOOL = "bool"
    STRING = "string"
    INTEGER = "integer"
    DOUBLE = "double"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Edit:
    """What `create` and `set` were told; None where nothing was said."""

    variant: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help=f"A variant; {_REPEAT}")] = None
    on: Annotated[bool | None, typer.Option("--on/--off", help="Switch it.")] = None
    off_variant: Annotated[
        str | None, typer.Option(metavar="VARIANT", help="Served while the flag is off or killed.")
    ] = None
    fallthrough: Annotated[str | None, typer.Option(metavar="VARIANT", help="For all whom nothing else decides.")] = (
        None
    )
    rollout: Annotated[
        list[str] | None, typer.Option(metavar="VARIANT=PERCENT", help=f"Divides them instead; {_REPEAT}")
    ] = None
    coverage: Annotated[str | None, typer.Option(metavar="PERCENT", help="Who takes part at all; none lifts it.")] = (
        None
    )
    bucket_by: Annotated[str | None, typer.Option(metavar="ATTRIBUTE", help="Whose value decides, as tenant_id.")] = (
        None
    )
    target: Annotated[
        list[str] | None, typer.Option(metavar="ATTR=VALUE:VARIANT", help=f"Single contexts; {_REPEAT}")
    ] = None
    untarget: Annotated[list[str] | None, typer.Option(metavar="ATTR=VALUE", help=f"No longer; {_REPEAT}")] = None
    rule: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help=f"ID: ATTRIBUTE OPERATOR VALUES => VARIANT; {_REPEAT}")
    ] = None
    remove_rule: Annotated[list[str] | None, typer.Option(metavar="ID", help=f"No longer; {_REPEAT}")] = None
    requires: Annotated[
        list[str] | None, typer.Option(metavar="FLAG=VARIANT", help="Depends on it; FLAG= lifts that.")
    ] = None
    starts_at: Annotated[str | None, typer.Option(metavar="TIME", help="RFC 3339, or none.")] = None
    ends_at: Annotated[str | None, typer.Option(metavar="TIME", help="RFC 3339, or none.")] = None
    client_visible: Annotated[
        bool | None, typer.Option("--client-visible/--no-client-visible", help="Whether browser keys may see it.")
    ] = None
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="What it is for.")] = None
    owner: Annotated[str | None, typer.Option(metavar="NAME", help="Who looks after it.")] = None
    tag: Annotated[list[str] | None, typer.Option(metavar="TAG", help=_REPEAT.capitalize())] = None
    untag: Annotated[list[str] | None, typer.Option(metavar="TAG", help=_REPEAT.capitalize())] = None

    def apply(self, flag: flag_pb2.Flag) -> None:
        """Change the definition; raise Refusal when the options contradict each other."""
        if self.fallthrough is not None and (self.rollout or self.coverage or self.bucket_by):
            raise usage("--fallthrough serves one variant to all; --rollout, --coverage and --bucket-by divide them")
        edits.set_variants(flag, self.variant or ())
        for name in ("on", "off_variant", "client_visible", "description", "owner"):
            value = getattr(self, name)
            if value is not None:
                setattr(flag, name, value)
        if self.fallthrough is not None:
            flag.fallthrough.variant = self.fallthrough
        if not flag.version:
            edits.complete_new(flag)
        if self.rollout:
            edits.set_rollout(flag, self.rollout)
        if self.coverage is not None:
            edits.set_coverage(flag, self.coverage)
        if self.bucket_by is not None:
            edits.set_bucket_by(flag, self.bucket_by)
        edits.remove_targets(flag, self.untarget or ())
        edits.add_targets(flag, self.target or ())
        set_rules(flag, self.rule or (), self.remove_rule or ())
        edits.set_prerequisites(flag, self.requires or ())
        edits.set_times(flag, self.starts_at, self.ends_at)
        edits.set_tags(flag, self.tag or (), self.untag or ())


@command(defining, "create")
def create_flag(
    session: Session,
    key: Annotated[str, typer.Argument(help="Key of the new flag.", show_default=False)],
    edit: Edit,
    type: Annotated[Type, typer.Option(help="Of all its variants; cannot be changed later.")] = Type.BOOL,  # noqa: A002 - the option's name
    comment: Comment = "",
) -> None:
    """
    Create a flag, off unless --on is given.

    A bool flag has the variants on and off by itself; other types need --variant.
    """
    flag = flag_pb2.Flag(key=key, type=flag_pb2.FlagType.Value(f"FLAG_TYPE_{type.name}"))
    edit.apply(flag)
    request = flags_pb2.CreateFlagRequest(environment=session.environment, flag=flag, comment=comment)
    record = session.call(session.flags.CreateFlag, request).record
    session.output.answer(lambda: record_data(record), lambda output: show_record(output, record))


@command(defining, "set")
def set_flag(session: Session, key: FlagKey, edit: Edit, comment: Comment = "") -> None:
    """Change parts of a flag; what no option names stays as it is."""
    if edit == Edit():
        raise usage("nothing to set: name what should change, see `mirante flags set --help`")
    record, changed = change_flag(session, key, edit.apply, comment)
    if not changed:
        session.output.remark("nothing changed: the flag is like that already")
    session.output.answer(lambda: record_data(record), lambda output: show_record(output, record))
