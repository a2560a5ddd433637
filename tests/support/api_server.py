"""A real API server of Kubernetes: that of KUBECONFIG, or one that is started from KUBEBUILDER_ASSETS."""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from k8s.checks.objects import Document
from k8s.checks.rendering import kubectl
from tests.support.running_up import free_port

START_SECONDS = 180.0
_TOKEN = "of-a-server-that-lives-for-one-test-run"


class ApiServer:
    """Speaks with a server through kubectl. `own` says that it was started here, and may be filled with anything."""

    def __init__(self, kubeconfig: Path, *, own: bool) -> None:
        self.own = own
        self.kubeconfig = kubeconfig
        command = kubectl()
        assert command is not None, "there is no kubectl"
        self._command = [command, "--kubeconfig", str(kubeconfig)]

    def kubectl(self, *words: str, documents: Sequence[Document] = ()) -> subprocess.CompletedProcess[str]:
        """Run kubectl; documents are its standard input."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(documents)}) if documents else None
        return subprocess.run(
            [*self._command, *words], input=text, capture_output=True, text=True, check=False, timeout=300
        )

    def apply(self, documents: Sequence[Document], *words: str) -> subprocess.CompletedProcess[str]:
        """Apply documents on the side of the server."""
        return self.kubectl("apply", "--server-side", "--filename=-", *words, documents=documents)

    def server_version(self) -> str:
        """What it is."""
        return self.kubectl("get", "--raw", "/version").stdout

    @contextmanager
    def namespace(self, name: str) -> Iterator[str]:
        """Delete a namespace after the block."""
        try:
            yield name
        finally:
            self.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def why_not() -> str | None:
    """Return why no server can be had; None when one can."""
    if kubectl() is None:
        return "there is no kubectl"
    if os.environ.get("KUBECONFIG"):
        return None
    assets = Path(os.environ.get("KUBEBUILDER_ASSETS", "/nowhere"))
    lacking = [name for name in ("kube-apiserver", "etcd") if not os.access(assets / name, os.X_OK)]
    if not lacking:
        return None
    return (
        "no API server: set KUBECONFIG to that of a cluster, or KUBEBUILDER_ASSETS to a folder with kube-apiserver and "
        f"etcd (it lacks {' and '.join(lacking)})"
    )


@contextmanager
def api_server(folder: Path) -> Iterator[ApiServer]:
    """Yield the server of KUBECONFIG, else one that lives in a folder for the time of the block."""
    given = os.environ.get("KUBECONFIG")
    if given:
        yield ApiServer(Path(given), own=False)
        return
    assets = Path(os.environ["KUBEBUILDER_ASSETS"])
    with ExitStack() as stack:
        etcd = stack.enter_context(_etcd(assets / "etcd", folder))
        port = stack.enter_context(_kube_apiserver(assets / "kube-apiserver", folder, etcd))
        server = ApiServer(_kubeconfig(folder, port), own=True)
        _wait(server, folder)
        yield server


@contextmanager
def _etcd(binary: Path, folder: Path) -> Iterator[str]:
    client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    flags = [f"--data-dir={folder / 'etcd'}", f"--listen-client-urls={client}", f"--advertise-client-urls={client}"]
    flags += [f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"]
    flags += [f"--initial-cluster=default={peer}", "--unsafe-no-fsync"]
    with _process([str(binary), *flags], folder / "etcd.log"):
        yield client


@contextmanager
def _kube_apiserver(binary: Path, folder: Path, etcd: str) -> Iterator[int]:
    key, tokens, port = folder / "accounts.key", folder / "tokens.csv", free_port()
    made = ["openssl", "genrsa", "-out", str(key), "2048"]
    subprocess.run(made, check=True, capture_output=True)
    tokens.write_text(f"{_TOKEN},tester,1,system:masters\n")
    flags = [f"--etcd-servers={etcd}", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"]
    flags += [f"--secure-port={port}", f"--cert-dir={folder / 'certificates'}", "--authorization-mode=RBAC"]
    flags += ["--service-account-issuer=https://kubernetes.default.svc", f"--service-account-key-file={key}"]
    flags += [f"--service-account-signing-key-file={key}", f"--token-auth-file={tokens}"]
    flags += ["--service-cluster-ip-range=10.0.0.0/24", "--allow-privileged=false"]
    with _process([str(binary), *flags], folder / "kube-apiserver.log"):
        yield port


@contextmanager
def _process(command: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=log.parent)
    try:
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()
        process.wait()


def _kubeconfig(folder: Path, port: int) -> Path:
    cluster = {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "test", "user": {"token": _TOKEN}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    }
    file = folder / "kubeconfig"
    file.write_text(json.dumps(config))
    return file


def _wait(server: ApiServer, folder: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while server.kubectl("get", "--raw", "/readyz").returncode:
        if time.monotonic() > until:
            raise AssertionError((folder / "kube-apiserver.log").read_text()[-4000:])
        time.sleep(0.5)
