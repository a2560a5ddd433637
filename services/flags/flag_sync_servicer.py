"""`FlagSyncService`: decodes, asks the hub, encodes."""

import asyncio
from typing import Final

import grpc.aio
from google.protobuf.message import DecodeError
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2_grpc as sync_grpc

from services.flags.catalog import FlagCatalog
from services.flags.delivery.counting import DeliveryCount
from services.flags.starting_point import starting_point
from services.flags.watch.hub import WatchHub
from services.runtime.access import current_caller
from services.runtime.calls.bytes_context import BytesContext
from services.runtime.calls.streams import current_stream
from services.runtime.calls.unary_call import malformed_request
from services.runtime.errors import InvalidRequest

_FIRST_SECONDS: Final = 10.0
_MOST_CHARACTERS: Final = 200


class FlagSyncServicer(sync_grpc.FlagSyncServiceServicer):
    """Brings rules to whoever evaluates them in process, and keeps them current."""

    def __init__(self, catalog: FlagCatalog, hub: WatchHub, delivery: DeliveryCount) -> None:
        self._catalog = catalog
        self._hub = hub
        self._delivery = delivery

    async def WatchFlags(self, _requests: object, context: BytesContext) -> None:  # type: ignore[override]  # reads and writes bytes
        """Serve one stream. This task waits in `read`; everything is written by the subscriber's own."""
        subscribe = await _first_message(context)
        environment = current_caller.get().environment(subscribe.environment)
        position = await starting_point(self._catalog, environment, subscribe)
        subscriber = self._hub.subscribe(
            environment,
            context.write,
            current_stream.get(),
            position,
            name=subscribe.client_name,
            instance=subscribe.client_instance,
        )
        del subscribe, position  # streams stay open for days
        try:
            while (message := await context.read()) is not grpc.aio.EOF:
                request = _parse(message)
                if request.WhichOneof("kind") != "applied":
                    raise InvalidRequest.of("applied", "only this may follow the first message")
                self._hub.acknowledged(environment, subscriber, request.applied.revision)
                del message, request
        finally:
            self._hub.unsubscribe(environment, subscriber)

    async def GetDelivery(self, request: sync_pb2.GetDeliveryRequest, _: object) -> sync_pb2.GetDeliveryResponse:
        """Count the subscribers that have a revision."""
        environment = current_caller.get().environment(request.environment)
        revision = request.revision or self._catalog.snapshot(environment).head.revision
        delivery = await self._delivery.count(environment, revision)
        return sync_pb2.GetDeliveryResponse(
            revision=revision,
            connected=delivery.connected,
            applied=delivery.applied,
            lagging=[
                sync_pb2.LaggingSubscriber(client_name=name, client_instance=instance, revision=applied)
                for applied, name, instance in delivery.lagging
            ],
            replicas=delivery.replicas,
            partial=delivery.partial,
        )


async def _first_message(context: BytesContext) -> sync_pb2.Subscribe:
    try:
        async with asyncio.timeout(_FIRST_SECONDS):
            message = await context.read()
    except TimeoutError:
        message = None
    if message is None or message is grpc.aio.EOF:
        raise InvalidRequest.of("subscribe", f"must be sent first, within {_FIRST_SECONDS:g} s")
    request = _parse(message)
    if request.WhichOneof("kind") != "subscribe":
        raise InvalidRequest.of("subscribe", "must be the first message")
    for field in ("client_name", "client_instance", "client_version"):
        if len(getattr(request.subscribe, field)) > _MOST_CHARACTERS:
            raise InvalidRequest.of(f"subscribe.{field}", f"may have {_MOST_CHARACTERS} characters at most")
    return request.subscribe


def _parse(message: bytes) -> sync_pb2.WatchFlagsRequest:
    try:
        return sync_pb2.WatchFlagsRequest.FromString(message)
    except DecodeError:
        raise malformed_request() from None
