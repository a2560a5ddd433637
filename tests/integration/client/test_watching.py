"""A client in process: rules arrive, are acknowledged, and survive whatever happens to the stream."""

import dataclasses
from collections.abc import Iterator

import grpc
import pytest
from mirante import ClientState, EvaluationError
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from tests.integration.client.conftest import QUICK, Connect
from tests.support.eventually import eventually
from tests.support.fake_flag_service import FakeFlagService, Script, abort, transfer
from tests.support.flag_messages import bool_flag, full


def refuse(code: grpc.StatusCode, reason: str = "") -> Script:
    """Refuse the stream."""

    def script(_: sync_pb2.Subscribe, context: grpc.ServicerContext) -> Iterator[sync_pb2.WatchFlagsResponse]:
        abort(context, code, "refused", reason=reason)
        yield sync_pb2.WatchFlagsResponse()

    return script


def say(*messages: sync_pb2.WatchFlagsResponse, stay: bool = False) -> Script:
    """Send these, then close the stream or stay silent until the client leaves."""

    def script(_: sync_pb2.Subscribe, context: grpc.ServicerContext) -> Iterator[sync_pb2.WatchFlagsResponse]:
        yield from messages
        if stay:
            assert eventually(lambda: not context.is_active())

    return script


def heartbeat(revision: int) -> sync_pb2.WatchFlagsResponse:
    """A sign of life."""
    return sync_pb2.WatchFlagsResponse(heartbeat=sync_pb2.Heartbeat(revision=revision))


def test_rules_arrive_and_are_acknowledged(service: FakeFlagService, connect: Connect) -> None:
    """The client says who it is, evaluates with what it gets, and says so."""
    client = connect(name="vendas-api", environment="production")
    assert client.wait_until_ready(30)
    assert client.is_enabled("a") is True
    assert client.status.state is ClientState.READY
    assert eventually(lambda: service.applied == [1])
    (subscribe,) = service.subscribes
    assert (subscribe.client_name, subscribe.environment) == ("vendas-api", "production")
    assert subscribe.client_version.startswith("mirante-python/")
    assert subscribe.client_instance
    assert subscribe.resume_token == b""


def test_a_kill_arrives(service: FakeFlagService, connect: Connect) -> None:
    """A change is evaluated as soon as it is applied, by every client."""
    clients = [connect() for _ in range(3)]
    assert all(client.wait_until_ready(30) for client in clients)
    service.put(bool_flag("a", 2, killed=True))
    assert eventually(lambda: not any(client.is_enabled("a") for client in clients))
    assert {client.details("a").revision for client in clients} == {2}


def test_many_changes_need_few_acknowledgements(service: FakeFlagService, connect: Connect) -> None:
    """A burst is acknowledged by its newest revision, and never backwards."""
    connect(timing=dataclasses.replace(QUICK, acknowledge_earliest=0.2, acknowledge_latest=0.2)).wait_until_ready(30)
    for version in range(2, 102):
        service.put(bool_flag("a", version))
    assert eventually(lambda: 101 in service.applied)
    assert len(service.applied) < 50
    assert service.applied == sorted(service.applied)


def test_a_removed_flag_is_gone(service: FakeFlagService, connect: Connect) -> None:
    """Archived flags give the default of the code."""
    client = connect()
    assert client.wait_until_ready(30)
    service.remove("a")
    assert eventually(lambda: client.details("a").error is EvaluationError.FLAG_NOT_FOUND)
    assert client.is_enabled("a", default=True) is True


def test_a_lost_stream_resumes_where_it_was(service: FakeFlagService, connect: Connect) -> None:
    """The next stream carries token and digest; within the grace nothing looks stale."""
    client = connect(timing=dataclasses.replace(QUICK, grace=60))
    assert client.wait_until_ready(30)
    service.end_streams()
    assert eventually(lambda: len(service.subscribes) == 2)
    assert service.subscribes[1].resume_token == b"a/1"
    assert service.subscribes[1].digest != 0
    assert service.subscribes[1].client_instance == service.subscribes[0].client_instance
    assert client.details("a").stale is False


def test_a_service_that_returns_is_found(service: FakeFlagService, connect: Connect) -> None:
    """While it is away answers stay and become stale; when it is back they are current without a restart."""
    client = connect()
    assert client.wait_until_ready(30)
    service.stop()
    assert eventually(lambda: client.status.state is ClientState.STALE)
    stale = client.details("a")
    assert (stale.value, stale.stale, stale.error) == (True, True, None)
    assert client.wait_until_ready(0) is False
    assert client.status.problem.startswith("UNAVAILABLE")
    service.flags["a"] = bool_flag("a", 2, killed=True)
    service.revision = 2
    service.start()
    assert eventually(lambda: client.status.state is ClientState.READY)
    fresh = client.details("a")
    assert (fresh.value, fresh.stale, fresh.revision) == (False, False, 2)
    assert client.status.problem == ""


def test_a_goodbye_is_followed_to_another_stream(service: FakeFlagService, connect: Connect) -> None:
    """The client comes back after the time that it was given."""
    goodbye = sync_pb2.Goodbye()
    goodbye.retry_after.FromMilliseconds(50)
    service.scripts.append(say(transfer(full([bool_flag("a")], 1)), sync_pb2.WatchFlagsResponse(goodbye=goodbye)))
    client = connect()
    assert eventually(lambda: len(service.subscribes) == 2)
    assert service.subscribes[1].resume_token == b"a/1"
    assert client.is_enabled("a") is True


def test_a_silent_stream_is_left(service: FakeFlagService, connect: Connect) -> None:
    """Without heartbeats a stream counts as dead."""
    service.scripts.append(say(transfer(full([bool_flag("a")], 1)), stay=True))
    client = connect(timing=dataclasses.replace(QUICK, silence=0.2))
    assert client.wait_until_ready(30)
    service.put(bool_flag("a", 2, killed=True))
    assert eventually(lambda: client.is_enabled("a") is False)


def test_heartbeats_keep_a_stream(service: FakeFlagService, connect: Connect) -> None:
    """Signs of life are enough."""
    client = connect(timing=dataclasses.replace(QUICK, silence=2.0))
    assert client.wait_until_ready(30)
    for _ in range(30):
        service.send(heartbeat(1))
        eventually(lambda: False, longest=0.1)
    assert len(service.subscribes) == 1


def test_a_service_that_is_ahead_and_sends_nothing_is_left(service: FakeFlagService, connect: Connect) -> None:
    """Two heartbeats with a newer revision and no transfer between them mean that something was missed."""
    client = connect()
    assert client.wait_until_ready(30)
    service.send(heartbeat(9))
    service.send(heartbeat(9))
    assert eventually(lambda: len(service.subscribes) == 2)


@pytest.mark.parametrize(
    "code", [grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.INTERNAL]
)
def test_a_refusal_is_never_the_end(service: FakeFlagService, connect: Connect, code: grpc.StatusCode) -> None:
    """Whatever the service says, the client tries again, keeping the rules that it has."""
    client = connect()
    assert client.wait_until_ready(30)
    service.scripts.extend([refuse(code)] * 3)
    service.end_streams()
    assert eventually(lambda: len(service.subscribes) == 5)
    assert client.is_enabled("a") is True
    service.put(bool_flag("a", 2, killed=True))
    assert eventually(lambda: client.is_enabled("a") is False)


def test_a_refused_token_is_dropped(service: FakeFlagService, connect: Connect) -> None:
    """A token of another service leads to a stream without one, and then to the rules."""
    client = connect()
    assert client.wait_until_ready(30)
    service.scripts.append(refuse(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_RESUME_TOKEN"))
    service.end_streams()
    assert eventually(lambda: len(service.subscribes) == 3)
    assert [subscribe.resume_token for subscribe in service.subscribes] == [b"", b"a/1", b""]
    service.put(bool_flag("a", 2, killed=True))
    assert eventually(lambda: client.is_enabled("a") is False)


def test_a_wrong_digest_starts_over(service: FakeFlagService, connect: Connect) -> None:
    """Rules that do not add up are not used; everything is fetched again."""
    client = connect()
    assert client.wait_until_ready(30)
    broken = full([bool_flag("a", 7, killed=True)], 7)
    broken.digest += 1
    service.send(transfer(broken))
    assert eventually(lambda: len(service.subscribes) == 2)
    assert service.subscribes[1].resume_token == b""
    assert eventually(lambda: client.status.problem == "")
    assert client.details("a").revision == 1


def test_an_older_revision_is_not_taken(service: FakeFlagService, connect: Connect) -> None:
    """A lagging replica of the service cannot bring a flag back that was killed."""
    service.put(bool_flag("a", 2, killed=True))
    client = connect()
    assert client.wait_until_ready(30)
    service.scripts.extend([say(transfer(full([bool_flag("a", 1)], 1)))] * 3)
    service.end_streams()
    assert eventually(lambda: len(service.subscribes) == 5)
    assert client.is_enabled("a") is False
    assert client.status.revision == 2


def test_a_restored_database_is_followed(service: FakeFlagService, connect: Connect) -> None:
    """Another lineage brings everything, whatever its revision."""
    service.put(bool_flag("a", 2))
    client = connect()
    assert client.wait_until_ready(30)
    service.lineage, service.revision, service.flags = "b", 1, {"old": bool_flag("old")}
    service.end_streams()
    assert eventually(lambda: client.is_enabled("old"))
    assert client.details("a").error is EvaluationError.FLAG_NOT_FOUND


def test_without_rules_defaults_answer() -> None:
    """A client that never reached anything is not ready, and says so in the details."""
    from mirante import Mirante

    with Mirante("127.0.0.1:1", api_key="k", timing=QUICK) as client:
        assert client.wait_until_ready(0.05) is False
        assert client.is_enabled("a", default=True) is True
        details = client.details("a", default="x")
        assert (details.value, details.error) == ("x", EvaluationError.NOT_READY)
        assert client.status.state is ClientState.CONNECTING


def test_close_is_final_and_may_be_repeated(service: FakeFlagService, connect: Connect) -> None:
    """Afterwards the last rules answer, and the service has no stream left."""
    client = connect()
    assert client.wait_until_ready(30)
    client.close()
    client.close()
    assert client.status.state is ClientState.CLOSED
    assert client.is_enabled("a") is True
    assert eventually(lambda: service.open_streams == 0)
