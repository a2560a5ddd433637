"""Keys of flags in source code: which files are looked at, and where keys stand. No service is asked."""

import os
import re
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LARGEST_FILE: Final = 2 * 2**20
"""Bytes; what is larger was hardly written by people."""
MOST_FILES: Final = 100_000
LONGEST_LINE: Final = 10_000
"""Characters of a line that are looked at: minified code has lines of megabytes."""

_SKIPPED: Final = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".mirante",
        ".venv",
        "venv",
        "node_modules",
        "__pycache__",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".tox",
        "dist",
        "build",
        "target",
    }
)
"""Folders that hold what was fetched or made."""
_HEAD: Final = 8_192
_GIT_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a key stands: its flag, the file, the line counted from 1, and what the line says."""

    flag_key: str
    file: str
    line: int
    text: str


@dataclass(slots=True)
class Looked:
    """Files that were looked at, those skipped (binary, too large, unreadable), and whether there were more."""

    files: int = 0
    skipped: int = 0
    truncated: bool = False


def references(root: Path, keys: Collection[str], looked: Looked) -> Iterator[Reference]:
    """
    Yield where keys stand under a folder, or in a file; `looked` is filled meanwhile.

    In a git repository what it ignores is left out; elsewhere folders of what was fetched or made are.
    """
    if not keys:
        return
    pattern = _pattern(keys)
    for file in _files(root):
        if looked.files + looked.skipped >= MOST_FILES:
            looked.truncated = True
            return
        lines = _lines(file)
        if lines is None:
            looked.skipped += 1
            continue
        looked.files += 1
        shown = str(file.relative_to(root)) if file != root else file.name
        for number, line in enumerate(lines, 1):
            for key in dict.fromkeys(pattern.findall(line[:LONGEST_LINE])):
                yield Reference(key, shown, number, line.strip())


def _pattern(keys: Collection[str]) -> re.Pattern[str]:
    """
    Return what finds keys as whole words.

    A key may hold dots and hyphens: "a" does not stand in "a-b", but at the end of a sentence, and in `flags.a`.
    """
    # The longer one first, where one begins like another.
    either = "|".join(re.escape(key) for key in sorted(keys, key=len, reverse=True))
    return re.compile(rf"(?<![A-Za-z0-9_-])({either})(?![A-Za-z0-9_]|[-.][A-Za-z0-9_])")


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    tracked = _git_files(root)
    if tracked is not None:
        yield from (root / name for name in tracked)
        return
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        yield from (Path(folder) / name for name in sorted(names))


def _git_files(root: Path) -> list[str] | None:
    """Return the files that git does not ignore; None where there is no repository, or no git."""
    # A repository's own settings may name a program for that: none is to be run.
    command = (
        "git",
        "-c",
        "core.fsmonitor=false",
        "-C",
        str(root),
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    )
    try:
        done = subprocess.run(command, capture_output=True, timeout=_GIT_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return sorted({os.fsdecode(name) for name in done.stdout.split(b"\0") if name})


def _lines(file: Path) -> list[str] | None:
    """Return the lines of a text; None when it is none, too large, or no regular file."""
    try:
        if not file.is_file() or file.is_symlink() or file.stat().st_size > LARGEST_FILE:
            return None
        content = file.read_bytes()
    except OSError:
        return None
    if b"\0" in content[:_HEAD]:
        return None
    return content.decode("utf-8", errors="replace").splitlines()
