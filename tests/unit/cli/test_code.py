"""Where keys of flags stand in code."""

import subprocess
from pathlib import Path

import pytest

from services.cli.flags import code
from services.cli.flags.code import Looked, references


def found(root: Path, *keys: str) -> tuple[list[str], Looked]:
    """Return what is found, as FILE:LINE KEY, and what was looked at."""
    looked = Looked()
    return [f"{each.file}:{each.line} {each.flag_key}" for each in references(root, keys, looked)], looked


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        ('is_enabled("dark_mode")', ["dark_mode"]),
        ("flags.dark_mode.on", []),
        ("se dark_mode. Depois", ["dark_mode"]),
        ("dark_mode_2 my_dark_mode xdark_mode dark_mode-novo dark-dark_mode", []),
        ("dark_mode.v2, dark_mode", ["dark_mode.v2", "dark_mode"]),
        ("mirante.dark_mode = true", ["dark_mode"]),
        ("dark_mode dark_mode", ["dark_mode"]),
        ("DARK_MODE", []),
        (f"{'x' * 10_000} dark_mode", []),
    ],
)
def test_keys_are_whole_words(tmp_path: Path, line: str, keys: list[str]) -> None:
    """Each once a line; keys may hold dots and hyphens; of lines that no person wrote the beginning counts."""
    (tmp_path / "a.py").write_text(f"\n{line}\n")
    hits, _ = found(tmp_path, "dark_mode", "dark_mode.v2")
    assert hits == [f"a.py:2 {key}" for key in keys]


def test_what_is_not_code_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of what was fetched, binary and large files, links; a file that is no UTF-8 is read as far as it is."""
    for name in ("node_modules/x.js", ".venv/y.py", "src/a.ts", "src/deep/b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("dark_mode")
    (tmp_path / "c.bin").write_bytes(b"dark_mode\0")
    (tmp_path / "d.txt").write_bytes(b"\xff dark_mode")
    (tmp_path / "e.txt").write_text("dark_mode " * 50)
    (tmp_path / "f.txt").symlink_to(tmp_path / "d.txt")
    monkeypatch.setattr(code, "LARGEST_FILE", 400)
    hits, looked = found(tmp_path, "dark_mode")
    assert hits == ["d.txt:1 dark_mode", "src/a.ts:1 dark_mode", "src/deep/b.py:1 dark_mode"]
    assert (looked.files, looked.skipped, looked.truncated) == (3, 3, False)
    assert found(tmp_path / "src/a.ts", "dark_mode")[0] == ["a.ts:1 dark_mode"]
    assert found(tmp_path)[0] == []
    monkeypatch.setattr(code, "MOST_FILES", 2)
    assert found(tmp_path, "dark_mode")[1].truncated


def test_what_git_ignores_is_left_out(tmp_path: Path) -> None:
    """In a repository, and below its top; what is not committed yet is looked at."""
    command = ("git", "init", "--quiet", str(tmp_path))
    subprocess.run(command, check=True)
    (tmp_path / ".gitignore").write_text("gerado/\n")
    for name in ("gerado/x.py", "src/a.py", "outro.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("dark_mode")
    assert found(tmp_path, "dark_mode")[0] == ["outro.py:1 dark_mode", "src/a.py:1 dark_mode"]
    assert found(tmp_path / "src", "dark_mode")[0] == ["a.py:1 dark_mode"]
