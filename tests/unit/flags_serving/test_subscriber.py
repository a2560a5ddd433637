"""One subscriber and what is under way to it, on a wire that the test can block."""

import asyncio

import pytest
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.replica import Replica

from services.flags.catalog import FlagCatalog
from services.flags.watch.hub import WatchHub
from services.flags.watch.subscriber import Subscriber
from services.runtime.calls.streams import OpenStreams
from services.runtime.errors import InvalidRequest, Overloaded, Unavailable
from services.runtime.telemetry.measurements import Series
from tests.support.flag_messages import bool_flag
from tests.support.memory_rules import MemoryRules

PRODUCTION = "production"


class Wire:
    """Takes what is written, when it is let through, and refuses two writes at a time."""

    def __init__(self) -> None:
        self.sent: list[sync_pb2.WatchFlagsResponse] = []
        self.open = asyncio.Event()
        self.open.set()
        self.writing = False

    async def write(self, message: bytes) -> None:
        """Take one message."""
        assert not self.writing, "two writes at once"
        self.writing = True
        await self.open.wait()
        self.writing = False
        self.sent.append(sync_pb2.WatchFlagsResponse.FromString(message))

    @property
    def intents(self) -> list[sync_pb2.TransferIntent.ValueType]:
        """What came as transfers."""
        return [each.transfer.intent for each in self.sent if each.HasField("transfer")]


class Setting:
    """A hub on rules in memory, and one subscriber at a time."""

    def __init__(self) -> None:
        self.rules = MemoryRules()
        self.rules.create(PRODUCTION)
        self.rules.put(PRODUCTION, bool_flag("a"))
        self.catalog = FlagCatalog(self.rules)
        self.delays = Series((1.0,))
        self.hub = WatchHub(self.catalog, self.delays)
        self.catalog.on_change = self.hub.changed
        self.wire = Wire()
        self.ended: list[object] = []
        self.subscriber: asyncio.Future[Subscriber] = asyncio.get_running_loop().create_future()

    async def subscribe(self) -> Subscriber:
        """Subscribe, as the RPC does, in a task of its own."""
        self.task = asyncio.create_task(self._serve())
        return await self.subscriber

    async def change(self) -> None:
        """Make one revision and let the catalog read it."""
        self.rules.put(PRODUCTION, bool_flag("a"))
        await self.catalog.refresh(PRODUCTION)

    async def _serve(self) -> None:
        with OpenStreams(9).opened("key", "/Watch") as stream:
            subscriber = self.hub.subscribe(PRODUCTION, self.wire.write, stream, None, name="vendas-api", instance="1")
            self.subscriber.set_result(subscriber)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.ended.append(stream.error)
            finally:
                self.hub.unsubscribe(PRODUCTION, subscriber)


@pytest.fixture
async def setting() -> Setting:
    """A loaded setting."""
    setting = Setting()
    await setting.catalog.poll()
    return setting


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_changes_follow_the_first_transfer(setting: Setting) -> None:
    """Everything first, then each change; and no task is left while nothing happens."""
    await setting.subscribe()
    await settle()
    quiet = len(asyncio.all_tasks())
    await setting.change()
    await settle()
    assert setting.wire.intents == [sync_pb2.TRANSFER_INTENT_FULL, sync_pb2.TRANSFER_INTENT_CHANGES]
    assert [each.transfer.revision for each in setting.wire.sent] == [1, 2]
    assert len(asyncio.all_tasks()) == quiet
    setting.task.cancel()


async def test_a_slow_subscriber_gets_one_merged_change(setting: Setting) -> None:
    """However much happens while a message is under way, one more message brings it all."""
    await setting.subscribe()
    await settle()
    setting.wire.open.clear()
    for _ in range(50):
        await setting.change()
        await settle()
    setting.rules.put(PRODUCTION, bool_flag("b"))
    await setting.catalog.refresh(PRODUCTION)
    setting.wire.open.set()
    await settle()
    assert [each.transfer.revision for each in setting.wire.sent] == [1, 2, 52]
    replica = Replica()
    for each in setting.wire.sent:
        replica.apply(each.transfer)
    assert sorted(replica.ruleset.flags) == ["a", "b"]
    setting.task.cancel()


async def test_acknowledgements_are_noted(setting: Setting) -> None:
    """Also those that come before the write returns; the delay counts once for each subscriber and revision."""
    setting.wire.open.clear()
    subscriber = await setting.subscribe()
    await settle()
    setting.hub.acknowledged(PRODUCTION, subscriber, 1)
    setting.hub.acknowledged(PRODUCTION, subscriber, 1)
    assert subscriber.applied == 1
    assert sum(setting.delays.buckets) == 1
    setting.task.cancel()


async def test_an_acknowledgement_of_what_was_never_sent_is_refused(setting: Setting) -> None:
    """It would count a subscriber that does not have the change."""
    subscriber = await setting.subscribe()
    await settle()
    with pytest.raises(InvalidRequest, match=r"applied\.revision"):
        subscriber.acknowledge(2)
    assert subscriber.applied == 0
    setting.task.cancel()


async def test_acknowledgements_of_the_old_lineage_do_not_count_in_the_new(setting: Setting) -> None:
    """One that crosses the news of a restore on the wire is neither an error nor counted."""
    for _ in range(5):
        await setting.change()
    subscriber = await setting.subscribe()
    await settle()
    subscriber.acknowledge(5)
    backup = MemoryRules()
    backup.create(PRODUCTION)
    backup.put(PRODUCTION, bool_flag("a"))
    setting.rules.restore(backup)
    await setting.rules.start_lineage(PRODUCTION, unless_above=9, old="lineage-1")
    await setting.catalog.poll()
    await settle()
    assert setting.wire.intents == [sync_pb2.TRANSFER_INTENT_FULL] * 2
    assert subscriber.acknowledge(6) is False
    assert subscriber.applied == 0
    assert subscriber.acknowledge(1) is True
    setting.task.cancel()


async def test_goodbye_comes_after_what_is_under_way_and_ends_the_stream(setting: Setting) -> None:
    """Whoever subscribes afterwards is sent elsewhere."""
    setting.wire.open.clear()
    await setting.subscribe()
    await settle()
    leaving = asyncio.create_task(setting.hub.say_goodbye(5.0))
    await settle()
    assert setting.wire.sent == []
    setting.wire.open.set()
    await leaving
    await settle()
    assert [each.WhichOneof("kind") for each in setting.wire.sent] == ["transfer", "goodbye"]
    assert 0 <= setting.wire.sent[-1].goodbye.retry_after.ToNanoseconds() <= 5e9
    assert setting.ended == [None]
    with pytest.raises(Unavailable), OpenStreams(1).opened("key", "/Watch") as stream:
        setting.hub.subscribe(PRODUCTION, setting.wire.write, stream, None, name="", instance="")


async def test_quiet_streams_get_heartbeats(setting: Setting) -> None:
    """They name the revision that was sent last."""
    await setting.subscribe()
    await settle()
    chore = asyncio.create_task(setting.hub.keep_alive(0.02, 60))
    async with asyncio.timeout(30):
        while len(setting.wire.sent) < 3:
            await asyncio.sleep(0.001)
    chore.cancel()
    assert [each.WhichOneof("kind") for each in setting.wire.sent[:3]] == ["transfer", "heartbeat", "heartbeat"]
    assert setting.wire.sent[1].heartbeat.revision == 1
    setting.task.cancel()


async def test_a_stream_that_takes_nothing_for_long_is_ended(setting: Setting) -> None:
    """Its subscriber is gone, or as good as gone."""
    setting.wire.open.clear()
    await setting.subscribe()
    chore = asyncio.create_task(setting.hub.keep_alive(60, 0.02))
    async with asyncio.timeout(30):
        while not setting.ended:
            await asyncio.sleep(0.001)
    chore.cancel()
    assert isinstance(setting.ended[0], Overloaded)
    assert setting.hub.presence(PRODUCTION).connected == 0
