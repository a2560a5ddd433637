"""The operations of the admin API, and the whole document."""

from collections.abc import Sequence
from typing import Any, Final

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool

from services.gateway.admin.services import SERVICE_OF_PACKAGE, methods_of, path_of
from services.gateway.describing.comments import Comments, comments_of
from services.gateway.describing.naming import Names
from services.gateway.describing.schemas import Schemas

Document = dict[str, Any]

_SECURITY: Final[list[dict[str, list[str]]]] = [{"session": []}, {"bearer": []}]
_PROBLEM: Final = {"$ref": "#/components/responses/Problem"}
_MARK: Final = {"$ref": "#/components/parameters/OwnRequest"}
_STREAM: Final = (
    "A stream of server-sent events: each `data:` line holds one message. It ends with `event: problem` when it fails."
)


def whole_document(edge: Document, contracts: FileDescriptorSet) -> Document:
    """
    Return the document.

    Args:
        edge: what is written by hand; its names stay.
        contracts: compiled, each file after those that it needs, with their source information.

    Raises:
        ValueError: the contracts hold what cannot be described; names it.
    """
    methods, comments = _methods(contracts), comments_of(contracts.file)
    own = edge["components"]["schemas"]
    schemas = Schemas(comments, Names(own))
    answers = [schemas.answer(method.output_type) for method in methods]
    requests = [schemas.request(method.input_type) for method in methods]
    paths = {
        path_of(method): {"post": _operation(method, request, answer, comments)}
        for method, request, answer in zip(methods, requests, answers, strict=True)
    }
    services = {method.containing_service.full_name: method.containing_service for method in methods}
    return edge | {
        "tags": [*edge["tags"], *[_tag(service, comments) for service in services.values()]],
        "paths": edge["paths"] | paths,
        "components": edge["components"] | {"schemas": own | schemas.found},
    }


def _methods(contracts: FileDescriptorSet) -> Sequence[MethodDescriptor]:
    pool = DescriptorPool()
    for file in contracts.file:
        pool.AddSerializedFile(file.SerializeToString())
    files = [pool.FindFileByName(file.name) for file in contracts.file if file.package in SERVICE_OF_PACKAGE]
    order = list(SERVICE_OF_PACKAGE)
    files.sort(key=lambda file: (order.index(file.package), file.name))
    return [method for file in files for method in methods_of(file)]


def _operation(method: MethodDescriptor, request: Document, answer: Document, comments: Comments) -> Document:
    service = method.containing_service
    comment = comments.get(method.full_name)
    media_type = "text/event-stream" if method.server_streaming else "application/json"
    return {
        "operationId": f"{service.name}_{method.name}",
        "tags": [service.name],
        **({} if comment is None else {"description": comment}),
        "security": _SECURITY,
        "parameters": [_MARK],
        "requestBody": {"required": True, "content": {"application/json": {"schema": request}}},
        "responses": {
            "200": {
                "description": _STREAM if method.server_streaming else "The answer.",
                "content": {media_type: {"schema": answer}},
            },
            "default": _PROBLEM,
        },
    }


def _tag(service: ServiceDescriptor, comments: Comments) -> Document:
    comment = comments.get(service.full_name)
    return {"name": service.name} | ({} if comment is None else {"description": comment})
