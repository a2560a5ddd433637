"""When a client stops giving the new variant of the canary drill to anybody."""

import threading
import time
from collections.abc import Collection
from typing import Final

from mirante import Mirante

from services.demo_shop.rush import CANARY

_PEOPLE: Final = 50
"""Nearly certainly some of them are in the first stage."""
_POLL_SECONDS: Final = 0.02


class Watch:
    """Looks at the answers of one client whenever they may differ."""

    def __init__(self, client: Mirante) -> None:
        self._client = client
        self._given = False
        self._off_at = 0.0
        self._off = threading.Event()
        client.on_change(self._look, [CANARY])

    def off_at(self, patience_seconds: float) -> float:
        """
        Return when nobody was given the variant any more, in seconds since 1970.

        Raises:
            TimeoutError: somebody still is.
        """
        deadline = time.monotonic() + patience_seconds
        while not self._off.wait(_POLL_SECONDS):
            if not self._gives():
                return time.time()  # it was told of both changes at once
            if time.monotonic() > deadline:
                raise TimeoutError("a client still gives the variant to somebody")
        return self._off_at

    def _look(self, keys: Collection[str]) -> None:  # noqa: ARG002 - it asked for one
        if self._gives():
            self._given = True
        elif self._given and not self._off.is_set():
            self._off_at = time.time()
            self._off.set()

    def _gives(self) -> bool:
        """Return whether anybody is given the variant."""
        contexts = ({"targeting_key": f"simulado-{number}"} for number in range(_PEOPLE))
        return any(self._client.is_enabled(CANARY, context) for context in contexts)
