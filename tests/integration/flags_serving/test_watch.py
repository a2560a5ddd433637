"""Watch streams on real sockets."""

import asyncio

import grpc.aio
import pytest
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1 import flag_admin_service_pb2 as admin_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from tests.support.flag_store import bool_flag
from tests.support.serving import (
    PATIENCE_SECONDS,
    PRODUCTION,
    Datastores,
    Serving,
    Watcher,
    bearer,
    eventually,
    refused,
    serving,
)


async def test_everything_then_each_change(service: Serving) -> None:
    """A subscriber that holds nothing is brought up, and kept current."""
    await service.create(bool_flag("a"), bool_flag("b"))
    watcher = await service.watch()
    first = await watcher.transfer()
    assert first.intent == sync_pb2.TRANSFER_INTENT_FULL
    revision = await service.kill("a")
    change = await watcher.transfer()
    assert (change.intent, change.revision) == (sync_pb2.TRANSFER_INTENT_CHANGES, revision)
    assert [flag.key for flag in change.flags] == ["a"]
    await service.flags.ArchiveFlag(
        admin_pb2.ArchiveFlagRequest(environment=PRODUCTION, flag_key="b"), metadata=service.admin
    )
    assert list((await watcher.transfer()).removed_flags) == ["b"]
    assert sorted(watcher.replica.ruleset.flags) == ["a"]


async def test_who_comes_back_gets_what_it_missed(service: Serving) -> None:
    """None when it is current, the changes when it is behind, everything when its digest is wrong."""
    await service.create(bool_flag("a"), bool_flag("b"))
    watcher = await service.watch()
    await watcher.transfer()
    replica = watcher.replica
    watcher.call.cancel()

    async def resumed() -> Watcher:
        return await service.watch(resume_token=token, digest=digest)

    token, digest = replica.resume_token, replica.digest
    current = await (await resumed()).call.read()
    assert current.transfer.intent == sync_pb2.TRANSFER_INTENT_NONE
    wrong = await service.watch(resume_token=replica.resume_token, digest=replica.digest ^ 1)
    assert (await wrong.transfer()).intent == sync_pb2.TRANSFER_INTENT_FULL
    await service.kill("a")
    await service.kill("b")
    behind = await resumed()
    behind.replica = replica
    change = await behind.transfer()
    assert change.intent == sync_pb2.TRANSFER_INTENT_CHANGES
    assert sorted(flag.key for flag in change.flags) == ["a", "b"]


async def test_who_comes_back_after_a_restart_learns_what_was_archived(stores: Datastores) -> None:
    """The new process reads what it has not seen itself."""
    async with serving(stores) as first:
        await first.create(bool_flag("a"), bool_flag("b"))
        watcher = await first.watch()
        await watcher.transfer()
    replica = watcher.replica
    async with serving(stores) as second:
        await second.flags.ArchiveFlag(
            admin_pb2.ArchiveFlagRequest(environment=PRODUCTION, flag_key="a"), metadata=second.admin
        )
    async with serving(stores) as third:
        back = await third.watch(resume_token=replica.resume_token, digest=replica.digest)
        back.replica = replica
        change = await back.transfer()
    assert (change.intent, list(change.removed_flags)) == (sync_pb2.TRANSFER_INTENT_CHANGES, ["a"])
    assert sorted(replica.ruleset.flags) == ["b"]


async def test_a_subscriber_that_does_not_read_gets_one_merged_change(service: Serving) -> None:
    """The service holds nothing for it but what is in the pipe already."""
    large = bool_flag("a")
    large.targets.add(attribute="targeting_key", variant="off", values=[f"user-{n:06}" for n in range(1_000)])
    await service.create(large)
    watcher = await service.watch()
    await watcher.transfer()
    changes = 150
    for _ in range(changes // 2):
        await service.kill("a")
        revision = await service.restore("a")
    seen = []
    while watcher.replica.revision < revision:
        seen.append(await watcher.transfer())
    assert watcher.replica.revision == revision
    # 13 KB each in a window of 64 KiB: without merging all of them would come.
    assert len(seen) < changes / 2


async def test_the_environment_is_the_keys_own_unless_named(service: Serving) -> None:
    """A key that holds several has to say which."""
    unnamed = await (await service.watch("admin")).end()
    assert (unnamed.code, unnamed.fields) == ("INVALID_ARGUMENT", ["environment"])
    named = await service.watch("admin", environment=PRODUCTION)
    assert (await named.transfer()).revision == 0
    elsewhere = await (await service.watch("admin", environment="nowhere")).end()
    assert (elsewhere.code, elsewhere.reason) == ("NOT_FOUND", "ENVIRONMENT_NOT_FOUND")


async def test_an_environment_made_just_now_can_be_watched(service: Serving) -> None:
    """At the replica that made it."""
    await service.access.CreateEnvironment(
        access_pb2.CreateEnvironmentRequest(environment="nova"), metadata=service.admin
    )
    watcher = await service.watch("admin", environment="nova")
    assert (await watcher.transfer()).revision == 0
    revision = await service.create(bool_flag("a"), environment="nova")
    await watcher.until(revision)


async def test_revoking_a_key_closes_its_streams(service: Serving) -> None:
    """With the reason; streams of other keys stay open."""
    created = await service.access.CreateApiKey(
        access_pb2.CreateApiKeyRequest(name="leaked", role=access_pb2.ROLE_SERVER, environments=[PRODUCTION]),
        metadata=service.admin,
    )
    leaked = await Watcher.open(service, bearer(created.secret))
    other = await service.watch()
    await leaked.transfer()
    await other.transfer()
    await service.access.RevokeApiKey(access_pb2.RevokeApiKeyRequest(key_id=created.api_key.id), metadata=service.admin)
    end = await leaked.end()
    assert (end.code, end.reason) == ("UNAUTHENTICATED", "REVOKED_KEY")
    revision = await service.create(bool_flag("a"))
    await other.until(revision)


async def test_delivery_is_counted(service: Serving) -> None:
    """By what subscribers say that they have applied."""
    await service.create(bool_flag("a"))
    prompt, idle = (
        await service.watch(client_name="api", client_instance="1"),
        await service.watch(client_name="worker", client_instance="2"),
    )
    for watcher in (prompt, idle):
        await watcher.transfer()
    revision = await service.kill("a")
    await prompt.until(revision)
    await prompt.send(applied=sync_pb2.Applied(revision=revision))

    async def counted() -> bool:
        found = await service.sync.GetDelivery(sync_pb2.GetDeliveryRequest(), metadata=service.key("reader"))
        return found.applied == 1

    await eventually(counted)
    found = await service.sync.GetDelivery(sync_pb2.GetDeliveryRequest(), metadata=service.key("reader"))
    assert (found.revision, found.connected, found.replicas, found.partial) == (revision, 2, 1, False)
    assert [(each.client_name, each.client_instance, each.revision) for each in found.lagging] == [("worker", "2", 0)]


async def test_who_resumes_where_it_was_counts_as_having_applied_it(service: Serving) -> None:
    """It says so with its token."""
    revision = await service.create(bool_flag("a"))
    watcher = await service.watch()
    await watcher.transfer()
    watcher.call.cancel()
    back = await service.watch(resume_token=watcher.replica.resume_token, digest=watcher.replica.digest)
    await back.call.read()
    found = await service.sync.GetDelivery(
        sync_pb2.GetDeliveryRequest(revision=revision), metadata=service.key("reader")
    )
    assert found.applied == 1


async def test_subscribers_that_leave_are_no_longer_counted(service: Serving) -> None:
    """However they leave."""
    closed, cancelled = await service.watch(), await service.watch()
    for watcher in (closed, cancelled):
        await watcher.transfer()
    await closed.call.done_writing()
    assert (await closed.end()).code == "OK"
    cancelled.call.cancel()

    async def gone() -> bool:
        found = await service.sync.GetDelivery(sync_pb2.GetDeliveryRequest(), metadata=service.key("reader"))
        return found.connected == 0

    await eventually(gone)


async def test_goodbye_comes_before_the_end(stores: Datastores) -> None:
    """A service that stops tells each subscriber when to come back, at times that differ, and ends with OK."""
    async with serving(stores) as service:
        watchers = [await service.watch() for _ in range(20)]
        for watcher in watchers:
            await watcher.transfer()
        endings = [asyncio.create_task(goodbye(watcher)) for watcher in watchers]
    hints = await asyncio.gather(*endings)
    assert all(0 <= hint <= 1.0 for hint in hints)
    assert len(set(hints)) > 10


async def goodbye(watcher: Watcher) -> float:
    """Return the hint of the goodbye, once the stream has ended with OK."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        message = await watcher.call.read()
        assert message.WhichOneof("kind") == "goodbye"
        assert await watcher.call.read() is grpc.aio.EOF
        assert await watcher.call.code() is grpc.StatusCode.OK
    return float(message.goodbye.retry_after.ToNanoseconds()) / 1e9


async def test_heartbeats_come_when_nothing_else_does(stores: Datastores) -> None:
    """They name the revision."""
    async with serving(stores, heartbeat_seconds=0.05) as service:
        watcher = await service.watch()
        await watcher.transfer()
        message = await watcher.next()
        assert message == sync_pb2.WatchFlagsResponse(heartbeat=sync_pb2.Heartbeat(revision=0))


async def test_a_key_may_have_so_many_streams(stores: Datastores) -> None:
    """The next is refused, and told when to try again."""
    async with serving(stores, streams_per_key=2) as service:
        watchers = [await service.watch() for _ in range(2)]
        for watcher in watchers:
            await watcher.transfer()
        end = await (await service.watch()).end()
        assert (end.code, end.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
        assert end.retry_seconds is not None
        assert end.retry_seconds > 0
        await (await service.watch("admin", environment=PRODUCTION)).transfer()


@pytest.mark.parametrize("role", ["server", "browser"])
async def test_delivery_is_for_those_who_manage(service: Serving, role: str) -> None:
    """Other keys don't learn who is connected."""
    found = await refused(service.sync.GetDelivery(sync_pb2.GetDeliveryRequest(), metadata=service.key(role)))
    assert (found.code, found.reason) == ("PERMISSION_DENIED", "ROLE_DENIED")
