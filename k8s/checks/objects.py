"""Rendered manifests as objects, and the parts of them that checks look at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ruamel.yaml import YAML

NAME: Final = "app.kubernetes.io/name"
"""The label by which everything here finds its pods."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """What makes pods: a Deployment, StatefulSet, Job, or a bare Pod."""

    document: Document = field(repr=False)

    @property
    def title(self) -> str:
        """Kind and name, for people."""
        return title(self.document)

    @property
    def spec(self) -> Document:
        """Its own specification."""
        return dict(self.document.get("spec", {}))

    @property
    def labels(self) -> Document:
        """Of its pods."""
        if self.document["kind"] == "Pod":
            return dict(self.document["metadata"].get("labels", {}))
        return dict(self.spec.get("template", {}).get("metadata", {}).get("labels", {}))

    @property
    def pod(self) -> Document:
        """The specification of its pods."""
        return self.spec if self.document["kind"] == "Pod" else dict(self.spec.get("template", {}).get("spec", {}))

    @property
    def containers(self) -> list[Document]:
        """All containers, those that run first included."""
        return [*self.pod.get("initContainers", []), *self.pod.get("containers", [])]

    def port(self, named: int | str) -> int | None:
        """Return the number of a declared port, by number or name; None when there is none."""
        for container in self.containers:
            for port in container.get("ports", []):
                if named in (port["containerPort"], port.get("name")):
                    return int(port["containerPort"])
        return None


_WORKLOADS: Final = ("Deployment", "StatefulSet", "DaemonSet", "Job", "Pod")


class Manifests:
    """All objects of one rendering."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = documents
        self.workloads = [Workload(each) for each in documents if each["kind"] in _WORKLOADS]

    def of(self, *kinds: str) -> Iterator[Document]:
        """Yield the objects of some kinds."""
        return (each for each in self.documents if each["kind"] in kinds)

    def named(self, kind: str, name: str) -> Document | None:
        """Return an object; None when there is none."""
        return next((each for each in self.of(kind) if each["metadata"]["name"] == name), None)

    def selected(self, selector: Document | None) -> list[Workload]:
        """Return the workloads whose pods a selector of labels means; an empty one means all."""
        return [each for each in self.workloads if matches(selector or {}, each.labels)]


def load(text: str) -> Manifests:
    """Return the objects of a stream of YAML documents."""
    return Manifests([each for each in YAML(typ="safe", pure=True).load_all(text) if each])


def title(document: Document) -> str:
    """Return kind and name."""
    return f"{document.get('kind')}/{document.get('metadata', {}).get('name')}"


def matches(selector: Document, labels: Document) -> bool:
    """Return whether a label selector means these labels."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(_holds(each, labels) for each in selector.get("matchExpressions", []))


def _holds(expression: Document, labels: Document) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values", [])
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None


def variables(workload: Workload) -> dict[str, Document]:
    """Return the environment variables of a workload's containers, by name, as they are declared."""
    return {each["name"]: each for container in workload.containers for each in container.get("env", [])}
