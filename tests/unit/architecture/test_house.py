"""Rules of the house that no linter knows."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.unit.architecture.project_tree import ROOT, files

MOST_LINES = 400


def test_files_stay_small() -> None:
    """No hand-written file is longer than 400 lines."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in files(".py", ".sql", ".sh", ".proto", ".ts", ".tsx")
        if (lines := len(path.read_text().splitlines())) > MOST_LINES
    }
    assert long == {}


def test_no_file_is_a_drawer() -> None:
    """Files are named for their job."""
    drawers = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}
    assert [path for path in files(".py") if path.name in drawers] == []


def test_locks_hold_versions_and_hashes_only() -> None:
    """A lock pins with hashes and names no registry."""
    locks = [*ROOT.glob("requirements/**/*.lock"), *(ROOT / each / "requirements.lock" for each in ("protos", "k8s"))]
    assert len(locks) >= 7
    for lock in locks:
        text = lock.read_text()
        assert "://" not in text
        assert "index-url" not in text
        pinned = re.findall(r"^[a-z0-9][^\s=]*==", text, re.MULTILINE)
        hashed = re.findall(r"^[a-z0-9][^\n]*\\\n +--hash=sha256:", text, re.MULTILINE)
        assert len(pinned) == len(hashed) > 0


def pinned_in(name: str) -> set[str]:
    """What a lock pins, with its versions."""
    return set(re.findall(r"^(\S+==\S+)", (ROOT / f"requirements/{name}.lock").read_text(), re.MULTILINE))


def test_development_lock_holds_the_runtime_lock() -> None:
    """One environment serves both, so what both name has one version."""
    assert pinned_in("runtime") - pinned_in("dev") == set()


def test_locks_of_images_hold_what_services_need() -> None:
    """All that the project asks for but what they leave out on purpose, in the versions of the runtime lock."""
    runtime, columnar, plain = (pinned_in(name) for name in ("runtime", "images/columnar", "images/plain"))
    assert plain <= columnar
    known = {each.partition("==")[0] for each in runtime}
    assert {each for each in columnar - runtime if each.partition("==")[0] in known} == set()
    left_out = {
        name: {
            line
            for line in (ROOT / f"requirements/images/{name}.excludes").read_text().splitlines()
            if line[:1].isalpha()
        }
        for name in ("embedded", "columnar")
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[^\w.-]", each.lower())[0].replace(".", "-") for each in project["dependencies"]} - {"mirante"}
    for lock, excluded in ((columnar, left_out["embedded"]), (plain, left_out["embedded"] | left_out["columnar"])):
        assert wanted - {each.partition("==")[0] for each in lock} == wanted & excluded


@pytest.mark.parametrize("command", ["make run", "make test"])
def test_readme_names_the_two_commands(command: str) -> None:
    """A newcomer finds both commands in the README."""
    assert command in (ROOT / "README.md").read_text()


def make_targets() -> set[str]:
    """The targets that the Makefile has."""
    return set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def documents() -> list[Path]:
    """All Markdown of the project."""
    return list(files(".md"))


def test_documents_name_targets_that_exist() -> None:
    """`make something` in a document is a command of the Makefile."""
    named = {
        (path.name, target)
        for path in documents()
        for target in re.findall(r"`make ([a-z0-9-]+)", path.read_text())
        if not target.startswith("bench-")
    }
    assert {(name, target) for name, target in named if target not in make_targets()} == set()


def test_links_of_documents_lead_somewhere() -> None:
    """A relative link names a file of the tree."""
    broken = {
        (str(path.relative_to(ROOT)), target)
        for path in documents()
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text())
        if "://" not in target and not (path.parent / target).exists()
    }
    assert broken == set()


def test_console_script_is_named_mirante() -> None:
    """Scripts rely on the command's name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"mirante": "services.cli.app:main"}
