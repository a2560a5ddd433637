"""How the API server is reached: as a pod reaches it, or as a kubeconfig says."""

import base64
import binascii
import os
import ssl
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from services.runtime.settings import SettingsError

_POD: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """
    Where the API server is, and who we are there.

    `token` returns the bearer token, read anew each time because kubelets renew it; None without one. `namespace` is
    our own.
    """

    url: str
    namespace: str
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    token: Callable[[], str | None] = field(default=lambda: None, repr=False)


def cluster_access(kubeconfig: Path | None, *, pod: Path = _POD) -> ClusterAccess:
    """
    Return the access that a kubeconfig describes; without one, that of the pod.

    Raises:
        SettingsError: neither is there, or it cannot be used.
    """
    if kubeconfig is not None:
        return _of_kubeconfig(kubeconfig)
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host or not (pod / "token").exists():
        raise SettingsError("KUBECONFIG: is not set, and this process runs in no pod with a service account")
    return ClusterAccess(
        url=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        namespace=(pod / "namespace").read_text(encoding="utf-8").strip(),
        tls=ssl.create_default_context(cafile=str(pod / "ca.crt")),
        token=lambda: (pod / "token").read_text(encoding="utf-8").strip(),
    )


def _of_kubeconfig(file: Path) -> ClusterAccess:
    try:
        document = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
        context = _named(document, "contexts", "context", document["current-context"])
        cluster = _named(document, "clusters", "cluster", context["cluster"])
        user = _named(document, "users", "user", context["user"])
        if "exec" in user or "auth-provider" in user:
            raise SettingsError("KUBECONFIG: a user who needs another program is not supported; use a token")
        return ClusterAccess(
            url=str(cluster["server"]).rstrip("/"),
            namespace=str(context.get("namespace", "default")),
            tls=_context(cluster, user, file.parent) if str(cluster["server"]).startswith("https://") else None,
            token=_token(user, file.parent),
        )
    except OSError as error:
        raise SettingsError(f"KUBECONFIG: {error.filename} cannot be read: {error.strerror}") from None
    except (YAMLError, KeyError, TypeError, ValueError, binascii.Error, ssl.SSLError):
        # What is wrong stays out: the file holds secrets.
        raise SettingsError(
            "KUBECONFIG: is not a kubeconfig with a current context, its cluster and its user"
        ) from None


def _named(document: Mapping[str, Any], several: str, one: str, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(
        each[one] for each in [*document[several], {"name": name, one: {}}] if each["name"] == name
    )
    return found


def _token(user: Mapping[str, Any], folder: Path) -> Callable[[], str | None]:
    if "tokenFile" in user:
        path = folder / user["tokenFile"]
        return lambda: path.read_text(encoding="utf-8").strip()
    token = user.get("token")
    return lambda: token


def _context(cluster: Mapping[str, Any], user: Mapping[str, Any], folder: Path) -> ssl.SSLContext:
    authority = _pem(cluster, "certificate-authority", folder)
    context = ssl.create_default_context(cadata=authority)
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    certificate, key = _pem(user, "client-certificate", folder), _pem(user, "client-key", folder)
    if certificate is not None and key is not None:
        # The ssl module takes a client's certificate from a file alone.
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(f"{certificate}\n{key}\n")
            file.flush()
            context.load_cert_chain(file.name)
    return context


def _pem(document: Mapping[str, Any], name: str, folder: Path) -> str | None:
    if f"{name}-data" in document:
        return base64.b64decode(document[f"{name}-data"]).decode()
    return (folder / document[name]).read_text(encoding="utf-8") if name in document else None
