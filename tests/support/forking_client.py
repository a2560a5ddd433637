"""
A program that forks with a live client, for tests to run: `python forking_client.py SCENARIO ADDRESS KEY [COUNT]`.

The service changes flags all the while. Exits with 0 when parent and children all saw new revisions after the fork,
evaluated throughout, and closed promptly; otherwise it says on stderr what did not happen.
"""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Literal, NoReturn

logging.basicConfig(level=logging.WARNING)

LONGEST = 20.0
"""Seconds for anything; a process that hangs is ended by its alarm."""


def give_up(why: str) -> NoReturn:
    """End this process at once, saying why."""
    sys.stderr.write(f"{os.getpid()}: {why}\n")
    sys.stderr.flush()
    os._exit(1)


def check(what: str, condition: Callable[[], object]) -> None:
    """Wait for the condition; end this process when it does not come true."""
    deadline = time.monotonic() + LONGEST
    while not condition():
        if time.monotonic() > deadline:
            give_up(f"{what} did not happen")
        time.sleep(0.001)


def sees_changes(client: "Mirante", what: str) -> None:
    """Two more revisions arrive, and evaluation goes on."""
    start = client.status.revision
    assert client.details("a").error is None
    check(f"{what}: new rules", lambda: client.status.revision > start + 1)
    assert client.details("a").error is None


def close_promptly(client: "Mirante", what: str) -> None:
    """Closing waits for nothing."""
    start = time.monotonic()
    client.close()
    took = time.monotonic() - start
    if took > 4:
        give_up(f"{what}: close took {took:.1f} s")


def child(client: "Mirante", work: Callable[[], None] = lambda: None) -> int:
    """Fork; the child checks that it lives on, then ends. Return its id."""
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(40)
    try:
        sees_changes(client, "child")
        work()
        close_promptly(client, "child")
    except Exception as error:  # noqa: BLE001 - a child must not go on with the parent's work
        give_up(repr(error))
    os._exit(0)


def reap(pid: int) -> None:
    """Wait for a child that must have succeeded."""
    if os.waitpid(pid, 0)[1] != 0:
        sys.exit(1)


def forks_in_a_row(client: "Mirante", count: int) -> None:
    """Fork again and again, at any moment of the updates, while another thread evaluates."""
    evaluating = threading.Event()

    def evaluate() -> None:
        while not evaluating.is_set():
            assert client.details("a").error is None

    thread = threading.Thread(target=evaluate, daemon=True)
    thread.start()
    for number in range(count):
        time.sleep(0.0007 * (number % 17))
        reap(child(client))
    evaluating.set()
    thread.join()


def many_workers(client: "Mirante", count: int) -> None:
    """Fork several children one after the other that live at the same time, as a preloading server does."""
    for pid in [child(client) for _ in range(count)]:
        reap(pid)


def grandchildren(client: "Mirante", _count: int) -> None:
    """Children fork as well."""
    reap(child(client, lambda: reap(child(client))))


def pool(client: "Mirante", _count: int) -> None:
    """Multiprocessing forks workers, which inherit the client."""
    global inherited  # noqa: PLW0603 - how multiprocessing hands on what is inherited
    inherited = client
    with multiprocessing.get_context("fork").Pool(2) as workers:
        assert workers.map(work_in_pool, range(2)) == [True, True]


def work_in_pool(_number: int) -> bool:
    """Run in a worker."""
    sees_changes(inherited, "worker")
    return True


def listener(client: "Mirante", _count: int) -> None:
    """Listeners go on in parent and child."""
    told: list[frozenset[str]] = []
    client.on_change(told.append)
    check("parent is told", lambda: told)

    def told_again() -> None:
        del told[:]
        check("listener after fork", lambda: told)

    reap(child(client, told_again))
    told_again()


def remote(client: "Mirante", count: int) -> None:
    """A client that asks the service does so in parent and children, while another thread goes on asking."""
    stop = threading.Event()
    failures: list[object] = []

    def ask() -> None:
        while not stop.is_set():
            answer = client.details("a")
            if answer.error is not None:
                failures.append(answer)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            signal.alarm(40)
            check("child is answered", lambda: client.details("a").error is None)
            close_promptly(client, "child")
            os._exit(0)
        reap(pid)
    stop.set()
    thread.join()
    if failures:
        sys.exit(f"{len(failures)} failures, such as {failures[0]}")


def unusable(client: "Mirante", _count: int) -> None:
    """GRPC is in use by somebody else and was not told of forks: the child keeps its rules, marked stale."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(40)
        details = client.details("a")
        assert details.error is None
        assert details.stale
        close_promptly(client, "child")
        os._exit(0)
    reap(pid)
    check("the parent's rules", lambda: not client.details("a").stale)


def main() -> None:
    """Run the scenario."""
    scenario, address, key = sys.argv[1:4]
    signal.alarm(110)
    mode: Literal["remote", "in_process"] = "remote" if scenario == "remote" else "in_process"
    with Mirante(address, api_key=key, mode=mode) as client:
        assert client.wait_until_ready(LONGEST)
        globals()[scenario](client, int(sys.argv[4]) if len(sys.argv) > 4 else 1)
        if mode == "in_process":
            sees_changes(client, "parent")
        close_promptly(client, "parent")


if __name__ == "__main__":
    if os.environ.get("IMPORT_FIRST") == "grpc":
        import grpc

        if sys.argv[1] == "unusable":
            other = grpc.insecure_channel(sys.argv[2])
            grpc.channel_ready_future(other).result(LONGEST)
    from mirante import Mirante

    inherited: Mirante
    main()
