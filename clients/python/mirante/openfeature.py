"""
A provider for the OpenFeature SDK: `pip install "mirante[openfeature]"`.

    api.set_provider(MiranteProvider(Mirante("localhost:50051", api_key=...)))
    api.get_client().get_boolean_value("nova_ui_vendas", False, EvaluationContext("user-7", {"tenant_id": "acme"}))

The OpenFeature client adds some ten microseconds to every question; `Mirante` itself takes well under one.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEventDetails
from openfeature.exception import ErrorCode, ProviderNotReadyError
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType
from openfeature.flag_evaluation import Reason as OpenFeatureReason
from openfeature.provider import AbstractProvider, Metadata

from mirante.client.status import ClientState, Status
from mirante.errors import NotSupported
from mirante.evaluation.model import TARGETING_KEY, Context, Evaluation, EvaluationError, FlagType, JsonValue, Reason

T = TypeVar("T")
Json: TypeAlias = Sequence[FlagValueType] | Mapping[str, FlagValueType]

_REASONS = {
    Reason.KILLED: OpenFeatureReason.DISABLED,
    Reason.OFF: OpenFeatureReason.DISABLED,
    Reason.SCHEDULE: OpenFeatureReason.DISABLED,
    Reason.PREREQUISITE_FAILED: OpenFeatureReason.DISABLED,
    Reason.TARGET: OpenFeatureReason.TARGETING_MATCH,
    Reason.RULE: OpenFeatureReason.TARGETING_MATCH,
    Reason.SPLIT: OpenFeatureReason.SPLIT,
    Reason.UNCOVERED: OpenFeatureReason.SPLIT,
    Reason.FALLTHROUGH: OpenFeatureReason.DEFAULT,
    Reason.STATIC: OpenFeatureReason.STATIC,
    Reason.ERROR: OpenFeatureReason.ERROR,
}

_ERRORS = {
    EvaluationError.FLAG_NOT_FOUND: ErrorCode.FLAG_NOT_FOUND,
    EvaluationError.TARGETING_KEY_MISSING: ErrorCode.TARGETING_KEY_MISSING,
    EvaluationError.INVALID_CONTEXT: ErrorCode.INVALID_CONTEXT,
    EvaluationError.TYPE_MISMATCH: ErrorCode.TYPE_MISMATCH,
    EvaluationError.INVALID_DEFINITION: ErrorCode.PARSE_ERROR,
    EvaluationError.NOT_READY: ErrorCode.PROVIDER_NOT_READY,
    EvaluationError.INTERNAL: ErrorCode.GENERAL,
}


class Client(Protocol):
    """What a provider needs of `Mirante`, `AsyncMirante` or the flags of `mirante.testing`."""

    @property
    def status(self) -> Status:
        """See `Mirante`."""

    def details(
        self, flag_key: str, context: Context | None, default: JsonValue, expected_type: FlagType | None
    ) -> Evaluation:
        """See `Mirante`."""

    def on_change(self, listener: Callable[[frozenset[str]], object]) -> Callable[[], None]:
        """See `Mirante`."""

    def on_status_change(self, listener: Callable[[Status], object]) -> Callable[[], None]:
        """See `Mirante`."""


class MiranteProvider(AbstractProvider):
    """
    Answers OpenFeature with a Mirante client, and passes on its events. The client stays yours to close.

    Initialisation waits `ready_timeout` seconds for the rules; last known ones from disk will do. A client in remote
    mode brings no events; with an `AsyncMirante` the asynchronous questions do not block the loop.
    """

    def __init__(self, client: Client, *, ready_timeout: float = 5.0) -> None:
        super().__init__()
        self._client = client
        self._ready_timeout = ready_timeout
        self._settled = threading.Event()
        self._initialized = False
        self._endings: list[Callable[[], None]] = []

    def get_metadata(self) -> Metadata:
        """Return the name of the provider."""
        return Metadata("mirante")

    def initialize(self, evaluation_context: EvaluationContext) -> None:  # noqa: ARG002 - rules serve all contexts
        """Wait for rules; raise ProviderNotReadyError when none arrive in time (they may arrive later)."""
        try:
            self._endings = [
                self._client.on_status_change(self._status_changed),
                self._client.on_change(self._flags_changed),
            ]
        except NotSupported:
            return
        usable = (ClientState.READY, ClientState.STALE)
        if self._client.status.state not in usable:
            self._settled.wait(self._ready_timeout)
        self._initialized = True
        if self._client.status.state not in usable:
            raise ProviderNotReadyError("no rules have arrived yet")

    def shutdown(self) -> None:
        """Pass on no more events."""
        for end in self._endings:
            end()
        self._endings = []

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """Resolve a boolean flag."""
        return self._resolve(flag_key, default_value, evaluation_context, FlagType.BOOL)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Resolve a string flag."""
        return self._resolve(flag_key, default_value, evaluation_context, FlagType.STRING)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Resolve an integer flag."""
        return self._resolve(flag_key, default_value, evaluation_context, FlagType.INTEGER)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Resolve a double flag."""
        return self._resolve(flag_key, default_value, evaluation_context, FlagType.DOUBLE)

    def resolve_object_details(
        self, flag_key: str, default_value: Json, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[Json]:
        """Resolve a JSON flag."""
        return self._resolve(flag_key, default_value, evaluation_context, FlagType.JSON)

    async def resolve_boolean_details_async(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """Resolve a boolean flag."""
        return await self._resolve_async(flag_key, default_value, evaluation_context, FlagType.BOOL)

    async def resolve_string_details_async(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Resolve a string flag."""
        return await self._resolve_async(flag_key, default_value, evaluation_context, FlagType.STRING)

    async def resolve_integer_details_async(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Resolve an integer flag."""
        return await self._resolve_async(flag_key, default_value, evaluation_context, FlagType.INTEGER)

    async def resolve_float_details_async(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Resolve a double flag."""
        return await self._resolve_async(flag_key, default_value, evaluation_context, FlagType.DOUBLE)

    async def resolve_object_details_async(
        self, flag_key: str, default_value: Json, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[Json]:
        """Resolve a JSON flag."""
        return await self._resolve_async(flag_key, default_value, evaluation_context, FlagType.JSON)

    def _resolve(
        self, flag_key: str, default: T, context: EvaluationContext | None, expected_type: FlagType
    ) -> FlagResolutionDetails[T]:
        return _resolution(self._client.details(flag_key, _attributes(context), None, expected_type), default)

    async def _resolve_async(
        self, flag_key: str, default: T, context: EvaluationContext | None, expected_type: FlagType
    ) -> FlagResolutionDetails[T]:
        ask = getattr(self._client, "details_async", None)
        if ask is None:
            return self._resolve(flag_key, default, context, expected_type)
        return _resolution(await ask(flag_key, _attributes(context), None, expected_type), default)

    def _flags_changed(self, keys: frozenset[str]) -> None:
        self.emit_provider_configuration_changed(ProviderEventDetails(flags_changed=sorted(keys)))

    def _status_changed(self, status: Status) -> None:
        self._settled.set()
        if not self._initialized:
            return
        if status.state is ClientState.READY:
            self.emit_provider_ready(ProviderEventDetails())
        elif status.state is ClientState.STALE:
            self.emit_provider_stale(ProviderEventDetails(message=status.problem))


def _attributes(context: EvaluationContext | None) -> Context:
    if context is None:
        return {}
    if context.targeting_key is None:
        return context.attributes
    return {**context.attributes, TARGETING_KEY: context.targeting_key}


def _resolution(evaluation: Evaluation, default: T) -> FlagResolutionDetails[T]:
    error = evaluation.error
    value: Any = default if error else evaluation.value
    return FlagResolutionDetails(
        value=value,
        error_code=_ERRORS[error] if error else None,
        error_message=evaluation.error_message or None,
        reason=_REASONS[evaluation.reason],
        variant=evaluation.variant or None,
        flag_metadata={
            "reason": evaluation.reason.value,
            "rule_id": evaluation.rule_id,
            "flag_version": evaluation.flag_version,
            "revision": evaluation.revision,
            "stale": evaluation.stale,
        },
    )
