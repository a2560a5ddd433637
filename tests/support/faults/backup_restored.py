"""The database is lost, and its backup, taken while everybody wrote, takes its place as it was some time before."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

import grpc.aio
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1 import evaluation_service_pb2 as evaluation_pb2
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1.access_admin_service_pb2_grpc import AccessAdminServiceStub
from mirante.api.flags.v1.evaluation_service_pb2_grpc import EvaluationServiceStub
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.api.telemetry.v1 import privacy_service_pb2 as privacy_pb2
from mirante.api.telemetry.v1.ingest_service_pb2_grpc import IngestServiceStub
from mirante.api.telemetry.v1.privacy_service_pb2_grpc import PrivacyServiceStub

from tests.support.datastores import ServerHandle
from tests.support.faults.replica_killed import STEADY
from tests.support.faults.steady_load import CrowdType, SteadyLoad, steady_load
from tests.support.faults.telemetry_callers import Ledger
from tests.support.faults.telemetry_checker import faults_of
from tests.support.flag_service_process import CHANNEL_OPTIONS, ENVIRONMENT, PATIENCE_SECONDS, ServiceProcess
from tests.support.postgres_backup import PostgresBackup
from tests.support.postgres_node import PostgresNode
from tests.support.postgres_pair import postgres_folder
from tests.support.replicated_mirante import ReplicatedMirante, replicated_mirante
from tests.support.telemetry_events import sale

_STEADY_SECONDS: Final = 4.0
_TENANT, _PERSON = "privado", "ana-souza-1979"
_MOMENT: Final = "before_the_accident"
_STORED: Final = "SELECT count(*) FROM events WHERE tenant = $1 AND subject = $2 AND kind = 1"
_COUNTS_OF_THE_ERASED: Final = "counts of coverage that are not those of the log"
"""Coverage counts also who was erased since."""


@dataclass(frozen=True)
class _Known:
    """What was acknowledged before the moment that the database is put back to."""

    changes: Sequence[flags_pb2.FlagRecord]
    acknowledged: frozenset[bytes]
    refused: frozenset[bytes]


async def backup_restored(
    valkey: ServerHandle, crowd_type: CrowdType, *, streams: int, events_per_second: float
) -> dict[str, object]:
    """Return what happened, after everybody went on with what the backup holds, and nobody came back who was erased."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(postgres_folder())
        backup = PostgresBackup(PostgresNode(folder / "data"), folder / "backup")
        stack.callback(backup.node.kill)
        await backup.create()
        services = await stack.enter_async_context(replicated_mirante(backup.node.url, valkey.url))
        desk = _Desk(services)
        found: dict[str, Any] = {}

        async def check(load: SteadyLoad) -> None:
            await _everything_of(found["known"], load)

        async with steady_load(
            services, crowd_type, streams=streams, events_per_second=events_per_second, check=check
        ) as load:
            await desk.send(5)
            load.erased.update(desk.sent)
            before_backup = len(load.ledger.acknowledged)
            await asyncio.sleep(_STEADY_SECONDS)
            await backup.take()
            during_backup = len(load.ledger.acknowledged) - before_backup
            _, older_key = await desk.create_key("older")
            await asyncio.sleep(_STEADY_SECONDS)
            known = found["known"] = _Known(
                list(load.writer.acknowledged), frozenset(load.ledger.acknowledged), frozenset(load.ledger.refused)
            )
            lineage, _ = await load.writer.head()
            await backup.mark(_MOMENT)
            # All of this the backup does not know.
            assert await desk.erase() == 5
            _, younger_key = await desk.create_key("younger")
            await load.until_written()
            await asyncio.sleep(_STEADY_SECONDS)
            lost = len(load.ledger.acknowledged) - len(known.acknowledged)
            await backup.restore(_MOMENT)
            began = time.monotonic()
            await load.until_written()
            current = await load.seconds_until_current()
            well = time.monotonic() - began
            assert (await load.writer.head())[0] != lineage
            await _becomes_zero(backup.node)
            erased_again = time.monotonic() - began
            assert await desk.send(1) == ["REJECTED"]
            assert await desk.answer_to(older_key) == "OK"
            assert await desk.answer_to(younger_key) == "UNAUTHENTICATED"
        assert load.follower.counts["epochs"] == 1
        assert not any(what.startswith("evaluations") for what in load.errors()), load.errors()
    return {
        "events acknowledged during the backup": during_backup,
        "events acknowledged after the moment, and lost with it": lost,
        "seconds until both were taken again": round(well - current, 1),
        "seconds until all clients were current in the new lineage": round(well, 1),
        "seconds until nobody was left who had been erased": round(erased_again, 1),
        **load.counts,
    }


class _Desk:
    """What people ask for here, at any replica."""

    def __init__(self, services: ReplicatedMirante) -> None:
        self._services = services
        self._admin = services.metadata("admin")
        self.sent: set[bytes] = set()

    async def send(self, sales: int) -> list[str]:
        """Send sales of the person; return what became of them."""
        request = ingest_pb2.IngestRequest(events=[sale(_TENANT, _PERSON) for _ in range(sales)])
        self.sent.update(event.id for event in request.events)
        async with _channel(self._services.telemetry.replicas[0]) as channel:
            stub = IngestServiceStub(channel)
            response = await stub.Ingest(request, metadata=self._services.metadata("server"), timeout=PATIENCE_SECONDS)
        return [ingest_pb2.EventStatus.Name(each).removeprefix("EVENT_STATUS_") for each in response.statuses]

    async def erase(self) -> int:
        """Erase the person; return how many events that were."""
        subject = privacy_pb2.Subject(tenant=_TENANT, user_id=_PERSON)
        request = privacy_pb2.EraseSubjectRequest(environment=ENVIRONMENT, subject=subject, reason="pedido 77")
        async with _channel(self._services.telemetry.replicas[0]) as channel:
            stub = PrivacyServiceStub(channel)
            answer = await stub.EraseSubject(request, metadata=self._admin, timeout=2 * PATIENCE_SECONDS)
        return int(answer.request.counts["events"])

    async def create_key(self, name: str) -> tuple[str, str]:
        """Create a backend's key; return its id and its secret."""
        request = access_pb2.CreateApiKeyRequest(name=name, role=access_pb2.ROLE_SERVER, environments=[ENVIRONMENT])
        async with _channel(self._services.flags.replicas[0]) as channel:
            answer = await AccessAdminServiceStub(channel).CreateApiKey(
                request, metadata=self._admin, timeout=PATIENCE_SECONDS
            )
        return answer.api_key.id, answer.secret

    async def answer_to(self, secret: str) -> str:
        """Ask both replicas about a flag with a key; return the one status that they answer."""
        told = set()
        for replica in self._services.flags.replicas:
            async with _channel(replica) as channel:
                request = evaluation_pb2.EvaluateFlagRequest(flag_key=STEADY[0], environment=ENVIRONMENT)
                try:
                    await EvaluationServiceStub(channel).EvaluateFlag(
                        request, metadata=(("authorization", f"Bearer {secret}"),), timeout=PATIENCE_SECONDS
                    )
                except grpc.aio.AioRpcError as error:
                    told.add(error.code().name)
                else:
                    told.add("OK")
        [answer] = told
        return answer


def _channel(replica: ServiceProcess) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(replica.address, options=CHANNEL_OPTIONS)


async def _becomes_zero(node: PostgresNode) -> None:
    async with asyncio.timeout(2 * PATIENCE_SECONDS):
        while await node.execute(_STORED, _TENANT, f"u:{_PERSON}"):
            await asyncio.sleep(0.1)


async def _everything_of(known: _Known, load: SteadyLoad) -> None:
    load.writer.acknowledged[:] = known.changes
    assert await load.writer.lost() == []
    ledger = Ledger(sent=load.ledger.sent, acknowledged=set(known.acknowledged), refused=set(known.refused))
    assert set(await faults_of(load.services.database_url, ledger)) <= {_COUNTS_OF_THE_ERASED}
    # What was taken, lost with the database and sent once more is taken once more.
    assert set(load.ledger.faults) <= {"accepted twice"}
