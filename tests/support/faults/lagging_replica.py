"""Subscribers come to a replica that has not heard of what they hold."""

from collections.abc import Callable
from contextlib import AsyncExitStack

from mirante import Mirante

from tests.support.crowd import Crowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.replica_killed import STEADY, current
from tests.support.flag_service_process import FlagServiceProcess, Installation, becomes, service_home
from tests.support.flag_writer import FlagWriter
from tests.support.probes import ClientProbe
from tests.support.running_up import free_port

NEVER = "3600"


async def resumed_at_a_lagging_replica(
    datastores: RunningDatastores, database_url: str, crowd_type: Callable[..., Crowd], *, streams: int, rounds: int
) -> dict[str, object]:
    """Return what happened, after the replica caught up with whoever came, before it answered."""
    behind: list[int] = []
    with service_home() as home:
        # No hints reach the lagging replica, and it never polls: it learns of changes from its subscribers alone.
        nowhere = f"redis://127.0.0.1:{free_port()}"
        leading = FlagServiceProcess(home, database_url, datastores.valkey.url)
        lagging = FlagServiceProcess(home, database_url, nowhere, MIRANTE_FLAGS_POLL_SECONDS=NEVER)
        services = Installation(home, [leading, lagging])
        try:
            await services.start()
            async with AsyncExitStack() as stack:
                secret = services.keys["server"]
                writer = FlagWriter.at(leading.address, services.metadata("admin"))
                stack.push_async_callback(writer.close)
                await writer.create(10)
                crowd = crowd_type([leading.port], secret)
                stack.push_async_callback(crowd.close)
                await crowd.open(streams)
                # On a busy machine a client may try the second address before the first has answered.
                lagging.kill()
                client = stack.enter_context(Mirante(services.target, api_key=secret))
                assert client.wait_until_ready(30)
                lagging.start()
                await lagging.serving()
                probe = stack.enter_context(ClientProbe(client, STEADY))
                for number in range(rounds):
                    for _ in range(8):
                        assert await writer.write_once()
                    truth = await writer.truth()
                    assert await crowd.reaches(truth) == []
                    assert await becomes(lambda truth=truth: current(client, truth))  # type: ignore[misc]
                    behind.append(truth.revision - await _revision_without_token(crowd_type, lagging.port, secret))
                    # Everybody goes over to the lagging replica, with a token from its future.
                    crowd.ports = [lagging.port]
                    leading.kill()
                    assert await becomes(lambda: all(state.connected for state in crowd.states))
                    assert await crowd.reaches(truth) == []
                    assert await becomes(lambda truth=truth: current(client, truth))  # type: ignore[misc]
                    if number == rounds - 1:
                        break
                    crowd.ports = [leading.port]
                    leading.start()
                    await leading.serving()
                    lagging.kill()
                    lagging.start()
                    await lagging.serving()
                    assert await becomes(lambda: all(state.connected for state in crowd.states))
        finally:
            for replica in services.replicas:
                replica.kill()
    assert crowd.ledger.faults == []
    assert probe.faults == []
    assert min(behind) >= 5
    return {"streams": streams, "rounds": rounds, "revisions behind": behind, "seen": dict(crowd.ledger.seen)}


async def _revision_without_token(crowd_type: Callable[..., Crowd], port: int, secret: str) -> int:
    """Return where a replica stands, as a subscriber is told that holds nothing."""
    crowd = crowd_type([port], secret)
    await crowd.open(1)
    await crowd.close()
    return crowd.states[0].revision
