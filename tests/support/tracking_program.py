"""
A program that tracks, for tests to run: `python tracking_program.py SCENARIO ADDRESS KEY [SPOOL_DIR]`.

Prints its counters as one JSON object a line when it has something to say.
"""

import dataclasses
import json
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from typing import NoReturn

from mirante import Delivery, Mirante

logging.basicConfig(level=logging.ERROR)


def say(client: Mirante) -> None:
    """Print the counters."""
    sys.stdout.write(json.dumps(dataclasses.asdict(client.telemetry_status)) + "\n")
    sys.stdout.flush()


def wait_for_events(client: Mirante, count: int) -> None:
    """Wait until that many are sent."""
    while client.telemetry_status.sent < count:
        time.sleep(0.005)


def many(client: Mirante) -> None:
    """Track 5,000 events and come to a normal end."""
    for number in range(5_000):
        assert client.track("venda_criada", {"number": number}, user_id=f"u{number}", tenant="acme")


def thread_left(client: Mirante) -> None:
    """End while a daemon thread still tracks."""

    def track() -> None:
        while True:
            client.track("of_thread")
            time.sleep(0.0001)

    threading.Thread(target=track, daemon=True).start()
    time.sleep(0.2)


def forever(client: Mirante) -> NoReturn:
    """Track 300 events, say so when they are on disk, and wait to be killed."""
    for number in range(300):
        client.track("venda_criada", {"number": number}, tenant="acme")
    client.identify("u1", {"plan": "premium"}, tenant="acme")
    assert client.flush_to_spool(20)
    say(client)
    while True:
        time.sleep(60)


def adopter(client: Mirante) -> None:
    """Track one more, deliver everything, and say how it went."""
    client.track("of_adopter", tenant="acme")
    deadline = time.monotonic() + 30
    while client.telemetry_status.adopted < int(os.environ["ADOPTS"]) and time.monotonic() < deadline:
        time.sleep(0.01)
    client.flush(30)
    say(client)


def exit_of(pid: int) -> None:
    """Wait for a child that must have succeeded."""
    if os.waitpid(pid, 0)[1] != 0:
        sys.exit("a child failed")


def forks(client: Mirante) -> None:
    """Fork with events waiting; every process delivers its own, also after it forked again."""
    for round_number in range(3):
        for _ in range(20):
            client.track("of_parent", {"round": round_number})
        if round_number == 1:
            client.flush(20)
        pid = os.fork()
        if pid == 0:
            for _ in range(10):
                client.track("of_child", {"round": round_number})
            if round_number == 2:
                grandchild = os.fork()
                if grandchild:
                    exit_of(grandchild)
                else:
                    client.track("of_grandchild")
            # The normal end of an interpreter.
            sys.exit(0)
        exit_of(pid)
        client.track("of_parent_afterwards")


def preloading(client: Mirante) -> None:
    """Workers forked side by side from a master that has tracked, and that goes on."""
    client.track("of_master")
    workers = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            for _ in range(50):
                client.track("of_worker")
            if client.flush(20):
                os._exit(1)
            # As a worker ends that has no exit handlers.
            os._exit(0 if client.telemetry_status.sent == 50 else 2)
        workers.append(pid)
    for pid in workers:
        exit_of(pid)
    client.track("of_master")


def pool(client: Mirante) -> None:
    """Workers of multiprocessing, whose end knows no exit handlers of Python."""
    global inherited  # noqa: PLW0603 - how multiprocessing hands on what is inherited
    inherited = client
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=work) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode:
            sys.exit("a worker failed")


def work() -> None:
    """Run in a worker."""
    for _ in range(10):
        inherited.track("of_worker")


def main() -> None:
    """Run the scenario; the end of the program is left to the interpreter."""
    scenario, address, key = sys.argv[1:4]
    spool_dir = sys.argv[4] if len(sys.argv) > 4 else None
    signal.alarm(100)
    linger = float(os.environ.get("LINGER", "0.5"))
    delivery = Delivery(exit_timeout=float(os.environ.get("EXIT_TIMEOUT", "10")), linger=linger)
    client = Mirante(
        "127.0.0.1:1",
        api_key=key,
        environment="production",
        telemetry_address=address,
        spool_dir=spool_dir,
        delivery=delivery,
    )
    globals()[scenario](client)


if __name__ == "__main__":
    inherited: Mirante
    main()
