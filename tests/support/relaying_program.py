"""
A process that relays, for tests to kill or to let fork: `python relaying_program.py URL ADDRESS KEY [hang]`.

Relays until it is ended. With `hang` it stops for ever before the first commit that follows an answer of the service,
and says "hanging". It does what the lines of its input say, and answers each with one:

    fork       fork a child that does nothing; answers its exit code
    relay      fork a child that adds `venda_na_filha` and relays until the table is empty; answers its exit code
    delivered  answers how many events the relay of this process delivered, duplicates counted
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from mirante import Delivery
from mirante.outbox import Outbox, OutboxRelay


class HangingConnection(psycopg.Connection[Any]):
    """Never commits."""

    def commit(self) -> None:
        """Say so, and never return."""
        print("hanging", flush=True)  # noqa: T201
        threading.Event().wait()


def exit_code_of(child: Callable[[], None]) -> int:
    """Fork a child that does this; return its exit code, which is 1 if it raised."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        child()
        code = 0
    finally:
        # What follows in the program is the parent's.
        os._exit(code)


def relay_all(url: str, relay: OutboxRelay) -> None:
    """Add an event, and relay until the table is empty."""
    with psycopg.connect(url) as connection:
        Outbox().add(connection, "venda_na_filha", tenant="acme", user_id="ana")
    relay.start()
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute("SELECT FROM mirante_outbox").rowcount:
            time.sleep(0.01)


def main() -> None:
    """Relay."""
    url, address, key, *how = sys.argv[1:]
    kind = HangingConnection if how == ["hang"] else psycopg.Connection
    delivery = Delivery(batch_events=10, retry_base=0.02, retry_longest=0.1)
    relay = OutboxRelay(address, api_key=key, connect=lambda: kind.connect(url), poll=0.02, delivery=delivery)
    answers: dict[str, Callable[[], int]] = {
        "fork": lambda: exit_code_of(lambda: None),
        "relay": lambda: exit_code_of(lambda: relay_all(url, relay)),
        "delivered": lambda: relay.status.sent + relay.status.duplicates,
    }
    relay.start()
    print("relaying", flush=True)  # noqa: T201
    for line in sys.stdin:
        print(answers[line.strip()](), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
