"""Who has a revision, as the service counts it."""

import asyncio

import grpc.aio
from mirante.api.flags.v1 import flag_sync_service_pb2 as pb2
from mirante.api.flags.v1.flag_sync_service_pb2_grpc import FlagSyncServiceStub

from tests.support.flag_service_process import CHANNEL_OPTIONS, ENVIRONMENT, PATIENCE_SECONDS
from tests.support.flag_writer import Metadata


async def delivered_to_all(address: str, metadata: Metadata, subscribers: int, replicas: int = 2) -> str:
    """Wait until all subscribers of all replicas have the newest revision; fail if that never comes."""
    async with grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS) as channel:
        stub = FlagSyncServiceStub(channel)
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            delivery = await stub.GetDelivery(pb2.GetDeliveryRequest(environment=ENVIRONMENT), metadata=metadata)
            counts = (delivery.connected, delivery.applied, len(delivery.lagging), delivery.replicas, delivery.partial)
            if counts == (subscribers, subscribers, 0, replicas, False):
                return f"{delivery.applied} of {delivery.connected} at {delivery.replicas} replicas"
            assert asyncio.get_running_loop().time() < deadline, delivery
            await asyncio.sleep(0.05)
