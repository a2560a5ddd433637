"""How large a definition may be, and what its message must have before it can be looked at as a definition."""

from collections.abc import Collection, Iterable, Iterator, Sized
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation.model import Violation

from services.flags.store.records import Definition
from services.flags.texts import MAX_DESCRIPTION
from services.runtime.texts import text_violations

MAX_DEFINITION_BYTES: Final = 512 * 1024
_VARIANTS: Final = 100
_RULES: Final = 200
_CONDITIONS: Final = 20
_CONDITION_VALUES: Final = 1_000
_PATTERNS: Final = 100
"""Regular expressions of one definition: each may need a megabyte in every process that evaluates it."""
_GROUPS: Final = 100
_MEMBERS: Final = 10_000
_PREREQUISITES: Final = 20
_TAGS: Final = 50
_TAG_LENGTH: Final = 100
_OWNER_LENGTH: Final = 200
_NAME_LENGTH: Final = 200
_TYPES: Final = frozenset(flag_pb2.FlagType.values()) - {flag_pb2.FLAG_TYPE_UNSPECIFIED}
_OPERATORS: Final = frozenset(flag_pb2.Operator.values()) - {flag_pb2.OPERATOR_UNSPECIFIED}
_FIRST_SECOND: Final = -62_135_596_800
_LAST_SECOND: Final = 253_402_300_799


def flag_limits(flag: flag_pb2.Flag) -> Iterator[Violation]:
    """Yield where a flag is too large, or lacks what makes it a flag."""
    yield from _whole(flag)
    if flag.type not in _TYPES:
        yield Violation("type", "is required: bool, string, integer, double or json")
    yield from text_violations("owner", flag.owner, _OWNER_LENGTH)
    yield from _variants(flag.variants)
    yield from _many("targets", flag.targets, _GROUPS)
    for position, target in enumerate(flag.targets):
        yield from _group(f"targets[{position}]", target.attribute, target.values)
    yield from _many("prerequisites", flag.prerequisites, _PREREQUISITES)
    for position, needed in enumerate(flag.prerequisites):
        yield from _many(f"prerequisites[{position}].variants", needed.variants, _VARIANTS)
    yield from _many("rules", flag.rules, _RULES)
    for position, rule in enumerate(flag.rules):
        yield from text_violations(f"rules[{position}].description", rule.description, MAX_DESCRIPTION, lines=True)
        yield from _conditions(f"rules[{position}]", rule.conditions)
        yield from _serve(f"rules[{position}].serve", rule.serve)
    yield from _patterns(rule.conditions for rule in flag.rules)
    yield from _serve("fallthrough", flag.fallthrough)
    for name in ("starts_at", "ends_at"):
        if flag.HasField(name):
            yield from _time(name, getattr(flag, name))


def segment_limits(segment: flag_pb2.Segment) -> Iterator[Violation]:
    """Yield where a segment is too large, or lacks what makes it a segment."""
    yield from _whole(segment)
    for name, groups in (("included", segment.included), ("excluded", segment.excluded)):
        yield from _many(name, groups, _GROUPS)
        for position, group in enumerate(groups):
            yield from _group(f"{name}[{position}]", group.attribute, group.values)
    yield from _many("rules", segment.rules, _RULES)
    for position, rule in enumerate(segment.rules):
        yield from _conditions(f"rules[{position}]", rule.conditions)
    yield from _patterns(rule.conditions for rule in segment.rules)


def _whole(definition: Definition) -> Iterator[Violation]:
    size = definition.ByteSize()
    if size > MAX_DEFINITION_BYTES:
        yield Violation("key", f"the definition has {size} bytes; it may have {MAX_DEFINITION_BYTES} at most")
    yield from text_violations("description", definition.description, MAX_DESCRIPTION, lines=True)
    yield from _many("tags", definition.tags, _TAGS)
    for position, tag in enumerate(definition.tags):
        if not tag.strip():
            yield Violation(f"tags[{position}]", "must not be empty")
        yield from text_violations(f"tags[{position}]", tag, _TAG_LENGTH)


def _variants(variants: Iterable[flag_pb2.Variant]) -> Iterator[Violation]:
    names: set[str] = set()
    for position, variant in enumerate(variants):
        if position == _VARIANTS:
            yield Violation("variants", f"may have {_VARIANTS} at most")
        if variant.name in names:
            yield Violation(f"variants[{position}].name", f"{variant.name!r} is there twice")
        names.add(variant.name)
        yield from text_violations(
            f"variants[{position}].description", variant.description, MAX_DESCRIPTION, lines=True
        )


def _conditions(field: str, conditions: Collection[flag_pb2.Condition]) -> Iterator[Violation]:
    yield from _many(f"{field}.conditions", conditions, _CONDITIONS)
    for position, condition in enumerate(conditions):
        place = f"{field}.conditions[{position}]"
        if condition.operator not in _OPERATORS:
            yield Violation(f"{place}.operator", "is required and must be a known one")
        yield from text_violations(f"{place}.attribute", condition.attribute, _NAME_LENGTH)
        yield from _many(f"{place}.values", condition.values, _CONDITION_VALUES)


def _patterns(rules: Iterable[Iterable[flag_pb2.Condition]]) -> Iterator[Violation]:
    matching = flag_pb2.OPERATOR_MATCHES
    count = sum(len(each.values) for conditions in rules for each in conditions if each.operator == matching)
    if count > _PATTERNS:
        yield Violation("rules", f"may have {_PATTERNS} regular expressions at most, got {count}")


def _group(field: str, attribute: str, values: Sized) -> Iterator[Violation]:
    yield from text_violations(f"{field}.attribute", attribute, _NAME_LENGTH)
    yield from _many(f"{field}.values", values, _MEMBERS)


def _serve(field: str, serve: flag_pb2.Serve) -> Iterator[Violation]:
    kind = serve.WhichOneof("kind")
    if kind is None:
        yield Violation(field, "is required: a variant or a rollout")
    elif kind == "rollout":
        yield from _many(f"{field}.rollout.splits", serve.rollout.splits, _VARIANTS)
        yield from text_violations(f"{field}.rollout.bucket_by", serve.rollout.bucket_by, _NAME_LENGTH)
        yield from text_violations(f"{field}.rollout.range.salt", serve.rollout.range.salt, _NAME_LENGTH)


def _many(field: str, items: Sized, most: int) -> Iterator[Violation]:
    if len(items) > most:
        yield Violation(field, f"may have {most} at most, got {len(items)}")


def _time(field: str, time: Timestamp) -> Iterator[Violation]:
    if not (_FIRST_SECOND <= time.seconds <= _LAST_SECOND and 0 <= time.nanos < 1_000_000_000):
        yield Violation(field, "must lie in the years 1 to 9999")
