"""Bounds the undeclared event names of an environment: a bug that makes up names must not fill every list."""

from typing import Final

from services.runtime.postgres.pool import PostgresPool

MOST_UNDECLARED: Final = 1_000

_SEEN: Final = """
    SELECT DISTINCT environment, name FROM coverage
    WHERE outcome = 2 AND day > (now() AT TIME ZONE 'UTC')::date - 30
"""


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


async def known_names(pool: PostgresPool) -> dict[str, set[str]]:
    """
    Return the undeclared names that were seen in the last 30 days, by environment.

    Raises:
        Unavailable: the database does not answer.
    """
    names: dict[str, set[str]] = {}
    async with pool.connection() as connection:
        for environment, name in await connection.fetch(_SEEN):
            names.setdefault(environment, set()).add(name)
    return names
