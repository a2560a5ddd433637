"""The same against a real API server: what the schema refuses, and the life of a resource by kubectl."""

import asyncio
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from k8s.checks.objects import Document
from services.controller.app import running
from services.controller.settings import ControllerSettings
from tests.support.api_server import ApiServer, api_server, why_not
from tests.support.flag_resources import KEY, NAME, resource
from tests.support.serving import PATIENCE_SECONDS, PRODUCTION, Datastores, serving
from tests.unit.architecture.project_tree import ROOT

pytestmark = [pytest.mark.apiserver, pytest.mark.timeout(300)]

DEFINITION = ROOT / "k8s/base/controller/crd.yaml"
NAMESPACE = "mirante-tests"
FLAG = resource(
    rules=[
        {
            "id": "premium",
            "conditions": [{"attribute": "plano", "operator": "in", "values": ["premium", 7]}],
            "serve": {"rollout": {"coverage": "50%", "splits": {"on": "100%"}}},
        }
    ]
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A cluster with the definition, and a namespace of its own."""
    if reason := why_not():
        pytest.skip(reason)
    with api_server(tmp_path_factory.mktemp("cluster")) as server, server.namespace(NAMESPACE):
        for command in (
            ("apply", "--server-side", "-f", str(DEFINITION)),
            ("wait", "--for=condition=Established", "crd/featureflags.flags.mirante.dev"),
            ("create", "namespace", NAMESPACE),
        ):
            found = server.kubectl(*command)
            assert found.returncode == 0, found.stderr
        yield server


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"environment": None}, "environment"),
        ({"environment": "Produção"}, "spec.environment"),
        ({"key": "com espaço"}, "spec.key"),
        ({"on": None}, "spec.on"),
        ({"on": None, "true": True}, 'write "on" in quotes'),
        ({"killed": "sim"}, "spec.killed"),
        ({"kill_reason": "porque sim"}, "says why killed is true"),
        ({"starts_at": "2026-12-02T00:00:00Z", "ends_at": "2026-12-01T00:00:00Z"}, "must lie after starts_at"),
        ({"ownership": {"owner": "dashboard", "on_drift": "revert"}}, "cannot drift"),
        ({"ownership": {"owner": "dashboard", "on_delete": "archive"}}, "archived there"),
        ({"ownership": {"owner": "ana"}}, "spec.ownership.owner"),
        ({"rules": [{"conditions": [{"operator": "equals"}], "serve": "on"}]}, "spec.rules[0].conditions[0].operator"),
        ({"rules": [{"id": "sem-serve"}]}, "serve"),
        ({"tags": ["ui", "ui"]}, "spec.tags"),
        ({"kilt": True}, "kilt"),
    ],
)
def test_the_schema_refuses_a_bad_spec_and_names_the_field(
    cluster: ApiServer, change: dict[str, Any], said: str
) -> None:
    """Before anything reaches the controller."""
    spec = {"environment": PRODUCTION, "on": True} | change
    document = {
        "apiVersion": "flags.mirante.dev/v1alpha1",
        "kind": "FeatureFlag",
        "metadata": {"name": "ruim", "namespace": NAMESPACE},
        "spec": {name: value for name, value in spec.items() if value is not None},
    }
    found = cluster.apply([document], "--dry-run=server")
    assert found.returncode != 0
    assert said in found.stderr


async def test_the_life_of_a_resource_by_kubectl(
    cluster: ApiServer, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """Applied, killed by `kubectl patch`, restored, wrong, refused to become another flag's, deleted and archived."""

    async def kubectl(*words: str, documents: Sequence[Document] = ()) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            cluster.kubectl, "--namespace", NAMESPACE, *words, documents=[dict(each) for each in documents]
        )

    async def run(*words: str, documents: Sequence[Document] = ()) -> str:
        found = await kubectl(*words, documents=documents)
        assert found.returncode == 0, found.stderr
        return found.stdout

    async def becomes(path: str, wanted: str) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await run("get", "featureflag", NAME, "-o", f"jsonpath={path}") != wanted:
                await asyncio.sleep(0.1)

    async with serving(Datastores(database_url, redis_url, tmp_path)) as service:
        settings = ControllerSettings(
            home=tmp_path,
            port=0,
            kubeconfig=cluster.kubeconfig,
            namespace=NAMESPACE,
            flags_address=f"127.0.0.1:{service.service.port}",
            key=SecretStr(service.keys["editor"]),
            lease_seconds=5.0,
            drain_seconds=0.0,
        )
        async with running(settings):
            await run("apply", "-f", "-", documents=[FLAG])
            await run("wait", "--for=condition=Synced", f"featureflag/{NAME}", "--timeout=60s")
            merge = ("patch", "featureflag", NAME, "--type", "merge", "-p")
            await run(*merge, '{"spec":{"killed":true}}')
            await becomes("{.status.killed}", "true")
            reason = f"spec.killed is true, by kubectl-patch (FeatureFlag {NAMESPACE}/{NAME})"
            await becomes("{.status.kill.reason}", reason)
            table = (await run("get", "ff", NAME)).split()
            assert table[:7] == ["NAME", "ENVIRONMENT", "FLAG", "KILLED", "CLIENTS", "READY", "SYNCED"]
            assert table[9:15] == [NAME, PRODUCTION, KEY, "true", "0/0", "True"]
            await run("apply", "-f", "-", documents=[FLAG])
            await becomes("{.status.killed}", "true")  # Git, which says nothing of it, lifts nothing
            await run(*merge, '{"spec":{"killed":false}}')
            await becomes("{.status.killed}", "false")
            await run(*merge, '{"spec":{"fallthrough":"talvez"}}')
            await becomes('{.status.conditions[?(@.type=="Ready")].reason}', "InvalidSpec")
            refused = await kubectl(*merge, '{"spec":{"key":"outra"}}')
            assert "one flag for as long as it lives" in refused.stderr
            await run(*merge, '{"spec":{"fallthrough":null,"ownership":{"on_delete":"archive"}}}')
            await becomes('{.status.conditions[?(@.type=="Ready")].reason}', "Reconciled")
            events = (await run("get", "events", "-o", "jsonpath={.items[*].reason}")).split()
            assert {"Created", "Killed", "Restored", "InvalidSpec"} <= set(events)
            await run("delete", "featureflag", NAME, "--timeout=60s")
        holder = ("get", "lease", "mirante-controller", "-o", "jsonpath={.spec.holderIdentity}")
        assert (await asyncio.to_thread(cluster.kubectl, "--namespace", "default", *holder)).stdout == ""
        assert await run("get", "ff") == ""
