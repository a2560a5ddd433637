"""
The evaluation core: what a context gets from a flag, decided from its arguments alone.

No I/O, no clock, no logging, no network libraries: the flag server, the remote client, the in-process client and the
HTTP edge all answer with this package. `evaluate` is the product; everything else prepares its input.
"""

from mirante.evaluation.bucketing import bucket
from mirante.evaluation.compiled_flag import CompiledFlag
from mirante.evaluation.compiled_segment import CompiledSegment
from mirante.evaluation.evaluate import error_evaluation, evaluate
from mirante.evaluation.model import (
    TARGETING_KEY,
    TOTAL_WEIGHT,
    Context,
    Evaluation,
    EvaluationError,
    Flag,
    FlagType,
    Reason,
    Segment,
    Stamp,
    Violation,
)
from mirante.evaluation.references import validate_references
from mirante.evaluation.ruleset import Ruleset, compile  # noqa: A004 - the field's own word
from mirante.evaluation.validation import validate_flag, validate_segment
from mirante.evaluation.violations import InvalidDefinition

__all__ = [
    "TARGETING_KEY",
    "TOTAL_WEIGHT",
    "CompiledFlag",
    "CompiledSegment",
    "Context",
    "Evaluation",
    "EvaluationError",
    "Flag",
    "FlagType",
    "InvalidDefinition",
    "Reason",
    "Ruleset",
    "Segment",
    "Stamp",
    "Violation",
    "bucket",
    "compile",
    "error_evaluation",
    "evaluate",
    "validate_flag",
    "validate_references",
    "validate_segment",
]
