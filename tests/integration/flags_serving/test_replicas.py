"""Several replicas on one database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1 import evaluation_service_pb2 as pb2
from mirante.api.flags.v1 import flag_admin_service_pb2 as admin_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from tests.support.datastores import ServerHandle
from tests.support.flag_store import bool_flag
from tests.support.serving import PRODUCTION, Datastores, Serving, bearer, eventually, refused, replicas, serving

NEVER = 3_600.0
NOWHERE = "redis://127.0.0.1:1"
_RESTORED_TABLES = ("environments", "definitions", "definition_history")


@asynccontextmanager
async def deaf_replica(stores: Datastores) -> AsyncIterator[Serving]:
    """A replica that hears of nothing by itself: no hints, and no poll after the first."""
    async with serving(replace(stores, redis_url=NOWHERE), poll_seconds=NEVER) as replica:
        yield replica


async def save(database_url: str) -> None:
    """Remember the database as it is."""
    connection = await asyncpg.connect(database_url)
    try:
        for table in _RESTORED_TABLES:
            await connection.execute(f"CREATE TABLE saved_{table} AS TABLE {table}")
    finally:
        await connection.close()


async def put_back(database_url: str) -> None:
    """Make the database what it was, as restored files do: lineage and identity are the same."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            for table in reversed(_RESTORED_TABLES):
                await connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of tables
            for table in _RESTORED_TABLES:
                await connection.execute(f"INSERT INTO {table} TABLE saved_{table}")
    finally:
        await connection.close()


async def test_a_hint_brings_a_change_to_the_other_replica(stores: Datastores) -> None:
    """Without any poll."""
    async with replicas(2, stores, poll_seconds=NEVER) as (one, two):
        watcher = await two.watch()
        await watcher.transfer()
        await one.create(bool_flag("a"))
        for _ in range(5):
            await one.kill("a")
            revision = await one.restore("a")
            await watcher.until(revision)


async def test_a_poll_brings_a_change_when_redis_is_dead(stores: Datastores, valkey_server: ServerHandle) -> None:
    """Hints are a convenience; and when Redis is back, they are again."""
    async with replicas(2, stores, poll_seconds=0.05) as (one, two):
        watcher = await two.watch()
        await watcher.transfer()
        await valkey_server.stop()
        await watcher.until(await one.create(bool_flag("a")))
        await valkey_server.start()
        await valkey_server.wait_until_ready()
        await watcher.until(await one.kill("a"))


async def test_redis_may_be_dead_from_the_start(stores: Datastores) -> None:
    """Nothing but the counts over replicas needs it."""
    async with serving(replace(stores, redis_url=NOWHERE)) as service:
        revision = await service.create(bool_flag("a"))
        watcher = await service.watch()
        await watcher.until(revision)
        found = await service.sync.GetDelivery(sync_pb2.GetDeliveryRequest(), metadata=service.key("reader"))
        assert (found.connected, found.partial, found.replicas) == (1, True, 1)


async def test_delivery_is_counted_over_replicas(stores: Datastores) -> None:
    """Whichever of them is asked."""
    async with replicas(2, stores) as both:
        one, two = both
        revision = await one.create(bool_flag("a"))
        watchers = [await one.watch(client_name="at one"), await two.watch(client_name="at two")]
        for watcher in watchers:
            await watcher.until(revision)
        await watchers[1].send(applied=sync_pb2.Applied(revision=revision))
        for replica in both:

            async def counted(replica: Serving = replica) -> bool:
                found = await replica.sync.GetDelivery(sync_pb2.GetDeliveryRequest(), metadata=replica.key("reader"))
                lagging = [each.client_name for each in found.lagging]
                return (found.replicas, found.connected, found.applied, lagging) == (2, 2, 1, ["at one"])

            await eventually(counted)


async def test_a_key_made_at_one_replica_opens_the_other(stores: Datastores) -> None:
    """Soon; and when it is revoked at one, its streams at the other are closed."""
    async with replicas(2, stores, poll_seconds=NEVER) as (one, two):
        created = await one.access.CreateApiKey(
            access_pb2.CreateApiKeyRequest(name="x", role=access_pb2.ROLE_SERVER, environments=[PRODUCTION]),
            metadata=one.admin,
        )

        async def opens() -> bool:
            call = two.evaluation.EvaluateFlags(pb2.EvaluateFlagsRequest(), metadata=bearer(created.secret))
            return (await call.code()).name == "OK"

        await eventually(opens)
        call = two.sync.WatchFlags(metadata=bearer(created.secret))
        await call.write(sync_pb2.WatchFlagsRequest(subscribe=sync_pb2.Subscribe()))
        await call.read()
        await one.access.RevokeApiKey(access_pb2.RevokeApiKeyRequest(key_id=created.api_key.id), metadata=one.admin)
        async with asyncio.timeout(60):
            assert (await call.code()).name == "UNAUTHENTICATED"


async def test_a_replica_that_lags_catches_up_with_its_subscriber(stores: Datastores) -> None:
    """A subscriber that comes from a newer replica is never sent back."""
    async with serving(stores) as one, deaf_replica(stores) as two:
        revision = await one.create(bool_flag("a"), bool_flag("b"))
        watcher = await one.watch()
        await watcher.until(revision)
        assert (await (await two.watch()).transfer()).revision < revision
        moved = await two.watch(resume_token=watcher.replica.resume_token, digest=watcher.replica.digest)
        transfer = (await moved.call.read()).transfer
        assert (transfer.intent, transfer.revision) == (sync_pb2.TRANSFER_INTENT_NONE, revision)


async def test_a_subscriber_notices_a_restored_database(stores: Datastores) -> None:
    """It holds the proof: the environment gets a new lineage, and everybody ends where the database is."""
    async with serving(stores) as service:
        await service.create(bool_flag("kept"))
        await save(stores.database_url)
        revision = await service.create(bool_flag("lost_1"), bool_flag("lost_2"))
        watcher = await service.watch()
        await watcher.until(revision)
    await put_back(stores.database_url)
    async with serving(stores) as after:
        back = await after.watch(resume_token=watcher.replica.resume_token, digest=watcher.replica.digest)
        back.replica = watcher.replica
        transfer = await back.transfer()
        assert (transfer.intent, transfer.revision) == (sync_pb2.TRANSFER_INTENT_FULL, 1)
        assert transfer.lineage != watcher.transfers[0].lineage
        assert sorted(back.replica.ruleset.flags) == ["kept"]
        await back.until(await after.kill("kept"))


async def test_running_replicas_notice_a_restored_database(stores: Datastores) -> None:
    """They know of later revisions themselves; subscribers of both end with the restored flags."""
    async with replicas(2, stores, poll_seconds=0.05) as (one, two):
        await one.create(bool_flag("kept"))
        await save(stores.database_url)
        revision = await one.create(bool_flag("lost"))
        watchers = [await one.watch(), await two.watch()]
        for watcher in watchers:
            await watcher.until(revision)
        await put_back(stores.database_url)
        for watcher in watchers:
            transfer = await watcher.transfer()
            assert transfer.intent == sync_pb2.TRANSFER_INTENT_FULL
            assert sorted(watcher.replica.ruleset.flags) == ["kept"]
        lineages = {watcher.replica.lineage for watcher in watchers}
        assert len(lineages) == 1
        for watcher in watchers:
            await watcher.until(await one.create(bool_flag(f"new_{watchers.index(watcher)}")))


async def test_evaluation_outlives_the_database(stores: Datastores, postgres_server: ServerHandle) -> None:
    """Flags, keys and streams stay; changing fails clearly, and works again by itself."""
    async with serving(stores, poll_seconds=0.05) as service:
        await service.create(bool_flag("a"))
        watcher = await service.watch()
        await watcher.transfer()
        await postgres_server.stop()
        request = pb2.EvaluateFlagRequest(flag_key="a", context=pb2.EvaluationContext(targeting_key="ana"))
        for _ in range(20):
            answer = await service.evaluation.EvaluateFlag(request, metadata=service.key("server"))
            assert answer.evaluation.variant == "on"
        await (await service.watch()).transfer()
        kill = admin_pb2.KillFlagRequest(environment=PRODUCTION, flag_key="a", reason="test")
        found = await refused(service.flags.KillFlag(kill, metadata=service.admin))
        assert (found.code, found.reason) == ("UNAVAILABLE", "STORE_UNAVAILABLE")
        assert found.retry_seconds is not None
        assert await service.health() == "SERVING"
        await postgres_server.start()
        await postgres_server.wait_until_ready()
        await watcher.until(await service.kill("a"))
