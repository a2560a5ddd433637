"""Flags, rules and changes in words."""

from collections.abc import Iterable

from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2
from rich.text import Text

from services.cli.assignments import percent, value_text
from services.cli.output import Output, local_time, styled
from services.cli.plain import enum_name, plain

_ACTIONS = flags_pb2.HistoryAction.DESCRIPTOR
_OPERATORS = flag_pb2.Operator.DESCRIPTOR
_TYPES = flag_pb2.FlagType.DESCRIPTOR


def show_list(output: Output, records: Iterable[flags_pb2.FlagRecord]) -> None:
    """Print one row a flag."""
    rows = [
        (
            record.flag.key,
            type_name(record.flag),
            state(record),
            _served(record.flag),
            f"v{record.flag.version}",
            record.flag.owner,
            ", ".join(record.flag.tags),
            local_time(record.updated_at),
        )
        for record in records
    ]
    output.table(("FLAG", "TYPE", "STATE", "SERVES", "VERSION", "OWNER", "TAGS", "CHANGED"), rows)


def show_record(output: Output, record: flags_pb2.FlagRecord) -> None:
    """Print everything that a definition says."""
    flag = record.flag
    output.line(styled(flag.key, "bold"), f"  {type_name(flag)}, ", state(record), f", version {flag.version}")
    if flag.description:
        output.line(flag.description)
    output.facts(_facts(record))
    output.line("")
    variants = [(each.name, value_text(each.value), each.description) for each in flag.variants]
    output.table(("VARIANT", "VALUE", "DESCRIPTION"), variants)
    output.line("")
    output.table(("WHEN", "SERVES"), _decisions(flag))


def type_name(flag: flag_pb2.Flag) -> str:
    """Return "bool", "string" and so on."""
    return enum_name(_TYPES, flag.type)


def state(record: flags_pb2.FlagRecord) -> Text:
    """Return the one word that matters most about a flag."""
    if record.archived:
        return styled("archived", "dim")
    if record.flag.HasField("kill"):
        return styled("killed", "bold red")
    return styled("on", "green") if record.flag.on else styled("off", "yellow")


def serve_text(serve: flag_pb2.Serve) -> str:
    """Return a serve as "on 25%, off 75%, by tenant_id, covering 10%"."""
    if serve.WhichOneof("kind") == "variant":
        return serve.variant
    rollout = serve.rollout
    parts = [f"{split.variant} {percent(split.weight)}" for split in rollout.splits]
    if rollout.bucket_by:
        parts.append(f"by {rollout.bucket_by}")
    if rollout.HasField("coverage"):
        parts.append(f"covering {percent(rollout.coverage)}")
    if rollout.HasField("range"):
        parts.append(f"within {rollout.range.salt} {percent(rollout.range.start)} to {percent(rollout.range.end)}")
    return ", ".join(parts)


def condition_text(condition: flag_pb2.Condition) -> str:
    """Return a condition as "plan in premium, gold"."""
    words = [
        condition.attribute,
        "not" if condition.negate else "",
        enum_name(_OPERATORS, condition.operator).replace("_", " "),
        ", ".join([value_text(value) for value in condition.values]),
        "(any case)" if condition.ignore_case else "",
    ]
    return " ".join(word for word in words if word)


def show_history(output: Output, entries: Iterable[flags_pb2.HistoryEntry]) -> None:
    """Print versions with who, when, why and what, newest first."""
    for entry in entries:
        action = enum_name(_ACTIONS, entry.action).replace("_", " ")
        output.line(
            styled(f"v{entry.version}", "bold"),
            f"  {local_time(entry.at)}  {entry.actor}  {action}",
            f": {entry.comment}" if entry.comment else "",
        )
        show_changes(output, entry.changes)


def show_changes(output: Output, changes: Iterable[flags_pb2.FieldChange]) -> None:
    """Print one line a difference: what came, what went, or what it was and is."""
    for change in changes:
        if not change.before:
            output.line("    ", styled("+", "green"), f" {change.path}: {change.after}")
        elif not change.after:
            output.line("    ", styled("-", "red"), f" {change.path}: {change.before}")
        else:
            output.line(f"      {change.path}: ", styled(change.before, "red"), " -> ", styled(change.after, "green"))


def show_plan(output: Output, changes: Iterable[flags_pb2.PlannedChange]) -> None:
    """Print what an import would do."""
    styles = {"create": "green", "archive": "red"}
    for change in changes:
        action = enum_name(_ACTIONS, change.action)
        output.line(styled(action, styles.get(action, "yellow")), f" {change.kind} {change.key}")
        show_changes(output, change.changes)


def record_data(record: flags_pb2.FlagRecord) -> object:
    """Return a record as JSON data."""
    return {"record": plain(record)}


def _served(flag: flag_pb2.Flag) -> str:
    """Return what people get whom no target or rule singles out."""
    return serve_text(flag.fallthrough) if flag.on and not flag.HasField("kill") else flag.off_variant


def _facts(record: flags_pb2.FlagRecord) -> Iterable[tuple[str, str]]:
    flag = record.flag
    if flag.HasField("kill"):
        yield "killed", f"{local_time(flag.kill.at)} by {flag.kill.by}: {flag.kill.reason}"
    if flag.owner:
        yield "owner", flag.owner
    if flag.tags:
        yield "tags", ", ".join(flag.tags)
    if flag.HasField("starts_at"):
        yield "starts", local_time(flag.starts_at)
    if flag.HasField("ends_at"):
        yield "ends", local_time(flag.ends_at)
    yield "browsers", "may see it" if flag.client_visible else "may not see it"
    yield "changed", f"{local_time(record.updated_at)} by {record.updated_by}, revision {record.revision}"


def _decisions(flag: flag_pb2.Flag) -> Iterable[tuple[str, str]]:
    """Yield the steps of an evaluation in their order."""
    yield "killed or off", flag.off_variant
    for needed in flag.prerequisites:
        yield f"{needed.flag_key} is not {' or '.join(needed.variants)}", flag.off_variant
    for target in flag.targets:
        yield f"{target.attribute} is {', '.join(target.values)}", target.variant
    for rule in flag.rules:
        conditions = " and ".join([condition_text(condition) for condition in rule.conditions])
        yield f"[{rule.id}] {conditions}", serve_text(rule.serve)
    yield "otherwise", serve_text(flag.fallthrough)
