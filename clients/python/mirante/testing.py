"""
Flags for your own tests: no network, no threads, the same questions as the real client.

    flags = StaticFlags({"nova_ui_vendas": True, "algoritmo_desconto": "experimental"})
    with flags.override({"nova_ui_vendas": False}):
        ...

Values are booleans, strings, integers, doubles, lists and dicts, or functions from the context to one of these. The
variant of a string flag is the string; of others it is the value as JSON ("true", "3").

What is tracked is in `tracked`, in order; identify and alias, too, and nothing is sent:

    flags.track("venda_criada", {"valor": Decimal("10.00")}, user_id="user-7", tenant="acme")
    assert flags.tracked[-1].properties["valor"] == Decimal("10.00")
"""

import contextlib
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeAlias

from mirante.client.reader import NO_CONTEXT, FlagReader, failed
from mirante.client.status import ClientState, Status
from mirante.evaluation.model import Context, Evaluation, EvaluationError, FlagType, JsonValue, Reason, Stamp
from mirante.telemetry.recorded import RecordedCalls, Tracked

__all__ = ["AsyncStaticFlags", "FlagValue", "StaticFlags", "Tracked"]

FlagValue: TypeAlias = JsonValue | Callable[[Context], JsonValue]

_TYPES: dict[type, FlagType] = {
    bool: FlagType.BOOL,
    str: FlagType.STRING,
    int: FlagType.INTEGER,
    float: FlagType.DOUBLE,
    list: FlagType.JSON,
    dict: FlagType.JSON,
}


class _Flags(FlagReader, RecordedCalls):
    """What both faces share."""

    def __init__(self, flags: Mapping[str, FlagValue] | None = None) -> None:
        RecordedCalls.__init__(self)
        self._flags: dict[str, FlagValue] = dict(flags or {})
        self._revision = 1
        self._since = time.time()
        self._closed = False
        self._listeners: dict[object, tuple[Callable[[frozenset[str]], object], frozenset[str] | None]] = {}

    def set(self, flag_key: str, value: FlagValue) -> None:
        """Give a flag a value, and tell the listeners, at once and on this thread."""
        self._replace({**self._flags, flag_key: value}, frozenset({flag_key}))

    def remove(self, flag_key: str) -> None:
        """Take a flag away, and tell the listeners."""
        self._replace({key: value for key, value in self._flags.items() if key != flag_key}, frozenset({flag_key}))

    @contextlib.contextmanager
    def override(self, flags: Mapping[str, FlagValue]) -> Iterator[Self]:
        """Use these values within a `with` statement; afterwards all flags are what they were before."""
        before = self._flags
        self._replace({**before, **flags}, frozenset(flags))
        try:
            yield self
        finally:
            self._replace(before, frozenset(flags))

    def details(
        self,
        flag_key: str,
        context: Context | None = None,
        default: JsonValue = None,
        expected_type: FlagType | None = None,
    ) -> Evaluation:
        """See `FlagReader`. Only a function given as a value may raise, so that a test notices its own mistakes."""
        stamp = Stamp(self._revision)
        if flag_key not in self._flags:
            return failed(flag_key, stamp, EvaluationError.FLAG_NOT_FOUND, "flag_key: no such flag", default)
        value = self._flags[flag_key]
        chosen = value(NO_CONTEXT if context is None else context) if callable(value) else value
        if expected_type is not None and _TYPES.get(type(chosen)) is not expected_type:
            message = f"expected_type: the flag is {chosen!r}, not a {expected_type.value}"
            return failed(flag_key, stamp, EvaluationError.TYPE_MISMATCH, message, default, flag_version=1)
        variant = chosen if isinstance(chosen, str) else json.dumps(chosen)
        return Evaluation(flag_key, chosen, variant, Reason.STATIC, "", 1, stamp)

    def all_flags(self, context: Context | None = None) -> Mapping[str, Evaluation]:
        """See `FlagReader`."""
        return {key: self.details(key, context) for key in sorted(self._flags)}

    def on_change(
        self, listener: Callable[[frozenset[str]], object], keys: Collection[str] | None = None
    ) -> Callable[[], None]:
        """See `Mirante.on_change`; here the listener is called by the thread that makes the change."""
        token = object()
        self._listeners[token] = (listener, None if keys is None else frozenset(keys))

        def end() -> None:
            self._listeners.pop(token, None)

        return end

    def on_status_change(self, _listener: Callable[[Status], object]) -> Callable[[], None]:
        """See `Mirante.on_status_change`; here the status never changes."""
        return lambda: None

    @property
    def status(self) -> Status:
        """Ready, until it is closed."""
        return Status(ClientState.CLOSED if self._closed else ClientState.READY, self._since, self._revision)

    def _replace(self, flags: dict[str, FlagValue], changed: frozenset[str]) -> None:
        self._flags = flags
        self._revision += 1
        for listener, wanted in list(self._listeners.values()):
            relevant = changed if wanted is None else changed & wanted
            if relevant:
                listener(relevant)


class StaticFlags(_Flags):
    """Stands in for `Mirante`. Flags that were not given answer with the caller's default."""

    def wait_until_ready(self, timeout: float | None = 10.0) -> bool:  # noqa: ARG002 - as in `Mirante`
        """Return True at once."""
        return True

    def flush(self, timeout: float = 10.0) -> int:  # noqa: ARG002 - as in `Mirante`
        """Return 0: nothing is left."""
        return 0

    def flush_to_spool(self, timeout: float = 1.0) -> bool:  # noqa: ARG002 - as in `Mirante`
        """Return True: nothing is left."""
        return True

    def close(self) -> None:
        """Do nothing but say so in `status`."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncStaticFlags(_Flags):
    """Stands in for `AsyncMirante`."""

    async def details_async(
        self,
        flag_key: str,
        context: Context | None = None,
        default: JsonValue = None,
        expected_type: FlagType | None = None,
    ) -> Evaluation:
        """Return what `details` returns."""
        return self.details(flag_key, context, default, expected_type)

    async def all_flags_async(self, context: Context | None = None) -> Mapping[str, Evaluation]:
        """Return what `all_flags` returns."""
        return self.all_flags(context)

    async def wait_until_ready(self, timeout: float | None = 10.0) -> bool:  # noqa: ARG002, ASYNC109
        """Return True at once."""
        return True

    async def traits_async(self, user_id: str = "", tenant: str = "") -> dict[str, Any]:
        """Return what `traits` returns."""
        return self.traits(user_id, tenant)

    async def flush(self, timeout: float = 10.0) -> int:  # noqa: ARG002, ASYNC109
        """Return 0: nothing is left."""
        return 0

    async def flush_to_spool(self, timeout: float = 1.0) -> bool:  # noqa: ARG002, ASYNC109
        """Return True: nothing is left."""
        return True

    async def close(self) -> None:
        """Do nothing but say so in `status`."""
        self._closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
