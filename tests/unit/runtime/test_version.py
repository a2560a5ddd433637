"""The version in the code is that of the project."""

import tomllib

from services.runtime.version import VERSION
from tests.unit.architecture.project_tree import ROOT


def test_images_know_the_version_of_the_project() -> None:
    """Images hold no metadata of packages, so the code says it."""
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
