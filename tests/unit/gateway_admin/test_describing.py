"""The OpenAPI document of contracts."""

from typing import Any, Final

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from mirante.api.flags.v1 import flag_admin_service_pb2

from services.gateway.admin.services import NOT_FOR_PEOPLE, own_methods, path_of
from services.gateway.describing.operations import whole_document

_NO_EDGE: Final[dict[str, Any]] = {"tags": [], "paths": {}, "components": {"schemas": {"Kill": {"type": "string"}}}}


def contracts() -> FileDescriptorSet:
    """Return the contract of flags and all that it needs; with one comment, as compilers give them."""
    files: dict[str, FileDescriptorProto] = {}

    def add(descriptor: Any) -> None:
        for each in descriptor.dependencies:
            add(each)
        files.setdefault(descriptor.name, FileDescriptorProto.FromString(descriptor.serialized_pb))

    add(flag_admin_service_pb2.DESCRIPTOR)
    comment = files["mirante/api/flags/v1/flag.proto"].source_code_info.location.add()
    index = [each.name for each in files["mirante/api/flags/v1/flag.proto"].message_type].index("Flag")
    comment.path.extend([4, index, 2, 0])
    comment.leading_comments = " The key\n of it.\n\n Second.\n"
    return FileDescriptorSet(file=files.values())


def test_answers_and_requests_are_described() -> None:
    """With required fields in answers only, and two schemas for what goes both ways."""
    found = whole_document(_NO_EDGE, contracts())
    schemas = found["components"]["schemas"]
    operation = found["paths"]["/api/mirante.api.flags.v1.FlagAdminService/UpdateFlag"]["post"]
    assert operation["operationId"] == "FlagAdminService_UpdateFlag"
    request = schemas["UpdateFlagRequest"]
    assert request["properties"]["flag"]["$ref"].endswith("/FlagInput")
    assert "required" not in request
    assert request["additionalProperties"] is False
    record = schemas["FlagRecord"]
    assert record["properties"]["flag"]["$ref"].endswith("/Flag")
    assert set(record["required"]) == {"etag", "revision", "archived", "updatedBy"}
    assert record["properties"]["revision"]["type"] == "string"
    assert record["properties"]["createdAt"]["format"] == "date-time"
    assert schemas["Flag"]["properties"]["key"]["description"] == "The key of it.\n\nSecond."
    assert "FLAG_TYPE_BOOL" in schemas["FlagType"]["enum"]
    assert "At most one of: variant, rollout." in schemas["Serve"]["description"]


def test_a_name_that_is_taken_gets_its_area() -> None:
    """What is written by hand keeps its name."""
    schemas = whole_document(_NO_EDGE, contracts())["components"]["schemas"]
    assert schemas["Kill"] == {"type": "string"}
    assert schemas["Flag"]["properties"]["kill"]["$ref"] == "#/components/schemas/FlagsKill"


def test_services_between_services_are_not_in_the_api() -> None:
    """Nor anything that takes a stream."""
    paths = {path_of(method) for method in own_methods()}
    assert "/api/mirante.api.flags.v1.FlagAdminService/KillFlag" in paths
    assert "/api/mirante.api.telemetry.v1.EventLogService/TailEvents" in paths
    assert "/api/mirante.api.metrics.v1.LiveMetricsService/WatchLiveMetrics" in paths
    assert "/api/mirante.api.flags.v1.FlagSyncService/GetDelivery" in paths
    assert "/api/mirante.api.flags.v1.FlagSyncService/WatchFlags" not in paths
    assert not any(path.split("/")[2] in NOT_FOR_PEOPLE for path in paths)
