"""What the overlays say, as far as it can be told without a cluster. `make k8s-check` looks at all combinations."""

import re
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2
from ruamel.yaml import YAML

from k8s import prometheus_rules
from k8s.checks.objects import load
from k8s.checks.references import GIVEN
from k8s.checks.rendering import K8S, combinations, kubectl, overlays, render
from k8s.checks.semantics import problems
from services.flags.roles import SERVICES as FLAGS
from services.metrics.roles import SERVICES as METRICS
from services.metrics.settings import MetricsSettings
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


@needs_kubectl
def test_the_metrics_service_has_the_memory_that_reports_may_take() -> None:
    """All that run at once, beside itself."""
    deployment = load(render("production")).named("Deployment", "metrics")
    assert deployment is not None
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    limit = int(container["resources"]["limits"]["memory"].removesuffix("Gi")) * 1024
    settings = MetricsSettings()
    own = int(container["resources"]["requests"]["memory"].removesuffix("Mi"))
    assert limit >= own + settings.report_cache_mib + settings.report_processes * settings.report_memory_mib


@needs_kubectl
def test_the_analytics_stores_are_where_all_replicas_see_them() -> None:
    """On the claim that they share."""
    deployment = load(render("production")).named("Deployment", "metrics")
    assert deployment is not None
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    [folder] = [each["value"] for each in container["env"] if each["name"] == "MIRANTE_ANALYTICS_DIR"]
    [volume] = [each["name"] for each in container["volumeMounts"] if each["mountPath"] == folder]
    [claim] = [each["persistentVolumeClaim"]["claimName"] for each in pod["volumes"] if each["name"] == volume]
    found = load(render("production")).named("PersistentVolumeClaim", claim)
    assert found is not None
    assert found["spec"]["accessModes"] == ["ReadWriteMany"]


def test_the_operator_has_the_rules_that_prometheus_has() -> None:
    """The resource is made from the file; `make docs` makes it anew."""
    assert prometheus_rules.RESOURCE.read_text() == prometheus_rules.resource(prometheus_rules.RULES.read_text())
    resource = load(prometheus_rules.RESOURCE.read_text()).named("PrometheusRule", "mirante")
    assert resource is not None
    assert resource["spec"] == YAML(typ="safe", pure=True).load(prometheus_rules.RULES.read_text())


@needs_kubectl
def test_everything_that_measures_is_scraped() -> None:
    """Each Deployment of the base but the migrations, by the monitor, through the network, and told to listen."""
    rendered = load(render("production", ("prometheus",)))
    measuring = {"flags", "telemetry", "metrics", "gateway", "controller"}
    for kind, name in (("PodMonitor", "mirante"), ("NetworkPolicy", "from-prometheus")):
        found = rendered.named(kind, name)
        assert found is not None
        selector = found["spec"].get("selector") or found["spec"]["podSelector"]
        assert set(selector["matchExpressions"][0]["values"]) == measuring
    for name in measuring:
        deployment = rendered.named("Deployment", name)
        assert deployment is not None
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        assert "prometheus" in {port["name"] for port in container["ports"]}


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
