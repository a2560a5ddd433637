"""What objects name is there: secrets and their keys, configuration, accounts, claims, services, targets."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from k8s.checks.objects import Document, Manifests, Workload, title

GIVEN: Final[Mapping[str, frozenset[str]]] = {
    "mirante-datastores": frozenset({"database-url", "redis-url"}),
    "mirante-keys": frozenset({"internal", "editor"}),
    "gateway-tls": frozenset({"tls.crt", "tls.key"}),
}
"""Secrets that whoever deploys makes, and what has to be in them. docs/kubernetes.md tells how."""

_ISSUED: Final = frozenset({"tls.crt", "tls.key", "ca.crt"})


def references(manifests: Manifests) -> Iterator[str]:
    """Yield names that lead nowhere."""
    kept = {"Secret": _secrets(manifests), "ConfigMap": _contents(manifests, "ConfigMap")}
    for workload in manifests.workloads:
        account = workload.pod.get("serviceAccountName")
        if account is None or manifests.named("ServiceAccount", account) is None:
            yield f"{workload.title}: there is no ServiceAccount/{account}"
        for kind, name, key in _used(workload):
            if kind == "PersistentVolumeClaim":
                if manifests.named(kind, name) is None:
                    yield f"{workload.title}: there is no {kind}/{name}"
            elif name not in kept[kind]:
                yield f"{workload.title}: there is no {kind}/{name}"
            elif key is not None and key not in kept[kind][name]:
                yield f"{workload.title}: {kind}/{name} has no {key}"
        for constraint in ("serviceName",):
            named = workload.spec.get(constraint)
            if named is not None and manifests.named("Service", named) is None:
                yield f"{workload.title}: there is no Service/{named}"
    yield from _targets(manifests)
    yield from _edges(manifests)
    yield from _issuers(manifests)


def _targets(manifests: Manifests) -> Iterator[str]:
    for each in manifests.of("HorizontalPodAutoscaler"):
        aim = each["spec"]["scaleTargetRef"]
        target = manifests.named(aim["kind"], aim["name"])
        if target is None:
            yield f"{title(each)}: there is no {aim['kind']}/{aim['name']}"
        elif "replicas" in target["spec"]:
            yield f"{title(target)}: is scaled by {title(each)}, and each apply would set its replicas back"


def _edges(manifests: Manifests) -> Iterator[str]:
    for ingress in manifests.of("Ingress"):
        for rule in ingress["spec"].get("rules", []):
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                yield from _served(manifests, ingress, backend["name"], *backend["port"].values())
        for tls in ingress["spec"].get("tls", []):
            if tls["secretName"] not in _secrets(manifests):
                yield f"{title(ingress)}: there is no Secret/{tls['secretName']}"
    for route in manifests.of("HTTPRoute"):
        for rule in route["spec"]["rules"]:
            for backend in rule["backendRefs"]:
                yield from _served(manifests, route, backend["name"], backend["port"])


def _served(manifests: Manifests, edge: Document, name: str, port: int | str) -> Iterator[str]:
    service = manifests.named("Service", name)
    there = [] if service is None else [value for each in service["spec"]["ports"] for value in each.values()]
    if port not in there:
        yield f"{title(edge)}: there is no Service/{name} with a port {port}"


def _issuers(manifests: Manifests) -> Iterator[str]:
    for certificate in manifests.of("Certificate"):
        issuer = certificate["spec"]["issuerRef"]
        if manifests.named(issuer["kind"], issuer["name"]) is None:
            yield f"{title(certificate)}: there is no {issuer['kind']}/{issuer['name']}"
    for issuer in manifests.of("Issuer"):
        secret = issuer["spec"].get("ca", {}).get("secretName")
        if secret is not None and secret not in _secrets(manifests):
            yield f"{title(issuer)}: there is no Secret/{secret}"


def _used(workload: Workload) -> Iterator[tuple[str, str, str | None]]:
    """Yield the kind, name and key of each reference of a workload's pods."""
    for container in workload.containers:
        for variable in container.get("env", []):
            source = variable.get("valueFrom", {})
            if "secretKeyRef" in source:
                yield "Secret", source["secretKeyRef"]["name"], source["secretKeyRef"]["key"]
            if "configMapKeyRef" in source:
                yield "ConfigMap", source["configMapKeyRef"]["name"], source["configMapKeyRef"]["key"]
        for source in container.get("envFrom", []):
            for field, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
                if field in source:
                    yield kind, source[field]["name"], None
    for volume in workload.pod.get("volumes", []):
        if "secret" in volume:
            yield from _mounted("Secret", volume["secret"]["secretName"], volume["secret"])
        if "configMap" in volume:
            yield from _mounted("ConfigMap", volume["configMap"]["name"], volume["configMap"])
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"], None


def _mounted(kind: str, name: str, source: Document) -> Iterator[tuple[str, str, str | None]]:
    yield kind, name, None
    for item in source.get("items", []):
        yield kind, name, item["key"]


def _contents(manifests: Manifests, kind: str) -> dict[str, frozenset[str]]:
    def keys(each: Document) -> frozenset[str]:
        parts: list[dict[str, Any]] = [each.get(part) or {} for part in ("data", "stringData", "binaryData")]
        return frozenset(key for part in parts for key in part)

    return {each["metadata"]["name"]: keys(each) for each in manifests.of(kind)}


def _secrets(manifests: Manifests) -> dict[str, frozenset[str]]:
    """Return the Secrets that will be there: those that are here, that are given, and that certificates make."""
    issued = {each["spec"]["secretName"]: _ISSUED for each in manifests.of("Certificate")}
    return {**GIVEN, **issued, **_contents(manifests, "Secret")}
