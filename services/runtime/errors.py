"""
What can go wrong, in the words of the domain. One interceptor turns these into statuses (`services.runtime.statuses`).

ServiceError
├── InvalidRequest         INVALID_ARGUMENT, with the fields
├── NotFound               NOT_FOUND
├── AlreadyExists          ALREADY_EXISTS
├── EtagMismatch           ABORTED
├── StateConflict          FAILED_PRECONDITION
├── Unauthenticated        UNAUTHENTICATED
├── PermissionDenied       PERMISSION_DENIED
├── Overloaded             RESOURCE_EXHAUSTED, with a delay
└── Unavailable            UNAVAILABLE, with a delay
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.evaluation.model import Violation

Reason: TypeAlias = reasons.ErrorReason.ValueType


class ServiceError(Exception):
    """
    A refusal that callers are told about.

    `message` is for people and holds no secret and no other tenant's data; `reason` and `metadata` are for programs.
    """

    reason: Reason = reasons.ERROR_REASON_INTERNAL

    def __init__(
        self, message: str, *, reason: Reason | None = None, metadata: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = type(self).reason if reason is None else reason
        self.metadata = dict(metadata or {})


class InvalidRequest(ServiceError):
    """Fields of the request are wrong; nothing was changed."""

    reason = reasons.ERROR_REASON_INVALID_REQUEST

    def __init__(
        self,
        violations: Sequence[Violation],
        *,
        reason: Reason | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        message = "; ".join(f"{violation.field}: {violation.description}" for violation in violations[:5])
        super().__init__(message, reason=reason, metadata=metadata)
        self.violations = tuple(violations)

    @classmethod
    def of(cls, field: str, description: str, *, reason: Reason | None = None) -> "InvalidRequest":
        """Return the error for one field."""
        return cls([Violation(field, description)], reason=reason)


class NotFound(ServiceError):
    """What the request names does not exist; `reason` says what kind of thing."""


class AlreadyExists(ServiceError):
    """The key is taken."""

    reason = reasons.ERROR_REASON_ALREADY_EXISTS


class EtagMismatch(ServiceError):
    """The resource was changed since the caller read it; read it again and repeat the whole change."""

    reason = reasons.ERROR_REASON_ETAG_MISMATCH


class StateConflict(ServiceError):
    """The resource's present state does not allow the change."""

    reason = reasons.ERROR_REASON_STATE_CONFLICT


class Unauthenticated(ServiceError):
    """Who calls is not known."""

    reason = reasons.ERROR_REASON_UNKNOWN_KEY


class PermissionDenied(ServiceError):
    """Who calls is known and may not do this."""

    reason = reasons.ERROR_REASON_ROLE_DENIED


class Overloaded(ServiceError):
    """Too much is asked; try again after `retry_seconds`."""

    reason = reasons.ERROR_REASON_OVERLOADED

    def __init__(self, message: str, *, retry_seconds: float, reason: Reason | None = None, quota: str = "") -> None:
        super().__init__(message, reason=reason, metadata={"quota": quota} if quota else None)
        self.retry_seconds = retry_seconds


class Unavailable(ServiceError):
    """Something that the call needs does not answer; nothing was changed; try again after `retry_seconds`."""

    reason = reasons.ERROR_REASON_STORE_UNAVAILABLE

    def __init__(self, message: str, *, retry_seconds: float = 1.0, reason: Reason | None = None) -> None:
        super().__init__(message, reason=reason)
        self.retry_seconds = retry_seconds
