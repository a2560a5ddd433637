"""How large an answer may be, as a message and as a file."""

from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.errors import InvalidRequest

MOST_BYTES: Final = 4_000_000
"""With what is around it, an answer stays below what gRPC takes, 4 MiB."""


def too_long(size: int) -> InvalidRequest:
    """Return the refusal of an answer of so many bytes."""
    return InvalidRequest.of(
        "question",
        f"its answer has {size:,} bytes, and may have {MOST_BYTES:,}: ask for a shorter period, longer units, or fewer "
        "offsets, groups or people",
        reason=reasons.ERROR_REASON_REPORT_TOO_LARGE,
    )
