"""The checks of manifests see every error that is planted, and none where there is none."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from k8s.checks.objects import Document, Manifests, load
from k8s.checks.semantics import problems

SOUND = (Path(__file__).parent / "sound.yaml").read_text()

DRAINS_LONG = [{"name": "MIRANTE_DRAIN_SECONDS", "value": "15"}]

Plant = Callable[["Planting"], object]


class Planting:
    """A sound installation, to be spoilt."""

    def __init__(self) -> None:
        self.documents = list(load(SOUND).documents)

    def one(self, kind: str, name: str = "flags") -> Document:
        """An object."""
        return next(each for each in self.documents if (each["kind"], each["metadata"]["name"]) == (kind, name))

    @property
    def deployment(self) -> Document:
        """The specification of the Deployment."""
        return dict(self.one("Deployment")["spec"])

    @property
    def pod(self) -> Document:
        """The specification of its pods."""
        return dict(self.deployment["template"]["spec"])

    @property
    def container(self) -> Document:
        """Their container, as it is in there."""
        found: Document = self.deployment["template"]["spec"]["containers"][0]
        return found

    def set_pod(self, **fields: Any) -> None:
        """Replace fields of the pods."""
        self.deployment["template"]["spec"].update(fields)

    def drop(self, kind: str, name: str = "flags") -> None:
        """Take an object away."""
        self.documents.remove(self.one(kind, name))

    def found(self) -> list[str]:
        """What the checks say."""
        return list(problems(Manifests(self.documents)))


def test_nothing_is_wrong_with_what_is_sound() -> None:
    """Otherwise the errors below would prove nothing."""
    assert Planting().found() == []


# The first six pass the schemas of Kubernetes.
PLANTED: dict[str, tuple[Plant, str]] = {
    "a name that is not RFC 1123": (
        lambda it: it.one("Deployment")["metadata"].update(name="Bad_Name"),
        "Deployment/Bad_Name: is no legal name",
    ),
    "a selector beside its labels": (
        lambda it: it.deployment["selector"]["matchLabels"].update(tier="web"),
        "its selector does not match the labels of its pods",
    ),
    "a port out of range": (
        lambda it: it.container["ports"][0].update(containerPort=99999),
        "there is no port 99999",
    ),
    "a long name of a port": (
        lambda it: it.container["ports"].append({"name": "a-name-of-twenty-six-chars", "containerPort": 9000}),
        "a-name-of-twenty-six-chars is no name of a port",
    ),
    "a mount without a volume": (
        lambda it: it.container["volumeMounts"].append({"name": "nowhere", "mountPath": "/x"}),
        "/x mounts a volume nowhere that is not there",
    ),
    "a request above its limit": (
        lambda it: it.container["resources"]["requests"].update(memory="2Gi"),
        r"requests more memory \(2Gi\) than its limit \(1Gi\)",
    ),
    "a container without limits": (
        lambda it: it.container["resources"].pop("limits"),
        "lacks a request or a limit of cpu",
    ),
    "a volume that nobody mounts": (lambda it: it.container.pop("volumeMounts"), "nothing mounts the volume archive"),
    "an object that is there twice": (lambda it: it.documents.append(it.one("Service")), "is there 2 times"),
    "an object elsewhere": (
        lambda it: it.one("Service")["metadata"].update(namespace="default"),
        "objects are in several namespaces",
    ),
    "a service that selects nobody": (
        lambda it: it.one("Service")["spec"].update(selector={"app": "x"}),
        "selects 0 workloads instead of one",
    ),
    "a service to a port that is not there": (
        lambda it: it.one("Service")["spec"]["ports"][0].update(targetPort="http"),
        "its pods have no port http",
    ),
    "a headless service on another port": (
        lambda it: it.one("Service")["spec"]["ports"][0].update(port=80),
        "has no address, so its port is that of its pods",
    ),
    "a probe of another port": (
        lambda it: it.container["livenessProbe"]["grpc"].update(port=50052),
        "its livenessProbe asks port 50052",
    ),
    "no readiness": (lambda it: it.container.pop("readinessProbe"), "has no readinessProbe"),
    "a grace period shorter than the drain": (
        lambda it: it.set_pod(terminationGracePeriodSeconds=20),
        "is killed after 20 s, and may need 30 s",
    ),
    "a drain longer than the grace period": (
        lambda it: it.set_pod(terminationGracePeriodSeconds=30, containers=[{**it.container, "env": DRAINS_LONG}]),
        "is killed after 30 s, and may need 40 s",
    ),
    "a claim of one node for several": (
        lambda it: it.one("PersistentVolumeClaim", "archive")["spec"].update(accessModes=["ReadWriteOnce"]),
        "2 replicas share archive",
    ),
    "no claim": (lambda it: it.drop("PersistentVolumeClaim", "archive"), "there is no PersistentVolumeClaim/archive"),
    "no secret": (lambda it: it.drop("Secret", "database"), "there is no Secret/database"),
    "a secret without the key": (
        lambda it: it.one("Secret", "database").update(stringData={"other": "x"}),
        "Secret/database has no url",
    ),
    "no account": (lambda it: it.drop("ServiceAccount"), "there is no ServiceAccount/flags"),
    "a budget for nobody": (
        lambda it: it.one("PodDisruptionBudget")["spec"].update(selector={"matchLabels": {"app": "x"}}),
        "PodDisruptionBudget/flags: selects nothing",
    ),
    "a scaler of nothing": (
        lambda it: it.one("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"].update(name="flag"),
        "there is no Deployment/flag",
    ),
    "replicas beside a scaler": (
        lambda it: it.one("Deployment")["spec"].update(replicas=2),
        "each apply would set its replicas back",
    ),
    "root": (lambda it: it.set_pod(securityContext={"seccompProfile": {"type": "RuntimeDefault"}}), "may run as root"),
    "no seccomp": (
        lambda it: it.set_pod(securityContext={"runAsNonRoot": True, "runAsUser": 1}),
        "is not confined by seccomp",
    ),
    "a root file system that can be written": (
        lambda it: it.container["securityContext"].update(readOnlyRootFilesystem=False),
        "may write to its root file system",
    ),
    "capabilities": (lambda it: it.container["securityContext"].pop("capabilities"), "keeps capabilities"),
    "more privileges": (
        lambda it: it.container["securityContext"].pop("allowPrivilegeEscalation"),
        "may gain privileges",
    ),
    "the network of the node": (lambda it: it.set_pod(hostNetwork=True), "uses hostNetwork"),
    "a folder of the node": (
        lambda it: it.pod["volumes"].append({"name": "node", "hostPath": {"path": "/"}}),
        "has a volume of kind hostPath",
    ),
    "a token": (lambda it: it.set_pod(automountServiceAccountToken=True), "carries a token of the cluster"),
    "variables of services": (lambda it: it.set_pod(enableServiceLinks=True), "gets a variable for each Service"),
    "a namespace that enforces nothing": (
        lambda it: it.one("Namespace", "mirante")["metadata"].pop("labels"),
        "does not enforce the level restricted",
    ),
    "a setting that is not there": (
        lambda it: it.container["env"].append({"name": "MIRANTE_FLAG_PORT", "value": "1"}),
        "there is no setting MIRANTE_FLAG_PORT",
    ),
    "a setting twice": (
        lambda it: it.container["env"].append({"name": "MIRANTE_DRAIN_SECONDS", "value": "1"}),
        "MIRANTE_DRAIN_SECONDS is set twice",
    ),
    "a secret in the open": (
        lambda it: it.container["env"].append({"name": "REDIS_URL", "value": "redis://x"}),
        "REDIS_URL holds a secret",
    ),
    "nothing denied": (lambda it: it.drop("NetworkPolicy", "deny-all"), "no NetworkPolicy denies everything"),
    "no way out": (lambda it: it.drop("NetworkPolicy", "to-flags"), "no policy lets it out to port 50051"),
    "no way in": (lambda it: it.drop("NetworkPolicy"), "no policy lets it into Deployment/flags"),
    "a way in on another port": (
        lambda it: it.one("NetworkPolicy")["spec"]["ingress"][0].update(ports=[{"port": 8080}]),
        "no policy lets it into Deployment/flags",
    ),
    "no way to the database": (
        lambda it: it.one("NetworkPolicy", "outwards")["spec"]["egress"].pop(1),
        "DATABASE_URL is not reached: no policy lets it out to port 5432",
    ),
    "no names": (lambda it: it.drop("NetworkPolicy", "outwards"), "may not ask for names"),
    "an address of nobody": (
        lambda it: it.one("Job", "caller-0-1-0")["spec"]["template"]["spec"]["containers"][0]["env"][0].update(
            value="flag:50051"
        ),
        "names flag, and there is no such Service",
    ),
    "TLS without its authority": (
        lambda it: it.container["env"].append({"name": "MIRANTE_TLS_CERTIFICATE", "value": "/tls.crt"}),
        "speaks TLS, and there is no MIRANTE_FLAGS_CA",
    ),
    "an image of another version": (
        lambda it: it.container.update(image="mirante/flags:0.0.9"),
        "mirante/flags:0.0.9 is not of 0.1.0",
    ),
    "an image without a version": (lambda it: it.container.update(image="mirante/flags"), "names no version"),
    "a job without the version": (
        lambda it: it.one("Job", "caller-0-1-0")["metadata"].update(name="caller"),
        "its name ends in the version 0.1.0",
    ),
}


@pytest.mark.parametrize(("plant", "said"), PLANTED.values(), ids=list(PLANTED))
def test_an_error_that_is_planted_is_seen(plant: Plant, said: str) -> None:
    """By what it is, at the object that has it."""
    planting = Planting()
    plant(planting)
    found = planting.found()
    assert any(re.search(said, problem) for problem in found), found
