"""What privacy requests may say. Pure."""

from typing import Final

from mirante.api.telemetry.v1 import privacy_service_pb2 as pb2

from services.runtime.errors import InvalidRequest
from services.runtime.texts import check_text, require_text
from services.telemetry.events.subjects import ANONYMOUS, USER
from services.telemetry.identity.limits import require_ids

_MOST_REASON: Final = 500
_SHORTEST_NAME: Final = 4


def subject_named(subject: pb2.Subject) -> str:
    """
    Return whom a request means, as the log names them.

    Raises:
        InvalidRequest: nobody is named, or the id is malformed.
    """
    kind = subject.WhichOneof("kind")
    if kind is None:
        raise InvalidRequest.of("subject", "names nobody: user_id or anonymous_id is required")
    if kind == "user_id":
        require_ids(tenant=subject.tenant, user_id=subject.user_id)
        return USER + subject.user_id
    require_ids(tenant=subject.tenant, anonymous_id=subject.anonymous_id)
    return ANONYMOUS + subject.anonymous_id


def require_tenant(tenant: str) -> None:
    """Raise `InvalidRequest` for a name that no tenant can have."""
    if not tenant:
        raise InvalidRequest.of("tenant", "is required")
    require_ids(tenant=tenant)


def check_reason(reason: str, subject: str, *, required: bool) -> None:
    """
    Raise `InvalidRequest` for a reason that is missing or malformed, or that names the person.

    The record outlives the person's data, so the reason must not hold their id; `subject` is empty for a tenant.
    """
    if required:
        require_text("reason", reason, _MOST_REASON, lines=True)
    else:
        check_text("reason", reason, _MOST_REASON, lines=True)
    # After "u:" or "a:". Of short ids any text might hold a part.
    name = subject[2:]
    if len(name) >= _SHORTEST_NAME and name.casefold() in reason.casefold():
        raise InvalidRequest.of("reason", "must not name the person: it stays on record after the erasure")
