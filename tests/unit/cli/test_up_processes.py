"""What `mirante up` knows about services and their logs."""

import json

import pytest

from services.cli.up.processes import ServiceProcess
from services.cli.up.service_log import worth_showing

FLAGS = ServiceProcess("flags", "services.flags", "MIRANTE_FLAGS_HOST", "MIRANTE_FLAGS_PORT", 50051)


@pytest.mark.parametrize(
    ("host", "port", "address"),
    [
        (None, None, "localhost:50051"),
        ("0.0.0.0", "6000", "localhost:6000"),  # noqa: S104 - nothing is bound
        ("::", "", "localhost:50051"),
        ("10.1.2.3", "6000", "10.1.2.3:6000"),
        ("fd00::1", None, "[fd00::1]:50051"),
    ],
)
def test_address_is_where_this_machine_reaches_it(host: str | None, port: str | None, address: str) -> None:
    """Every interface includes the loopback; one interface is that interface."""
    said = {"MIRANTE_FLAGS_HOST": host, "MIRANTE_FLAGS_PORT": port}
    assert FLAGS.address({name: value for name, value in said.items() if value is not None}) == address


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "5 0"])
def test_wrong_port_names_its_variable(port: str) -> None:
    """A free port of the system's choice (0) would be of no use: nobody would know it."""
    with pytest.raises(ValueError, match="MIRANTE_FLAGS_PORT"):
        FLAGS.port({"MIRANTE_FLAGS_PORT": port})


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (json.dumps({"level": "INFO", "message": "hello"}), None),
        (json.dumps({"level": "WARNING", "message": "slow"}), "warning: slow"),
        (json.dumps({"level": "error", "message": "broken", "trace_id": "1"}), "error: broken"),
        ("Traceback (most recent call last):", "Traceback (most recent call last):"),
        ("[]", "[]"),
        ("", None),
    ],
)
def test_terminal_shows_what_matters(line: str, shown: str | None) -> None:
    """Warnings and worse, and whatever is no log line at all."""
    assert worth_showing(line) == shown
