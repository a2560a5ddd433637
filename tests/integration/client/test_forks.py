"""Clients in processes that fork: parent and children both live on, whatever the moment."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_flag_service import KEY, FakeFlagService
from tests.support.flag_messages import bool_flag

PROGRAM = Path(__file__).parents[2] / "support/forking_client.py"

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")


@pytest.fixture
def busy(service: FakeFlagService) -> Iterator[FakeFlagService]:
    """A service whose flag changes all the while."""
    stop = threading.Event()

    def change() -> None:
        while not stop.wait(0.005):
            service.put(bool_flag("a", service.revision + 1, killed=service.revision % 2 == 0))

    thread = threading.Thread(target=change)
    thread.start()
    yield service
    stop.set()
    thread.join()


def run(scenario: str, service: FakeFlagService, *arguments: str, **variables: str) -> str:
    """Run the forking program; return what it said, which is nothing when all is well."""
    environment = {name: value for name, value in os.environ.items() if name != "GRPC_ENABLE_FORK_SUPPORT"}
    finished = subprocess.run(
        [sys.executable, PROGRAM, scenario, service.address, KEY, *arguments],
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=115,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stderr


@pytest.mark.parametrize("first", ["mirante", "grpc"])
def test_forks_at_any_moment(busy: FakeFlagService, first: str) -> None:
    """Fifty forks while updates arrive and another thread evaluates; also where gRPC was imported before the client."""
    assert run("forks_in_a_row", busy, "50", IMPORT_FIRST=first) == ""


def test_workers_of_a_preloading_server(busy: FakeFlagService) -> None:
    """Children that live side by side each follow the service."""
    instances = len(busy.subscribes)
    assert run("many_workers", busy, "4") == ""
    assert len({subscribe.client_instance for subscribe in busy.subscribes[instances:]}) == 5


def test_children_fork_as_well(busy: FakeFlagService) -> None:
    """A fork in a child is like any other."""
    assert run("grandchildren", busy) == ""


def test_multiprocessing_workers(busy: FakeFlagService) -> None:
    """The standard library's pool inherits the client."""
    assert run("pool", busy) == ""


def test_listeners_go_on(busy: FakeFlagService) -> None:
    """In the child they are called again, without being added again."""
    assert run("listener", busy) == ""


def test_remote_clients_fork(service: FakeFlagService) -> None:
    """Calls under way end before the fork, later ones wait for it: none of them fails."""
    assert run("remote", service, "20") == ""


def test_a_fork_that_breaks_grpc_keeps_the_rules(busy: FakeFlagService) -> None:
    """Where gRPC cannot be used in the child, it says so and answers from what it has."""
    said = run("unusable", busy, IMPORT_FIRST="grpc")
    assert "GRPC_ENABLE_FORK_SUPPORT=1" in said
