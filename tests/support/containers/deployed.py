"""What manifests tell the containers of a workload: variables and Secrets, as files and values."""

import base64
from pathlib import Path

from k8s.checks.objects import Document, Manifests


class Deployed:
    """Rendered manifests whose Secrets lie as files below a folder, which every user may read."""

    def __init__(self, manifests: Manifests, folder: Path) -> None:
        self._manifests = manifests
        self._secrets = {each["metadata"]["name"]: _values(each) for each in manifests.of("Secret")}
        self._folder = folder
        for each in (folder, *folder.parents[:2]):
            each.chmod(0o755)

    def environment(self, name: str) -> dict[str, str]:
        """Return the variables of a Deployment's container."""
        found = {}
        for variable in self._container(name).get("env", []):
            if "value" in variable:
                found[variable["name"]] = str(variable["value"])
            else:
                source = variable["valueFrom"]["secretKeyRef"]
                found[variable["name"]] = self._secrets[source["name"]][source["key"]]
        return found

    def mounts(self, name: str) -> dict[str, Path]:
        """Return what is mounted of Secrets, by where it is seen."""
        volumes = {each["name"]: each for each in self._pod(name)["volumes"]}
        found = {}
        for mount in self._container(name).get("volumeMounts", []):
            secret = volumes[mount["name"]].get("secret", {}).get("secretName")
            if secret is not None:
                found[mount["mountPath"]] = self._written(secret) / mount.get("subPath", "")
        return found

    def _written(self, secret: str) -> Path:
        folder = self._folder / "secrets" / secret
        folder.mkdir(parents=True, exist_ok=True)
        for key, value in self._secrets[secret].items():
            (folder / key).write_text(value)
        return folder

    def _pod(self, name: str) -> Document:
        deployment = self._manifests.named("Deployment", name)
        assert deployment is not None, name
        pod: Document = deployment["spec"]["template"]["spec"]
        return pod

    def _container(self, name: str) -> Document:
        [container] = self._pod(name)["containers"]
        found: Document = container
        return found


def _values(secret: Document) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in secret.get("data", {}).items()}
