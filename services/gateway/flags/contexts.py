"""Evaluation contexts as OFREP requests bring them: bounded, then attributes by name."""

from typing import Any, Final

from mirante.evaluation import Context
from mirante.evaluation.model import TARGETING_KEY

from services.runtime.errors import InvalidRequest

MOST_BYTES: Final = 64 * 1024
MOST_LEVELS: Final = 16
"""As the flag service has them; the context itself is the first level."""

OFREP_TARGETING_KEY: Final = "targetingKey"
_FIELDS: Final = frozenset({"context"})


def read_context(document: Any, size: int) -> Context:
    """
    Return the context of a request; one without any has an empty one.

    Args:
        document: the body, from JSON.
        size: its bytes.

    Raises:
        InvalidRequest: the body has another shape, or the context is too large or too deep.
    """
    if size > MOST_BYTES:
        raise InvalidRequest.of("context", f"is larger than {MOST_BYTES // 1024} KiB")
    if not isinstance(document, dict):
        raise InvalidRequest.of("body", "must be an object with the context")
    unknown = document.keys() - _FIELDS
    if unknown:
        raise InvalidRequest.of("body", "has fields other than the context")
    context = document.get("context")
    if context is None:
        return {}
    if not isinstance(context, dict):
        raise InvalidRequest.of("context", "must be an object")
    _check_depth(context, 1)
    if OFREP_TARGETING_KEY not in context:
        return context
    attributes = {name: value for name, value in context.items() if name != OFREP_TARGETING_KEY}
    attributes[TARGETING_KEY] = context[OFREP_TARGETING_KEY]
    return attributes


def _check_depth(value: Any, level: int) -> None:
    if isinstance(value, dict | list):
        if level > MOST_LEVELS:
            raise InvalidRequest.of("context", f"is nested more than {MOST_LEVELS} levels deep")
        for item in value.values() if isinstance(value, dict) else value:
            _check_depth(item, level + 1)
