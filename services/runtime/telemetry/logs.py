"""Logs: one JSON object a line on standard error, with the ids of the trace that the call belongs to."""

import logging
import sys

from opentelemetry import trace
from pythonjsonlogger.json import JsonFormatter

from services.runtime.telemetry.trace_context import current_headers, trace_parent


class _TraceIds(logging.Filter):
    """Adds trace_id and span_id to records that belong to a call."""

    def filter(self, record: logging.LogRecord) -> bool:
        trace_id, span_id = current_trace_ids()
        if trace_id and not hasattr(record, "trace_id"):
            record.trace_id, record.span_id = trace_id, span_id
        return True


def current_trace_ids() -> tuple[str, str]:
    """Return trace id and span id of the present call in hexadecimal; of the caller's span when ours is not traced."""
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        return f"{span.trace_id:032x}", f"{span.span_id:016x}"
    parent = trace_parent(current_headers.get({}))
    return ("", "") if parent is None else (f"{parent.trace_id:032x}", f"{parent.span_id:016x}")


def log_handler() -> logging.Handler:
    """Return the handler that writes to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_TraceIds())
    handler.setFormatter(
        JsonFormatter(
            "%(asctime)s %(levelname)s %(name)s %(message)s",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            datefmt="%Y-%m-%dT%H:%M:%S%z",
        )
    )
    return handler


def configure_logs(level: str) -> None:
    """Send all logs of the process to standard error."""
    root = logging.getLogger()
    root.handlers[:] = [log_handler()]
    root.setLevel(level)
