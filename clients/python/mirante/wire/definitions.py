"""Flags and segments. What a newer version wrote may not convert here; the caller decides what that means."""

from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp

from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation import model
from mirante.wire.values import value_from_proto

_TYPES = {flag_pb2.FlagType.Value(f"FLAG_TYPE_{flag_type.name}"): flag_type for flag_type in model.FlagType}
_TYPE_NUMBERS = {flag_type: number for number, flag_type in _TYPES.items()}
_OPERATORS = {flag_pb2.Operator.Value(f"OPERATOR_{operator.name}"): operator for operator in model.Operator}


def flag_type_from_proto(number: flag_pb2.FlagType.ValueType) -> model.FlagType:
    """Return the type; raise ValueError for UNSPECIFIED or a type of a newer version."""
    try:
        return _TYPES[number]
    except KeyError:
        raise ValueError(f"unknown flag type {number}") from None


def flag_type_to_proto(flag_type: model.FlagType) -> flag_pb2.FlagType.ValueType:
    """Return the message's number for a type."""
    return _TYPE_NUMBERS[flag_type]


def flag_from_proto(message: flag_pb2.Flag) -> model.Flag:
    """
    Return the model of a flag, which may still fail validation.

    Raises:
        ValueError: a type or operator that this version does not know, or a serve without a kind.
    """
    bucketing = message.bucketing
    return model.Flag(
        key=message.key,
        type=flag_type_from_proto(message.type),
        variants={variant.name: value_from_proto(variant.value) for variant in message.variants},
        off_variant=message.off_variant,
        fallthrough=_serve(message.fallthrough),
        bucketing=model.Bucketing(bucketing.salt, bucketing.coverage_salt, bucketing.hash_version),
        on=message.on,
        killed=message.HasField("kill"),
        targets=tuple(
            [model.Target(target.attribute, target.variant, tuple(target.values)) for target in message.targets]
        ),
        prerequisites=tuple(
            [model.Prerequisite(needed.flag_key, tuple(needed.variants)) for needed in message.prerequisites]
        ),
        rules=tuple([model.Rule(rule.id, _conditions(rule.conditions), _serve(rule.serve)) for rule in message.rules]),
        starts_at=_seconds(message.starts_at) if message.HasField("starts_at") else None,
        ends_at=_seconds(message.ends_at) if message.HasField("ends_at") else None,
        version=message.version,
        client_visible=message.client_visible,
    )


def segment_from_proto(message: flag_pb2.Segment) -> model.Segment:
    """
    Return the model of a segment, which may still fail validation.

    Raises:
        ValueError: an operator that this version does not know.
    """
    return model.Segment(
        key=message.key,
        included=tuple([model.SegmentMembers(group.attribute, tuple(group.values)) for group in message.included]),
        excluded=tuple([model.SegmentMembers(group.attribute, tuple(group.values)) for group in message.excluded]),
        rules=tuple([_conditions(rule.conditions) for rule in message.rules]),
        version=message.version,
    )


def _conditions(messages: Iterable[flag_pb2.Condition]) -> tuple[model.Condition, ...]:
    return tuple([_condition(message) for message in messages])


def _condition(message: flag_pb2.Condition) -> model.Condition:
    operator = _OPERATORS.get(message.operator)
    if operator is None:
        raise ValueError(f"unknown operator {message.operator}")
    values = tuple([value_from_proto(value) for value in message.values])
    return model.Condition(message.attribute, operator, values, message.negate, message.ignore_case)


def _serve(message: flag_pb2.Serve) -> model.Serve:
    kind = message.WhichOneof("kind")
    if kind == "variant":
        return message.variant
    if kind is None:
        raise ValueError("serve names neither a variant nor a rollout")
    rollout = message.rollout
    return model.Rollout(
        splits=tuple([model.Split(split.variant, split.weight) for split in rollout.splits]),
        bucket_by=rollout.bucket_by or model.TARGETING_KEY,
        coverage=rollout.coverage if rollout.HasField("coverage") else None,
        range=_range(rollout.range) if rollout.HasField("range") else None,
    )


def _range(message: flag_pb2.BucketRange) -> model.BucketRange:
    return model.BucketRange(message.salt, message.start, message.end)


def _seconds(timestamp: Timestamp) -> float:
    return timestamp.seconds + timestamp.nanos / 1e9
