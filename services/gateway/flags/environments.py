"""The rules of all environments: one replica each, opened when the environment is first heard of."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.gateway.flags.environment import ReplicatedRules
from services.runtime.errors import NotFound, Unavailable

_SECONDS: Final = 1.0


class Environments:
    """
    Holds the replicas.

    Args:
        open_rules: opens the replica of an environment.
        names: the environments that this gateway serves: those of its own key, as far as they are known.
    """

    def __init__(self, open_rules: Callable[[str], ReplicatedRules], names: Callable[[], Iterable[str]]) -> None:
        self._open = open_rules
        self._names = names
        self._rules: dict[str, ReplicatedRules] = {}

    def of(self, environment: str) -> ReplicatedRules:
        """
        Return the rules of an environment.

        Raises:
            NotFound: this gateway does not serve it.
            Unavailable: its rules are not held yet.
        """
        rules = self._rules.get(environment)
        if rules is not None:
            return rules
        if environment in self._names():
            raise Unavailable(
                "the flags of this environment have not arrived yet", reason=reasons.ERROR_REASON_NOT_READY
            )
        raise NotFound("this gateway does not serve the environment", reason=reasons.ERROR_REASON_ENVIRONMENT_NOT_FOUND)

    @property
    def missing(self) -> list[str]:
        """Environments whose rules have not arrived."""
        return sorted(name for name in self._names() if name not in self._rules or not self._rules[name].has_rules)

    def refresh(self) -> None:
        """Open what is new."""
        for name in self._names():
            if name not in self._rules:
                self._rules[name] = self._open(name)

    async def follow(self) -> None:
        """Go on opening what is new; for ever."""
        while True:
            self.refresh()
            await asyncio.sleep(_SECONDS)

    async def close(self) -> None:
        """Close all replicas."""
        await asyncio.gather(*[rules.close() for rules in self._rules.values()])
        self._rules.clear()
