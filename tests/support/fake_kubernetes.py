"""
A small Kubernetes API on a real socket: objects of any kind, lists, watches, merge patches, status, finalizers.

It knows no schemas. What it does like the real one: resource versions and conflicts, generations that count changes of
the spec, `status` apart from the rest, managers of fields, objects that wait for their finalizers, watches that end,
and 410 for a version that was compacted away.
"""

import asyncio
import contextlib
import copy
import datetime
import itertools
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.support.serving import PATIENCE_SECONDS

Object = dict[str, Any]
FLAGS = "/apis/flags.mirante.dev/v1alpha1/namespaces/vendas/featureflags"
EVENTS = "/api/v1/namespaces/vendas/events"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/vendas/leases"
KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: test
contexts: [{{name: test, context: {{cluster: test, user: test, namespace: vendas}}}}]
clusters: [{{name: test, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
users: [{{name: test, user: {{token: segredo}}}}]
"""


class FakeKubernetes:
    """
    The API's objects by path.

    Attributes:
        refusals: statuses with which the next writes are refused, of paths that end so.
    """

    def __init__(self) -> None:
        self.port = 0
        self.refusals: list[tuple[str, int]] = []
        self._objects: dict[str, Object] = {}
        self._history: list[tuple[int, str, str, Object]] = []
        self._oldest = 0
        self._versions = itertools.count(1)
        self._version = 0
        self._changed = asyncio.Condition()
        self._cut = asyncio.Event()

    def kubeconfig(self, folder: Path) -> Path:
        """Write a kubeconfig; return its path."""
        file = folder / "kubeconfig"
        file.write_text(KUBECONFIG.format(port=self.port))
        return file

    def get(self, path: str) -> Object | None:
        """Return a copy of an object."""
        return copy.deepcopy(self._objects.get(path))

    def of(self, collection: str) -> list[Object]:
        """Return the objects of a collection, oldest first."""
        return [each for path, each in self._objects.items() if path.rpartition("/")[0] == collection]

    async def until(self, condition: Any) -> None:
        """Return when a condition of this API's objects holds."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._changed:
            await self._changed.wait_for(condition)

    async def create(self, collection: str, document: Object, manager: str = "kubectl-create") -> Object:
        """Create an object."""
        document = copy.deepcopy(document)
        metadata = document.setdefault("metadata", {})
        metadata.setdefault("name", f"{metadata.pop('generateName', '')}{uuid.uuid4().hex[:8]}")
        path = f"{collection}/{metadata['name']}"
        if path in self._objects:
            raise _Refusal(409, "already exists")
        if "/namespaces/" in collection:
            metadata["namespace"] = collection.partition("/namespaces/")[2].partition("/")[0]
        metadata |= {"uid": str(uuid.uuid4()), "generation": 1, "creationTimestamp": _now()}
        _manage(metadata, manager, document.get("spec") or {})
        return await self._store(path, "ADDED", document)

    async def patch(self, path: str, patch: Object, manager: str = "kubectl-patch") -> Object:
        """Merge into an object, as `kubectl patch --type merge` does; `path` may end with /status."""
        main = path.removesuffix("/status")
        before = self._objects.get(main)
        if before is None:
            raise _Refusal(404, "not found")
        version = (patch.get("metadata") or {}).get("resourceVersion")
        if version not in (None, before["metadata"]["resourceVersion"]):
            raise _Refusal(409, "the object has been modified")
        after = merged(before, {"status": patch.get("status")} if path != main else _without(patch, "status"))
        after["metadata"] |= {name: before["metadata"][name] for name in ("uid", "creationTimestamp", "generation")}
        if after.get("spec") != before.get("spec"):
            after["metadata"]["generation"] += 1
            _manage(after["metadata"], manager, patch.get("spec") or {})
        if after == before:
            return copy.deepcopy(before)
        if "deletionTimestamp" in after["metadata"] and not after["metadata"].get("finalizers"):
            return await self._remove(main, after)
        return await self._store(main, "MODIFIED", after)

    async def replace(self, path: str, document: Object) -> Object:
        """Replace an object of the version that was read."""
        before = self._objects.get(path)
        if before is None:
            raise _Refusal(404, "not found")
        if document["metadata"].get("resourceVersion") != before["metadata"]["resourceVersion"]:
            raise _Refusal(409, "the object has been modified")
        return await self._store(path, "MODIFIED", copy.deepcopy(document))

    async def delete(self, path: str) -> None:
        """Delete an object, or have it wait for its finalizers."""
        document = copy.deepcopy(self._objects[path])
        if document["metadata"].get("finalizers"):
            document["metadata"]["deletionTimestamp"] = _now()
            document["metadata"]["generation"] += 1
            await self._store(path, "MODIFIED", document)
        else:
            await self._remove(path, document)

    async def compact(self) -> None:
        """Forget what changed so far, and end all watches."""
        self._oldest = self._version
        self._history.clear()
        await self.cut()

    async def cut(self) -> None:
        """End all watches."""
        self._cut.set()
        self._cut = asyncio.Event()
        async with self._changed:
            self._changed.notify_all()

    async def serve(self, request: Request) -> Response:
        """Answer a request."""
        path = request.url.path
        manager = request.query_params.get("fieldManager", "unknown")
        if request.headers.get("authorization") != "Bearer segredo":
            return _error(401, "Unauthorized")
        for position, (end, status) in enumerate(self.refusals):
            if request.method != "GET" and path.endswith(end):
                del self.refusals[position]
                return _error(status, "refused by the test")
        try:
            if request.method == "GET" and request.query_params.get("watch") == "true":
                return StreamingResponse(self._watch(path, request), media_type="application/json")
            if request.method == "GET":
                return self._read(path)
            document = json.loads(await request.body())
            if request.method == "POST":
                return JSONResponse(await self.create(path, document, manager), 201)
            if request.method == "PUT":
                return JSONResponse(await self.replace(path, document))
            return JSONResponse(await self.patch(path, document, manager))
        except _Refusal as refusal:
            return _error(refusal.status, str(refusal))

    def _read(self, path: str) -> Response:
        found = self._objects.get(path)
        if found is not None:
            return JSONResponse(found)
        if path.rsplit("/", 2)[-2] in ("leases", "featureflags", "events"):
            return _error(404, "not found")
        metadata = {"resourceVersion": str(self._version)}
        return JSONResponse({"kind": "List", "metadata": metadata, "items": self.of(path)})

    async def _watch(self, path: str, request: Request) -> AsyncIterator[str]:
        at, cut = int(request.query_params["resourceVersion"]), self._cut
        if at < self._oldest:
            yield json.dumps({"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}}) + "\n"
            return
        while not cut.is_set():
            for version, collection, kind, document in list(self._history):
                if version > at and collection == path:
                    yield json.dumps({"type": kind, "object": document}) + "\n"
                    at = version
            async with self._changed:
                if not cut.is_set() and not any(each[0] > at and each[1] == path for each in self._history):
                    await self._changed.wait()

    async def _store(self, path: str, kind: str, document: Object) -> Object:
        self._objects[path] = document
        return await self._tell(path, kind, document)

    async def _remove(self, path: str, document: Object) -> Object:
        del self._objects[path]
        return await self._tell(path, "DELETED", document)

    async def _tell(self, path: str, kind: str, document: Object) -> Object:
        self._version = next(self._versions)
        document["metadata"]["resourceVersion"] = str(self._version)
        self._history.append((self._version, path.rpartition("/")[0], kind, copy.deepcopy(document)))
        async with self._changed:
            self._changed.notify_all()
        return copy.deepcopy(document)


@asynccontextmanager
async def fake_kubernetes() -> AsyncIterator[FakeKubernetes]:
    """Run an API until the block ends."""
    fake = FakeKubernetes()
    methods = ["GET", "POST", "PUT", "PATCH"]
    app = Starlette(routes=[Route("/{path:path}", fake.serve, methods=methods)])
    server = _Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not server.started:
            await asyncio.sleep(0.01)
    fake.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.should_exit = True
        await fake.cut()
        await task


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the tests."""
        yield


class _Refusal(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _error(status: int, message: str) -> Response:
    return JSONResponse({"kind": "Status", "code": status, "message": message}, status)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def merged(document: Any, patch: Any) -> Any:
    """Return a document with a merge patch (RFC 7396) applied."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = copy.deepcopy(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def _without(document: Object, name: str) -> Object:
    return {key: value for key, value in document.items() if key != name}


def _manage(metadata: Object, manager: str, spec: Object) -> None:
    fields: Object = {"f:spec": {f"f:{name}": {} for name in spec}}
    entry = {"manager": manager, "operation": "Update", "time": _now(), "fieldsV1": fields}
    metadata["managedFields"] = [
        *[each for each in metadata.get("managedFields", []) if each["manager"] != manager],
        entry,
    ]
