"""Types and fields of objects, by the schemas of Kubernetes. Needs the environment of these checks."""

import json
from collections.abc import Iterable, Iterator
from typing import Final

import kubernetes_validate

from k8s.checks.objects import Document, title

OLDEST: Final = "1.32"
NEWEST: Final = "1.37"
"""The minor versions of Kubernetes that are supported."""

_EXTENSIONS: Final = {"Certificate", "Issuer", "PodMonitor", "PrometheusRule", "HTTPRoute"}
"""Kinds of the components, whose schemas are not those of Kubernetes; `references` and others look into them."""


def schemas(documents: Iterable[Document]) -> Iterator[str]:
    """Yield what the schemas of both versions refuse; objects that are alike are looked at once."""
    unlike = {json.dumps(each, sort_keys=True, default=str): each for each in documents}
    for document in unlike.values():
        if document["kind"] in _EXTENSIONS:
            continue
        for version in (OLDEST, NEWEST):
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except Exception as error:  # noqa: BLE001 - it raises errors of several libraries, each of which is a finding
                yield f"{title(document)}: Kubernetes {version}: {_line(error)}"


def _line(error: Exception) -> str:
    path = getattr(error, "path", None)
    where = ".".join(map(str, path)) if path else ""
    text = str(getattr(error, "message", error)).splitlines()[0]
    return f"{where}: {text}" if where else text
