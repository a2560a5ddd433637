"""Who may speak with whom: nobody by default, and everybody reaches every address that its variables name."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from k8s.checks.objects import Document, Manifests, Workload, title, variables

_DATASTORES: Final = {"DATABASE_URL": ("to-postgres", 5432), "REDIS_URL": ("to-valkey", 6379)}


@dataclass(frozen=True)
class Address:
    """Where a variable leads. `host` is None where only a Secret knows it."""

    variable: str
    host: str | None
    port: int


def network(manifests: Manifests) -> Iterator[str]:
    """Yield what a policy lacks, addresses that cannot be reached, and calls to TLS without its authority."""
    policies = list(manifests.of("NetworkPolicy"))
    if not any(_denies_all(each) for each in policies):
        yield "no NetworkPolicy denies everything that the others do not allow"
    for policy in policies:
        if policy["spec"]["podSelector"] and not manifests.selected(policy["spec"]["podSelector"]):
            yield f"{title(policy)}: is about nobody"
    for workload in manifests.workloads:
        if not _reaches_names(policies, workload):
            yield f"{workload.title}: may not ask for names"
        for address in addresses(workload):
            yield from _reached(manifests, policies, workload, address)


def addresses(workload: Workload) -> Iterator[Address]:
    """Yield the addresses that the variables of a workload name."""
    for name, variable in variables(workload).items():
        if name in _DATASTORES:
            yield Address(name, None, _DATASTORES[name][1])
        elif name.endswith("_ADDRESS"):
            host, _, port = variable["value"].rpartition(":")
            yield Address(name, host, int(port))
        elif name == "OTEL_EXPORTER_OTLP_ENDPOINT":
            url = urlsplit(variable["value"])
            yield Address(name, url.hostname, url.port or 0)


def _reached(manifests: Manifests, policies: list[Document], workload: Workload, address: Address) -> Iterator[str]:
    where = f"{workload.title}: {address.variable}"
    if address.host is None:
        host = _DATASTORES[address.variable][0].removeprefix("to-")
        target = next((each for each in manifests.workloads if each.document["metadata"]["name"] == host), None)
    else:
        service = manifests.named("Service", address.host)
        if service is None:
            yield f"{where} names {address.host}, and there is no such Service"
            return
        if address.port not in [port["port"] for port in service["spec"]["ports"]]:
            yield f"{where} names port {address.port}, which Service/{address.host} does not have"
            return
        target = next(iter(manifests.selected({"matchLabels": service["spec"]["selector"]})), None)
    port = address.port if target is None or address.host is None else _pod_port(manifests, address, target)
    if not any(_allows(each, "Egress", workload, target, port) for each in policies):
        yield f"{where} is not reached: no policy lets it out to port {port}"
    if target is not None and not any(_allows(each, "Ingress", target, workload, port) for each in policies):
        yield f"{where} is not reached: no policy lets it into {target.title}"
    if target is not None and "MIRANTE_TLS_CERTIFICATE" in variables(target):
        authority = address.variable.replace("_ADDRESS", "_CA")
        if authority not in variables(workload):
            yield f"{where} speaks TLS, and there is no {authority}"


def _pod_port(manifests: Manifests, address: Address, target: Workload) -> int:
    service = manifests.named("Service", address.host or "")
    assert service is not None  # noqa: S101 - it was found before
    [port] = [each for each in service["spec"]["ports"] if each["port"] == address.port]
    return target.port(port.get("targetPort", port["port"])) or address.port


def _denies_all(policy: Document) -> bool:
    spec = policy["spec"]
    silent = not spec.get("ingress") and not spec.get("egress")
    return not spec["podSelector"] and silent and set(spec.get("policyTypes", [])) == {"Ingress", "Egress"}


def _reaches_names(policies: list[Document], workload: Workload) -> bool:
    return any(
        53 in [port.get("port") for port in rule.get("ports", [])]
        for policy in policies
        if _is_about(policy, "Egress", workload)
        for rule in policy["spec"].get("egress", [])
    )


def _allows(policy: Document, direction: str, subject: Workload, other: Workload | None, port: int) -> bool:
    """Return whether a policy lets a subject speak with another, which is outside when it is None."""
    if not _is_about(policy, direction, subject):
        return False
    peers = "to" if direction == "Egress" else "from"
    listening = other if direction == "Egress" else subject
    return any(
        _peer_matches(rule.get(peers), other) and _port_matches(rule.get("ports"), listening, port)
        for rule in policy["spec"].get(direction.lower(), [])
    )


def _is_about(policy: Document, direction: str, workload: Workload) -> bool:
    spec = policy["spec"]
    return direction in spec.get("policyTypes", []) and workload in Manifests([workload.document]).selected(
        spec["podSelector"]
    )


def _peer_matches(peers: list[Document] | None, other: Workload | None) -> bool:
    if not peers:
        return True
    if other is None:
        return any("ipBlock" in peer for peer in peers)
    one = Manifests([other.document])
    return any(
        "podSelector" in peer and "namespaceSelector" not in peer and one.selected(peer["podSelector"])
        for peer in peers
    )


def _port_matches(ports: list[Document] | None, listening: Workload | None, port: int) -> bool:
    if not ports:
        return True
    named = {listening.port(each["port"]) if listening else None for each in ports}
    return port in named or port in {each["port"] for each in ports}
