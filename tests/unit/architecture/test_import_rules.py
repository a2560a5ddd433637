"""The import rules of pyproject.toml hold, and would not if somebody broke them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.architecture.project_tree import ROOT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

CORE = "The evaluation core is pure"
STATISTICS = "The statistics of experiments are pure"
CLIENT = "The client never imports services"
SERVICES = "Services share the runtime and know nothing of each other"


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    """Check the tree's own packages, not the ones that are installed."""
    path = os.pathsep.join([str(tree), str(tree / "clients/python")])
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the rules look at."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in ("services", "clients/python/mirante"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_rules_hold() -> None:
    """The tree as it is keeps all of them."""
    outcome = lint_imports(ROOT)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "4 kept, 0 broken" in outcome.stdout


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("clients/python/mirante/evaluation/model.py", "import grpc", CORE),
        ("clients/python/mirante/evaluation/model.py", "import time", CORE),
        ("clients/python/mirante/evaluation/model.py", "from google.protobuf import message", CORE),
        ("clients/python/mirante/evaluation/model.py", "from mirante.wire import values", CORE),
        ("services/metrics/experiments/statistics/sums.py", "from datetime import datetime", STATISTICS),
        ("clients/python/mirante/wire/values.py", "from services.runtime import access", CLIENT),
        ("services/runtime/access.py", "from services.flags import store", SERVICES),
        ("services/cli/__init__.py", "from services.flags import store", SERVICES),
        ("services/flags/__init__.py", "from services import cli", SERVICES),
    ],
)
def test_rules_notice_a_breach(tree: Path, file: str, line: str, broken: str) -> None:
    """One wrong import breaks the rule that forbids it."""
    with (tree / file).open("a") as module:
        module.write(f"\n{line}\n")
    outcome = lint_imports(tree)
    assert outcome.returncode == 1
    assert f"{broken} BROKEN" in outcome.stdout


def test_rules_notice_an_unnamed_service(tree: Path) -> None:
    """A package under services that the layers do not name is refused."""
    (tree / "services/surprise").mkdir()
    (tree / "services/surprise/__init__.py").touch()
    outcome = lint_imports(tree)
    assert outcome.returncode == 1
    assert f"{SERVICES} BROKEN" in outcome.stdout
