"""Definitions as messages, for tests of what travels."""

from collections.abc import Iterable

from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.replica import digest_of


def bool_flag(key: str, version: int = 1, *, on: bool = True, killed: bool = False) -> flag_pb2.Flag:
    """A flag that is true for everybody while it is on, and false otherwise."""
    flag = flag_pb2.Flag(
        key=key,
        type=flag_pb2.FLAG_TYPE_BOOL,
        variants=[
            flag_pb2.Variant(name="on", value=value_pb2.Value(bool_value=True)),
            flag_pb2.Variant(name="off", value=value_pb2.Value(bool_value=False)),
        ],
        on=on,
        off_variant="off",
        fallthrough=flag_pb2.Serve(variant="on"),
        bucketing=flag_pb2.Bucketing(salt=f"{key}-salt", coverage_salt=f"{key}-coverage", hash_version=1),
        version=version,
    )
    if killed:
        flag.kill.by = "test"
    return flag


def value_flag(key: str, flag_type: flag_pb2.FlagType.ValueType, value: value_pb2.Value) -> flag_pb2.Flag:
    """A flag with one variant, called "only"."""
    flag = bool_flag(key)
    flag.type = flag_type
    flag.off_variant = flag.fallthrough.variant = "only"
    del flag.variants[:]
    flag.variants.append(flag_pb2.Variant(name="only", value=value))
    return flag


def percentage_flag(key: str, weight: int, version: int = 1) -> flag_pb2.Flag:
    """A flag that is true for `weight` out of 100,000 contexts."""
    flag = bool_flag(key, version)
    splits = flag.fallthrough.rollout.splits
    splits.append(flag_pb2.Split(variant="on", weight=weight))
    splits.append(flag_pb2.Split(variant="off", weight=100_000 - weight))
    return flag


def segment_flag(key: str, segment: str, version: int = 1) -> flag_pb2.Flag:
    """A flag that is true for the contexts of a segment only."""
    flag = bool_flag(key, version)
    flag.fallthrough.variant = "off"
    condition = flag_pb2.Condition(
        operator=flag_pb2.OPERATOR_IN_SEGMENT, values=[value_pb2.Value(string_value=segment)]
    )
    flag.rules.append(flag_pb2.Rule(id="members", conditions=[condition], serve=flag_pb2.Serve(variant="on")))
    return flag


def dependent_flag(key: str, needed: str, version: int = 1) -> flag_pb2.Flag:
    """A flag that is false unless another one serves "on"."""
    flag = bool_flag(key, version)
    flag.prerequisites.append(flag_pb2.Prerequisite(flag_key=needed, variants=["on"]))
    return flag


def segment(key: str, *members: str, version: int = 1, nested: str = "") -> flag_pb2.Segment:
    """A segment of targeting keys, or of the contexts of another segment."""
    message = flag_pb2.Segment(key=key, version=version)
    if members:
        message.included.append(flag_pb2.SegmentMembers(attribute="targeting_key", values=members))
    if nested:
        condition = flag_pb2.Condition(
            operator=flag_pb2.OPERATOR_IN_SEGMENT, values=[value_pb2.Value(string_value=nested)]
        )
        message.rules.append(flag_pb2.SegmentRule(conditions=[condition]))
    return message


def digest(flags: Iterable[flag_pb2.Flag], segments: Iterable[flag_pb2.Segment] = ()) -> int:
    """The digest of these definitions."""
    held = [*[("flag", flag.key, flag.version) for flag in flags]]
    held += [("segment", segment.key, segment.version) for segment in segments]
    return digest_of(held)  # type: ignore[arg-type] # the kinds are literals


def full(
    flags: Iterable[flag_pb2.Flag],
    revision: int,
    *,
    segments: Iterable[flag_pb2.Segment] = (),
    lineage: str = "a",
) -> sync_pb2.Transfer:
    """A transfer of everything; the token says where it leads."""
    flags, segments = list(flags), list(segments)
    return sync_pb2.Transfer(
        intent=sync_pb2.TRANSFER_INTENT_FULL,
        flags=flags,
        segments=segments,
        revision=revision,
        lineage=lineage,
        resume_token=f"{lineage}/{revision}".encode(),
        digest=digest(flags, segments),
    )
