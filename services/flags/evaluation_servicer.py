"""`EvaluationService`: the whole read path of the server. No I/O."""

import asyncio
import time
from collections.abc import Iterable
from typing import Final

import grpc.aio
from google.protobuf.message import DecodeError
from mirante.api.flags.v1 import evaluation_service_pb2 as evaluation_pb2
from mirante.api.flags.v1 import evaluation_service_pb2_grpc as evaluation_grpc
from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation import Context, Evaluation, EvaluationError, FlagType, error_evaluation, evaluate
from mirante.wire import flag_type_from_proto

from services.flags.answers import evaluation_field, refused_item, status_of, stream_response
from services.flags.catalog import FlagCatalog
from services.flags.contexts import read_context
from services.flags.environment_rules import Snapshot
from services.runtime.access import Caller, Role, current_caller
from services.runtime.calls.bytes_context import BytesContext
from services.runtime.calls.quota import Quotas
from services.runtime.calls.unary_call import malformed_request
from services.runtime.errors import InvalidRequest, ServiceError

_BROWSER: Final = Role.BROWSER  # a member of an Enum is looked up slowly

MOST_FLAGS: Final = 1_000

FLAG_COST: Final = 0.05
"""Of a call, for each flag of a bulk evaluation: twenty cost the service about as much as one call."""

ITEM_COST: Final = 0.25
"""Of a call, for each item of a stream, which costs the service about that share."""


class EvaluationServicer(evaluation_grpc.EvaluationServiceServicer):
    """Answers "what does this context get?" from rules in memory."""

    def __init__(self, catalog: FlagCatalog, quotas: Quotas) -> None:
        self._catalog = catalog
        self._quotas = quotas

    async def EvaluateFlag(self, request: evaluation_pb2.EvaluateFlagRequest, _: object) -> bytes:  # type: ignore[override]  # serialised
        """Evaluate one flag; the status says why it cannot be."""
        caller = current_caller.get()
        snapshot = self._catalog.snapshot(caller.environment(request.environment))
        if not request.flag_key:
            raise InvalidRequest.of("flag_key", "is required")
        evaluation = _evaluate(snapshot, caller, request, read_context(request.context))
        if evaluation.error is not None:
            raise status_of(evaluation, snapshot)
        return evaluation_field(snapshot, evaluation)

    async def EvaluateFlags(self, request: evaluation_pb2.EvaluateFlagsRequest, _: object) -> bytes:  # type: ignore[override]  # serialised
        """Evaluate many flags for one context. The call costs as many quota tokens as it takes work."""
        caller = current_caller.get()
        snapshot = self._catalog.snapshot(caller.environment(request.environment))
        if len(request.flag_keys) > MOST_FLAGS:
            raise InvalidRequest.of("flag_keys", f"may be {MOST_FLAGS} at most")
        keys = request.flag_keys or _visible_keys(snapshot, caller)
        self._quotas.owe(caller, len(keys) * FLAG_COST)
        context = read_context(request.context)
        now = time.time()
        fields = [evaluation_field(snapshot, _seen(snapshot, caller, key, context, now=now)) for key in keys]
        fields.append(evaluation_pb2.EvaluateFlagsResponse(revision=snapshot.head.revision).SerializeToString())
        return b"".join(fields)

    async def EvaluateStream(self, _requests: object, context: BytesContext) -> None:  # type: ignore[override]  # reads and writes bytes
        """
        Evaluate requests as they come, in order.

        A key that is over its quota is not refused: its items wait, and the stream is not read meanwhile.
        """
        caller = current_caller.get()
        while (message := await context.read()) is not grpc.aio.EOF:
            delay = self._quotas.pace(caller, ITEM_COST)
            if delay > 0:
                await asyncio.sleep(delay)
            try:
                request = evaluation_pb2.EvaluateStreamRequest.FromString(message)
            except DecodeError:
                raise malformed_request() from None
            await context.write(self._item(caller, request))

    def _item(self, caller: Caller, request: evaluation_pb2.EvaluateStreamRequest) -> bytes:
        try:
            snapshot = self._catalog.snapshot(caller.environment(request.environment))
            evaluation = _evaluate(snapshot, caller, request, read_context(request.context))
        except ServiceError as error:
            return refused_item(request.request_id, request.flag_key, error)
        return stream_response(request.request_id, evaluation_field(snapshot, evaluation))


def _evaluate(
    snapshot: Snapshot,
    caller: Caller,
    request: evaluation_pb2.EvaluateFlagRequest | evaluation_pb2.EvaluateStreamRequest,
    context: Context,
) -> Evaluation:
    wanted = _type(request.expected_type) if request.expected_type else None
    return _seen(snapshot, caller, request.flag_key, context, now=time.time(), wanted=wanted)


def _seen(
    snapshot: Snapshot, caller: Caller, key: str, context: Context, *, now: float, wanted: FlagType | None = None
) -> Evaluation:
    """Evaluate a flag as the caller may see it."""
    if caller.role is _BROWSER:
        flag = snapshot.ruleset.flags.get(key)
        if flag is None or not flag.client_visible:
            return error_evaluation(snapshot.ruleset, key, EvaluationError.FLAG_NOT_FOUND, "flag_key: no such flag")
    return evaluate(snapshot.ruleset, key, context, now, wanted)


def _visible_keys(snapshot: Snapshot, caller: Caller) -> list[str]:
    ruleset = snapshot.ruleset
    keys: Iterable[str] = ruleset.flags.keys() | ruleset.broken.keys()
    if caller.role is Role.BROWSER:
        keys = [flag.key for flag in ruleset.flags.values() if flag.client_visible]
    return sorted(keys)


def _type(number: flag_pb2.FlagType.ValueType) -> FlagType:
    try:
        return flag_type_from_proto(number)
    except ValueError:
        raise InvalidRequest.of("expected_type", "is not a type that is known here") from None
