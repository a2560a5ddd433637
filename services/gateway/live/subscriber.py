"""One socket that follows the state of a tenant."""

from services.gateway.http.websocket_protocol import Outlet
from services.gateway.live.state import LiveState


class Subscriber:
    """
    Sends what is new. While a slow client takes nothing, versions go by, and it gets the newest.

    Args:
        state: that is followed.
        outlet: of the socket.
        version: of the state that the client has; -1 for none.
    """

    def __init__(self, state: LiveState, outlet: Outlet, version: int) -> None:
        self._state = state
        self._outlet = outlet
        self._version = version
        outlet.when_ready(self.offer)

    def offer(self) -> None:
        """Send what is new, if the client takes it now."""
        newest = self._state.version
        frame = self._state.next_for(self._version)
        if frame is not None and self._outlet.offer(frame):
            self._version = newest
