"""Who was erased, as writers know it."""

from functools import lru_cache, partial
from typing import Any, Final

from services.telemetry.events.subjects import subject_hash

_REMEMBERED_HASHES: Final = 16_384

# The last known one comes back too: if it does not, the database is not the one that was read before.
_NEWER: Final = """
    SELECT number, environment, tenant, subject_hash FROM tombstones WHERE number >= $1 ORDER BY number
"""

Place = tuple[str, str]
"""Environment and tenant."""


class Tombstones:
    """
    The tombstones in memory.

    They are written under the lock `ERASURE_LOCK` alone, so their numbers are in the order of their commits: a writer
    that holds the lock shared and has called `refresh` knows all there are until it lets the lock go.
    """

    def __init__(self, hash_secret: bytes) -> None:
        self._last: tuple[int, bytes] = (0, b"")
        self._by_place: dict[Place, set[bytes]] = {}
        self._hash = lru_cache(_REMEMBERED_HASHES)(partial(subject_hash, hash_secret))

    def __len__(self) -> int:
        return sum(map(len, self._by_place.values()))

    async def refresh(self, connection: Any) -> None:
        """Read what is new, in the writer's transaction, which must hold `ERASURE_LOCK` shared. One index look-up."""
        number, known = self._last
        rows = await connection.fetch(_NEWER, number)
        if number and (not rows or (rows[0][0], rows[0][3]) != (number, known)):
            # Restored to an earlier state. What is known already stays: those people did ask.
            rows = await connection.fetch(_NEWER, 0)
            self._last = (0, b"")
        for number, environment, tenant, digest in rows:
            if number != self._last[0]:
                self._by_place.setdefault((environment, tenant), set()).add(digest)
                self._last = (number, digest)
                # So that nobody's id outlives their erasure here.
                self._hash.cache_clear()

    def erased(self, environment: str, tenant: str, subject: str) -> bool:
        """
        Return whether a subject, as `subject_of` returns it, was erased.

        A look-up of the tenant, and only where somebody was erased that of a hash.
        """
        digests = self._by_place.get((environment, tenant))
        return digests is not None and bool(subject) and self._hash(environment, tenant, subject) in digests
