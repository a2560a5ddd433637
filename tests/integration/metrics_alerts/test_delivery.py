"""Messages reach their webhook, signed, at least once and with one id, over failures and deaths on both sides."""

import datetime
import ipaddress
import uuid
from collections.abc import AsyncIterator, Sequence

import pytest
from mirante.api.metrics.v1 import alert_pb2 as pb2
from mirante.api.metrics.v1 import alert_service_pb2 as service_pb2

from services.metrics.alerts.delivery.addresses import Address
from services.metrics.alerts.delivery.outbox import Due, Filter, enqueue
from services.metrics.alerts.delivery.sender import Sender
from services.metrics.alerts.delivery.worker import DeliveryWorker
from services.runtime.errors import NotFound, StateConflict
from tests.support.alert_world import PRODUCTION, AlertWorld, alert_world
from tests.support.webhook_receiver import Receiver, webhook_receiver

ALERT = pb2.Alert(id="5f0c6c1e-8f0e-4a53-9a6e-1f0f5a3d9c11", environment=PRODUCTION, tenant="acme", observed="0")
OPENED = pb2.ALERT_EVENT_OPENED
PRODUCTION_WEBHOOK = uuid.UUID(int=1)


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[AlertWorld]:
    """Yield an empty world."""
    async with alert_world(database_url) as opened:
        await opened.environments.begin(PRODUCTION, opened.now)
        yield opened


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Yield somebody who is told."""
    async with webhook_receiver() as running:
        yield running


def worker_of(world: AlertWorld, *, private_allowed: bool = True) -> DeliveryWorker:
    """Return a process that sends."""
    sender = Sender(world.clock, private_allowed=private_allowed)
    return DeliveryWorker(world.outbox, sender, world.clock, lambda: 0.5)


async def told(world: AlertWorld, *webhooks: str) -> None:
    """Write a message about an alert."""
    async with world.pool.transaction() as connection:
        await enqueue(connection, OPENED, ALERT, webhooks, world.now)


async def claimed(world: AlertWorld) -> Sequence[Due]:
    """Take what is due, as a process does that then sends it."""
    return await world.outbox.claim(world.now, [], 8, world.now + datetime.timedelta(minutes=2))


async def only(world: AlertWorld) -> pb2.Delivery:
    """Return the one delivery that there is."""
    (delivery,) = (await world.outbox.page(PRODUCTION, Filter(), None, 10))[0]
    return delivery


async def test_a_receiver_that_fails_at_first_gets_it_later(world: AlertWorld, receiver: Receiver) -> None:
    """After 5 and 20 seconds, with the same id and a fresh, right signature; every attempt is on record."""
    webhook, secret = await world.webhooks.create(PRODUCTION, receiver.url, "pager", [], "ana")
    receiver.answers = [500, 503]
    await told(world)
    worker = worker_of(world)
    for attempts, pause in ((1, 5), (2, 20), (3, 0)):
        (due,) = await claimed(world)
        await worker.deliver(due)
        delivery = await only(world)
        assert (delivery.attempt_count, len(receiver.messages)) == (attempts, attempts)
        if pause:
            assert delivery.state == pb2.DELIVERY_STATE_PENDING
            wait = delivery.next_attempt_at.ToDatetime(datetime.UTC) - world.now
            assert wait == datetime.timedelta(seconds=pause)
            world.now += wait - datetime.timedelta(seconds=1)
            assert await claimed(world) == []
            world.now += datetime.timedelta(seconds=1)
    assert delivery.state == pb2.DELIVERY_STATE_DELIVERED
    assert [(each.status, each.error) for each in delivery.attempts] == [
        (204, ""),
        (503, "answered 503"),
        (500, "answered 500"),
    ]
    assert {message.headers["webhook-id"] for message in receiver.messages} == {delivery.id}
    assert len({message.headers["webhook-timestamp"] for message in receiver.messages}) == 3
    assert all(message.is_signed_with(secret) for message in receiver.messages)
    assert not receiver.messages[0].is_signed_with("whsec_" + "A" * 43 + "=")
    data = receiver.messages[0].data
    assert (data["type"], data["data"]["alert"]["tenant"]) == ("alert.opened", "acme")
    assert delivery.webhook_id == webhook.id


async def test_whoever_dies_while_sending_leaves_it_to_another(world: AlertWorld, receiver: Receiver) -> None:
    """Killed after the message went out and before that was written: it comes again, with the same id."""
    await world.webhooks.create(PRODUCTION, receiver.url, "", [], "ana")
    await told(world)
    (due,) = await claimed(world)
    await Sender(world.clock, private_allowed=True).attempt(due)
    assert await claimed(world) == []
    world.now += datetime.timedelta(minutes=2)
    (again,) = await claimed(world)
    await worker_of(world).deliver(again)
    assert [message.headers["webhook-id"] for message in receiver.messages] == [due.id, due.id]
    assert (await only(world)).state == pb2.DELIVERY_STATE_DELIVERED


async def test_redirects_are_not_followed_and_a_receiver_may_be_gone(world: AlertWorld, receiver: Receiver) -> None:
    """A redirect could lead anywhere; 410 ends the attempts at once."""
    await world.webhooks.create(PRODUCTION, receiver.url, "", [], "ana")
    receiver.answers, receiver.location = [302, 410], receiver.url
    await told(world)
    worker = worker_of(world)
    (due,) = await claimed(world)
    await worker.deliver(due)
    assert (await only(world)).attempts[0].error == "answered 302: redirects are not followed"
    world.now += datetime.timedelta(seconds=5)
    (due,) = await claimed(world)
    await worker.deliver(due)
    assert (len(receiver.messages), (await only(world)).state) == (2, pb2.DELIVERY_STATE_FAILED)
    retried = await world.webhooks.retry(PRODUCTION, due.id, "ana")
    assert retried.state == pb2.DELIVERY_STATE_PENDING
    (due,) = await claimed(world)
    await worker.deliver(due)
    assert (await only(world)).state == pb2.DELIVERY_STATE_DELIVERED


@pytest.mark.parametrize(
    ("addresses", "private_allowed", "reason"),
    [
        (["169.254.169.254"], True, "link-local"),
        (["fe80::1"], True, "link-local"),
        (["::ffff:169.254.169.254"], True, "link-local"),
        (["64:ff9b::a9fe:a9fe"], True, "link-local"),
        (["fd00:ec2::254"], True, "metadata"),
        (["127.0.0.1"], False, "private"),
        (["::1"], False, "private"),
        (["10.1.2.3"], False, "private"),
        (["93.184.216.34", "192.168.0.1"], False, "private"),
        (["0.0.0.0"], True, "none of a host"),  # noqa: S104 - an address to refuse
        ([], True, "no address"),
    ],
)
async def test_where_nothing_is_sent(
    world: AlertWorld, receiver: Receiver, addresses: list[str], private_allowed: bool, reason: str
) -> None:
    """What a name stands for is judged, not the name; one wrong address among others is enough."""

    async def resolving(host: str, port: int) -> Sequence[Address]:
        assert (host, port) == ("hooks.example", receiver.port)
        return [ipaddress.ip_address(each) for each in addresses]

    sender = Sender(world.clock, private_allowed=private_allowed, resolving=resolving)
    url = receiver.url.replace("127.0.0.1", "hooks.example")
    due = Due("msg_1", PRODUCTION_WEBHOOK, url, b"secret", 0, b"{}")
    attempt = await sender.attempt(due)
    assert (attempt.status, reason in attempt.error) == (0, True), attempt.error
    assert receiver.messages == []


async def test_a_name_is_told_to_its_address(world: AlertWorld, receiver: Receiver) -> None:
    """The receiver sees the host that the URL names."""

    async def resolving(_host: str, _port: int) -> Sequence[Address]:
        return [ipaddress.ip_address("127.0.0.1")]

    sender = Sender(world.clock, private_allowed=True, resolving=resolving)
    url = receiver.url.replace("127.0.0.1", "hooks.example")
    attempt = await sender.attempt(Due("msg_1", PRODUCTION_WEBHOOK, url, b"secret", 0, b"{}"))
    assert (attempt.status, attempt.error) == (204, "")
    assert receiver.messages[0].headers["host"] == f"hooks.example:{receiver.port}"


async def test_webhooks_get_what_they_want(world: AlertWorld, receiver: Receiver) -> None:
    """Their events only; nothing when they are disabled or not named; what waits for one that is gone is not sent."""
    quiet, _ = await world.webhooks.create(PRODUCTION, receiver.url, "", [pb2.ALERT_EVENT_RESOLVED], "ana")
    loud, _ = await world.webhooks.create(PRODUCTION, receiver.url, "", [], "ana")
    await told(world)
    await told(world, quiet.id)
    assert (await only(world)).webhook_id == loud.id
    wish = service_pb2.UpdateWebhookRequest(webhook_id=loud.id, url=receiver.url, disabled=True)
    await world.webhooks.update(PRODUCTION, wish, "ana")
    await told(world)
    delivery = await only(world)
    assert delivery.state == pb2.DELIVERY_STATE_FAILED
    with pytest.raises(StateConflict):
        await world.webhooks.retry(PRODUCTION, delivery.id, "ana")
    assert (await only(world)).state == pb2.DELIVERY_STATE_FAILED
    rule = pb2.AlertRule(key="pico", metric="vendas_hora", webhooks=[loud.id], anomaly=pb2.AnomalyCondition())
    await world.rules.create(PRODUCTION, rule, "", "ana")
    with pytest.raises(StateConflict):
        await world.webhooks.delete(PRODUCTION, loud.id, "ana")
    await world.rules.delete(PRODUCTION, "pico", etag="", comment="", actor="ana")
    await world.webhooks.delete(PRODUCTION, loud.id, "ana")
    with pytest.raises(NotFound):
        await world.webhooks.test(PRODUCTION, loud.id, "ana")


async def test_a_test_is_sent_at_once(world: AlertWorld, receiver: Receiver) -> None:
    """And a new secret counts from then on."""
    webhook, old = await world.webhooks.create(PRODUCTION, receiver.url, "", [], "ana")
    _, secret = await world.webhooks.rotate(PRODUCTION, webhook.id, "ana")
    receiver.answers = [500]
    failed = await world.webhooks.test(PRODUCTION, webhook.id, "ana")
    good = await world.webhooks.test(PRODUCTION, webhook.id, "ana")
    assert (failed.state, good.state) == (pb2.DELIVERY_STATE_FAILED, pb2.DELIVERY_STATE_DELIVERED)
    message = receiver.messages[-1]
    assert (message.data["type"], message.is_signed_with(secret), message.is_signed_with(old)) == (
        "alert.test",
        True,
        False,
    )
    assert await claimed(world) == []
