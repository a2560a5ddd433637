"""
A process that relays, for tests to kill: `python relaying_program.py URL ADDRESS KEY [hang]`.

Relays until it is ended. With `hang` it stops for ever before the first commit that follows an answer of the service,
and says "hanging".
"""

import sys
import threading
from typing import Any

import psycopg
from mirante import Delivery
from mirante.outbox import OutboxRelay


class HangingConnection(psycopg.Connection[Any]):
    """Never commits."""

    def commit(self) -> None:
        """Say so, and never return."""
        print("hanging", flush=True)  # noqa: T201
        threading.Event().wait()


def main() -> None:
    """Relay."""
    url, address, key, *how = sys.argv[1:]
    kind = HangingConnection if how == ["hang"] else psycopg.Connection
    delivery = Delivery(batch_events=10, retry_base=0.02, retry_longest=0.1)
    relay = OutboxRelay(address, api_key=key, connect=lambda: kind.connect(url), poll=0.02, delivery=delivery)
    relay.start()
    print("relaying", flush=True)  # noqa: T201
    threading.Event().wait()


if __name__ == "__main__":
    main()
