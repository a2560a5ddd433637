"""Read, edit, write back: again on the newest version when somebody was faster."""

from collections.abc import Callable
from typing import TypeVar

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.cli.refusals import Refusal

Result = TypeVar("Result")

_ATTEMPTS = 5
_STALE = reasons.ErrorReason.Name(reasons.ERROR_REASON_ETAG_MISMATCH).removeprefix("ERROR_REASON_")


def rewrite(once: Callable[[], Result]) -> Result:
    """
    Return what `once` returns: it reads, changes single fields of what it read, and writes with the etag.

    Because it touches nothing else, doing it again on what another wrote keeps both changes.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return once()
        except Refusal as refusal:
            if refusal.reason != _STALE:
                raise
    return once()
