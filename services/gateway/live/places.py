"""How many sockets one user may have open, so that nobody takes the places of a whole key."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from services.gateway.access.browser_tokens import Visitor
from services.gateway.http.problems import TOO_MANY_CONNECTIONS, Problem


class Places:
    """Counts the sockets of each user of a tenant."""

    def __init__(self, per_user: int) -> None:
        self._per_user = per_user
        self._taken: Counter[tuple[str, str, str]] = Counter()

    @contextmanager
    def taken(self, visitor: Visitor) -> Iterator[None]:
        """Take a place until the block ends; raise `Problem` when the user has no more."""
        user = (visitor.environment, visitor.tenant, visitor.user)
        if self._taken[user] >= self._per_user:
            raise Problem(429, TOO_MANY_CONNECTIONS, "the user has too many open connections", retry_seconds=5.0)
        self._taken[user] += 1
        try:
            yield
        finally:
            self._taken[user] -= 1
            if not self._taken[user]:
                del self._taken[user]
