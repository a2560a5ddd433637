"""Versions: every image of ours is that of this release, and the Job is named for it."""

import re
from collections.abc import Iterator
from typing import Final

from k8s.checks.objects import Manifests

_OURS: Final = re.compile(r"(.*/)?mirante/[a-z-]+:(?P<tag>[^@]+)")


def release(manifests: Manifests, version: str) -> Iterator[str]:
    """Yield images without a version, or of another one, and a migration that is not named for it."""
    for workload in manifests.workloads:
        for container in workload.containers:
            image = str(container["image"])
            ours = _OURS.fullmatch(image)
            if ":" not in image.rpartition("/")[2] or image.endswith(":latest"):
                yield f"{workload.title}: {image} names no version"
            elif ours and ours["tag"] != version:
                yield f"{workload.title}: {image} is not of {version}"
        name = workload.document["metadata"]["name"]
        if workload.document["kind"] == "Job" and not name.endswith(f"-{version.replace('.', '-')}"):
            yield f"{workload.title}: a Job cannot be changed, so its name ends in the version {version}"
