"""A service says how it fares, also when what it stands on does not."""

from mirante.api.common.v1 import diagnostics_service_pb2 as pb2
from mirante.api.common.v1.diagnostics_service_pb2_grpc import DiagnosticsServiceStub

from tests.support.datastores import ServerHandle
from tests.support.serving import PRODUCTION, Serving, eventually, refused


async def test_what_a_service_says_of_itself(service: Serving, valkey_server: ServerHandle) -> None:
    """Versions, the database's state, its own figures; to administrators alone; and that Redis is away."""
    stub = DiagnosticsServiceStub(service.channel)
    found = await stub.GetDiagnostics(pb2.GetDiagnosticsRequest(), metadata=service.admin)
    assert (found.service, bool(found.version), bool(found.instance), found.demo) == ("flags", True, True, False)
    assert found.postgres.error == ""
    assert (found.postgres.synchronous_commit, list(found.postgres.missing_migrations)) == ("on", [])
    assert abs(found.postgres.now.seconds - found.now.seconds) < 60
    assert found.redis.error == ""
    revisions = {figure.of: figure.value for figure in found.figures if figure.name == "revision"}
    assert revisions.keys() == {PRODUCTION}
    denied = await refused(stub.GetDiagnostics(pb2.GetDiagnosticsRequest(), metadata=service.key("editor")))
    assert denied.reason == "ROLE_DENIED"

    async def redis_is_missed() -> bool:
        answer = await stub.GetDiagnostics(pb2.GetDiagnosticsRequest(), metadata=service.admin)
        return bool(answer.redis.error)

    await valkey_server.stop()
    try:
        await eventually(redis_is_missed)
    finally:
        await valkey_server.ensure_running()
