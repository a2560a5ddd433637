"""Too much is refused, clearly, and does not hurt anybody else."""

import asyncio

import asyncpg
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1 import evaluation_service_pb2 as pb2
from mirante.api.flags.v1 import flag_admin_service_pb2 as admin_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from tests.support.flag_store import bool_flag
from tests.support.serving import PRODUCTION, Datastores, Metadata, Refused, Serving, bearer, refused, serving

QUOTA = 10


def ask() -> pb2.EvaluateFlagRequest:
    """A question."""
    return pb2.EvaluateFlagRequest(flag_key="a", context=pb2.EvaluationContext(targeting_key="ana"))


async def small_key(service: Serving) -> Metadata:
    """A key that may make ten calls a second."""
    created = await service.access.CreateApiKey(
        access_pb2.CreateApiKeyRequest(
            name="small", role=access_pb2.ROLE_SERVER, environments=[PRODUCTION], quota_per_second=QUOTA
        ),
        metadata=service.admin,
    )
    return bearer(created.secret)


async def outcome(service: Serving, metadata: Metadata) -> Refused:
    """How one question ends."""
    call = service.evaluation.EvaluateFlag(ask(), metadata=metadata)
    return Refused.of(await call.code(), await call.details(), await call.trailing_metadata())


async def test_a_key_beyond_its_quota_is_refused_and_another_is_not(service: Serving) -> None:
    """Ten times the quota at once: the burst is served, the rest told when to come back."""
    await service.create(bool_flag("a"))
    small = await small_key(service)
    loop = asyncio.get_running_loop()
    start = loop.time()
    greedy, modest = await asyncio.gather(
        asyncio.gather(*[outcome(service, small) for _ in range(10 * QUOTA)]),
        asyncio.gather(*[outcome(service, service.key("server")) for _ in range(50)]),
    )
    earned = QUOTA * (loop.time() - start)
    served = [each for each in greedy if each.code == "OK"]
    turned_away = [each for each in greedy if each.code != "OK"]
    assert QUOTA <= len(served) <= QUOTA + earned + 1
    assert {(each.code, each.reason) for each in turned_away} == {("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")}
    assert all(each.metadata == {"quota": f"{QUOTA}/s"} for each in turned_away)
    assert all(0 < (each.retry_seconds or 0) <= 1 for each in turned_away)
    assert {each.code for each in modest} == {"OK"}


async def test_whoever_comes_back_as_told_is_served(service: Serving) -> None:
    """The delay of the refusal is enough."""
    await service.create(bool_flag("a"))
    small = await small_key(service)
    found = await outcome(service, small)
    while found.code == "OK":
        found = await outcome(service, small)
    await asyncio.sleep(found.retry_seconds or 0)
    assert (await outcome(service, small)).code == "OK"


async def test_bulk_is_charged_by_what_it_takes(service: Serving) -> None:
    """Asking for hundreds of flags at once does not get around the quota."""
    await service.create(bool_flag("a"))
    small = await small_key(service)
    request = pb2.EvaluateFlagsRequest(flag_keys=["a"] * 1_000)
    await service.evaluation.EvaluateFlags(request, metadata=small)
    found = await refused(service.evaluation.EvaluateFlags(request, metadata=small))
    assert (found.code, found.reason) == ("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")


async def test_a_stream_beyond_its_quota_waits(service: Serving) -> None:
    """Every item is answered, at the quota's pace."""
    await service.create(bool_flag("a"))
    call = service.evaluation.EvaluateStream(metadata=await small_key(service))
    start = asyncio.get_running_loop().time()
    items = 60  # a quarter of a call each: the burst covers 40
    for number in range(items):
        await call.write(pb2.EvaluateStreamRequest(request_id=number, flag_key="a"))
    await call.done_writing()
    answers = [answer async for answer in call]
    assert [answer.request_id for answer in answers] == list(range(items))
    assert asyncio.get_running_loop().time() - start > (items / 4 - QUOTA) / QUOTA * 0.9


async def test_opening_streams_is_not_charged(service: Serving) -> None:
    """Everybody reconnects at once after a restart."""
    small = await small_key(service)
    calls = [service.sync.WatchFlags(metadata=small) for _ in range(5 * QUOTA)]
    for call in calls:
        await call.write(sync_pb2.WatchFlagsRequest(subscribe=sync_pb2.Subscribe()))
    for call in calls:
        message = await call.read()
        assert isinstance(message, sync_pb2.WatchFlagsResponse)
        assert message.HasField("transfer")


async def test_what_is_under_way_is_bounded(stores: Datastores) -> None:
    """While a change waits for the database, other calls are refused when there is no room for them."""
    async with serving(stores, max_in_flight=1) as service:
        await service.create(bool_flag("a"))
        connection = await asyncpg.connect(stores.database_url)
        try:
            async with connection.transaction():
                await connection.execute("SELECT * FROM environments FOR UPDATE")
                kill = admin_pb2.KillFlagRequest(environment=PRODUCTION, flag_key="a", reason="test")
                waiting = service.flags.KillFlag(kill, metadata=service.admin)
                found = Refused("OK")
                while found.code == "OK":
                    found = await outcome(service, service.key("server"))
            assert (found.code, found.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
            assert found.retry_seconds is not None
            await waiting
        finally:
            await connection.close()
        assert (await outcome(service, service.key("server"))).code == "OK"
