"""The images, built as their Containerfile says, once for all tests here."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.containers.building import Builder, possible
from tests.support.containers.containerfile import Stage, read_containerfile

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def stages() -> Mapping[str, Stage]:
    """What the Containerfile says."""
    return read_containerfile(ROOT / "Containerfile")


@pytest.fixture(scope="session")
def builder(stages: Mapping[str, Stage]) -> Iterator[Builder]:
    """What executes it here, below a folder that every user may enter."""
    if not possible():
        pytest.skip("executing a Containerfile needs root, unshare, setpriv and chroot")
    folder = Path(tempfile.mkdtemp(prefix="mirante-images-"))
    folder.chmod(0o755)
    try:
        yield Builder(stages, ROOT, folder)
    finally:
        shutil.rmtree(folder)
