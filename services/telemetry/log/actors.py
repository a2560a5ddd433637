"""Actor ids, each worked out once while it is in use."""

from functools import lru_cache
from typing import Final

from services.telemetry.events.subjects import actor_id

_MOST_REMEMBERED: Final = 50_000


class ActorIds:
    """Actor ids of subjects; those of the last 50,000 are remembered."""

    def __init__(self, secret: bytes) -> None:
        @lru_cache(_MOST_REMEMBERED)
        def remembered(environment: str, tenant: str, subject: str) -> bytes:
            return actor_id(secret, environment, tenant, subject)

        self.of = remembered
        """Return the 16 bytes of (environment, tenant, subject); empty for no subject."""
        self.forget = remembered.cache_clear
        """Remember nobody: somebody was erased."""
