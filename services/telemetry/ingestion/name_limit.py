"""Bounds the undeclared event names of an environment: a bug that makes up names must not fill every list."""

from typing import Final

MOST_UNDECLARED: Final = 1_000


class NameLimit:
    """The undeclared names that were seen, per environment; `known` are those of the database at the start."""

    def __init__(self, known: dict[str, set[str]]) -> None:
        self._names = known

    def admits(self, environment: str, name: str) -> bool:
        """Return whether an event with this undeclared name may be stored; remember the name if so."""
        names = self._names.setdefault(environment, set())
        if name in names:
            return True
        if len(names) >= MOST_UNDECLARED:
            return False
        names.add(name)
        return True
