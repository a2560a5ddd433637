"""Which resource speaks for a flag: when several name the same one, the oldest. Pure."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from services.controller.cluster.api import Object
from services.controller.cluster.following import Name
from services.controller.resource import key_of

Flag: TypeAlias = tuple[str, str]
"""Environment and key."""


def flag_of(document: Object) -> Flag:
    """Return the flag that a resource names."""
    return str((document.get("spec") or {}).get("environment", "")), key_of(document)


class Claims:
    """Resources by the flag that they name."""

    def __init__(self) -> None:
        self._flags: dict[Name, Flag] = {}
        self._claims: dict[Flag, dict[Name, str]] = {}

    def take(self, name: Name, document: Object | None) -> Sequence[Name]:
        """Note what a resource names now, None when it is gone; return the others whom that concerns."""
        before, now = self._flags.pop(name, None), None if document is None else flag_of(document)
        if before is not None and before != now:
            left = self._claims[before]
            del left[name]
            if not left:
                del self._claims[before]
        if document is not None and now is not None:
            self._flags[name] = now
            self._claims.setdefault(now, {})[name] = str(document["metadata"]["creationTimestamp"])
        if before == now:
            return []
        concerned = {each for flag in (before, now) if flag is not None for each in self._claims.get(flag, {})}
        return sorted(concerned - {name})

    def speaker(self, flag: Flag) -> Name | None:
        """Return the resource that speaks for a flag."""
        claims = self._claims.get(flag)
        return min(claims, key=lambda name: (claims[name], name)) if claims else None

    def of_environment(self, environment: str) -> Mapping[str, Name]:
        """Return the resources that speak for the flags of an environment, by key."""
        found = {flag[1]: self.speaker(flag) for flag in self._claims if flag[0] == environment}
        return {key: name for key, name in found.items() if name is not None}
