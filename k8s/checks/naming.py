"""Names: legal ones, each once, in one namespace, and pods that are found by the labels that their owner looks for."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from k8s.checks.objects import Manifests, matches, title

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?")
CLUSTER_SCOPED: Final = {"Namespace", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"}
_SHORT: Final = {"Service", "Namespace", "Deployment", "StatefulSet", "Job"}
"""Kinds whose names become labels or names of hosts."""


def naming(manifests: Manifests) -> Iterator[str]:
    """Yield what is wrong with the names of objects."""
    seen = Counter((each["kind"], each["metadata"].get("name")) for each in manifests.documents)
    for (kind, name), times in seen.items():
        if times > 1:
            yield f"{kind}/{name}: is there {times} times"
    inside = [each for each in manifests.documents if each["kind"] not in CLUSTER_SCOPED]
    namespaces = {each["metadata"].get("namespace") for each in inside}
    if len(namespaces) > 1:
        yield f"objects are in several namespaces: {sorted(map(str, namespaces))}"
    for each in manifests.of("Namespace"):
        if namespaces and each["metadata"]["name"] not in namespaces:
            yield f"{title(each)}: nothing is in it"
    for each in manifests.documents:
        pattern = _LABEL if each["kind"] in _SHORT else _SUBDOMAIN
        if not pattern.fullmatch(str(each["metadata"].get("name", ""))):
            yield f"{title(each)}: is no legal name"


def selectors(manifests: Manifests) -> Iterator[str]:
    """Yield the workloads that do not find their own pods, and the selectors that find nobody."""
    for workload in manifests.workloads:
        selector = workload.spec.get("selector")
        if workload.document["kind"] in {"Deployment", "StatefulSet", "DaemonSet"}:
            if not selector or not matches(selector, workload.labels):
                yield f"{workload.title}: its selector does not match the labels of its pods"
            for other in manifests.workloads:
                if selector and other is not workload and matches(selector, other.labels):
                    yield f"{workload.title}: its selector matches pods of {other.title}"
        for spread in workload.pod.get("topologySpreadConstraints", []):
            if not matches(spread.get("labelSelector", {}), workload.labels):
                yield f"{workload.title}: spreads pods that are not its own"
    for service in manifests.of("Service"):
        wanted = {"matchLabels": service["spec"].get("selector", {})}
        if len(manifests.selected(wanted)) != 1:
            yield f"{title(service)}: selects {len(manifests.selected(wanted))} workloads instead of one"
    for kind in ("PodDisruptionBudget", "PodMonitor"):
        for each in manifests.of(kind):
            if not manifests.selected(each["spec"].get("selector")):
                yield f"{title(each)}: selects nothing"
