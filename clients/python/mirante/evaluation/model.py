"""
What a flag and a segment are, as the evaluation core sees them, and what an evaluation answers.

Plain immutable data. `mirante.wire` converts it from and to the messages of `protos/mirante/api/flags/v1`, where the
comment of each field is its definition; names are the same. What only people read (description, owner) is left out.
"""

import datetime
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

TOTAL_WEIGHT: Final = 100_000
"""The number of buckets, and the sum of the weights of a split."""

TARGETING_KEY: Final = "targeting_key"
"""The attribute that rollouts hash unless they name another one."""

AttributeValue = (
    None | bool | int | float | str | datetime.datetime | Sequence["AttributeValue"] | Mapping[str, "AttributeValue"]
)

Context = Mapping[str, AttributeValue]
"""Attributes by name; the targeting key is the one called "targeting_key". An evaluation never changes it."""

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
"""The value of a variant. Of JSON variants a list or a dict, which must not be changed: answers share it."""


class FlagType(enum.Enum):
    """The type of all variants of a flag."""

    BOOL = "bool"
    STRING = "string"
    INTEGER = "integer"
    DOUBLE = "double"
    JSON = "json"


class Reason(enum.Enum):
    """Why a flag has the value that it has; `Reason` of `evaluation_service.proto`."""

    KILLED = "KILLED"
    OFF = "OFF"
    SCHEDULE = "SCHEDULE"
    PREREQUISITE_FAILED = "PREREQUISITE_FAILED"
    TARGET = "TARGET"
    RULE = "RULE"
    SPLIT = "SPLIT"
    FALLTHROUGH = "FALLTHROUGH"
    STATIC = "STATIC"
    UNCOVERED = "UNCOVERED"
    ERROR = "ERROR"


class EvaluationError(enum.Enum):
    """Why a flag could not be evaluated; `ErrorReason` of `error_reason.proto` has the same names."""

    FLAG_NOT_FOUND = "FLAG_NOT_FOUND"
    TARGETING_KEY_MISSING = "TARGETING_KEY_MISSING"
    """The attribute that a percentage hashes is absent; `error_message` names it."""
    INVALID_CONTEXT = "INVALID_CONTEXT"
    """The attribute that a percentage hashes is neither a string nor an integer."""
    TYPE_MISMATCH = "TYPE_MISMATCH"
    """The flag has another type than the caller asked for."""
    INVALID_DEFINITION = "INVALID_DEFINITION"
    """The definition cannot be compiled here: it needs a newer version of this library."""
    NOT_READY = "NOT_READY"
    """No rules have arrived yet, and there were none on disk."""
    INTERNAL = "INTERNAL"
    """A fault of this library; please report it."""


class Operator(enum.Enum):
    """How a condition compares; `Operator` of `flag.proto` defines each."""

    IN = "in"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    CONTAINS = "contains"
    MATCHES = "matches"
    LESS = "less"
    LESS_OR_EQUAL = "less_or_equal"
    GREATER = "greater"
    GREATER_OR_EQUAL = "greater_or_equal"
    BETWEEN = "between"
    SEMVER_EQUAL = "semver_equal"
    SEMVER_LESS = "semver_less"
    SEMVER_LESS_OR_EQUAL = "semver_less_or_equal"
    SEMVER_GREATER = "semver_greater"
    SEMVER_GREATER_OR_EQUAL = "semver_greater_or_equal"
    SEMVER_TILDE = "semver_tilde"
    SEMVER_CARET = "semver_caret"
    BEFORE = "before"
    AFTER = "after"
    IN_CIDR = "in_cidr"
    EXISTS = "exists"
    ARRAY_ANY = "array_any"
    ARRAY_ALL = "array_all"
    ARRAY_NONE = "array_none"
    IN_SEGMENT = "in_segment"


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of the attribute with `values`."""

    attribute: str
    operator: Operator
    values: tuple[JsonValue, ...] = ()
    negate: bool = False
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """The share of one variant: `weight` buckets out of TOTAL_WEIGHT."""

    variant: str
    weight: int


@dataclass(frozen=True, slots=True)
class BucketRange:
    """Buckets from `start` (included) to `end` (excluded) under a salt of their own."""

    salt: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Rollout:
    """Shares of contexts; `coverage` is out of TOTAL_WEIGHT, None means everybody."""

    splits: tuple[Split, ...]
    bucket_by: str = TARGETING_KEY
    coverage: int | None = None
    range: BucketRange | None = None


Serve = str | Rollout
"""What is served: the variant of that name, or a share of the contexts each."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions that must all hold, and what is then served."""

    id: str
    conditions: tuple[Condition, ...]
    serve: Serve


@dataclass(frozen=True, slots=True)
class Target:
    """Contexts whose attribute is one of `values` get `variant`."""

    attribute: str
    variant: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """Another flag that has to serve one of `variants`."""

    flag_key: str
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bucketing:
    """How contexts are hashed into buckets; chosen at random when the flag is created, and frozen."""

    salt: str
    coverage_salt: str
    hash_version: int = 1


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag of one environment. Times are seconds since 1970, UTC; None means unbounded."""

    key: str
    type: FlagType
    variants: Mapping[str, JsonValue]
    off_variant: str
    fallthrough: Serve
    bucketing: Bucketing
    on: bool = True
    killed: bool = False
    targets: tuple[Target, ...] = ()
    prerequisites: tuple[Prerequisite, ...] = ()
    rules: tuple[Rule, ...] = ()
    starts_at: float | None = None
    ends_at: float | None = None
    version: int = 1
    client_visible: bool = False


@dataclass(frozen=True, slots=True)
class SegmentMembers:
    """Members listed one by one: the values of one attribute."""

    attribute: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A named set of contexts: excluded wins over included, included over the rules (any of which suffices)."""

    key: str
    included: tuple[SegmentMembers, ...] = ()
    excluded: tuple[SegmentMembers, ...] = ()
    rules: tuple[tuple[Condition, ...], ...] = ()
    version: int = 1


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which rules answered: the environment's revision and lineage, and whether they may be out of date (`stale`)."""

    revision: int
    lineage: str = ""
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Evaluation:
    """
    An answer.

    `value` is None and `variant` empty when `reason` is ERROR; `error` and `error_message` then say why, and callers
    use the default of their code. `rule_id` is set when a rule decided.
    """

    flag_key: str
    value: JsonValue
    variant: str
    reason: Reason
    rule_id: str
    flag_version: int
    stamp: Stamp
    error: EvaluationError | None = None
    error_message: str = ""

    @property
    def revision(self) -> int:
        """Revision of the environment that was evaluated."""
        return self.stamp.revision

    @property
    def stale(self) -> bool:
        """Whether the rules came from disk, or the service has not been heard of for a while."""
        return self.stamp.stale


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with one field of a definition: `field` is a path such as "rules[2].serve.rollout.splits"."""

    field: str
    description: str
