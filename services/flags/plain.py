"""
Definitions as plain values: what the YAML says and what the history compares.

What is not set is left out. The kill state, the version and the bucketing are not part of it: nobody edits them.
"""

from collections.abc import Iterable

from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation import FlagType
from mirante.evaluation.model import Operator
from mirante.wire import flag_type_from_proto, value_from_proto

from services.flags.shares import percent
from services.runtime.yaml_documents.layout import Plain

TYPE_NAMES = [flag_type.value for flag_type in FlagType]
OPERATOR_NAMES = [operator.value for operator in Operator]


def plain_flag(flag: flag_pb2.Flag) -> dict[str, Plain]:
    """Return a flag as plain values, in the order in which people read them."""
    return _without_unset(
        {
            "description": flag.description,
            "owner": flag.owner,
            "tags": list(flag.tags),
            "type": flag_type_from_proto(flag.type).value,
            "variants": {variant.name: value_from_proto(variant.value) for variant in flag.variants},
            "variant_descriptions": {each.name: each.description for each in flag.variants if each.description},
            "on": flag.on,
            "off_variant": flag.off_variant,
            "client_visible": flag.client_visible or None,
            "starts_at": flag.starts_at.ToJsonString() if flag.HasField("starts_at") else None,
            "ends_at": flag.ends_at.ToJsonString() if flag.HasField("ends_at") else None,
            "prerequisites": [
                {"flag_key": needed.flag_key, "variants": list(needed.variants)} for needed in flag.prerequisites
            ],
            "targets": [
                {"attribute": target.attribute, "variant": target.variant, "values": list(target.values)}
                for target in flag.targets
            ],
            "rules": [_rule(rule) for rule in flag.rules],
            "fallthrough": _serve(flag.fallthrough),
        }
    )


def plain_segment(segment: flag_pb2.Segment) -> dict[str, Plain]:
    """Return a segment as plain values, in the order in which people read them."""
    return _without_unset(
        {
            "description": segment.description,
            "tags": list(segment.tags),
            "included": _members(segment.included),
            "excluded": _members(segment.excluded),
            "rules": [{"conditions": _conditions(rule.conditions)} for rule in segment.rules],
        }
    )


def _rule(rule: flag_pb2.Rule) -> Plain:
    return _without_unset(
        {
            "id": rule.id,
            "description": rule.description,
            "conditions": _conditions(rule.conditions),
            "serve": _serve(rule.serve),
        }
    )


def _conditions(conditions: Iterable[flag_pb2.Condition]) -> list[Plain]:
    return [
        _without_unset(
            {
                "attribute": condition.attribute,
                "operator": flag_pb2.Operator.Name(condition.operator).removeprefix("OPERATOR_").lower(),
                "values": [value_from_proto(value) for value in condition.values],
                "negate": condition.negate or None,
                "ignore_case": condition.ignore_case or None,
            }
        )
        for condition in conditions
    ]


def _serve(serve: flag_pb2.Serve) -> Plain:
    if serve.WhichOneof("kind") != "rollout":
        return serve.variant
    rollout = serve.rollout
    return {
        "rollout": _without_unset(
            {
                "bucket_by": rollout.bucket_by,
                "coverage": percent(rollout.coverage) if rollout.HasField("coverage") else None,
                "range": _range(rollout.range) if rollout.HasField("range") else None,
                "splits": _splits(rollout.splits),
            }
        )
    }


def _splits(splits: Iterable[flag_pb2.Split]) -> Plain:
    shares = [(split.variant, percent(split.weight)) for split in splits]
    by_variant: dict[str, Plain] = dict(shares)
    if len(by_variant) == len(shares):
        return by_variant
    return [{"variant": variant, "weight": share} for variant, share in shares]


def _range(bucket_range: flag_pb2.BucketRange) -> Plain:
    return {"salt": bucket_range.salt, "start": bucket_range.start, "end": bucket_range.end}


def _members(groups: Iterable[flag_pb2.SegmentMembers]) -> list[Plain]:
    return [{"attribute": group.attribute, "values": list(group.values)} for group in groups]


def _without_unset(fields: dict[str, Plain]) -> dict[str, Plain]:
    return {name: value for name, value in fields.items() if value is not None and value not in ("", [], {})}
