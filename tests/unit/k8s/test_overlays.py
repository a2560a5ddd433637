"""What the overlays say, as far as it can be told without a cluster. `make k8s-check` looks at all combinations."""

import re
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2

from k8s.checks.objects import load
from k8s.checks.references import GIVEN
from k8s.checks.rendering import K8S, combinations, kubectl, overlays, render
from k8s.checks.semantics import problems
from services.flags.roles import SERVICES as FLAGS
from services.metrics.roles import SERVICES as METRICS
from services.runtime.server import LIVENESS
from services.telemetry.roles import SERVICES as TELEMETRY

needs_kubectl = pytest.mark.skipif(kubectl() is None, reason="there is no kubectl to render with")
ROOT = K8S.parent


@needs_kubectl
@pytest.mark.parametrize("overlay", overlays())
def test_nothing_is_wrong_with_an_overlay(overlay: str) -> None:
    """Neither alone nor with everything that can be added."""
    for components in ((), combinations(overlay)[-1]):
        assert list(problems(load(render(overlay, components)))) == []


@needs_kubectl
def test_probes_ask_for_names_that_health_knows() -> None:
    """A name that the service does not have would be answered as NOT_FOUND, for ever."""
    known = {"flags": FLAGS, "telemetry": TELEMETRY, "metrics": METRICS}
    for name, services in known.items():
        deployment = load(render("production")).named("Deployment", name)
        assert deployment is not None
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        asked = {
            kind: container[kind]["grpc"]["service"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")
        }
        assert asked["startupProbe"] == asked["livenessProbe"] == LIVENESS
        assert asked["readinessProbe"] in services
    assert LIVENESS not in {health_pb2.DESCRIPTOR.package, *FLAGS, *TELEMETRY, *METRICS}


@pytest.mark.parametrize("overlay", overlays())
def test_overlays_hold_patches_only(overlay: str) -> None:
    """Objects are in base and components, where every overlay finds them."""
    assert [path.name for path in (K8S / "overlays" / overlay).iterdir()] == ["kustomization.yaml"]


def test_every_component_is_in_some_combination() -> None:
    """A component that nothing renders would not be checked."""
    added = {name for overlay in overlays() for components in combinations(overlay) for name in components}
    own = {
        name
        for overlay in overlays()
        for name in re.findall(r"components/(\S+)", (K8S / "overlays" / overlay / "kustomization.yaml").read_text())
    }
    assert {path.name for path in (K8S / "components").iterdir()} == added | own


def test_the_page_tells_which_secrets_to_make() -> None:
    """Each, and each key of it."""
    page = (Path(ROOT) / "docs/kubernetes.md").read_text()
    for secret, keys in GIVEN.items():
        assert secret in page
        for key in keys - {"tls.crt", "tls.key"}:
            assert key in page
