"""What a real API server says of the manifests: it takes them all, and refuses what is wrong."""

import copy
import secrets

import pytest

from k8s.checks.objects import Document, Manifests, load
from k8s.checks.rendering import K8S, NAMESPACE, combinations, overlays, render
from tests.apiserver.extensions import stand_ins
from tests.support.api_server import ApiServer

pytestmark = [pytest.mark.apiserver, pytest.mark.timeout(600)]


def placed(text: str, namespace: str) -> list[Document]:
    """Return the objects of a rendering in a namespace of this test's own."""
    documents = load(text).documents
    for each in documents:
        if each["kind"] == "Namespace":
            each["metadata"]["name"] = namespace
        elif each["metadata"].get("namespace") == NAMESPACE:
            each["metadata"]["namespace"] = namespace
    return list(documents)


@pytest.fixture
def name() -> str:
    """A name that nobody else uses."""
    return f"mirante-check-{secrets.token_hex(4)}"


@pytest.mark.parametrize("overlay", overlays())
def test_an_overlay_is_applied_and_stays(server: ApiServer, overlay: str, name: str) -> None:
    """Every object is taken, and after a second time nothing differs."""
    documents = placed(render(overlay), name)
    with server.namespace(name):
        for _ in range(2):
            applied = server.apply(documents)
            assert applied.returncode == 0, applied.stderr
            assert len(applied.stdout.splitlines()) == len(documents)
            assert "Warning" not in applied.stderr
        if server.own:  # elsewhere controllers write too
            differs = server.kubectl("diff", "--server-side", "--filename=-", documents=documents)
            assert differs.returncode == 0, differs.stdout + differs.stderr


def test_the_command_of_the_readme(server: ApiServer) -> None:
    """`kubectl apply -k k8s/overlays/dev`, on a cluster that is empty; and again."""
    if not server.own:
        pytest.skip("the namespace may be in use in a cluster of yours")
    with server.namespace(NAMESPACE):
        for _ in range(2):
            applied = server.kubectl("apply", "-k", str(K8S / "overlays/dev"))
            assert applied.returncode == 0, applied.stderr


@pytest.mark.parametrize("overlay", overlays())
def test_every_combination_is_taken(server: ApiServer, overlay: str, name: str) -> None:
    """All components, on a server that knows the kinds of other projects."""
    if not server.own:
        pytest.skip("definitions of other projects are not put into a cluster of yours")
    assert server.apply(stand_ins()).returncode == 0
    for definition in stand_ins():
        named = f"crd/{definition['metadata']['name']}"
        assert server.kubectl("wait", "--for=condition=Established", named, "--timeout=60s").returncode == 0
    with server.namespace(name):
        everything = {components: placed(render(overlay, components), name) for components in combinations(overlay)}
        for components, documents in everything.items():
            # Claims and Jobs cannot be changed, and do not differ from one combination to the next.
            applied = server.apply(documents, "--force-conflicts")
            assert applied.returncode == 0, (components, applied.stderr)


@pytest.mark.parametrize("overlay", overlays())
def test_pods_keep_to_the_level_restricted(server: ApiServer, overlay: str, name: str) -> None:
    """The namespace lets each of our pods in, and refuses one that asks for nothing."""
    documents = placed(render(overlay), name)
    with server.namespace(name):
        assert server.apply(documents).returncode == 0
        pods: list[Document] = [
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": each.document["metadata"]["name"], "namespace": name, "labels": each.labels},
                "spec": _without_claims(each.pod),
            }
            for each in Manifests(documents).workloads
        ]
        taken = server.kubectl("create", "--dry-run=server", "--filename=-", documents=pods)
        assert taken.returncode == 0, taken.stderr
        assert len(taken.stdout.splitlines()) == len(pods)
        bare = copy.deepcopy(pods[0])
        bare["spec"].pop("securityContext")
        bare["spec"]["containers"][0].pop("securityContext")
        refused = server.kubectl("create", "--dry-run=server", "--filename=-", documents=[bare])
        assert refused.returncode != 0
        assert 'violates PodSecurity "restricted' in refused.stderr
        for complaint in ("allowPrivilegeEscalation", "unrestricted capabilities", "runAsNonRoot", "seccompProfile"):
            assert complaint in refused.stderr


def _without_claims(pod: Document) -> Document:
    """Return a pod whose StatefulSet would add the volumes of its claims."""
    mounted = {mount["name"] for each in pod["containers"] for mount in each.get("volumeMounts", [])}
    there = {each["name"] for each in pod.get("volumes", [])}
    added = [{"name": each, "emptyDir": {}} for each in sorted(mounted - there)]
    return {**pod, "volumes": [*pod.get("volumes", []), *added]} if added else pod


def deployment(documents: list[Document]) -> Document:
    """Return one to plant errors in, and its namespace."""
    return copy.deepcopy(next(each for each in documents if each["kind"] == "Deployment"))


def test_errors_that_are_planted_are_refused(server: ApiServer, name: str) -> None:
    """The six that schemas pass, all named at once; and a field of the wrong type."""
    documents = placed(render("production"), name)
    [namespace] = [each for each in documents if each["kind"] == "Namespace"]
    planted = deployment(documents)
    container = planted["spec"]["template"]["spec"]["containers"][0]
    planted["metadata"]["name"] = "Bad_Name"
    planted["spec"]["selector"]["matchLabels"]["tier"] = "web"
    container["ports"][0]["containerPort"] = 99999
    container["ports"].append({"name": "a-name-of-twenty-six-chars", "containerPort": 9000})
    container["volumeMounts"].append({"name": "nowhere", "mountPath": "/x"})
    container["resources"]["requests"]["memory"] = "64Gi"
    with server.namespace(name):
        assert server.apply([namespace]).returncode == 0
        refused = server.apply([planted], "--dry-run=server")
        assert refused.returncode != 0
        for complaint in (
            "metadata.name",
            "selector` does not match template `labels`",
            "must be between 1 and 65535",
            "must be no more than 15",
            '"nowhere"',
            "must be less than or equal to memory limit",
        ):
            assert complaint in refused.stderr, refused.stderr
        wrong = deployment(documents)
        wrong["spec"]["replicas"] = "two"
        assert server.apply([wrong], "--dry-run=server").returncode != 0


def test_a_migration_is_never_changed(server: ApiServer, name: str) -> None:
    """That is why its name carries the version: the next version's is another Job."""
    documents = placed(render("production"), name)
    with server.namespace(name):
        assert server.apply(documents).returncode == 0
        [job] = [copy.deepcopy(each) for each in documents if each["kind"] == "Job"]
        job["spec"]["template"]["spec"]["containers"][0]["image"] = "mirante/migrate:0.2.0"
        assert "field is immutable" in server.apply([job], "--dry-run=server").stderr
        job["metadata"]["name"] = "migrate-0-2-0"
        assert server.apply([job], "--dry-run=server").returncode == 0
