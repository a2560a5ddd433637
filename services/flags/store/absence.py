"""The error that every store raises for an environment that does not exist."""

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.errors import NotFound


def no_environment(environment: str) -> NotFound:
    """Return the error for an environment that does not exist."""
    return NotFound(
        f"there is no environment {environment!r}",
        reason=reasons.ERROR_REASON_ENVIRONMENT_NOT_FOUND,
        metadata={"environment": environment},
    )
