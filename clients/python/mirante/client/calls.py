"""Calls to one service over one channel, blocking or awaited, which pause while the process forks."""

import asyncio
import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeAlias, TypeVar

from mirante.client.channel import call_metadata, open_channel  # first: it prepares gRPC for forks

import grpc  # isort: skip

from mirante.client.settings import ClientSettings
from mirante.errors import MiranteError

Request = TypeVar("Request")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Stub = TypeVar("Stub")

Method: TypeAlias = Callable[[Stub], "grpc.UnaryUnaryMultiCallable[Request, T]"]
"""Picks a method of the service."""


class NotConnected(MiranteError):
    """There is no channel: closed, or not usable after a fork."""


class Call(Protocol, Generic[T_co]):
    """A call under way."""

    def result(self) -> T_co:
        """Wait for the response; raise grpc.RpcError."""

    def cancel(self) -> object:
        """Give up on it."""

    def add_done_callback(self, callback: Callable[["Call[T_co]"], None]) -> None:
        """Call back from another thread when it is done, or at once if it is."""


class Calls(Generic[Stub]):
    """
    Makes calls and counts those under way. The channel is opened by the first one.

    Before a fork new calls wait and those under way end by their deadline; then gRPC is let go of.
    """

    def __init__(self, settings: ClientSettings, make_stub: Callable[[grpc.Channel], Stub]) -> None:
        self._settings = settings
        self._make_stub = make_stub
        self._metadata = call_metadata(settings)
        self._gate = threading.Condition()
        self._channel: grpc.Channel | None = None
        self._stub: Stub | None = None
        self._under_way = 0
        self._paused = False
        self._closed = False

    def ask(self, method: "Method[Stub, Request, T]", request: Request) -> T:
        """
        Make a call and wait for the response.

        Raises:
            NotConnected: after `close`.
            grpc.RpcError: the call failed.
        """
        # The blocking form runs on this thread alone. That is faster than to wait for a started call, and an exception
        # from nowhere (the end of the stack, a signal) leaves nothing behind that others would wait for.
        stub = self._enter()
        try:
            return method(stub)(request, timeout=self._settings.timing.deadline, metadata=self._metadata)
        finally:
            self._leave()

    def start(self, method: "Method[Stub, Request, T]", request: Request) -> Call[T]:
        """
        Start a call.

        Raises:
            NotConnected: after `close`.
        """
        stub = self._enter()
        try:
            call: Call[T] = method(stub).future(
                request, timeout=self._settings.timing.deadline, metadata=self._metadata
            )
        except BaseException:
            self._leave()
            raise
        call.add_done_callback(self._leave)
        return call

    def close(self) -> None:
        """Cancel what is under way, and start nothing more."""
        self._closed = True
        self._let_go()

    def pause(self) -> None:
        """Let what is under way end, and let go of gRPC until `resume`."""
        with self._gate:
            self._paused = True
            self._gate.wait_for(lambda: self._under_way == 0, self._settings.timing.deadline)
        self._let_go()

    def resume(self) -> None:
        """Start calls again."""
        with self._gate:
            self._paused = False
            self._gate.notify_all()

    def revive(self, *, usable: bool) -> None:
        """Start anew in a forked child."""
        self._gate = threading.Condition()
        self._under_way = 0
        self._paused = False
        self._closed = self._closed or not usable

    def _let_go(self) -> None:
        channel, self._channel, self._stub = self._channel, None, None
        if channel is not None:
            channel.close()

    def _enter(self) -> Stub:
        with self._gate:
            self._gate.wait_for(lambda: not self._paused, self._settings.timing.deadline)
            if self._closed or self._paused:
                raise NotConnected("the client is closed")
            if self._channel is None or self._stub is None:
                self._channel = open_channel(self._settings)
                self._stub = self._make_stub(self._channel)
            self._under_way += 1
            return self._stub

    def _leave(self, _call: object = None) -> None:
        with self._gate:
            self._under_way -= 1
            self._gate.notify_all()


async def response_of(call: Call[T]) -> T:
    """
    Await a call; cancelling the task cancels the call.

    Raises:
        grpc.RpcError: as `Call.result`.
    """
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def settle() -> None:
        if not done.done():
            done.set_result(None)

    def wake(_call: Call[T]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle)

    call.add_done_callback(wake)
    try:
        await done
    except asyncio.CancelledError:
        call.cancel()
        raise
    return call.result()
