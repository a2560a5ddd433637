"""A home folder of one test, removed at the end: a data folder takes 40 MB."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def home() -> Iterator[Path]:
    """Yield a home that does not exist yet, below a folder that only we can enter."""
    with tempfile.TemporaryDirectory(prefix="mirante-home-") as parent:
        yield Path(parent) / "home"
