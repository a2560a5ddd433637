"""What a client says about itself."""

import enum
from dataclasses import dataclass


class ClientState(enum.Enum):
    """How far answers can be trusted to be current."""

    CONNECTING = "connecting"
    """No rules yet: every evaluation gives the caller's default."""
    READY = "ready"
    """The service has confirmed the rules."""
    STALE = "stale"
    """Answers come from rules that the service has not confirmed lately; the client keeps trying to reach it."""
    CLOSED = "closed"
    """Closed; answers still come from the last rules."""


@dataclass(frozen=True, slots=True)
class Status:
    """
    The state, since when (seconds since 1970), and the revision that answers.

    `problem` says why the last attempt to reach the service ended, and is empty while a stream brings rules.
    """

    state: ClientState
    since: float
    revision: int
    problem: str = ""
