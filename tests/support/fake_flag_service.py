"""A flag service in miniature on a real socket, which tests can also make misbehave."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Self

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from mirante.api.flags.v1 import evaluation_service_pb2 as evaluation_pb2
from mirante.api.flags.v1 import evaluation_service_pb2_grpc as evaluation_grpc
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2_grpc as sync_grpc
from mirante.evaluation import EvaluationError, evaluate
from mirante.replica import Replica
from mirante.wire import context_from_proto, evaluation_to_proto, flag_type_from_proto

from tests.support.flag_messages import digest, full

Script = Callable[[sync_pb2.Subscribe, grpc.ServicerContext], Iterator[sync_pb2.WatchFlagsResponse]]
"""What one stream does instead of serving rules."""

KEY = "test-key"

STATUS_OF_ERROR = {
    EvaluationError.FLAG_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    EvaluationError.INVALID_DEFINITION: grpc.StatusCode.INTERNAL,
}


def abort(
    context: grpc.ServicerContext,
    code: grpc.StatusCode,
    message: str,
    *,
    reason: str = "",
    metadata: dict[str, str] | None = None,
) -> None:
    """End a call as the real service does, with google.rpc details."""
    status = status_pb2.Status(code=code.value[0], message=message)
    detail = any_pb2.Any()
    detail.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="mirante", metadata=metadata or {}))
    status.details.append(detail)
    if reason:
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, message)


def transfer(message: sync_pb2.Transfer) -> sync_pb2.WatchFlagsResponse:
    """The response that carries a transfer."""
    return sync_pb2.WatchFlagsResponse(transfer=message)


class FakeFlagService(sync_grpc.FlagSyncServiceServicer, evaluation_grpc.EvaluationServiceServicer):
    """
    Serves `flags` of one environment to watchers and callers; every change is one revision.

    `scripts` are taken first, one per stream. `subscribes` and `applied` record what subscribers sent.
    """

    def __init__(
        self, *flags: flag_pb2.Flag, lineage: str = "a", credentials: grpc.ServerCredentials | None = None
    ) -> None:
        self._credentials = credentials
        self.flags = {flag.key: flag for flag in flags}
        self.lineage = lineage
        self.revision = 1
        self.scripts: deque[Script] = deque()
        self.subscribes: list[sync_pb2.Subscribe] = []
        self.applied: list[int] = []
        self.calls = 0
        self._streams: list[queue.SimpleQueue[sync_pb2.WatchFlagsResponse | None]] = []
        self._lock = threading.Lock()
        self._server: grpc.Server | None = None
        self.port = 0

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    @property
    def open_streams(self) -> int:
        """How many subscribers are there."""
        return len(self._streams)

    def start(self) -> Self:
        """Listen, on the port of last time if there was one."""
        self._server = grpc.server(futures.ThreadPoolExecutor(64), options=[("grpc.so_reuseport", 0)])
        sync_grpc.add_FlagSyncServiceServicer_to_server(self, self._server)
        evaluation_grpc.add_EvaluationServiceServicer_to_server(self, self._server)
        address = f"127.0.0.1:{self.port}"
        if self._credentials is None:
            self.port = self._server.add_insecure_port(address)
        else:
            self.port = self._server.add_secure_port(address, self._credentials)
        self._server.start()
        return self

    def stop(self) -> None:
        """Be gone, as a killed process is."""
        if self._server is not None:
            self._tell(None)
            self._server.stop(grace=None).wait()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def put(self, *flags: flag_pb2.Flag) -> int:
        """Change flags in one revision, which is returned."""
        with self._lock:
            self.revision += 1
            self.flags.update({flag.key: flag for flag in flags})
            change = self._end(sync_pb2.Transfer(intent=sync_pb2.TRANSFER_INTENT_CHANGES, flags=flags))
            self._tell(transfer(change))
            return self.revision

    def remove(self, key: str) -> int:
        """Take a flag away in one revision, which is returned."""
        with self._lock:
            self.revision += 1
            del self.flags[key]
            change = sync_pb2.Transfer(intent=sync_pb2.TRANSFER_INTENT_CHANGES, removed_flags=[key])
            self._tell(transfer(self._end(change)))
            return self.revision

    def send(self, message: sync_pb2.WatchFlagsResponse) -> None:
        """Send something to all open streams."""
        with self._lock:
            self._tell(message)

    def end_streams(self) -> None:
        """Close all open streams, without a word."""
        with self._lock:
            self._tell(None)

    def WatchFlags(  # noqa: N802 - the contract's name
        self, requests: Iterator[sync_pb2.WatchFlagsRequest], context: grpc.ServicerContext
    ) -> Iterator[sync_pb2.WatchFlagsResponse]:
        """Serve one stream."""
        self._check_key(context)
        subscribe = next(requests).subscribe
        self.subscribes.append(subscribe)
        threading.Thread(target=self._record, args=(requests,), daemon=True).start()
        if self.scripts:
            yield from self.scripts.popleft()(subscribe, context)
            return
        messages: queue.SimpleQueue[sync_pb2.WatchFlagsResponse | None] = queue.SimpleQueue()
        with self._lock:
            self._streams.append(messages)
            first = self._first(subscribe)
        try:
            if not context.add_callback(lambda: messages.put(None)):
                return
            yield transfer(first)
            while (message := messages.get()) is not None:
                yield message
        finally:
            # Who cancels while a message is under way is never asked for the next: gRPC drops this generator.
            with self._lock:
                self._streams.remove(messages)

    def EvaluateFlag(  # noqa: N802 - the contract's name
        self, request: evaluation_pb2.EvaluateFlagRequest, context: grpc.ServicerContext
    ) -> evaluation_pb2.EvaluateFlagResponse:
        """Evaluate one flag; refuse as the real service does."""
        self._check_key(context)
        self.calls += 1
        expected = flag_type_from_proto(request.expected_type) if request.expected_type else None
        ruleset = self.replica().ruleset
        evaluation = evaluate(ruleset, request.flag_key, context_from_proto(request.context), 0.0, expected)
        if evaluation.error is not None:
            code = STATUS_OF_ERROR.get(evaluation.error, grpc.StatusCode.INVALID_ARGUMENT)
            metadata = {"flag_version": str(evaluation.flag_version), "revision": str(evaluation.revision)}
            abort(context, code, evaluation.error_message, reason=evaluation.error.name, metadata=metadata)
        return evaluation_pb2.EvaluateFlagResponse(evaluation=evaluation_to_proto(evaluation))

    def EvaluateFlags(  # noqa: N802 - the contract's name
        self, request: evaluation_pb2.EvaluateFlagsRequest, context: grpc.ServicerContext
    ) -> evaluation_pb2.EvaluateFlagsResponse:
        """Evaluate many flags."""
        self._check_key(context)
        attributes = context_from_proto(request.context)
        ruleset = self.replica().ruleset
        answers = [evaluate(ruleset, key, attributes, 0.0) for key in request.flag_keys or sorted(ruleset.flags)]
        return evaluation_pb2.EvaluateFlagsResponse(
            evaluations=[evaluation_to_proto(answer) for answer in answers], revision=self.revision
        )

    def GetDelivery(  # noqa: N802 - the contract's name
        self, _request: sync_pb2.GetDeliveryRequest, context: grpc.ServicerContext
    ) -> sync_pb2.GetDeliveryResponse:
        """Not here."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "a miniature")

    def EvaluateStream(  # noqa: N802 - the contract's name
        self, _requests: Iterator[evaluation_pb2.EvaluateStreamRequest], context: grpc.ServicerContext
    ) -> Iterator[evaluation_pb2.EvaluateStreamResponse]:
        """Not here."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "a miniature")

    def replica(self) -> Replica:
        """Everything, as a subscriber would hold it."""
        replica = Replica()
        with self._lock:
            replica.apply(full(self.flags.values(), self.revision, lineage=self.lineage))
        return replica

    def _check_key(self, context: grpc.ServicerContext) -> None:
        if ("authorization", f"Bearer {KEY}") not in context.invocation_metadata():
            abort(context, grpc.StatusCode.UNAUTHENTICATED, "unknown key", reason="UNKNOWN_KEY")

    def _first(self, subscribe: sync_pb2.Subscribe) -> sync_pb2.Transfer:
        token = f"{self.lineage}/{self.revision}".encode()
        if subscribe.resume_token == token and subscribe.digest == digest(self.flags.values()):
            return self._end(sync_pb2.Transfer(intent=sync_pb2.TRANSFER_INTENT_NONE))
        return full(self.flags.values(), self.revision, lineage=self.lineage)

    def _end(self, message: sync_pb2.Transfer) -> sync_pb2.Transfer:
        message.revision = self.revision
        message.lineage = self.lineage
        message.resume_token = f"{self.lineage}/{self.revision}".encode()
        message.digest = digest(self.flags.values())
        return message

    def _tell(self, message: sync_pb2.WatchFlagsResponse | None) -> None:
        for messages in self._streams:
            messages.put(message)

    def _record(self, requests: Iterator[sync_pb2.WatchFlagsRequest]) -> None:
        try:
            for request in requests:
                self.applied.append(request.applied.revision)
        except grpc.RpcError:
            return
        except Exception:  # noqa: BLE001 - how gRPC ends the iteration of a cancelled call
            return
