"""The trace that a call belongs to, as its caller says it in `traceparent` (W3C Trace Context)."""

import contextvars
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")

TRACE_PARENT: Final = "traceparent"

Headers = Mapping[str, str | bytes]
"""Metadata of a call; of several with one name the last."""


@dataclass(frozen=True, slots=True)
class TraceParent:
    """The caller's span."""

    trace_id: int
    span_id: int
    sampled: bool


current_headers: contextvars.ContextVar[Headers] = contextvars.ContextVar("current_headers")
"""The metadata of the call that the present task serves."""


def trace_parent(headers: Headers) -> TraceParent | None:
    """Return the caller's span; None when there is none or the header is malformed."""
    text = headers.get(TRACE_PARENT)
    if not isinstance(text, str):
        return None
    match = _TRACEPARENT.fullmatch(text)
    if match is None:
        return None
    trace_id, span_id = int(match[1], 16), int(match[2], 16)
    if not trace_id or not span_id:
        return None
    return TraceParent(trace_id, span_id, sampled=bool(int(match[3], 16) & 1))
