"""How processes end that have a client."""

import subprocess
import sys

import pytest

from tests.support.fake_flag_service import KEY, FakeFlagService


@pytest.mark.parametrize("mode", ["in_process", "remote"])
@pytest.mark.parametrize(
    "end",
    [
        "",
        "sys.exit(0)",
        "client.close()",
        "del client",
        "client.on_change(print) if client._replica is not None else None",
        "atexit.register(client.close)",
    ],
)
def test_a_process_ends_quietly(service: FakeFlagService, mode: str, end: str) -> None:
    """Closed or not, with listeners or without: no hang, no noise."""
    program = f"""
import atexit, sys
from mirante import Mirante
client = Mirante({service.address!r}, api_key={KEY!r}, mode={mode!r})
assert client.wait_until_ready(30)
assert client.is_enabled("a")
{end}
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_a_process_ends_quietly_without_a_service() -> None:
    """Also while the client is waiting to try again."""
    program = """
from mirante import Mirante
client = Mirante("127.0.0.1:1", api_key="k")
assert client.wait_until_ready(0.3) is False
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
