"""Whether a definition is sound by itself: its message, its size, and what the evaluation core asks of it."""

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation import validate_flag, validate_segment
from mirante.evaluation.model import Violation
from mirante.wire import flag_from_proto, segment_from_proto

from services.flags.definition_limits import flag_limits, segment_limits
from services.flags.store.records import Definition
from services.runtime.errors import InvalidRequest


def violations(definition: Definition, field: str) -> list[Violation]:
    """
    Return everything that is wrong with a flag or segment by itself.

    Args:
        definition: complete: with its bucketing and the ids of its rules.
        field: what the paths begin with, "flag" for instance.
    """
    if isinstance(definition, flag_pb2.Flag):
        # Only what passes the limits converts.
        found = list(flag_limits(definition)) or validate_flag(flag_from_proto(definition))
    else:
        found = list(segment_limits(definition)) or validate_segment(segment_from_proto(definition))
    return [Violation(f"{field}.{each.field}", each.description) for each in found]


def require_sound(definition: Definition, field: str) -> None:
    """Raise `InvalidRequest`, INVALID_DEFINITION, unless the definition is sound by itself."""
    refuse(violations(definition, field))


def refuse(found: list[Violation]) -> None:
    """Raise `InvalidRequest`, INVALID_DEFINITION, if anything was found."""
    if found:
        raise InvalidRequest(found[:100], reason=reasons.ERROR_REASON_INVALID_DEFINITION)
