"""Chooses ports for servers that have to keep them."""

import random
import socket

from services.runtime.embedded.engine import HOST

_OUTSIDE_EPHEMERAL = range(20_000, 30_000)
"""Below the ports that Linux (32768) and macOS (49152) give to outgoing connections and Kubernetes to NodePorts."""
_TRIES = 50


def free_port() -> int:
    """
    Return a port that was free a moment ago; somebody may take it before it is used, so be ready to ask again.

    A server that dies and comes back needs its port again, so the system's own choice is the last resort: meanwhile
    any outgoing connection may be given such a port, even one of a client that knocks on the dead server's door and,
    on loopback, ends up connected to itself.
    """
    for _ in range(_TRIES):
        candidate = random.choice(_OUTSIDE_EPHEMERAL)
        if (found := _bind(candidate)) is not None:
            return found
    found = _bind(0)
    if found is None:
        raise OSError(f"no free port on {HOST}")
    return found


def _bind(port: int) -> int | None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return None
        return int(probe.getsockname()[1])
