"""Renders what `kubectl apply -k` would send, alone and with further components."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Final

K8S: Final = Path(__file__).resolve().parents[1]
NAMESPACE: Final = "mirante"

Combination = tuple[str, ...]

_EDGES: Final[Sequence[Combination]] = ((), ("ingress",), ("gateway-api",))
_OPTIONAL: Final[dict[str, Sequence[str]]] = {
    # TLS is left out of dev: the demo's shop speaks none. Autoscaling: volumes there are of one node.
    "dev": ("opentelemetry-collector", "prometheus"),
    "production": ("opentelemetry-collector", "prometheus", "tls"),
}


class RenderingFailed(Exception):
    """kustomize refuses; what it says."""


def kubectl() -> str | None:
    """Return the machine's kubectl, or that of the environment of these checks; None when there is none."""
    beside = Path(sys.executable).parent / "kubectl"
    return shutil.which("kubectl") or (str(beside) if beside.exists() else None)


def overlays() -> list[str]:
    """Return the overlays by name."""
    return sorted(each.name for each in (K8S / "overlays").iterdir() if each.is_dir())


def combinations(overlay: str) -> list[Combination]:
    """Return every set of components that may be added to an overlay, none first."""
    switches = [((), (name,)) for name in _OPTIONAL[overlay]]
    return [tuple(name for part in chosen for name in part) for chosen in product(*switches, _EDGES)]


def render(overlay: str, components: Combination = ()) -> str:
    """
    Return the YAML of an overlay with components.

    Raises:
        RenderingFailed: kustomize refuses, or there is no kubectl.
    """
    if not components:
        return kustomize(K8S / "overlays" / overlay)
    with tempfile.TemporaryDirectory(prefix="mirante-k8s-") as folder:
        here = os.path.relpath(K8S, Path(folder).resolve())
        lines = ["apiVersion: kustomize.config.k8s.io/v1beta1", "kind: Kustomization", f"namespace: {NAMESPACE}"]
        lines += ["resources:", f"  - {here}/overlays/{overlay}", "components:"]
        lines += [f"  - {here}/components/{name}" for name in components]
        (Path(folder) / "kustomization.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return kustomize(Path(folder))


def kustomize(folder: Path) -> str:
    """
    Return what kustomize makes of a folder.

    Raises:
        RenderingFailed: it refuses, or there is no kubectl.
    """
    command = kubectl()
    if command is None:
        raise RenderingFailed("there is no kubectl")
    made = subprocess.run([command, "kustomize", str(folder)], capture_output=True, text=True, check=False)
    if made.returncode or made.stderr.strip():
        # A warning is of something that is on its way out.
        raise RenderingFailed(made.stderr.strip())
    return made.stdout
