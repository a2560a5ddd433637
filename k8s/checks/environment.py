"""Environment variables: such as the code knows, each once, and none with a secret in it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from k8s.checks.objects import Manifests

_OURS: Final = "mirante/"
_VARIABLE: Final = re.compile(r"`([A-Z][A-Z0-9_]+)`")
_SECRET: Final = re.compile(r"(KEY|SECRET|PASSWORD|TOKEN)$|_URL$")
_NOT_SECRET: Final = {"MIRANTE_TLS_KEY", "MIRANTE_PUBLIC_URL"}
"""A file's name, and an address that everybody knows."""


def documented_variables(page: Path) -> frozenset[str]:
    """Return the variables that docs/settings.md names."""
    return frozenset(_VARIABLE.findall(page.read_text(encoding="utf-8")))


def environment(manifests: Manifests, documented: frozenset[str]) -> Iterator[str]:
    """Yield variables that our services do not read, that are there twice, or that hold a secret."""
    for workload in manifests.workloads:
        for container in workload.containers:
            where = f"{workload.title}: container {container['name']}"
            names = [each["name"] for each in container.get("env", [])]
            for name in sorted({each for each in names if names.count(each) > 1}):
                yield f"{where}: {name} is set twice"
            for variable in container.get("env", []):
                name = variable["name"]
                if str(container["image"]).startswith(_OURS) and name not in documented:
                    yield f"{where}: there is no setting {name}"
                if "value" in variable and _SECRET.search(name) and name not in _NOT_SECRET:
                    yield f"{where}: {name} holds a secret, and refers to none"
                if "value" in variable and not isinstance(variable["value"], str):
                    yield f"{where}: {name} is no text"
