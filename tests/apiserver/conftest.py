"""A real API server for the tests of this folder, or a clear word why there is none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api_server import ApiServer, api_server, why_not


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """The server of KUBECONFIG, else one of our own."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    folder: Path = tmp_path_factory.mktemp("apiserver")
    with api_server(folder) as running:
        yield running
