"""The service, asked over its three calls."""

import queue
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import grpc
from google.rpc import error_details_pb2, status_pb2
from mirante.api.flags.v1 import evaluation_service_pb2 as pb2
from mirante.api.flags.v1 import evaluation_service_pb2_grpc as pb2_grpc
from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation import EvaluationError, Reason
from mirante.wire import context_to_proto, evaluation_from_proto, flag_type_to_proto

from tests.conformance.case_files import Answer, Question
from tests.conformance.doors import answer_of
from tests.conformance.running_service import RunningService

_SECONDS = 30.0


class _Rpc:
    """A channel with the key of the tests."""

    def __init__(self, service: RunningService) -> None:
        self._channel = grpc.insecure_channel(service.address)
        self._stub = pb2_grpc.EvaluationServiceStub(self._channel)
        self._metadata = (("authorization", f"Bearer {service.secret}"),)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()


class EvaluateFlagDoor(_Rpc):
    """`EvaluateFlag`: an error is a status, whose details say which."""

    def evaluate(self, environment: str, question: Question) -> Answer:
        """See `Door`."""
        request = pb2.EvaluateFlagRequest(
            flag_key=question.flag_key,
            context=context_to_proto(question.context),
            expected_type=_type(question),
            environment=environment,
        )
        try:
            response = self._stub.EvaluateFlag(request, timeout=_SECONDS, metadata=self._metadata)
        except grpc.RpcError as error:
            return _refusal(error)
        return answer_of(evaluation_from_proto(response.evaluation))


class EvaluateFlagsDoor(_Rpc):
    """`EvaluateFlags`, which asks for no type: an error is an item."""

    def evaluate(self, environment: str, question: Question) -> Answer:
        """See `Door`."""
        request = pb2.EvaluateFlagsRequest(
            flag_keys=[question.flag_key], context=context_to_proto(question.context), environment=environment
        )
        response = self._stub.EvaluateFlags(request, timeout=_SECONDS, metadata=self._metadata)
        (item,) = response.evaluations
        return answer_of(evaluation_from_proto(item))


class EvaluateStreamDoor(_Rpc):
    """`EvaluateStream`, one stream for all questions: an error is an item."""

    def __init__(self, service: RunningService) -> None:
        super().__init__(service)
        self._requests: queue.SimpleQueue[pb2.EvaluateStreamRequest | None] = queue.SimpleQueue()
        self._responses = self._stub.EvaluateStream(self._asked(), metadata=self._metadata)
        self._number = 0

    def evaluate(self, environment: str, question: Question) -> Answer:
        """See `Door`."""
        self._number += 1
        self._requests.put(
            pb2.EvaluateStreamRequest(
                request_id=self._number,
                flag_key=question.flag_key,
                context=context_to_proto(question.context),
                expected_type=_type(question),
                environment=environment,
            )
        )
        response = next(self._responses)
        assert response.request_id == self._number
        return answer_of(evaluation_from_proto(response.evaluation))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._requests.put(None)
        super().__exit__(kind, error, trace)

    def _asked(self) -> Iterator[pb2.EvaluateStreamRequest]:
        while (request := self._requests.get()) is not None:
            yield request


def _type(question: Question) -> flag_pb2.FlagType.ValueType:
    wanted = question.expected_type
    return flag_pb2.FLAG_TYPE_UNSPECIFIED if wanted is None else flag_type_to_proto(wanted)


def _refusal(error: grpc.RpcError) -> Answer:
    assert isinstance(error, grpc.Call)
    trailers = dict(error.trailing_metadata())
    if "grpc-status-details-bin" not in trailers:
        raise error
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    version = int(info.metadata["flag_version"])
    return Answer(None, "", Reason.ERROR, "", version, EvaluationError(info.reason))
