"""Pods that can run: ports, volumes, resources, probes, and an end that is long enough."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from k8s.checks.objects import Document, Manifests, Workload, title, variables

_PORT_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LONGEST_PORT_NAME: Final = 15
_QUANTITY: Final = re.compile(r"([0-9.]+)(m|k|Ki|M|Mi|G|Gi|T|Ti)?")
_UNITS: Final = {
    "": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip
_MEASURED: Final = ("cpu", "memory", "ephemeral-storage")
_PROBES: Final = ("startupProbe", "livenessProbe", "readinessProbe")
_DRAIN: Final = "MIRANTE_DRAIN_SECONDS"
_CLOSING_SECONDS: Final = 5
"""What closing pools and exporters may take after the last call."""
DEFAULT_GRACE_SECONDS: Final = 30


def ports(manifests: Manifests) -> Iterator[str]:
    """Yield ports that cannot be, and names of ports that no pod has."""
    for workload in manifests.workloads:
        declared = [port for each in workload.containers for port in each.get("ports", [])]
        for port in declared:
            name, number = str(port.get("name", "")), port["containerPort"]
            if not 1 <= number <= 65535:
                yield f"{workload.title}: there is no port {number}"
            if name and (len(name) > _LONGEST_PORT_NAME or not _PORT_NAME.fullmatch(name)):
                yield f"{workload.title}: {name} is no name of a port (at most {_LONGEST_PORT_NAME} characters)"
        yield from _twice(workload.title, "port", [str(port.get("name")) for port in declared])
        yield from _twice(workload.title, "port", [str(port["containerPort"]) for port in declared])
    for service in manifests.of("Service"):
        targets = manifests.selected({"matchLabels": service["spec"].get("selector", {})})
        for port in service["spec"].get("ports", []):
            wanted = port.get("targetPort", port["port"])
            if targets and targets[0].port(wanted) is None:
                yield f"{title(service)}: its pods have no port {wanted}"
            if service["spec"].get("clusterIP") == "None" and targets and targets[0].port(wanted) != port["port"]:
                # Nothing translates: callers reach the pod on the number that they were told.
                yield f"{title(service)}: has no address, so its port is that of its pods, not {port['port']}"


def volumes(manifests: Manifests) -> Iterator[str]:
    """Yield mounts without a volume, volumes without a mount, and places that are mounted twice."""
    for workload in manifests.workloads:
        claims = [each["metadata"]["name"] for each in workload.spec.get("volumeClaimTemplates", [])]
        there = [*(each["name"] for each in workload.pod.get("volumes", [])), *claims]
        mounted = [mount for each in workload.containers for mount in each.get("volumeMounts", [])]
        for mount in mounted:
            if mount["name"] not in there:
                yield f"{workload.title}: {mount['mountPath']} mounts a volume {mount['name']} that is not there"
        for name in there:
            if name not in {mount["name"] for mount in mounted}:
                yield f"{workload.title}: nothing mounts the volume {name}"
        yield from _twice(workload.title, "volume", there)
        for container in workload.containers:
            yield from _twice(
                workload.title, "mount", [mount["mountPath"] for mount in container.get("volumeMounts", [])]
            )


def resources(manifests: Manifests) -> Iterator[str]:
    """Yield containers without requests and limits, and requests above their limits."""
    for workload in manifests.workloads:
        for container in workload.containers:
            told = container.get("resources", {})
            for kind in _MEASURED:
                request, limit = (told.get(part, {}).get(kind) for part in ("requests", "limits"))
                where = f"{workload.title}: container {container['name']}"
                if request is None or limit is None:
                    yield f"{where} lacks a request or a limit of {kind}"
                elif quantity(request) > quantity(limit):
                    yield f"{where} requests more {kind} ({request}) than its limit ({limit})"


def quantity(text: str | float) -> float:
    """
    Return a quantity as a number: "250m" is 0.25.

    Raises:
        ValueError: it is none.
    """
    found = _QUANTITY.fullmatch(str(text))
    if found is None:
        raise ValueError(f"{text!r} is no quantity")
    return float(found[1]) * _UNITS[found[2] or ""]


def probes(manifests: Manifests) -> Iterator[str]:
    """Yield long-lived containers without all probes, and probes of ports that the container does not have."""
    for workload in manifests.workloads:
        if workload.document["kind"] == "Job":
            continue
        for container in workload.pod.get("containers", []):
            where = f"{workload.title}: container {container['name']}"
            if not container.get("ports"):
                continue  # nobody calls it
            for name in _PROBES:
                probe = container.get(name)
                if probe is None:
                    yield f"{where} has no {name}"
                    continue
                aims = [probe[kind]["port"] for kind in ("grpc", "httpGet", "tcpSocket") if kind in probe]
                aims += [int(word) for word in probe.get("exec", {}).get("command", []) if word.isdigit()]
                declared = {
                    port[key] for port in container["ports"] for key in ("name", "containerPort") if key in port
                }
                for aim in aims:
                    if aim not in declared:
                        yield f"{where}: its {name} asks port {aim}, which it does not declare"


def endings(manifests: Manifests) -> Iterator[str]:
    """Yield pods that would be killed before they have drained."""
    for workload in manifests.workloads:
        told = variables(workload).get(_DRAIN)
        if told is None:
            continue
        # Goodbyes, then calls: each may take that long.
        needed = 2 * float(told["value"]) + _pause(workload.pod.get("containers", [])) + _CLOSING_SECONDS
        grace = workload.pod.get("terminationGracePeriodSeconds", DEFAULT_GRACE_SECONDS)
        if grace < needed:
            yield f"{workload.title}: is killed after {grace} s, and may need {needed:g} s to drain"


def claims_of_rollouts(manifests: Manifests) -> Iterator[str]:
    """Yield workloads that would start a second pod beside one whose volume only one node may use."""
    for workload in manifests.workloads:
        scaled = workload.spec.get("replicas", 2)
        for volume in workload.pod.get("volumes", []):
            name = volume.get("persistentVolumeClaim", {}).get("claimName")
            claim = manifests.named("PersistentVolumeClaim", name) if name else None
            if claim and "ReadWriteMany" not in claim["spec"]["accessModes"] and scaled > 1:
                yield f"{workload.title}: {scaled} replicas share {name}, which is not of many nodes"


def _pause(containers: Sequence[Document]) -> float:
    pauses = [each.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0) for each in containers]
    return float(max(pauses, default=0))


def _twice(where: str, what: str, names: Sequence[str]) -> Iterator[str]:
    for name in sorted({each for each in names if each != "None" and names.count(each) > 1}):
        yield f"{where}: {what} {name} is there twice"


def long_lived(manifests: Manifests) -> list[Workload]:
    """Return the workloads that are not Jobs."""
    return [each for each in manifests.workloads if each.document["kind"] != "Job"]
