"""Stand-ins for the kinds that other projects define, so that a bare server takes objects of them."""

from k8s.checks.objects import Document

_KINDS = {
    "Certificate": ("cert-manager.io", "v1", "certificates"),
    "Issuer": ("cert-manager.io", "v1", "issuers"),
    "HTTPRoute": ("gateway.networking.k8s.io", "v1", "httproutes"),
    "PodMonitor": ("monitoring.coreos.com", "v1", "podmonitors"),
    "PrometheusRule": ("monitoring.coreos.com", "v1", "prometheusrules"),
}


def stand_ins() -> list[Document]:
    """Return definitions that know the kinds and none of their fields."""
    return [_definition(kind, *where) for kind, where in _KINDS.items()]


def _definition(kind: str, group: str, version: str, plural: str) -> Document:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    annotations = {"api-approved.kubernetes.io": "unapproved, a stand-in"} if group.endswith("k8s.io") else {}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}", "annotations": annotations},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [{"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }
