"""Clients against a flag service in miniature, on real sockets."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mirante import Mirante
from mirante.client.settings import Timing

from tests.support.fake_flag_service import KEY, FakeFlagService
from tests.support.flag_messages import bool_flag

QUICK = Timing(grace=0.2, retry_base=0.02, retry_longest=0.2, denied_base=0.02, denied_longest=0.05, save_every=0.01)
"""Waits that tests can afford."""

Connect = Callable[..., Mirante]


@pytest.fixture
def service() -> Iterator[FakeFlagService]:
    """A running service with one flag, "a", that is true."""
    with FakeFlagService(bool_flag("a")) as running:
        yield running


@pytest.fixture
def connect(service: FakeFlagService) -> Iterator[Connect]:
    """Make clients of the service, which are closed in the end."""
    clients: list[Mirante] = []

    def make(**settings: Any) -> Mirante:
        clients.append(Mirante(service.address, **{"api_key": KEY, "timing": QUICK, **settings}))
        return clients[-1]

    yield make
    for client in clients:
        client.close()
