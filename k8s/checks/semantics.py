"""All checks of meaning."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from k8s.checks.environment import documented_variables, environment
from k8s.checks.naming import naming, selectors
from k8s.checks.network import network
from k8s.checks.objects import Manifests
from k8s.checks.pods import claims_of_rollouts, endings, ports, probes, resources, volumes
from k8s.checks.references import references
from k8s.checks.release import release
from k8s.checks.security import restricted

ROOT: Final = Path(__file__).resolve().parents[2]


def problems(manifests: Manifests) -> Iterator[str]:
    """Yield everything that is wrong with a rendering, in one line each."""
    for check in (naming, selectors, ports, volumes, resources, probes, endings, claims_of_rollouts):
        yield from check(manifests)
    yield from references(manifests)
    yield from restricted(manifests)
    yield from environment(manifests, documented_variables(ROOT / "docs/settings.md"))
    yield from network(manifests)
    yield from release(manifests, _version())


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
