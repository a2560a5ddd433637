"""The doors, each opened once."""

from collections.abc import Iterator

import pytest

from tests.conformance.doors import Door
from tests.conformance.doors.clients import ClientDoor
from tests.conformance.doors.core import CoreDoor
from tests.conformance.doors.rpc import EvaluateFlagDoor, EvaluateFlagsDoor, EvaluateStreamDoor
from tests.conformance.running_service import RunningService, running_service
from tests.support.datastores import RunningDatastores


@pytest.fixture(scope="session")
def service(datastores: RunningDatastores) -> Iterator[RunningService]:
    """The service behind all doors but the core."""
    with running_service(datastores) as running:
        yield running


@pytest.fixture(scope="session")
def core() -> Door:
    """Evaluate here."""
    return CoreDoor()


@pytest.fixture(scope="session")
def evaluate_flag(service: RunningService) -> Iterator[Door]:
    """Ask for one flag."""
    with EvaluateFlagDoor(service) as door:
        yield door


@pytest.fixture(scope="session")
def evaluate_flags(service: RunningService) -> Iterator[Door]:
    """Ask for many flags."""
    with EvaluateFlagsDoor(service) as door:
        yield door


@pytest.fixture(scope="session")
def evaluate_stream(service: RunningService) -> Iterator[Door]:
    """Ask on a stream."""
    with EvaluateStreamDoor(service) as door:
        yield door


@pytest.fixture(scope="session")
def remote_client(service: RunningService) -> Iterator[Door]:
    """Ask through the client that asks the service."""
    with ClientDoor(service, "remote") as door:
        yield door


@pytest.fixture(scope="session")
def in_process_client(service: RunningService) -> Iterator[Door]:
    """Ask the client that holds the rules."""
    with ClientDoor(service, "in_process") as door:
        yield door
