"""Evaluation by call: every question goes to the service, and fails within a deadline."""

import random
import time
from collections.abc import Mapping

from mirante.client import lifecycle
from mirante.client.calls import Calls, response_of
from mirante.client.channel import check_channel
from mirante.client.reader import NO_CONTEXT
from mirante.client.remote_errors import evaluation_of_error
from mirante.client.settings import ClientSettings
from mirante.client.status import ClientState, Status

import grpc  # isort: skip

from mirante.api.flags.v1 import evaluation_service_pb2 as pb2
from mirante.api.flags.v1.evaluation_service_pb2_grpc import EvaluationServiceStub
from mirante.evaluation.model import Context, Evaluation, EvaluationError, FlagType, JsonValue
from mirante.wire import context_to_proto, evaluation_from_proto, flag_type_to_proto

_PROBE = "mirante.probe"
"""A flag that need not exist: a service that says so is ready."""

_AWAY = (EvaluationError.NOT_READY, EvaluationError.INTERNAL)


class RemoteFlags:
    """Asks the service. Failures are answers with an error, and show in `status`."""

    def __init__(self, settings: ClientSettings) -> None:
        check_channel(settings)
        self._environment = settings.environment
        self._calls = Calls(settings, EvaluationServiceStub)
        self._status = Status(ClientState.CONNECTING, time.time(), 0)
        lifecycle.join(self)

    @property
    def status(self) -> Status:
        """How the last calls went; `revision` is the one seen last."""
        return self._status

    def details(
        self, flag_key: str, context: Context | None, default: JsonValue, expected_type: FlagType | None
    ) -> Evaluation:
        """Return the service's answer, or the default with an error."""
        try:
            response = self._calls.ask(_evaluate_flag, self._request(flag_key, context, expected_type))
        except Exception as error:  # noqa: BLE001 - evaluations never raise
            return self._failed(flag_key, error, default)
        return self._answered(response.evaluation)

    async def details_async(
        self, flag_key: str, context: Context | None, default: JsonValue, expected_type: FlagType | None
    ) -> Evaluation:
        """Do as `details`, without blocking the loop."""
        try:
            request = self._request(flag_key, context, expected_type)
            response = await response_of(self._calls.start(_evaluate_flag, request))
        except Exception as error:  # noqa: BLE001 - evaluations never raise
            return self._failed(flag_key, error, default)
        return self._answered(response.evaluation)

    def all_flags(self, context: Context | None) -> Mapping[str, Evaluation]:
        """Return the answers of all flags; none when the service cannot be asked."""
        try:
            response = self._calls.ask(_evaluate_flags, self._bulk_request(context, []))
        except Exception as error:  # noqa: BLE001 - evaluations never raise
            self._failed("", error, None)
            return {}
        return self._all_answered(response)

    async def all_flags_async(self, context: Context | None) -> Mapping[str, Evaluation]:
        """Do as `all_flags`, without blocking the loop."""
        try:
            response = await response_of(self._calls.start(_evaluate_flags, self._bulk_request(context, [])))
        except Exception as error:  # noqa: BLE001 - evaluations never raise
            self._failed("", error, None)
            return {}
        return self._all_answered(response)

    def wait_until_ready(self, timeout: float | None) -> bool:
        """Ask until the service answers questions of this key; return whether it does."""
        deadline = time.monotonic() + (float("inf") if timeout is None else timeout)
        while True:
            try:
                response = self._calls.ask(_evaluate_flags, self._bulk_request(NO_CONTEXT, [_PROBE]))
            except Exception as error:  # noqa: BLE001 - whatever it was, it may work next time
                self._failed(_PROBE, error, None)
            else:
                self._all_answered(response)
                return True
            pause = random.uniform(0.05, 0.2)
            if self._status.state is ClientState.CLOSED or time.monotonic() + pause > deadline:
                return False
            time.sleep(pause)

    def close(self) -> None:
        """Cancel what is under way; later questions get their defaults."""
        with lifecycle.no_fork():
            lifecycle.leave(self)
            self._set_state(ClientState.CLOSED)
            self._calls.close()

    def before_fork(self) -> None:
        """See `lifecycle.Member`."""
        self._calls.pause()

    def after_fork_in_parent(self) -> None:
        """See `lifecycle.Member`."""
        self._calls.resume()

    def after_fork_in_child(self, *, grpc_usable: bool) -> None:
        """See `lifecycle.Member`."""
        self._calls.revive(usable=grpc_usable)

    def _request(
        self, flag_key: str, context: Context | None, expected_type: FlagType | None
    ) -> pb2.EvaluateFlagRequest:
        request = pb2.EvaluateFlagRequest(
            flag_key=flag_key,
            context=context_to_proto(NO_CONTEXT if context is None else context),
            environment=self._environment,
        )
        if expected_type is not None:
            request.expected_type = flag_type_to_proto(expected_type)
        return request

    def _bulk_request(self, context: Context | None, flag_keys: list[str]) -> pb2.EvaluateFlagsRequest:
        return pb2.EvaluateFlagsRequest(
            flag_keys=flag_keys,
            context=context_to_proto(NO_CONTEXT if context is None else context),
            environment=self._environment,
        )

    def _answered(self, message: pb2.Evaluation) -> Evaluation:
        self._set_state(ClientState.READY, revision=message.revision)
        return evaluation_from_proto(message)

    def _all_answered(self, response: pb2.EvaluateFlagsResponse) -> Mapping[str, Evaluation]:
        self._set_state(ClientState.READY, revision=response.revision)
        return {message.flag_key: evaluation_from_proto(message) for message in response.evaluations}

    def _failed(self, flag_key: str, error: Exception, default: JsonValue) -> Evaluation:
        evaluation = evaluation_of_error(flag_key, error, default)
        if evaluation.error in _AWAY:
            self._set_state(ClientState.STALE, problem=evaluation.error_message)
        return evaluation

    def _set_state(self, state: ClientState, *, revision: int = 0, problem: str = "") -> None:
        before = self._status
        if before.state is ClientState.CLOSED:
            return
        since = before.since if state is before.state else time.time()
        if state is not before.state or revision > before.revision:
            self._status = Status(state, since, max(revision, before.revision), problem)


def _evaluate_flag(
    stub: EvaluationServiceStub,
) -> "grpc.UnaryUnaryMultiCallable[pb2.EvaluateFlagRequest, pb2.EvaluateFlagResponse]":
    return stub.EvaluateFlag


def _evaluate_flags(
    stub: EvaluationServiceStub,
) -> "grpc.UnaryUnaryMultiCallable[pb2.EvaluateFlagsRequest, pb2.EvaluateFlagsResponse]":
    return stub.EvaluateFlags
