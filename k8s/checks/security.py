"""Pod Security at the level `restricted`, and what we ask for beyond it."""

from collections.abc import Iterator
from typing import Final

from k8s.checks.objects import Document, Manifests, Workload, title

_ENFORCE: Final = "pod-security.kubernetes.io/enforce"
_ALLOWED_VOLUMES: Final = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip
_HOST: Final = ("hostNetwork", "hostPID", "hostIPC")


def restricted(manifests: Manifests) -> Iterator[str]:
    """Yield what the level `restricted` refuses, root file systems that can be written, and tokens nobody needs."""
    for namespace in manifests.of("Namespace"):
        if namespace["metadata"].get("labels", {}).get(_ENFORCE) != "restricted":
            yield f"{title(namespace)}: does not enforce the level restricted"
    with_rights = {subject["name"] for each in manifests.of("RoleBinding") for subject in each["subjects"]}
    for workload in manifests.workloads:
        yield from (f"{workload.title}: {problem}" for problem in _pod(workload))
        carries = workload.pod.get("automountServiceAccountToken") is not False
        if carries and workload.pod.get("serviceAccountName") not in with_rights:
            yield f"{workload.title}: carries a token of the cluster, and has no rights there"
        for container in workload.containers:
            for problem in _container(workload.pod, container):
                yield f"{workload.title}: container {container['name']} {problem}"
    for account in manifests.of("ServiceAccount"):
        if account.get("automountServiceAccountToken") is not False:
            yield f"{title(account)}: hands out its token"


def _pod(workload: Workload) -> Iterator[str]:
    pod = workload.pod
    for name in _HOST:
        if pod.get(name):
            yield f"uses {name}"
    for volume in pod.get("volumes", []):
        for kind in volume.keys() - {"name"} - _ALLOWED_VOLUMES:
            yield f"has a volume of kind {kind}"
    if pod.get("enableServiceLinks") is not False:
        # A Service called mirante-flags would set MIRANTE_FLAGS_PORT to a URL.
        yield "gets a variable for each Service of its namespace"


def _container(pod: Document, container: Document) -> Iterator[str]:
    told = container.get("securityContext", {})
    of_pod = pod.get("securityContext", {})
    if not told.get("runAsNonRoot", of_pod.get("runAsNonRoot")):
        yield "may run as root"
    if told.get("runAsUser", of_pod.get("runAsUser")) in {None, 0}:
        yield "runs as a user without a number, or as root"
    if told.get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges"
    if told.get("privileged"):
        yield "is privileged"
    if told.get("readOnlyRootFilesystem") is not True:
        yield "may write to its root file system"
    if "ALL" not in told.get("capabilities", {}).get("drop", []):
        yield "keeps capabilities"
    if told.get("capabilities", {}).get("add", []) not in ([], ["NET_BIND_SERVICE"]):
        yield "adds capabilities"
    seccomp = told.get("seccompProfile", of_pod.get("seccompProfile", {})).get("type")
    if seccomp not in {"RuntimeDefault", "Localhost"}:
        yield "is not confined by seccomp"
    if any("hostPort" in port for port in container.get("ports", [])):
        yield "takes a port of its node"
