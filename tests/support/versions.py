"""Folders with other versions of the code: an older one out of the history, and a next one that adds to the tables."""

import io
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Final

from services.migrate.app import migrated_services
from services.runtime.migrations import read_migrations

ROOT: Final = Path(__file__).parents[2]
_CODE: Final = ("services", "clients/python/mirante")

# What a version may do to tables that an older one reads and writes at the same time.
_ADDITIONS: Final = """
    ALTER TABLE {table} ADD COLUMN next_release text;
    ALTER TABLE {table} ADD COLUMN next_release_count integer NOT NULL DEFAULT 0;
"""
_CREATES: Final = re.compile(r"^CREATE TABLE (\w+) \(", re.MULTILINE)


def next_release(folder: Path) -> Path:
    """Copy this version to a folder, and let it add to every table of every service; return the folder."""
    for part in _CODE:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for service, migrations in migrated_services(folder / "services"):
        known = read_migrations(migrations)
        tables = [table for migration in known for table in _CREATES.findall(migration.sql)]
        file = folder / "services" / service / "migrations" / f"{known[-1].number + 1:04}_next_release.sql"
        additions = [_ADDITIONS.format(table=table) for table in tables]
        file.write_text("\n".join([*additions, f"CREATE TABLE next_release_of_{service} (id bigint PRIMARY KEY);"]))
    return folder


def of_the_history(revision: str, folder: Path) -> Path:
    """Take a version out of the repository's history into a folder; return the folder."""
    folder.mkdir()
    archive = subprocess.check_output(["git", "archive", revision, *_CODE], cwd=ROOT)  # noqa: S607 - that of the PATH
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder
