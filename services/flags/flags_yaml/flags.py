"""Flags and segments, from YAML."""

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation import FlagType
from mirante.wire import flag_type_to_proto

from services.flags.flags_yaml.conditions import read_conditions, read_value
from services.flags.flags_yaml.serves import read_serve
from services.flags.plain import TYPE_NAMES
from services.runtime.yaml_documents.fields import Fields, Problems
from services.runtime.yaml_documents.nodes import Node

FLAG_FIELDS = (
    *("description", "owner", "tags", "type", "variants", "variant_descriptions", "on", "off_variant"),
    *("client_visible", "starts_at", "ends_at", "prerequisites", "targets", "rules", "fallthrough", "bucketing"),
)
_SEGMENT_FIELDS = ("description", "tags", "included", "excluded", "rules")


def read_flag(key: str, node: Node, path: str, problems: Problems) -> flag_pb2.Flag:
    """Return the flag that a node describes, which may still fail validation."""
    fields = Fields(node, path, problems, FLAG_FIELDS)
    on, fallthrough = fields.switch("on"), fields.get("fallthrough")
    if fields.get("on") is None:
        problems.add(fields.path_of("on"), node, "is missing: write true or false")
    flag = flag_pb2.Flag(
        key=key,
        type=_type(fields),
        on=on or False,
        off_variant=fields.text("off_variant"),
        prerequisites=[
            _prerequisite(Fields(each, where, problems, ("flag_key", "variants")))
            for where, each in fields.items("prerequisites")
        ],
        targets=[
            _target(Fields(each, where, problems, ("attribute", "variant", "values")))
            for where, each in fields.items("targets")
        ],
        rules=[
            _rule(Fields(each, where, problems, ("id", "description", "conditions", "serve")))
            for where, each in fields.items("rules")
        ],
        starts_at=_time(fields, "starts_at"),
        ends_at=_time(fields, "ends_at"),
        client_visible=fields.switch("client_visible") or False,
        description=fields.text("description"),
        owner=fields.text("owner"),
        tags=fields.texts("tags"),
    )
    _variants(flag, fields)
    if fallthrough is not None:
        flag.fallthrough.CopyFrom(read_serve(fallthrough, fields.path_of("fallthrough"), problems))
    elif fields.get("variants") is None:
        flag.fallthrough.variant = "on"
    else:
        problems.add(fields.path_of("fallthrough"), node, "is missing")
    _bucketing(flag, fields)
    return flag


def read_segment(key: str, node: Node, path: str, problems: Problems) -> flag_pb2.Segment:
    """Return the segment that a node describes, which may still fail validation."""
    fields = Fields(node, path, problems, _SEGMENT_FIELDS)
    return flag_pb2.Segment(
        key=key,
        description=fields.text("description"),
        tags=fields.texts("tags"),
        included=_members(fields, "included"),
        excluded=_members(fields, "excluded"),
        rules=[
            flag_pb2.SegmentRule(conditions=read_conditions(Fields(each, where, problems, ("conditions",))))
            for where, each in fields.items("rules")
        ],
    )


def _type(fields: Fields) -> flag_pb2.FlagType.ValueType:
    """Return the type that is named, or else the one that all variants have."""
    name, node = fields.text("type"), fields.get("type")
    if node is not None:
        if name in TYPE_NAMES:
            return flag_type_to_proto(FlagType(name))
        fields.problems.unknown(fields.path_of("type"), node, "type", name, TYPE_NAMES)
        return flag_pb2.FLAG_TYPE_UNSPECIFIED
    found = {_type_of(value) for _, _, value in fields.entries("variants")}
    if not found:
        return flag_pb2.FLAG_TYPE_BOOL
    if found == {FlagType.INTEGER, FlagType.DOUBLE}:
        return flag_pb2.FLAG_TYPE_DOUBLE
    only = found.pop()
    if found or only is None:
        fields.problems.add(fields.path_of("type"), fields.node, "is missing, and the variants do not agree on one")
        return flag_pb2.FLAG_TYPE_UNSPECIFIED
    return flag_type_to_proto(only)


def _type_of(node: Node) -> FlagType | None:
    kinds: dict[type, FlagType] = {
        bool: FlagType.BOOL,
        str: FlagType.STRING,
        int: FlagType.INTEGER,
        float: FlagType.DOUBLE,
        list: FlagType.JSON,
        dict: FlagType.JSON,
    }
    return kinds.get(type(node.value))


def _variants(flag: flag_pb2.Flag, fields: Fields) -> None:
    if fields.get("variants") is None:
        if flag.type != flag_pb2.FLAG_TYPE_BOOL:
            fields.problems.add(fields.path_of("variants"), fields.node, "is missing")
        flag.variants.add(name="on").value.bool_value = True
        flag.variants.add(name="off").value.bool_value = False
        flag.off_variant = flag.off_variant or "off"
    as_double = flag.type == flag_pb2.FLAG_TYPE_DOUBLE
    for name, path, node in fields.entries("variants"):
        flag.variants.add(name=name, value=read_value(node, path, fields.problems, as_double=as_double))
    by_name = {variant.name: variant for variant in flag.variants}
    for name, path, node in fields.entries("variant_descriptions"):
        if name in by_name:
            by_name[name].description = fields.text_of(node, path)
        else:
            fields.problems.unknown(path, node, "variant", name, by_name)


def _prerequisite(fields: Fields) -> flag_pb2.Prerequisite:
    return flag_pb2.Prerequisite(flag_key=fields.text("flag_key"), variants=fields.texts("variants"))


def _target(fields: Fields) -> flag_pb2.Target:
    return flag_pb2.Target(
        attribute=fields.text("attribute"), variant=fields.text("variant"), values=fields.texts("values")
    )


def _rule(fields: Fields) -> flag_pb2.Rule:
    rule = flag_pb2.Rule(
        id=fields.text("id"), description=fields.text("description"), conditions=read_conditions(fields)
    )
    serve = fields.get("serve")
    if serve is None:
        fields.problems.add(fields.path_of("serve"), fields.node, "is missing")
    else:
        rule.serve.CopyFrom(read_serve(serve, fields.path_of("serve"), fields.problems))
    return rule


def _members(fields: Fields, name: str) -> list[flag_pb2.SegmentMembers]:
    groups = [Fields(each, path, fields.problems, ("attribute", "values")) for path, each in fields.items(name)]
    return [flag_pb2.SegmentMembers(attribute=each.text("attribute"), values=each.texts("values")) for each in groups]


def _time(fields: Fields, name: str) -> Timestamp | None:
    node = fields.get(name)
    if node is None:
        return None
    time = Timestamp()
    try:
        time.FromJsonString(node.text or "")
    except ValueError:
        fields.problems.add(fields.path_of(name), node, "must be a time such as 2026-11-23T12:00:00Z")
        return None
    return time


def _bucketing(flag: flag_pb2.Flag, fields: Fields) -> None:
    node = fields.get("bucketing")
    if node is None:
        return
    known = ("salt", "coverage_salt", "hash_version")
    bucketing = Fields(node, fields.path_of("bucketing"), fields.problems, known)
    flag.bucketing.salt = bucketing.text("salt")
    flag.bucketing.coverage_salt = bucketing.text("coverage_salt")
    flag.bucketing.hash_version = bucketing.integer("hash_version", 1000) or 1
