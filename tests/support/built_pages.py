"""The browser parts as people get them: built once for all test processes. Without Node the tests fail."""

import fcntl
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).parents[2]
_NODE: Final = _ROOT / "scripts/with_node.sh"
_BUILD_SECONDS: Final = 300


@dataclass(frozen=True)
class BuiltPages:
    """Folders of static files."""

    dashboard: Path
    vendas: Path


def built_pages(shared: Path) -> BuiltPages:
    """
    Return the dashboard and the page of vendas, built below a folder that all processes of a test run share.

    MIRANTE_TEST_DASHBOARD and MIRANTE_TEST_VENDAS_WEB name what is built already.
    """
    dashboard, vendas = (os.environ.get(f"MIRANTE_TEST_{name}") for name in ("DASHBOARD", "VENDAS_WEB"))
    with (shared / "built-pages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return BuiltPages(
            _given(dashboard) if dashboard else _built(shared / "dashboard", "clients/dashboard"),
            _given(vendas) if vendas else _built(shared / "vendas", "examples/vendas_web", "clients/web"),
        )


def _given(path: str) -> Path:
    folder = Path(path).absolute()
    if not _is_built(folder):
        pytest.fail(f"{folder} holds no built page")
    return folder


def _built(folder: Path, workspace: str, *needed: str) -> Path:
    if not _is_built(folder):
        for each in needed:
            _run("run", "build", "--workspace", each)
        # Under another name until it is whole.
        unfinished = folder.with_name(f"{folder.name}-unfinished")
        _run("run", "build", "--workspace", workspace, "--", "--outDir", str(unfinished), "--emptyOutDir")
        unfinished.rename(folder)
    return folder


def _is_built(folder: Path) -> bool:
    return (folder / "index.html").is_file()


def _run(*arguments: str) -> None:
    if not (_ROOT / "node_modules/vite").exists():
        pytest.fail("the browser tests need the packages of the browser parts: run scripts/with_node.sh npm ci")
    command = [str(_NODE), "npm", *arguments]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False, timeout=_BUILD_SECONDS)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(command)}: {done.stdout[-3_000:]}{done.stderr[-3_000:]}")
