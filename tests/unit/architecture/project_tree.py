"""Where the project's files are, for the tests that read them."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
GENERATED = ROOT / "clients/python/mirante/api"
_GENERATED_FILES = {ROOT / "clients/dashboard/src/api/schema.d.ts"}
_WRITTEN_BY_HAND = ("clients", "services", "tests", "benchmarks", "examples", "scripts", ".ci", "protos", "k8s")
_NOT_OURS = {"node_modules", "__pycache__", "dist"}


def files(*suffixes: str) -> Iterator[Path]:
    """Yield the hand-written files with one of the suffixes, those at the top included."""
    candidates = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in _WRITTEN_BY_HAND:
        candidates += (ROOT / folder).rglob("*")
    for path in sorted(candidates):
        if path in _GENERATED_FILES or GENERATED in path.parents or _NOT_OURS & set(path.parts):
            continue
        if path.suffix in suffixes:
            yield path
