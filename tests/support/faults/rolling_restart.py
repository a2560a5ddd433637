"""The replicas are replaced one after the other by SIGTERM, as a deployment does, under load."""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack

from mirante import Mirante
from mirante.client.settings import Timing

from tests.support.crowd import Crowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.replica_killed import STEADY, current
from tests.support.flag_service_process import becomes, installation
from tests.support.flag_writer import FlagWriter
from tests.support.probes import CallProbe, ClientProbe, going_on

SPREAD_SECONDS = 1.0


async def replicas_replaced(
    datastores: RunningDatastores, database_url: str, crowd_type: Callable[..., Crowd], *, streams: int, rounds: int
) -> dict[str, object]:
    """Return what happened, after no call failed that had a second replica to go to."""
    codes: list[int] = []
    took: list[float] = []
    async with (
        installation(
            database_url, datastores.valkey.url, MIRANTE_FLAGS_GOODBYE_SPREAD_SECONDS=str(SPREAD_SECONDS)
        ) as services,
        AsyncExitStack() as stack,
    ):
        secret = services.keys["server"]
        writer = FlagWriter.at(services.target, services.metadata("admin"))
        await writer.create(10)
        crowd = crowd_type(services.ports, secret)
        await crowd.open(streams)
        client = stack.enter_context(Mirante(services.target, api_key=secret))
        assert client.wait_until_ready(30)
        inside = stack.enter_context(ClientProbe(client, STEADY))
        # Not the usual deadline: on a small machine a thousand subscribers take longer to come over.
        patient = Timing(deadline=10.0)
        asking = stack.enter_context(Mirante(services.target, api_key=secret, mode="remote", timing=patient))
        remote = stack.enter_context(ClientProbe(asking, STEADY, in_order=False))
        calls = [CallProbe(STEADY) for _ in range(4)]
        async with going_on(writer.write_for_ever(0.05), *[probe.run(services.target, secret) for probe in calls]):
            for number in range(rounds):
                replica = services.replicas[number % len(services.replicas)]
                began = time.monotonic()
                codes.append(await replica.terminate())
                took.append(time.monotonic() - began)
                replica.start()
                await replica.serving()
        truth = await writer.truth()
        late = await crowd.reaches(truth)
        client_current = await becomes(lambda: current(client, truth))
        lost = await writer.lost()
        await crowd.close()
        await writer.close()
    hints = crowd.ledger.goodbyes
    assert codes == [0] * rounds
    assert [fault for probe in calls for fault in probe.faults] == []
    assert [*inside.faults, *remote.faults] == []
    # Changes are not repeated by anybody: one that meets the end of a server fails, made or not.
    assert {refusal.code for refusal in writer.refusals} <= {"CANCELLED", "UNAVAILABLE"}
    assert lost == []
    assert crowd.ledger.faults == []
    assert late == []
    assert client_current
    # Every stream that ended was told before: none was cut.
    ends = {end for end in crowd.ledger.seen if end.startswith(("ended", "lost")) and not end.endswith("transfer")}
    assert ends <= {"ended 0", "ended OK"}
    assert len(hints) >= streams
    assert 0 <= min(hints) < max(hints) <= SPREAD_SECONDS
    assert len(set(hints)) > len(hints) / 2
    return {
        "streams": streams,
        "replaced": rounds,
        "goodbyes": len(hints),
        "earliest and latest return, s": [round(min(hints), 3), round(max(hints), 3)],
        "called": sum(probe.asked for probe in calls) + remote.asked,
        "slowest end of a replica, s": round(max(took), 1),
        "slowest call, ms": round(max(max(probe.took) for probe in calls) * 1e3),
        "evaluated in process": inside.asked,
        "acknowledged": len(writer.acknowledged),
        "changes that met the end of a server": len(writer.refusals),
        "seen": dict(crowd.ledger.seen),
    }
