"""Who calls, and what that role may do."""

import contextvars
import enum
from dataclasses import dataclass

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.errors import InvalidRequest, NotFound, PermissionDenied

ALL_ENVIRONMENTS = "*"


class Role(enum.Enum):
    """What a key may do; `Role` of `access_admin_service.proto`."""

    SERVER = "server"
    BROWSER = "browser"
    ADMIN = "admin"
    READER = "reader"
    INTERNAL = "internal"
    EDITOR = "editor"


@dataclass(frozen=True, slots=True)
class Caller:
    """
    The key that a call came with.

    `actor` goes into the audit: the key's name, or the person that an internal key acts for. `everywhere` says that the
    key holds all environments; `environments` are then those that exist, or "*" where that is not known.
    """

    key_id: str
    actor: str
    role: Role
    environments: frozenset[str]
    quota_per_second: int = 0
    everywhere: bool = False

    def environment(self, named: str) -> str:
        """
        Return the environment that a request means; `named` may be empty when the key holds exactly one.

        Raises:
            InvalidRequest: none was named and the key holds several.
            PermissionDenied: the key does not hold it.
            NotFound: the key holds all, and it does not exist.
        """
        if not named:
            if len(self.environments) == 1 and ALL_ENVIRONMENTS not in self.environments:
                return next(iter(self.environments))
            raise InvalidRequest.of("environment", "the key holds several environments; name one")
        if named in self.environments or ALL_ENVIRONMENTS in self.environments:
            return named
        if self.everywhere:
            raise NotFound(
                f"there is no environment {named!r}",
                reason=reasons.ERROR_REASON_ENVIRONMENT_NOT_FOUND,
                metadata={"environment": named},
            )
        raise PermissionDenied(
            "the key does not hold this environment",
            reason=reasons.ERROR_REASON_ENVIRONMENT_DENIED,
            metadata={"environment": named},
        )


current_caller: contextvars.ContextVar[Caller] = contextvars.ContextVar("current_caller")
"""Set by the authentication interceptor for the time of a call."""
