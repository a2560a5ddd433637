"""Calls of other services: whom they are made for, and what their failures mean here."""

from collections.abc import Awaitable
from typing import Final, TypeVar
from urllib.parse import quote

import grpc
import grpc.aio

from services.runtime.access import Caller, Role
from services.runtime.calls.authentication import ACTOR, ACTOR_ROLE, AUTHORIZATION
from services.runtime.errors import (
    AlreadyExists,
    EtagMismatch,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ServiceError,
    StateConflict,
    Unavailable,
)

CALL_SECONDS: Final = 5.0

Answer = TypeVar("Answer")
Metadata = tuple[tuple[str, str], ...]

_ROLES: Final = {Role.READER: "viewer", Role.EDITOR: "editor", Role.ADMIN: "admin", Role.INTERNAL: "admin"}
_ERRORS: Final[dict[grpc.StatusCode, type[ServiceError]]] = {
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.ABORTED: EtagMismatch,
    grpc.StatusCode.FAILED_PRECONDITION: StateConflict,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
}


def own(secret: str) -> Metadata:
    """Return the metadata of a call of this service's own."""
    return ((AUTHORIZATION, f"Bearer {secret}"),)


def on_behalf_of(secret: str, caller: Caller) -> Metadata:
    """Return the metadata of a call that is made for somebody, whose name is recorded."""
    return (*own(secret), (ACTOR, quote(caller.actor)), (ACTOR_ROLE, _ROLES.get(caller.role, "viewer")))


async def answer_of(call: Awaitable[Answer], whose: str, field: str) -> Answer:
    """
    Return the answer to a call.

    Args:
        call: is awaited.
        whose: the service, for people.
        field: what is wrong when the other service says that the request is.

    Raises:
        ServiceError: what it answered; `Unavailable` when it did not.
    """
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        details = error.details() or "no reason was given"
        if error.code() is grpc.StatusCode.INVALID_ARGUMENT:
            raise InvalidRequest.of(field, details) from error
        kind = _ERRORS.get(error.code())
        if kind is None:
            raise Unavailable(f"the {whose} service does not answer") from error
        raise kind(f"the {whose} service says: {details}") from error
