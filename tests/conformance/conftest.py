"""The doors, each opened once for a file: the service behind them writes to the Valkey of all tests."""

from collections.abc import Iterator

import pytest

from tests.conformance.doors import Door
from tests.conformance.doors.clients import ClientDoor
from tests.conformance.doors.core import CoreDoor
from tests.conformance.doors.ofrep import BulkDoor, OneFlagDoor, RunningGateway, running_gateway
from tests.conformance.doors.rpc import EvaluateFlagDoor, EvaluateFlagsDoor, EvaluateStreamDoor
from tests.conformance.running_service import RunningService, running_service
from tests.support.datastores import RunningDatastores


@pytest.fixture(scope="module")
def service(datastores: RunningDatastores) -> Iterator[RunningService]:
    """The service behind all doors but the core."""
    with running_service(datastores) as running:
        yield running


@pytest.fixture(scope="module")
def core() -> Door:
    """Evaluate here."""
    return CoreDoor()


@pytest.fixture(scope="module")
def evaluate_flag(service: RunningService) -> Iterator[Door]:
    """Ask for one flag."""
    with EvaluateFlagDoor(service) as door:
        yield door


@pytest.fixture(scope="module")
def evaluate_flags(service: RunningService) -> Iterator[Door]:
    """Ask for many flags."""
    with EvaluateFlagsDoor(service) as door:
        yield door


@pytest.fixture(scope="module")
def evaluate_stream(service: RunningService) -> Iterator[Door]:
    """Ask on a stream."""
    with EvaluateStreamDoor(service) as door:
        yield door


@pytest.fixture(scope="module")
def remote_client(service: RunningService) -> Iterator[Door]:
    """Ask through the client that asks the service."""
    with ClientDoor(service, "remote") as door:
        yield door


@pytest.fixture(scope="module")
def in_process_client(service: RunningService) -> Iterator[Door]:
    """Ask the client that holds the rules."""
    with ClientDoor(service, "in_process") as door:
        yield door


@pytest.fixture(scope="module")
def gateway(service: RunningService) -> Iterator[RunningGateway]:
    """The gateway behind both doors of OFREP."""
    with running_gateway(service) as running:
        yield running


@pytest.fixture(scope="module")
def ofrep(gateway: RunningGateway) -> Iterator[Door]:
    """Ask for one flag over HTTP."""
    with OneFlagDoor(gateway) as door:
        yield door


@pytest.fixture(scope="module")
def ofrep_bulk(gateway: RunningGateway) -> Iterator[Door]:
    """Ask for all flags over HTTP."""
    with BulkDoor(gateway) as door:
        yield door
