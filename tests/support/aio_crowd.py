"""A crowd of tens on grpc.aio."""

import asyncio
from contextlib import suppress
from typing import Any

import grpc.aio

from tests.support.crowd import Acknowledger, Crowd
from tests.support.flag_service_process import CHANNEL_OPTIONS
from tests.support.watch_state import WatchState

WATCH = "/mirante.api.flags.v1.FlagSyncService/WatchFlags"


class AioCrowd(Crowd):
    """Each stream has a channel of its own."""

    async def _stream(self, port: int, state: WatchState) -> str:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL_OPTIONS) as channel:
            outgoing: asyncio.Queue[bytes] = asyncio.Queue()
            acknowledger = Acknowledger(state, outgoing.put_nowait)
            # Bytes in both directions: the state reads them.
            call: Any = channel.stream_stream(WATCH)(metadata=(("authorization", f"Bearer {self._secret}"),))
            sending = asyncio.create_task(_send(call, state.subscribe(), outgoing))
            try:
                while (message := await call.read()) is not grpc.aio.EOF:
                    if state.receive(message):
                        acknowledger.due()
                code = await call.code()
            except grpc.aio.AioRpcError as error:
                code = error.code()
            finally:
                acknowledger.cancel()
                sending.cancel()
                call.cancel()
            return f"ended {code.name}"


async def _send(call: Any, first: bytes, outgoing: "asyncio.Queue[bytes]") -> None:
    with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):  # the stream has ended, which its reader tells
        await call.write(first)
    # Not `write`: when an acknowledgement crosses the server's end, that puts an INTERNAL of its own in place of the
    # status that the server gave.
    with suppress(grpc.aio.InternalError, grpc.aio.UsageError, asyncio.InvalidStateError):
        while True:
            await call._cython_call.send_serialized_message(await outgoing.get())
