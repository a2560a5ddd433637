"""What importing costs: nobody pays for what they do not use."""

import os
import subprocess
import sys

import mirante
import pytest


def loaded_by(statement: str) -> set[str]:
    """The top-level and google.* modules that a fresh interpreter has after a statement."""
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    return set(output.split())


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        (
            "import mirante",
            {"grpc", "google.protobuf", "mmh3", "re2", "asyncio", "mirante.evaluation", "mirante.client"},
        ),
        ("import mirante.evaluation", {"grpc", "google.protobuf", "asyncio", "mirante.api", "mirante.wire"}),
        ("from mirante import Evaluation, Status, Tls", {"grpc", "google.protobuf", "asyncio"}),
        ("import mirante.testing", {"grpc", "google.protobuf", "asyncio", "openfeature"}),
        ("from mirante import Mirante", {"openfeature", "services"}),
    ],
)
def test_importing_loads_no_more_than_it_needs(statement: str, absent: set[str]) -> None:
    """Network libraries come with the client only."""
    assert loaded_by(statement) & absent == set()


def test_every_public_name_is_there() -> None:
    """Each can be imported, and `dir` shows them."""
    assert dir(mirante) == sorted(mirante.__all__)
    assert [name for name in mirante.__all__ if getattr(mirante, name, None) is None] == []


def test_other_names_are_not() -> None:
    """With the message that Python gives."""
    with pytest.raises(AttributeError, match="module 'mirante' has no attribute 'nope'"):
        _ = mirante.nope


def test_grpc_is_prepared_for_forks() -> None:
    """The client sets up gRPC before it is imported; an application's own choice stands."""
    program = (
        "{}from mirante import Mirante; from mirante.client.channel import FORK_SUPPORT; Mirante; print(FORK_SUPPORT)"
    )
    choices = {
        "": "True",
        "import os; os.environ['GRPC_ENABLE_FORK_SUPPORT'] = '0'; ": "False",
        "import grpc; ": "False",
    }
    # Importing the client here has already made the choice for children of this process.
    environment = {name: value for name, value in os.environ.items() if name != "GRPC_ENABLE_FORK_SUPPORT"}
    for first, expected in choices.items():
        command = [sys.executable, "-c", program.format(first)]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert run.stdout.strip() == expected
