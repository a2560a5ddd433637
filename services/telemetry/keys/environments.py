"""Which environment a call is about."""

from typing import Protocol

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.access import Caller
from services.runtime.errors import NotFound


class KnownEnvironments(Protocol):
    """Knows which environments exist."""

    @property
    def environments(self) -> frozenset[str]:
        """Their keys."""


class Environments:
    """Finds the environment of a call among those that exist."""

    def __init__(self, known: KnownEnvironments) -> None:
        self._known = known

    def of(self, caller: Caller, named: str) -> str:
        """
        Return the environment that a request means; `named` may be empty when the key holds exactly one.

        Raises:
            InvalidRequest: none was named and the key holds several.
            PermissionDenied: the key does not hold it.
            NotFound: it does not exist.
        """
        environment = caller.environment(named)
        if environment not in self._known.environments:
            raise NotFound(
                "there is no such environment",
                reason=reasons.ERROR_REASON_ENVIRONMENT_NOT_FOUND,
                metadata={"environment": environment[:100]},
            )
        return environment
